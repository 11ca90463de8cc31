/* codec.c - events into inputs, a booking's points to and from BSON, and all of it as the engine
 * runs it. */
#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"
#include "loyalty/loyalty.h"

#include <string.h>

static const struct content_field confirmed_content[] = {
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

static const char *state_name(const void *state)
{
    return loyalty_table.states[((const struct loyalty *)state)->state].name;
}

static const char *correlation_id(const void *state)
{
    return ((const struct loyalty *)state)->id;
}

static bool encode(const void *state, struct bson_output *fields, struct error *error)
{
    const struct loyalty *loyalty = state;
    if (!loyalty_check(loyalty, error))
        return false;
    bson_write_text(fields, "id", loyalty->id);
    bson_write_text(fields, "state", state_name(loyalty));
    bson_write_int(fields, "points", loyalty->points);
    announcement_write(fields, "credited", &loyalty->credited);
    bson_write_int(fields, "dueAt", loyalty->due_at_ms);
    return true;
}

static bool state_decode(struct bson_fields *fields, enum loyalty_state *ret_state)
{
    char text[32];
    if (!bson_read_text(fields, "state", text, sizeof text))
        return false;
    for (int state = 0; state < LOYALTY_STATE_COUNT; state++)
        if (strcmp(text, loyalty_table.states[state].name) == 0) {
            *ret_state = (enum loyalty_state)state;
            return true;
        }
    return false;
}

static bool decode(struct bson_fields *fields, void *state, struct error *error)
{
    struct loyalty *loyalty = state;
    if (!bson_read_text(fields, "id", loyalty->id, sizeof loyalty->id) ||
        !state_decode(fields, &loyalty->state) ||
        !bson_read_int(fields, "points", &loyalty->points) ||
        !announcement_read(fields, "credited", &loyalty->credited) ||
        !bson_read_int(fields, "dueAt", &loyalty->due_at_ms))
        return error_set(error, ERROR_BUG, "a field is missing or of another type");
    return loyalty_check(loyalty, error);
}

static void decide(const void *self, void *state, const struct input *input,
                   struct decision *decision)
{
    transition_decide(&loyalty_table, self, state, input, decision);
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
        .decide = decide,
        .state_name = state_name,
        .due_at_ms_offset = offsetof(struct loyalty, due_at_ms),
        .correlation_id = correlation_id,
        .encode = encode,
        .decode = decode,
        .contents = loyalty_contents,
    };
}
