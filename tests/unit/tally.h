/* tally.h - the smallest participant: it counts what it is told and owes an event for each. */
#pragma once

#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"
#include "common/saga/content_codec.h"
#include "common/saga/decision.h"
#include "common/saga/input.h"
#include "common/saga/message.h"
#include "common/saga/participant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 600

struct tally {
    int64_t count, due_at_ms;
    int64_t is_repeating; /* its deadlines announce it again */
};
enum tally_input { TALLY_COUNT = 1, TALLY_LOOK }; /* a look changes nothing */
#define TALLY_REPEATS 77
#define TALLY_WAITS   78
#define TALLY_BREAKS  79 /* the decision itself finds that an invariant does not hold */
#define LONG_WAIT_MS  600000
struct told {
    int64_t worth;
};

static bool tally_deadline_was_held; /* what the last deadline said of its effect */

static bool tally_parse(const void *self, const struct message *message, struct input *ret_inputs,
                        size_t *ret_count, struct error *error)
{
    (void)self;
    if (message->body[0] == '?')
        return error_set(error, ERROR_REJECT, "unreadable");
    if (message->body[0] == '!')
        return error_set(error, ERROR_NEWER, "unknown event type");
    if (message->body[0] == '-') { /* it is about nobody that is counted here */
        *ret_count = 0;
        return true;
    }
    memset(ret_inputs, 0, sizeof *ret_inputs);
    const char *worth = strstr(message->body, "\"worth\":");
    const struct told told = { worth != NULL ? strtoll(strchr(worth, ':') + 1, NULL, 10) : 0 };
    memcpy(ret_inputs->payload, &told, sizeof told);
    ret_inputs->type = message->body[0] == '~' ? TALLY_LOOK : TALLY_COUNT;
    ret_inputs->type_name = "told";
    snprintf(ret_inputs->document_id, IDENT_SIZE, "%s", message->correlation_id);
    snprintf(ret_inputs->correlation_id, IDENT_SIZE, "%s", message->correlation_id);
    *ret_count = 1;
    return true;
}

static void tally_decide(const void *self, void *state, const struct input *input,
                         struct decision *decision)
{
    (void)self;
    struct tally *tally = state;
    bool is_deadline = input->type == INPUT_TYPE_DEADLINE;
    if (input->type == TALLY_LOOK) {
        decision->verdict = "look";
        decision->reply = tally->count > 0 ? REPLY_OK : REPLY_NOT_FOUND;
        return;
    }
    if (is_deadline && tally->is_repeating) {
        tally->due_at_ms = decision->now_ms + WAIT_MS;
        decision->verdict = "repeat";
        decision->is_changed = true;
        decision_owe_again(decision, "counted", input->document_id, input->document_id, "{}", 2, 1,
                           0, 1);
        return;
    }
    if (is_deadline && tally->due_at_ms == 0) {
        decision->verdict = "noop";
        return;
    }
    if (is_deadline) {
        struct deadline_payload deadline;
        memcpy(&deadline, input->payload, sizeof deadline);
        tally_deadline_was_held = deadline.is_effect_held;
    }
    struct told told;
    memcpy(&told, input->payload, sizeof told);
    if (told.worth == TALLY_BREAKS)
        (void)error_set(&decision->broken, ERROR_BUG, "broken by its own action");
    tally->count += told.worth < 0 ? told.worth : 1;
    tally->is_repeating |= told.worth == TALLY_REPEATS;
    int64_t wait_ms = told.worth == TALLY_WAITS ? LONG_WAIT_MS : WAIT_MS;
    tally->due_at_ms = is_deadline ? 0 : decision->now_ms + wait_ms;
    decision->verdict = is_deadline ? "late" : "count";
    decision->is_changed = true;
    decision->reply = REPLY_ACCEPTED;
    decision_owe(decision, "counted", input->document_id, input->document_id, "{}", 2, NULL);
}

static const char *tally_state_name(const void *state)
{
    return ((const struct tally *)state)->due_at_ms == 0 ? "still" : "waiting";
}

static const char *tally_correlation_id(const void *state)
{
    return ((const struct tally *)state)->count > 0 ? "told before" : "";
}

static bool tally_encode(const void *state, struct bson_output *fields, struct error *error)
{
    const struct tally *tally = state;
    if (tally->count < 0)
        return error_set(error, ERROR_BUG, "less than nothing");
    bson_write_int(fields, "count", tally->count);
    bson_write_int(fields, "dueAt", tally->due_at_ms);
    bson_write_int(fields, "repeats", tally->is_repeating);
    return true;
}

static bool tally_decode(struct bson_fields *fields, void *state, struct error *error)
{
    struct tally *tally = state;
    return (bson_read_int(fields, "count", &tally->count) &&
            bson_read_int(fields, "dueAt", &tally->due_at_ms) &&
            bson_read_int(fields, "repeats", &tally->is_repeating)) ||
           error_set(error, ERROR_BUG, "no tally");
}

static const struct stored_field told_content[] = {
    CONTENT_FIELD(told, "worth", worth),
};
static const struct content_form tally_contents[] = {
    CONTENT_FORM(TALLY_COUNT, "told", told_content),
    { 0 },
};

static const struct participant tally_participant = {
    .name = "tally",
    .collection = "tallies",
    .state_size = sizeof(struct tally),
    .schema_version = SCHEMA_FIRST,
    .deadlines_wait_for_queue = true,
    .parse = tally_parse,
    .decide = tally_decide,
    .state_name = tally_state_name,
    .due_at_ms_offset = offsetof(struct tally, due_at_ms),
    .correlation_id = tally_correlation_id,
    .encode = tally_encode,
    .decode = tally_decode,
    .contents = tally_contents,
};
