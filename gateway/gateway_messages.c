/* gateway_messages.c - the two messages that the gateway owes. Their bodies are written from the
 * view alone, so an announcement made again is the same, byte by byte. */
#include "common/base/rfc3339.h"
#include "common/json/json_write.h"
#include "gateway/actions.h"

#include <assert.h>

#define BODY_BYTES_MAX 512 /* two ids of 64 characters, an amount, a currency, a time, the keys */

static void time_add(struct json_writer *body, const char *key, int64_t at_ms)
{
    char text[RFC3339_SIZE];
    rfc3339_write_ms(at_ms, text);
    json_write_string(body, key, text);
}

static size_t intent_write(const struct turn *turn, char buffer[BODY_BYTES_MAX])
{
    const struct gateway_view *view = turn->state;
    const struct gateway_intent *intent = &view->intent;
    struct json_writer body;
    json_write_init(&body, buffer, BODY_BYTES_MAX);
    json_write_object_begin(&body, NULL);
    json_write_string(&body, "intentId", turn->input->document_id);
    json_write_string(&body, "userId", intent->user_id);
    json_write_int(&body, "amount", intent->amount);
    json_write_string(&body, "currency", intent->currency);
    time_add(&body, "createdAt", intent->created_at_ms);
    json_write_object_end(&body);
    return json_write_finish(&body);
}

static size_t cancel_write(const struct turn *turn, char buffer[BODY_BYTES_MAX])
{
    const struct gateway_view *view = turn->state;
    const struct gateway_cancel *cancel = &view->cancel;
    struct json_writer body;
    json_write_init(&body, buffer, BODY_BYTES_MAX);
    json_write_object_begin(&body, NULL);
    json_write_string(&body, "intentId", turn->input->document_id);
    json_write_string(&body, "userId", cancel->user_id);
    time_add(&body, "requestedAt", cancel->requested_at_ms);
    json_write_object_end(&body);
    return json_write_finish(&body);
}

static void announce(const struct turn *turn, const char *type, const char *body, size_t length,
                     struct gateway_announced *ret_announced)
{
    const char *id = turn->input->document_id;
    int position = 0;
    assert(length > 0);
    decision_owe(turn->decision, type, id, id, body, length, &position);
    ret_announced->version = turn->decision->version;
    ret_announced->position = position;
}

static void announce_again(const struct turn *turn, const char *type, const char *body,
                           size_t length, const struct gateway_announced *announced, int64_t at_ms)
{
    const char *id = turn->input->document_id;
    assert(length > 0);
    decision_owe_again(turn->decision, type, id, id, body, length, announced->version,
                       (int)announced->position, at_ms);
}

void gateway_intent_announce(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    SCRATCH char body[BODY_BYTES_MAX];
    size_t length = intent_write(turn, body);
    announce(turn, EVENT_INTENT_CREATED, body, length, &view->intent.announced);
}

void gateway_cancel_announce(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    SCRATCH char body[BODY_BYTES_MAX];
    size_t length = cancel_write(turn, body);
    announce(turn, EVENT_CANCEL_REQUESTED, body, length, &view->cancel.announced);
}

void gateway_intent_announce_again(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_intent *intent = &view->intent;
    SCRATCH char body[BODY_BYTES_MAX];
    size_t length = intent_write(turn, body);
    announce_again(turn, EVENT_INTENT_CREATED, body, length, &intent->announced,
                   intent->created_at_ms);
}

void gateway_cancel_announce_again(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_cancel *cancel = &view->cancel;
    SCRATCH char body[BODY_BYTES_MAX];
    size_t length = cancel_write(turn, body);
    announce_again(turn, EVENT_CANCEL_REQUESTED, body, length, &cancel->announced,
                   cancel->requested_at_ms);
}
