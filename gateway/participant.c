/* participant.c - fills in the engine's table of functions for views. */
#include "gateway/participant.h"

static const char *correlation_id(const void *state)
{
    const struct gateway_view *view = state;
    return view->booking_id;
}

struct participant gateway_participant(const void *config)
{
    return (struct participant){
        .self = config,
        .name = "gateway",
        .collection = "bookings",
        .schema_version = SCHEMA_FIRST,
        .state_size = sizeof(struct gateway_view),
        .parse = gateway_parse,
        .table = &gateway_table,
        .due_at_ms_offset = offsetof(struct gateway_view, due_at_ms),
        .correlation_id = correlation_id,
        .encode = gateway_encode,
        .decode = gateway_decode,
        .contents = gateway_contents,
    };
}
