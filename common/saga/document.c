/* document.c - reads a document and checks it; of the history only what is asked for is decoded. */
#include "common/saga/document.h"
#include "common/base/text.h"
#include "common/saga/document_kept.h"
#include "common/saga/message.h"

#include <assert.h>
#include <string.h>

#define HISTORY_ROOM_FIRST 2 /* most versions come from one input */

struct document *document_new(struct arena *arena, const struct participant *participant,
                              const char *id)
{
    assert(participant->state_size > 0);
    struct document *document = arena_alloc(arena, sizeof *document);
    text_copy(document->id, sizeof document->id, id);
    document->state = arena_room(arena, participant->state_size);
    return document;
}

void document_started(struct document *document, int64_t sent_at_ms)
{
    assert(document->started_at_ms <= document->created_at_ms);
    int64_t earliest_ms = document->created_at_ms - DOCUMENT_STARTED_BEFORE_MS_MAX;
    int64_t at_ms = sent_at_ms > earliest_ms ? sent_at_ms : earliest_ms;
    if (sent_at_ms > 0 && at_ms < document->started_at_ms)
        document->started_at_ms = at_ms;
}

static struct history_entry *history_add(struct document *document, struct arena *arena)
{
    assert(document->history_count <= document->history_room);
    if (document->history_count == document->history_room) {
        size_t room = document->history_room ? 2 * document->history_room : HISTORY_ROOM_FIRST;
        struct history_entry *grown = arena_room(arena, room * sizeof *grown);
        if (document->history_count > 0)
            memcpy(grown, document->history, document->history_count * sizeof *grown);
        document->history = grown;
        document->history_room = room;
    }
    return &document->history[document->history_count++];
}

bool document_remember(struct document *document, struct arena *arena,
                       const struct history_entry *entry, bool is_changed)
{
    assert(document->stored_count + document->history_count <= HISTORY_MAX);
    size_t bound = is_changed ? HISTORY_MAX : HISTORY_DUPLICATES_MAX;
    if (document->stored_count + document->history_count >= bound) {
        document->history_dropped++;
        return false;
    }
    *history_add(document, arena) = *entry;
    return true;
}

int64_t document_due_since(const struct document *document, int64_t due_at_ms)
{
    assert(due_at_ms != 0);
    struct bson_fields entries = document->stored_history;
    struct bson_fields fields;
    int64_t due_ms;
    int64_t at_ms;
    for (size_t i = 0; i < document->stored_count; i++)
        if (bson_read_next(&entries, &fields) && bson_read_int(&fields, "due", &due_ms) &&
            due_ms == due_at_ms && bson_read_int(&fields, "at", &at_ms))
            return at_ms;
    for (size_t i = 0; i < document->history_count; i++)
        if (document->history[i].due_at_ms == due_at_ms)
            return document->history[i].at_ms;
    return 0;
}

bool document_owes(const struct document *document, const char *message_id)
{
    assert(document->owed_count <= OWED_MAX);
    for (size_t i = 0; i < document->owed_count; i++)
        if (strcmp(document->owed[i]->id, message_id) == 0)
            return true;
    return false;
}

/* What a store returns may be damaged or written by another release: checked, not
 * asserted. */

static bool message_decode(struct bson_fields *fields, const char *app_id, struct arena *arena,
                           struct message *message)
{
    const char *body;
    if (!bson_read_text(fields, "id", message->id, sizeof message->id) ||
        !bson_read_text(fields, "type", message->type, sizeof message->type) ||
        !bson_read_text(fields, "correlationId", message->correlation_id,
                        sizeof message->correlation_id) ||
        !bson_read_int(fields, "at", &message->timestamp_ms) ||
        !bson_read_bool(fields, "repeat", &message->is_repeat) ||
        !bson_read_text(fields, "traceparent", message->traceparent, sizeof message->traceparent) ||
        !bson_read_text(fields, "tracestate", message->tracestate, sizeof message->tracestate) ||
        !bson_read_text_bytes(fields, "body", &body, &message->body_length))
        return false;
    message->body = arena_text(arena, body, message->body_length);
    text_copy(message->app_id, sizeof message->app_id, app_id);
    message->schema_version = SCHEMA_FIRST;
    return !bson_read_has(fields, "schema") ||
           bson_read_int(fields, "schema", &message->schema_version);
}

