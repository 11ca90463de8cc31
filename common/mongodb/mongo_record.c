/* mongo_record.c - the update that compares the version while it holds the document, so that each
 * statement of a command fails alone. */
#include "common/mongodb/mongo_record.h"

#include "common/saga/store_backend.h"

#include <assert.h>
#include <string.h>

/* What a conflict is to the server: of an insert, and of an update (see below). */
#define CODE_DUPLICATE_KEY   11000
#define CODE_IMMUTABLE_FIELD 66
#define POSITION_SIZE        16

static void document_append(bson_t *parent, const char *key, const struct record *record)
{
    assert(record->version >= 0 && record->body_length <= STORE_BODY_BYTES_MAX);
    bson_t body, document;
    bool is_bson = bson_init_static(&body, record->body, record->body_length);
    assert(is_bson);
    bson_append_document_begin(parent, key, -1, &document);
    BSON_APPEND_UTF8(&document, "_id", record->id);
    BSON_APPEND_INT64(&document, "version", record->version + 1);
    BSON_APPEND_INT64(&document, "createdAt", record->created_at_ms);
    if (record->due_at_ms > 0)
        BSON_APPEND_INT64(&document, "dueAt", record->due_at_ms);
    if (record->owed_at_ms > 0)
        BSON_APPEND_INT64(&document, "owedAt", record->owed_at_ms);
    /* A body that was loaded has the fields above too; it may be saved again as it is. */
    bson_copy_to_excluding_noinit(&body, &document, "_id", "version", "createdAt", "dueAt",
                                  "owedAt", NULL);
    bson_append_document_end(parent, &document);
}

void mongo_record_append_insert(bson_t *documents, uint32_t position, const struct record *record)
{
    assert(record->id[0] != '\0' && record->version == 0);
    char buffer[POSITION_SIZE];
    const char *key;
    bson_uint32_to_string(position, &key, buffer, sizeof buffer);
    document_append(documents, key, record);
}

/* q names nothing but _id, for that is the one query that the server runs without planning it; the
 * version is compared by the update itself, while it holds the document. Where the version has
 * moved on, the result would have another _id, which fails this statement alone: so one command has
 * an answer for each document, where the count of matches would be one total for all. With upsert a
 * document that is gone fails likewise, and does not come back.
 *
 * $literal keeps the content content: nothing in it is an expression. */
void mongo_record_append_update(bson_t *updates, uint32_t position, const struct record *record)
{
    assert(record->id[0] != '\0' && record->version > 0);
    char buffer[POSITION_SIZE];
    const char *key;
    bson_uint32_to_string(position, &key, buffer, sizeof buffer);
    bson_t replacement = BSON_INITIALIZER;
    document_append(&replacement, "$literal", record);
    /* clang-format off */
    BCON_APPEND(updates, key, "{",
        "q", "{", "_id", BCON_UTF8(record->id), "}",
        "u", "[", "{", "$replaceWith", "{", "$cond", "[",
            "{", "$eq", "[", BCON_UTF8("$version"), BCON_INT64(record->version), "]", "}",
            BCON_DOCUMENT(&replacement),
            "{", "_id", BCON_NULL, "}",
        "]", "}", "}", "]",
        "upsert", BCON_BOOL(true),
    "}");
    /* clang-format on */
    bson_destroy(&replacement);
}

void mongo_record_append_clear(bson_t *updates, uint32_t position, const char *const *ids,
                               const int64_t *versions, size_t count, int64_t version)
{
    assert(count > 0);
    char buffer[POSITION_SIZE];
    const char *key;
    bson_t statement, query, id, list, change, fields, none;
    bson_uint32_to_string(position, &key, buffer, sizeof buffer);
    BSON_APPEND_DOCUMENT_BEGIN(updates, key, &statement);
    BSON_APPEND_DOCUMENT_BEGIN(&statement, "q", &query);
    BSON_APPEND_DOCUMENT_BEGIN(&query, "_id", &id);
    BSON_APPEND_ARRAY_BEGIN(&id, "$in", &list);
    uint32_t listed = 0;
    for (size_t i = 0; i < count; i++) {
        if (versions[i] != version)
            continue;
        bson_uint32_to_string(listed++, &key, buffer, sizeof buffer);
        BSON_APPEND_UTF8(&list, key, ids[i]);
    }
    bson_append_array_end(&id, &list);
    bson_append_document_end(&query, &id);
    BSON_APPEND_INT64(&query, "version", version);
    bson_append_document_end(&statement, &query);
    BSON_APPEND_DOCUMENT_BEGIN(&statement, "u", &change);
    BSON_APPEND_DOCUMENT_BEGIN(&change, "$set", &fields);
    BSON_APPEND_ARRAY_BEGIN(&fields, "owed", &none);
    bson_append_array_end(&fields, &none);
    bson_append_document_end(&change, &fields);
    BSON_APPEND_DOCUMENT_BEGIN(&change, "$unset", &fields);
    BSON_APPEND_UTF8(&fields, "owedAt", "");
    bson_append_document_end(&change, &fields);
    bson_append_document_end(&statement, &change);
    BSON_APPEND_BOOL(&statement, "multi", true);
    bson_append_document_end(updates, &statement);
}

