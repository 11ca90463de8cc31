/* document_write.c - a document as BSON, with what another release has stored in it. */
#include "common/bson/bson_write.h"
#include "common/saga/document.h"
#include "common/saga/document_kept.h"

#include <assert.h>
#include <string.h>

#define BODY_BYTES_FIRST 2048 /* beside the stored history: most states and their messages */

static void message_encode(const struct message *message, struct bson_output *array, size_t index)
{
    assert(message->id[0] != '\0' && message->body_length > 0);
    bson_write_element_begin(array, index);
    bson_write_text(array, "id", message->id);
    bson_write_text(array, "type", message->type);
    bson_write_text(array, "correlationId", message->correlation_id);
    bson_write_int(array, "at", message->timestamp_ms);
    bson_write_bool(array, "repeat", message->is_repeat);
    bson_write_text(array, "traceparent", message->traceparent);
    bson_write_text(array, "tracestate", message->tracestate);
    bson_write_text_bytes(array, "body", message->body, message->body_length);
    if (message->schema_version > SCHEMA_FIRST)
        bson_write_int(array, "schema", message->schema_version);
    bson_write_end(array);
}

/* What is 0 or empty is left out. */
static void replayed_encode(const struct history_entry *entry, struct bson_output *fields)
{
    if (entry->version != 0)
        bson_write_int(fields, "version", entry->version);
    if (entry->due_at_ms != 0)
        bson_write_int(fields, "due", entry->due_at_ms);
    if (entry->sent != 0)
        bson_write_int(fields, "sent", (int64_t)entry->sent);
    if (entry->is_repeat)
        bson_write_bool(fields, "repeat", true);
    if (entry->schema > SCHEMA_FIRST)
        bson_write_int(fields, "schema", entry->schema);
    if (entry->content != NULL)
        bson_write_document(fields, "content", entry->content, entry->content_length);
}

static void history_encode(const struct history_entry *entry, struct bson_output *array,
                           size_t index)
{
    assert(index < HISTORY_MAX);
    bson_write_element_begin(array, index);
    bson_write_int(array, "at", entry->at_ms);
    bson_write_text(array, "input", entry->input_type);
    bson_write_text(array, "id", entry->input_id);
    bson_write_int(array, "fingerprint", (int64_t)entry->fingerprint);
    bson_write_text(array, "verdict", entry->verdict);
    bson_write_text(array, "from", entry->state_from);
    bson_write_text(array, "to", entry->state_to);
    replayed_encode(entry, array);
    bson_write_end(array);
}

static void owed_encode(const struct document *document, struct bson_output *array)
{
    assert(document->owed_count <= OWED_MAX);
    for (size_t i = 0; i < document->owed_count; i++)
        message_encode(document->owed[i], array, i);
}

static void history_write(const struct document *document, struct bson_output *body)
{
    assert(document->stored_count + document->history_count <= HISTORY_MAX);
    bson_write_array_begin(body, "history");
    if (document->stored_count > 0)
        bson_write_elements(body, document->stored_history.bytes, document->stored_history.length);
    for (size_t i = 0; i < document->history_count; i++)
        history_encode(&document->history[i], body, document->stored_count + i);
    bson_write_end(body);
    bson_write_int(body, "historyDropped", document->history_dropped);
    if (document->started_at_ms < document->created_at_ms)
        bson_write_int(body, "startedAt", document->started_at_ms);
}

/* Fields of the whole that another release has stored beside ours. */
static void beside_write(const struct document *document, struct bson_output *body)
{
    /* Those in the second line are a store's own (see store_port.h). */
    static const char *const ours[] = { "state",     "owed",   "history", "historyDropped",
                                        "startedAt", "schema", "_id",     "version",
                                        "createdAt", "dueAt",  "owedAt" };
    struct bson_fields fields = document->stored_body;
    struct bson_element field;
    while (fields.bytes != NULL && bson_read_each(&fields, &field)) {
        bool is_ours = false;
        for (size_t i = 0; i < sizeof ours / sizeof ours[0] && !is_ours; i++)
            is_ours = strcmp(field.name, ours[i]) == 0;
        if (!is_ours)
            bson_write_element(body, &field);
    }
}

