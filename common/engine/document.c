#include "common/engine/document.h"
#include "common/base/text.h"
#include "common/engine/bson_read.h"

#include <assert.h>
#include <string.h>

#define HISTORY_ROOM_FIRST 2 /* most versions come from one input */

struct document *document_new(struct arena *arena, const struct participant *participant,
                              const char *id)
{
    struct document *document = arena_alloc(arena, sizeof *document);
    text_copy(document->id, sizeof document->id, id);
    document->state = arena_room(arena, participant->state_size);
    return document;
}

static struct history_entry *history_add(struct document *document, struct arena *arena)
{
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
    size_t bound = is_changed ? HISTORY_MAX : HISTORY_DUPLICATES_MAX;
    if (document->stored_count + document->history_count >= bound) {
        document->history_dropped++;
        return false;
    }
    *history_add(document, arena) = *entry;
    return true;
}

static bool stored_init(const struct document *document, bson_t *entries, bson_iter_t *at)
{
    return document->stored_history != NULL &&
           bson_init_static(entries, document->stored_history, document->stored_length) &&
           bson_iter_init(at, entries);
}

static bool stored_contradicts(const struct document *document, const char *input_id,
                               uint64_t fingerprint)
{
    bson_t entries;
    bson_t fields;
    bson_iter_t at;
    char id[MESSAGE_ID_SIZE];
    int64_t known;
    if (!stored_init(document, &entries, &at))
        return false;
    while (bson_iter_next(&at))
        if (bson_read_element(&at, &fields) && bson_read_text(&fields, "id", id, sizeof id) &&
            strcmp(id, input_id) == 0 && bson_read_int(&fields, "fingerprint", &known) &&
            known != 0 && (uint64_t)known != fingerprint)
            return true;
    return false;
}

bool document_contradicts(const struct document *document, const char *input_id,
                          uint64_t fingerprint)
{
    if (fingerprint == 0)
        return false;
    for (size_t i = 0; i < document->history_count; i++) {
        const struct history_entry *entry = &document->history[i];
        if (entry->fingerprint != 0 && entry->fingerprint != fingerprint &&
            strcmp(entry->input_id, input_id) == 0)
            return true;
    }
    return stored_contradicts(document, input_id, fingerprint);
}

bool document_owes(const struct document *document, const char *message_id)
{
    for (size_t i = 0; i < document->owed_count; i++)
        if (strcmp(document->owed[i]->id, message_id) == 0)
            return true;
    return false;
}

/* Writing. libbson grows its buffer by itself; a failed append would mean a document beyond 2 GiB,
 * which the bounds of this file exclude. */

static void append(bool appended)
{
    assert(appended);
}

static void message_encode(const struct message *message, bson_t *array, uint32_t index)
{
    char buffer[16];
    const char *key;
    size_t key_length = bson_uint32_to_string(index, &key, buffer, sizeof buffer);
    bson_t entry;
    append(bson_append_document_begin(array, key, (int)key_length, &entry));
    append(BSON_APPEND_UTF8(&entry, "id", message->id));
    append(BSON_APPEND_UTF8(&entry, "type", message->type));
    append(BSON_APPEND_UTF8(&entry, "correlationId", message->correlation_id));
    append(BSON_APPEND_INT64(&entry, "at", message->timestamp_ms));
    append(BSON_APPEND_BOOL(&entry, "repeat", message->is_repeat));
    append(BSON_APPEND_UTF8(&entry, "traceparent", message->traceparent));
    append(BSON_APPEND_UTF8(&entry, "tracestate", message->tracestate));
    append(bson_append_utf8(&entry, "body", -1, message->body, (int)message->body_length));
    append(bson_append_document_end(array, &entry));
}

/* What is 0 or empty is left out. */
static void replayed_encode(const struct history_entry *entry, bson_t *fields)
{
    bson_t content;
    if (entry->version != 0)
        append(BSON_APPEND_INT64(fields, "version", entry->version));
    if (entry->due_at_ms != 0)
        append(BSON_APPEND_INT64(fields, "due", entry->due_at_ms));
    if (entry->sent != 0)
        append(BSON_APPEND_INT64(fields, "sent", (int64_t)entry->sent));
    if (entry->is_repeat)
        append(BSON_APPEND_BOOL(fields, "repeat", true));
    if (entry->content != NULL) {
        append(bson_init_static(&content, entry->content, entry->content_length));
        append(BSON_APPEND_DOCUMENT(fields, "content", &content));
    }
}