/* Entries of older releases have none of these. */
static bool replayed_decode(struct bson_fields *fields, struct history_entry *entry)
{
    struct bson_fields content = { .bytes = NULL };
    int64_t sent = 0;
    bool is_sound =
        (!bson_read_has(fields, "version") || bson_read_int(fields, "version", &entry->version)) &&
        (!bson_read_has(fields, "due") || bson_read_int(fields, "due", &entry->due_at_ms)) &&
        (!bson_read_has(fields, "sent") || bson_read_int(fields, "sent", &sent)) &&
        (!bson_read_has(fields, "repeat") || bson_read_bool(fields, "repeat", &entry->is_repeat)) &&
        (!bson_read_has(fields, "schema") || bson_read_int(fields, "schema", &entry->schema)) &&
        (!bson_read_has(fields, "content") || bson_read_document(fields, "content", &content));
    entry->sent = (uint64_t)sent;
    entry->content = content.bytes;
    entry->content_length = content.length;
    return is_sound;
}

static bool history_decode(struct bson_fields *fields, struct history_entry *entry)
{
    int64_t fingerprint = 0;
    memset(entry, 0, sizeof *entry);
    if (!bson_read_int(fields, "at", &entry->at_ms) ||
        !bson_read_text(fields, "input", entry->input_type, sizeof entry->input_type) ||
        !bson_read_text(fields, "id", entry->input_id, sizeof entry->input_id) ||
        !bson_read_int(fields, "fingerprint", &fingerprint) ||
        !bson_read_text(fields, "verdict", entry->verdict, sizeof entry->verdict) ||
        !bson_read_text(fields, "from", entry->state_from, sizeof entry->state_from) ||
        !bson_read_text(fields, "to", entry->state_to, sizeof entry->state_to))
        return false;
    entry->fingerprint = (uint64_t)fingerprint;
    entry->schema = SCHEMA_FIRST;
    return replayed_decode(fields, entry);
}

static bool owed_decode(struct document *document, const struct participant *participant,
                        struct bson_fields *body, struct arena *arena)
{
    assert(document->owed_count == 0);
    struct bson_fields entries;
    struct bson_fields fields;
    if (!bson_read_array(body, "owed", &entries))
        return false;
    while (bson_read_has_next(&entries)) {
        if (document->owed_count == OWED_MAX || !bson_read_next(&entries, &fields))
            return false;
        struct message *message = arena_alloc(arena, sizeof *message);
        if (!message_decode(&fields, participant->name, arena, message))
            return false;
        document->owed[document->owed_count++] = message;
    }
    return true;
}

bool document_history_decode(struct document *document, struct arena *arena, struct error *error)
{
    struct bson_fields entries = document->stored_history;
    struct bson_fields fields;
    assert(document->history_count == 0);
    for (size_t i = 0; i < document->stored_count; i++)
        if (!bson_read_next(&entries, &fields) ||
            !history_decode(&fields, history_add(document, arena)))
            return error_set(error, ERROR_BUG, "%s: damaged history", document->id);
    document->stored_count = 0;
    return true;
}

int64_t document_due_since_ms(const struct document *document)
{
    struct bson_fields entries = document->stored_history;
    struct bson_fields entry;
    int64_t since_ms = 0, due_ms = 0;
    for (size_t i = 0; i < document->stored_count; i++) {
        int64_t at_ms = 0, set_ms = 0;
        if (!bson_read_next(&entries, &entry) || !bson_read_int(&entry, "at", &at_ms) ||
            (bson_read_has(&entry, "due") && !bson_read_int(&entry, "due", &set_ms)))
            return 0;
        if (set_ms != due_ms)
            since_ms = at_ms;
        due_ms = set_ms;
    }
    return due_ms != 0 && document->history_dropped == 0 ? since_ms : 0;
}

