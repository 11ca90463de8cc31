/* codec.c - events into inputs, a booking's points to and from BSON, and all of it as the engine
 * runs it. */
#include "common/base/enum_list.h"
#include "common/saga/stored_field.h"
#include "loyalty/loyalty.h"

static const struct stored_field confirmed_content[] = {
    CONTENT_FIELD(loyalty_payload, "amount", amount),
};

const struct content_form loyalty_contents[] = {
    { .type = LOYALTY_DEADLINE, .type_name = "deadline" },
    CONTENT_FORM(LOYALTY_CONFIRMED, EVENT_BOOKING_CONFIRMED, confirmed_content),
    { .type = LOYALTY_CANCELLED, .type_name = EVENT_BOOKING_CANCELLED },
    { .type = LOYALTY_HEARD, .type_name = EVENT_LOYALTY_CREDITED },
    { 0 },
};

static bool parse(const void *self, const struct message *message, struct input *ret_inputs,
                  size_t *ret_count, struct error *error)
{
    (void)self;
    SCRATCH struct event_received received;
    if (!event_receive(message, loyalty_contents, &received, error))
        return false;
    event_input(&received, &ret_inputs[0]);
    *ret_count = 1;
    return true;
}

static const char *correlation_id(const void *state)
{
    return ((const struct loyalty *)state)->id;
}

static const char *const state_names[] = { LOYALTY_STATES(ENUM_TEXT) };
static const struct stored_field loyalty_fields[] = {
    STORED_FIELD(loyalty, "id", id),           STORED_ENUM(loyalty, "state", state, state_names, 0),
    STORED_FIELD(loyalty, "points", points),   STORED_FIELD(loyalty, "credited", credited),
    STORED_FIELD(loyalty, "dueAt", due_at_ms),
};

static bool encode(const void *state, struct bson_output *fields, struct error *error)
{
    if (!loyalty_check(state, error))
        return false;
    stored_fields_write(loyalty_fields, STORED_COUNT(loyalty_fields), state, fields);
    return true;
}

static bool decode(struct bson_fields *fields, void *state, struct error *error)
{
    const char *bad =
        stored_fields_read(loyalty_fields, STORED_COUNT(loyalty_fields), fields, state);
    return bad != NULL ? error_set(error, ERROR_BUG, "%s is missing or damaged", bad)
                       : loyalty_check(state, error);
}

struct participant loyalty_participant(const void *rules)
{
    return (struct participant){
        .self = rules,
        .name = "loyalty",
        .collection = "loyalty",
        .schema_version = SCHEMA_FIRST,
        .state_size = sizeof(struct loyalty),
        .deadlines_wait_for_queue = true, /* what was cancelled in time is seen before */
        .parse = parse,
        .table = &loyalty_table,
        .due_at_ms_offset = offsetof(struct loyalty, due_at_ms),
        .correlation_id = correlation_id,
        .encode = encode,
        .decode = decode,
        .contents = loyalty_contents,
    };
}