static void history_encode(const struct history_entry *entry, bson_t *array, uint32_t index)
{
    char buffer[16];
    const char *key;
    size_t key_length = bson_uint32_to_string(index, &key, buffer, sizeof buffer);
    bson_t fields;
    append(bson_append_document_begin(array, key, (int)key_length, &fields));
    append(BSON_APPEND_INT64(&fields, "at", entry->at_ms));
    append(BSON_APPEND_UTF8(&fields, "input", entry->input_type));
    append(BSON_APPEND_UTF8(&fields, "id", entry->input_id));
    append(BSON_APPEND_INT64(&fields, "fingerprint", (int64_t)entry->fingerprint));
    append(BSON_APPEND_UTF8(&fields, "verdict", entry->verdict));
    append(BSON_APPEND_UTF8(&fields, "from", entry->state_from));
    append(BSON_APPEND_UTF8(&fields, "to", entry->state_to));
    replayed_encode(entry, &fields);
    append(bson_append_document_end(array, &fields));
}

bool document_encode(const struct document *document, const struct participant *participant,
                     struct arena *arena, struct record *ret_record, struct error *error)
{
    bson_t body = BSON_INITIALIZER;
    bson_t part;
    append(BSON_APPEND_DOCUMENT_BEGIN(&body, "state", &part));
    bool encoded = participant->encode(document->state, &part, error);
    append(bson_append_document_end(&body, &part));
    if (!encoded) {
        bson_destroy(&body);
        return error_wrap(error, "encode %s %s", participant->collection, document->id);
    }
    append(BSON_APPEND_ARRAY_BEGIN(&body, "owed", &part));
    for (size_t i = 0; i < document->owed_count; i++)
        message_encode(document->owed[i], &part, (uint32_t)i);
    append(bson_append_array_end(&body, &part));
    append(BSON_APPEND_ARRAY_BEGIN(&body, "history", &part));
    bson_t stored;
    bson_iter_t at;
    if (stored_init(document, &stored, &at))
        while (bson_iter_next(&at))
            append(bson_append_iter(&part, NULL, 0, &at)); /* under the key it had */
    for (size_t i = 0; i < document->history_count; i++)
        history_encode(&document->history[i], &part, (uint32_t)(document->stored_count + i));
    append(bson_append_array_end(&body, &part));
    append(BSON_APPEND_INT64(&body, "historyDropped", document->history_dropped));

    memset(ret_record, 0, sizeof *ret_record);
    memcpy(ret_record->id, document->id, sizeof ret_record->id);
    ret_record->version = document->version;
    ret_record->created_at_ms = document->created_at_ms;
    ret_record->due_at_ms = participant->due_at_ms(document->state);
    ret_record->owed_at_ms = document->owed_count > 0 ? document->owed_at_ms : 0;
    ret_record->body = arena_copy(arena, bson_get_data(&body), body.len);
    ret_record->body_length = body.len;
    bson_destroy(&body);
    return true;
}

/* Reading. What a store returns may be damaged or written by another release: checked, not
 * asserted. */

static bool message_decode(const bson_t *fields, const char *app_id, struct arena *arena,
                           struct message *message)
{
    bson_iter_t at;
    if (!bson_read_text(fields, "id", message->id, sizeof message->id) ||
        !bson_read_text(fields, "type", message->type, sizeof message->type) ||
        !bson_read_text(fields, "correlationId", message->correlation_id,
                        sizeof message->correlation_id) ||
        !bson_read_int(fields, "at", &message->timestamp_ms) ||
        !bson_read_bool(fields, "repeat", &message->is_repeat) ||
        !bson_read_text(fields, "traceparent", message->traceparent, sizeof message->traceparent) ||
        !bson_read_text(fields, "tracestate", message->tracestate, sizeof message->tracestate))
        return false;
    if (!bson_iter_init_find(&at, fields, "body") || !BSON_ITER_HOLDS_UTF8(&at))
        return false;
    uint32_t length;
    const char *body = bson_iter_utf8(&at, &length);
    message->body = arena_text(arena, body, length);
    message->body_length = length;
    text_copy(message->app_id, sizeof message->app_id, app_id);
    message->schema_version = MESSAGE_SCHEMA_VERSION;
    return true;
}

