/* participant.c - fills in the engine's table of functions for bookings. */
#include "booking/participant.h"

#include <stddef.h>

static const char *correlation_id(const void *state)
{
    return ((const struct booking *)state)->id;
}

struct participant booking_participant(const void *rules)
{
    return (struct participant){
        .self = rules,
        .name = "booking",
        .collection = "bookings",
        .schema_version = SCHEMA_FIRST,
        .state_size = sizeof(struct booking),
        .deadlines_wait_for_queue = true, /* what was paid in time is seen before a time-out */
        .parse = booking_parse,
        .table = &booking_table,
        .due_at_ms_offset = offsetof(struct booking, due_at_ms),
        .correlation_id = correlation_id,
        .encode = booking_encode,
        .decode = booking_decode,
        .contents = booking_contents,
    };
}