static bool stored_find(struct document *document, struct bson_fields *body)
{
    assert(document->stored_count == 0);
    struct bson_fields fields;
    if (!bson_read_array(body, "history", &document->stored_history))
        return false;
    struct bson_fields entries = document->stored_history;
    while (bson_read_has_next(&entries)) {
        if (document->stored_count == HISTORY_MAX || !bson_read_next(&entries, &fields))
            return false;
        document->stored_count++;
    }
    return bson_read_int(body, "historyDropped", &document->history_dropped);
}

/* Of a form that this code does not know it must not judge anything. */
static bool schema_is_known(const struct participant *participant, struct bson_fields *body,
                            const char *id, struct error *error)
{
    int64_t schema = SCHEMA_FIRST;
    if (bson_read_has(body, "schema") && !bson_read_int(body, "schema", &schema))
        return error_set(error, ERROR_BUG, "%s %s: schema is no number", participant->collection,
                         id);
    return schema <= participant->schema_version ||
           error_set(error, ERROR_NEWER,
                     "%s %s was stored by a newer release: its schema is %lld, %lld is known here",
                     participant->collection, id, (long long)schema,
                     (long long)participant->schema_version);
}

bool document_state_decode(const struct participant *participant, const struct record *record,
                           void *ret_state, struct error *error)
{
    assert(participant->state_size > 0 && participant->decode != NULL);
    struct bson_fields body;
    struct bson_fields fields;
    memset(ret_state, 0, participant->state_size);
    if (record->body == NULL)
        return error_set(error, ERROR_BUG, "%s %s is no document of ours", participant->collection,
                         record->id);
    if (!bson_read_open(&body, record->body, record->body_length))
        return error_set(error, ERROR_BUG, "%s %s is damaged", participant->collection, record->id);
    if (!schema_is_known(participant, &body, record->id, error))
        return false;
    if (!bson_read_document(&body, "state", &fields))
        return error_set(error, ERROR_BUG, "%s %s has no state", participant->collection,
                         record->id);
    if (!participant->decode(&fields, ret_state, error))
        return error_wrap(error, "stored %s %s", participant->collection, record->id);
    return true;
}

bool document_decode(struct document *document, const struct participant *participant,
                     const struct record *record, struct arena *arena, struct error *error)
{
    assert(record->version >= 0);
    document->version = record->version;
    document->created_at_ms = document->started_at_ms = record->created_at_ms;
    document->owed_at_ms = record->owed_at_ms;
    document->owed_count = 0;
    document->history_count = 0;
    document->history_room = 0;
    document->history = NULL;
    document->history_dropped = 0;
    document->stored_history = (struct bson_fields){ .bytes = NULL };
    document->stored_count = 0;
    document->stored_body = (struct bson_fields){ .bytes = NULL };
    document->kept_state = document->kept_owed = (struct bson_kept){ .stored = { .bytes = NULL } };
    if (record->version == 0) {
        memset(document->state, 0, participant->state_size);
        return true;
    }

    if (!document_state_decode(participant, record, document->state, error))
        return false;
    struct bson_fields body;
    if (!bson_read_open(&body, record->body, record->body_length))
        return error_set(error, ERROR_BUG, "%s %s is damaged", participant->collection, record->id);
    if (!owed_decode(document, participant, &body, arena))
        return error_set(error, ERROR_BUG, "%s %s: damaged outbox", participant->collection,
                         record->id);
    if (bson_read_has(&body, "startedAt") &&
        !bson_read_int(&body, "startedAt", &document->started_at_ms))
        return error_set(error, ERROR_BUG, "%s %s: startedAt is no number", participant->collection,
                         record->id);
    if (!stored_find(document, &body))
        return error_set(error, ERROR_BUG, "%s %s: damaged history", participant->collection,
                         record->id);
    return document_kept_find(document, participant, body, arena, error);
}