/* One pass: entries of older releases have none of these. */
static bool replayed_decode(const bson_t *fields, struct history_entry *entry)
{
    bson_iter_t at;
    bool is_sound = bson_iter_init(&at, fields);
    while (is_sound && bson_iter_next(&at)) {
        const char *key = bson_iter_key(&at);
        if (strcmp(key, "version") == 0) {
            is_sound = BSON_ITER_HOLDS_INT64(&at);
            entry->version = bson_iter_int64(&at);
        } else if (strcmp(key, "due") == 0) {
            is_sound = BSON_ITER_HOLDS_INT64(&at);
            entry->due_at_ms = bson_iter_int64(&at);
        } else if (strcmp(key, "sent") == 0) {
            is_sound = BSON_ITER_HOLDS_INT64(&at);
            entry->sent = (uint64_t)bson_iter_int64(&at);
        } else if (strcmp(key, "repeat") == 0) {
            is_sound = BSON_ITER_HOLDS_BOOL(&at);
            entry->is_repeat = bson_iter_bool(&at);
        } else if (strcmp(key, "content") == 0) {
            uint32_t length = 0;
            is_sound = BSON_ITER_HOLDS_DOCUMENT(&at);
            bson_iter_document(&at, &length, &entry->content);
            entry->content_length = length;
        }
    }
    return is_sound;
}

static bool history_decode(const bson_t *fields, struct history_entry *entry)
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
    return replayed_decode(fields, entry);
}

static bool owed_decode(struct document *document, const struct participant *participant,
                        const bson_t *body, struct arena *arena)
{
    bson_t entries;
    bson_t fields;
    bson_iter_t at;
    if (!bson_read_array(body, "owed", &entries) || !bson_iter_init(&at, &entries))
        return false;
    while (bson_iter_next(&at)) {
        if (document->owed_count == OWED_MAX || !bson_read_element(&at, &fields))
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
    bson_t entries;
    bson_t fields;
    bson_iter_t at;
    assert(document->history_count == 0);
    if (stored_init(document, &entries, &at))
        while (bson_iter_next(&at))
            if (!bson_read_element(&at, &fields) ||
                !history_decode(&fields, history_add(document, arena)))
                return error_set(error, ERROR_BUG, "%s: damaged history", document->id);
    document->stored_history = NULL;
    document->stored_count = 0;
    return true;
}

static bool stored_find(struct document *document, const bson_t *body)
{
    bson_t entries;
    bson_iter_t at;
    if (!bson_read_array(body, "history", &entries) || !bson_iter_init(&at, &entries))
        return false;
    document->stored_history = bson_get_data(&entries);
    document->stored_length = entries.len;
    while (bson_iter_next(&at)) {
        if (document->stored_count == HISTORY_MAX || !BSON_ITER_HOLDS_DOCUMENT(&at))
            return false;
        document->stored_count++;
    }
    return bson_read_int(body, "historyDropped", &document->history_dropped);
}

bool document_state_decode(const struct participant *participant, const struct record *record,
                           void *ret_state, struct error *error)
{
    bson_t body;
    bson_t fields;
    memset(ret_state, 0, participant->state_size);
    if (!bson_init_static(&body, record->body, record->body_length) ||
        !bson_read_document(&body, "state", &fields))
        return error_set(error, ERROR_BUG, "%s %s has no state", participant->collection,
                         record->id);
    if (!participant->decode(&fields, ret_state, error))
        return error_wrap(error, "stored %s %s", participant->collection, record->id);
    return true;
}

bool document_decode(struct document *document, const struct participant *participant,
                     const struct record *record, struct arena *arena, struct error *error)
{
    document->version = record->version;
    document->created_at_ms = record->created_at_ms;
    document->owed_at_ms = record->owed_at_ms;
    document->owed_count = 0;
    document->history_count = 0;
    document->history_room = 0;
    document->history = NULL;
    document->history_dropped = 0;
    document->stored_history = NULL;
    document->stored_length = 0;
    document->stored_count = 0;
    if (record->version == 0) {
        memset(document->state, 0, participant->state_size);
        return true;
    }

    if (!document_state_decode(participant, record, document->state, error))
        return false;
    bson_t body;
    if (!bson_init_static(&body, record->body, record->body_length))
        return error_set(error, ERROR_BUG, "%s %s is damaged", participant->collection, record->id);
    if (!owed_decode(document, participant, &body, arena))
        return error_set(error, ERROR_BUG, "%s %s: damaged outbox", participant->collection,
                         record->id);
    if (!stored_find(document, &body))
        return error_set(error, ERROR_BUG, "%s %s: damaged history", participant->collection,
                         record->id);
    return true;
}
