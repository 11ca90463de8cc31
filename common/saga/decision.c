/* decision.c - names each message by its document, version and position, and takes the fingerprint
 * of all that is sent. */
#include "common/saga/decision.h"
#include "common/base/hash.h"
#include "common/base/text.h"

#include <assert.h>
#include <string.h>

void decision_init(struct decision *decision, int64_t now_ms, int64_t version, int next_position,
                   const char *app_id)
{
    assert(version > 0 && next_position >= 0);
    decision->now_ms = now_ms;
    decision->version = version;
    decision->next_position = next_position;
    decision->app_id = app_id;
    decision->verdict = NULL;
    decision->reason = NULL;
    decision->outcome = OUTCOME_APPLIED;
    decision->is_changed = false;
    decision->is_security_event = false;
    decision->is_alert = false;
    decision->is_first_outcome = false;
    decision->reply = REPLY_NONE;
    decision->broken.code = ERROR_NONE;
    decision->effect.is_wanted = false;
    decision->message_count = 0;
    decision->note_count = 0;
    decision->bodies_length = 0;
}

static void id_write(char ret_id[MESSAGE_ID_SIZE], const char *app_id, const char *document_id,
                     int64_t version, int position)
{
    assert(version > 0 && position >= 0 && position <= OWED_POSITION_MAX);
    char version_text[TEXT_INT_SIZE];
    char position_text[TEXT_INT_SIZE];
    const char *const parts[] = {
        app_id, ":", document_id, ":", version_text, ":", position_text,
    };
    text_int(version_text, version);
    text_int(position_text, position);
    text_join(ret_id, MESSAGE_ID_SIZE, parts, sizeof parts / sizeof parts[0]);
}

#define REPLY_POSITION 999 /* beyond all that a version may owe */

static struct message *owe(struct decision *decision, const char *type, const char *document_id,
                           const char *correlation_id, const char *body, size_t body_length,
                           int64_t version, int position)
{
    assert(decision->message_count < DECISION_MESSAGES_MAX);
    assert(body_length > 0 && body_length <= DECISION_BODY_BYTES - decision->bodies_length);
    char *kept_body = decision->bodies + decision->bodies_length;
    memcpy(kept_body, body, body_length);
    decision->bodies_length += body_length;

    struct message *message = &decision->messages[decision->message_count++];
    memset(message, 0, sizeof *message);
    id_write(message->id, decision->app_id, document_id, version, position);
    text_copy(message->type, sizeof message->type, type);
    text_copy(message->correlation_id, sizeof message->correlation_id, correlation_id);
    text_copy(message->app_id, sizeof message->app_id, decision->app_id);
    message->schema_version = SCHEMA_FIRST;
    message->body = kept_body;
    message->body_length = body_length;
    return message;
}

struct message *decision_owe(struct decision *decision, const char *type, const char *document_id,
                             const char *correlation_id, const char *body, size_t body_length,
                             int *ret_position)
{
    int position = decision->next_position++;
    struct message *message = owe(decision, type, document_id, correlation_id, body, body_length,
                                  decision->version, position);
    message->timestamp_ms = decision->now_ms;
    if (ret_position != NULL)
        *ret_position = position;
    return message;
}

struct message *decision_owe_reply(struct decision *decision, const char *type,
                                   const char *document_id, const char *correlation_id,
                                   const char *body, size_t body_length)
{
    struct message *message = owe(decision, type, document_id, correlation_id, body, body_length,
                                  decision->version, REPLY_POSITION);
    message->timestamp_ms = decision->now_ms;
    return message;
}

struct message *decision_owe_again(struct decision *decision, const char *type,
                                   const char *document_id, const char *correlation_id,
                                   const char *body, size_t body_length, int64_t version,
                                   int position, int64_t at_ms)
{
    assert(version <= decision->version);
    struct message *message =
        owe(decision, type, document_id, correlation_id, body, body_length, version, position);
    message->timestamp_ms = at_ms;
    message->is_repeat = true;
    return message;
}

static uint64_t text_fold(uint64_t hash, const char *text)
{
    return hash_fold(hash, text, strlen(text) + 1);
}

uint64_t decision_fingerprint(const struct decision *decision)
{
    assert(decision->message_count <= DECISION_MESSAGES_MAX);
    if (decision->message_count == 0 && !decision->effect.is_wanted)
        return 0;
    uint64_t hash = HASH_FOLD_START;
    for (int i = 0; i < decision->message_count; i++) {
        const struct message *message = &decision->messages[i];
        hash = text_fold(hash, message->id);
        hash = text_fold(hash, message->type);
        hash = text_fold(hash, message->correlation_id);
        hash = hash_fold(hash, &message->timestamp_ms, sizeof message->timestamp_ms);
        hash = hash_fold(hash, &message->is_repeat, sizeof message->is_repeat);
        hash = hash_fold(hash, message->body, message->body_length);
    }
    if (decision->effect.is_wanted)
        hash = hash_fold(hash, &decision->effect.type, sizeof decision->effect.type);
    return hash != 0 ? hash : 1;
}

void decision_note(struct decision *decision, const char *event_name, const char *span_name,
                   int64_t since_ms)
{
    assert(decision->note_count < DECISION_NOTES_MAX);
    decision->notes[decision->note_count++] =
        (struct note){ .event_name = event_name, .span_name = span_name, .since_ms = since_ms };
}
