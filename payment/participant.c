/* participant.c - fills in the engine's table of functions for payments. */
#include "payment/participant.h"

#include <stddef.h>

static const char *correlation_id(const void *state)
{
    return ((const struct payment *)state)->intent_id;
}

struct participant payment_participant(const void *rules)
{
    return (struct participant){
        .self = rules,
        .name = "payment",
        .collection = "payments",
        .schema_version = SCHEMA_FIRST,
        .state_size = sizeof(struct payment),
        .deadlines_wait_for_queue = false, /* they only ask again, they never decide */
        .parse = payment_parse,
        .table = &payment_table,
        .due_at_ms_offset = offsetof(struct payment, due_at_ms),
        .correlation_id = correlation_id,
        .encode = payment_encode,
        .decode = payment_decode,
        .contents = payment_contents,
    };
}