static bool read_write_error(bson_iter_t *entry, size_t count, enum save_result *results,
                             struct error *error)
{
    int64_t position = -1, code = 0;
    const char *text = "";
    while (bson_iter_next(entry)) {
        const char *key = bson_iter_key(entry);
        if (strcmp(key, "index") == 0)
            position = bson_iter_as_int64(entry);
        else if (strcmp(key, "code") == 0)
            code = bson_iter_as_int64(entry);
        else if (strcmp(key, "errmsg") == 0 && BSON_ITER_HOLDS_UTF8(entry))
            text = bson_iter_utf8(entry, NULL);
    }
    if (position < 0 || (uint64_t)position >= count) {
        return error_set(error, ERROR_RETRY, "mongodb: a write error without its statement: %s",
                         text);
    }
    if (code != CODE_DUPLICATE_KEY && code != CODE_IMMUTABLE_FIELD)
        return error_set(error, ERROR_RETRY, "mongodb: %s (code %" PRId64 ")", text, code);
    results[position] = SAVE_CONFLICT;
    return true;
}

bool mongo_record_read_saves(const bson_t *reply, size_t count, enum save_result *ret_results,
                             struct error *error)
{
    assert(ret_results != NULL || count == 0);
    bson_iter_t iter, entries, entry;
    bool is_uncertain = bson_iter_init_find(&iter, reply, "writeConcernError");
    for (size_t i = 0; i < count; i++)
        ret_results[i] = is_uncertain ? SAVE_UNKNOWN : SAVE_SAVED;
    if (is_uncertain || !bson_iter_init_find(&iter, reply, "writeErrors"))
        return true;
    if (!BSON_ITER_HOLDS_ARRAY(&iter) || !bson_iter_recurse(&iter, &entries))
        return error_set(error, ERROR_RETRY, "mongodb: write errors that are no array");
    while (bson_iter_next(&entries)) {
        if (!BSON_ITER_HOLDS_DOCUMENT(&entries) || !bson_iter_recurse(&entries, &entry))
            return error_set(error, ERROR_RETRY, "mongodb: a write error that is no document");
        if (!read_write_error(&entry, count, ret_results, error))
            return false;
    }
    return true;
}

static int64_t read_number(const bson_t *document, const char *field)
{
    bson_iter_t iter;
    return bson_iter_init_find(&iter, document, field) ? bson_iter_as_int64(&iter) : 0;
}

/* From the document's own first bytes: the driver hands out bson_t that are aligned less strictly
 * than their type demands, so their fields must not be read here. */
static uint32_t length_of(const uint8_t *document)
{
    uint32_t length;
    memcpy(&length, document, sizeof length);
    return BSON_UINT32_FROM_LE(length);
}

void mongo_record_read(const bson_t *document, struct arena *arena, struct record *ret_record)
{
    assert(document != NULL && ret_record != NULL);
    bson_iter_t iter;
    uint32_t length = 0;
    const char *id = NULL;
    if (bson_iter_init_find(&iter, document, "_id") && BSON_ITER_HOLDS_UTF8(&iter))
        id = bson_iter_utf8(&iter, &length);
    struct record record = {
        .version = read_number(document, "version"),
        .created_at_ms = read_number(document, "createdAt"),
        .due_at_ms = read_number(document, "dueAt"),
        .owed_at_ms = read_number(document, "owedAt"),
    };
    bool has_id = id != NULL && length < IDENT_SIZE && strlen(id) == length;
    if (has_id)
        memcpy(record.id, id, length);
    if (has_id && record.version > 0) {
        record.body_length = length_of(bson_get_data(document));
        record.body = arena_copy(arena, bson_get_data(document), record.body_length);
    } else if (record.version <= 0) {
        record.version = 1;
    }
    *ret_record = record;
}