static void fields_finish(struct bson_output *output, struct bson_fields *ret_fields)
{
    size_t length;
    const uint8_t *bytes = bson_write_finish(output, &length);
    bool is_read = bson_read_open(ret_fields, bytes, length);
    assert(is_read);
}

/* What was written into `fresh`, with what is unknown of the stored one. */
static void kept_write(struct bson_output *body, struct bson_output *fresh, struct bson_kept kept,
                       bool is_array)
{
    assert(kept.stored.bytes != NULL);
    struct bson_fields fields;
    fields_finish(fresh, &fields);
    bson_keep_write(body, fields, kept, is_array);
}

static bool state_write(const struct document *document, const struct participant *participant,
                        struct bson_output *body, struct error *error)
{
    struct bson_output fresh;
    bool is_plain = document->kept_state.stored.bytes == NULL;
    bson_write_document_begin(body, "state");
    if (!is_plain)
        bson_write_begin(&fresh, body->arena, BODY_BYTES_FIRST);
    if (!participant->encode(document->state, is_plain ? body : &fresh, error))
        return error_wrap(error, "encode %s %s", participant->collection, document->id);
    if (!is_plain)
        kept_write(body, &fresh, document->kept_state, false);
    bson_write_end(body);
    return true;
}

static void owed_write(const struct document *document, struct bson_output *body)
{
    bson_write_array_begin(body, "owed");
    if (document->kept_owed.stored.bytes == NULL || document->owed_count == 0) {
        owed_encode(document, body);
    } else {
        struct bson_output fresh;
        bson_write_begin(&fresh, body->arena, BODY_BYTES_FIRST);
        owed_encode(document, &fresh);
        kept_write(body, &fresh, document->kept_owed, true);
    }
    bson_write_end(body);
}

static int64_t schema_of(const struct participant *participant, const void *state)
{
    return participant->schema_of != NULL ? participant->schema_of(state) : SCHEMA_FIRST;
}

bool document_kept_find(struct document *document, const struct participant *participant,
                        struct bson_fields body, struct arena *arena, struct error *error)
{
    assert(body.bytes != NULL);
    struct bson_fields state;
    struct bson_fields owed;
    struct bson_fields known;
    struct bson_output again;
    if (!bson_read_open(&document->stored_body, body.bytes, body.length) ||
        !bson_read_document(&body, "state", &state) || !bson_read_array(&body, "owed", &owed))
        return error_set(error, ERROR_BUG, "%s has no state or no outbox", document->id);
    bson_write_begin(&again, arena, state.length + BODY_BYTES_FIRST);
    if (!participant->encode(document->state, &again, error))
        return error_wrap(error, "stored %s %s", participant->collection, document->id);
    fields_finish(&again, &known);
    document->kept_state = bson_keep(state, known);
    bson_write_begin(&again, arena, owed.length + BODY_BYTES_FIRST);
    owed_encode(document, &again);
    fields_finish(&again, &known);
    document->kept_owed = bson_keep(owed, known);
    return true;
}

bool document_encode(const struct document *document, const struct participant *participant,
                     struct arena *arena, struct record *ret_record, struct error *error)
{
    assert(document->id[0] != '\0' && document->version >= 0);
    struct bson_output body;
    int64_t schema = schema_of(participant, document->state);
    bson_write_begin(&body, arena, BODY_BYTES_FIRST + document->stored_history.length);
    if (schema > SCHEMA_FIRST) /* in front, for those who need read no further */
        bson_write_int(&body, "schema", schema);
    if (!state_write(document, participant, &body, error))
        return false;
    owed_write(document, &body);
    history_write(document, &body);
    beside_write(document, &body);

    memset(ret_record, 0, sizeof *ret_record);
    memcpy(ret_record->id, document->id, sizeof ret_record->id);
    ret_record->version = document->version;
    ret_record->created_at_ms = document->created_at_ms;
    ret_record->due_at_ms = participant_due_at_ms(participant, document->state);
    ret_record->owed_at_ms = document->owed_count > 0 ? document->owed_at_ms : 0;
    ret_record->body = bson_write_finish(&body, &ret_record->body_length);
    return true;
}
