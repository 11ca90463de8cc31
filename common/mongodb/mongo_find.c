/* mongo_find.c - finds that fit into one round trip: documents by id, ids by what waits, a page of
 * the newest. */
#include "common/mongodb/mongo_find.h"

#include "common/mongodb/mongo_access.h"
#include "common/mongodb/mongo_record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- loading ------------------------------------------------------------------------------- */

/* Positions of ids, sorted by id: the server answers in its own order. */
struct id_order {
    const char *const *ids;
    uint16_t positions[STORE_CALL_MAX];
    size_t count;
};
_Static_assert(STORE_CALL_MAX <= UINT16_MAX, "a position fits");

static int position_compare(const void *one, const void *other, void *ids)
{
    const char *const *texts = ids;
    return strcmp(texts[*(const uint16_t *)one], texts[*(const uint16_t *)other]);
}

static void id_order_init(struct id_order *order, const char *const *ids, size_t count)
{
    order->ids = ids;
    order->count = count;
    for (size_t i = 0; i < count; i++)
        order->positions[i] = (uint16_t)i;
    qsort_r(order->positions, count, sizeof order->positions[0], position_compare,
            (void *)(uintptr_t)ids);
}

/* Where id stands in ids; count if it is none of them. */
static size_t id_order_find(const struct id_order *order, const char *id)
{
    size_t low = 0, high = order->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int difference = strcmp(order->ids[order->positions[middle]], id);
        if (difference == 0)
            return order->positions[middle];
        if (difference < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return order->count;
}

static void append_ids(bson_t *filter, const char *const *ids, size_t count)
{
    bson_t condition, list;
    BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &condition);
    BSON_APPEND_ARRAY_BEGIN(&condition, "$in", &list);
    for (uint32_t i = 0; i < count; i++) {
        char buffer[16];
        const char *key;
        bson_uint32_to_string(i, &key, buffer, sizeof buffer);
        BSON_APPEND_UTF8(&list, key, ids[i]);
    }
    bson_append_array_end(&condition, &list);
    bson_append_document_end(filter, &condition);
}

/* A find that gets all it asks for in the first reply: one more than the limit, or the server would
 * leave its cursor open for a second round trip. */
static mongoc_cursor_t *find(struct mongo_turn *turn, const bson_t *filter, bson_t *options,
                             size_t limit)
{
    const struct mongo_access *access = turn->access;
    bson_concat(options, access->read_options);
    BSON_APPEND_INT64(options, "limit", (int64_t)limit);
    BSON_APPEND_INT64(options, "batchSize", (int64_t)limit + 1);
    mongoc_collection_t *collection =
        mongoc_client_get_collection(turn->client, access->database, access->collection);
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(collection, filter, options, NULL);
    mongoc_collection_destroy(collection);
    return cursor;
}

static bool cursor_end(mongoc_cursor_t *cursor, struct error *error)
{
    bson_error_t cause;
    bool is_failed = mongoc_cursor_error(cursor, &cause);
    mongoc_cursor_destroy(cursor);
    return !is_failed || mongo_fail(error, &cause);
}

bool mongo_load(void *self, const char *const *ids, size_t count, struct arena *arena,
                struct record *ret_records, struct error *error)
{
    assert(count <= STORE_CALL_MAX);
    if (count == 0)
        return true;
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    if (!mongo_turn_begin_indexed(&turn, self, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        ret_records[i] = (struct record){ 0 };
        memcpy(ret_records[i].id, ids[i], strnlen(ids[i], IDENT_BYTES_MAX));
    }
    struct id_order order;
    id_order_init(&order, ids, count);
    bson_t filter = BSON_INITIALIZER, options = BSON_INITIALIZER;
    append_ids(&filter, ids, count);
    mongoc_cursor_t *cursor = find(&turn, &filter, &options, count);
    const bson_t *document;
    while (mongoc_cursor_next(cursor, &document)) {
        struct record record;
        mongo_record_read(document, arena, &record);
        size_t position = id_order_find(&order, record.id);
        if (position < count)
            ret_records[position] = record;
    }
    bson_destroy(&filter);
    bson_destroy(&options);
    return cursor_end(cursor, error);
}

/* ---- finding ------------------------------------------------------------------------------- */

/* Read from the field's partial index alone: what is after 0 or later is in it. */
static bool find_waiting(void *self, const char *field, const struct store_look *look,
                         char (*ret_ids)[IDENT_SIZE], size_t *ret_count, struct error *error)
{
    assert(look->after_ms >= 0);
    *ret_count = 0;
    if (look->limit == 0)
        return true; /* to the server 0 would mean all */
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    if (!mongo_turn_begin_indexed(&turn, self, error))
        return false;
    bson_t filter = BSON_INITIALIZER, options = BSON_INITIALIZER, part;
    BSON_APPEND_DOCUMENT_BEGIN(&filter, field, &part);
    BSON_APPEND_INT64(&part, "$gt", look->after_ms);
    BSON_APPEND_INT64(&part, "$lte", look->before_ms);
    bson_append_document_end(&filter, &part);
    BSON_APPEND_DOCUMENT_BEGIN(&options, "sort", &part);
    BSON_APPEND_INT32(&part, field, 1);
    BSON_APPEND_INT32(&part, "_id", 1);
    bson_append_document_end(&options, &part);
    BSON_APPEND_DOCUMENT_BEGIN(&options, "projection", &part);
    BSON_APPEND_INT32(&part, "_id", 1);
    bson_append_document_end(&options, &part);
    if (look->skip > 0)
        BSON_APPEND_INT64(&options, "skip", (int64_t)look->skip);
    mongoc_cursor_t *cursor = find(&turn, &filter, &options, look->limit);
    const bson_t *document;
    size_t count = 0;
    while (count < look->limit && mongoc_cursor_next(cursor, &document)) {
        bson_iter_t iter;
        uint32_t length = 0;
        if (bson_iter_init_find(&iter, document, "_id") && BSON_ITER_HOLDS_UTF8(&iter)) {
            const char *id = bson_iter_utf8(&iter, &length);
            if (length < IDENT_SIZE) {
                memcpy(ret_ids[count], id, length);
                ret_ids[count][length] = '\0';
                count++;
            }
        }
    }
    bson_destroy(&filter);
    bson_destroy(&options);
    if (!cursor_end(cursor, error))
        return false;
    *ret_count = count;
    return true;
}

bool mongo_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
               size_t *ret_count, struct error *error)
{
    assert(look != NULL && ret_ids != NULL && ret_count != NULL);
    return find_waiting(self, "dueAt", look, ret_ids, ret_count, error);
}

bool mongo_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                size_t *ret_count, struct error *error)
{
    assert(look != NULL && ret_ids != NULL && ret_count != NULL);
    return find_waiting(self, "owedAt", look, ret_ids, ret_count, error);
}

bool mongo_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error)
{
    assert(ret_count != NULL);
    *ret_count = 0;
    if (limit == 0)
        return true;
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    if (!mongo_turn_begin_indexed(&turn, self, error))
        return false;
    const struct mongo_access *access = self;
    bson_t command = BSON_INITIALIZER, query, range, reply;
    BSON_APPEND_UTF8(&command, "count", access->collection);
    BSON_APPEND_DOCUMENT_BEGIN(&command, "query", &query);
    BSON_APPEND_DOCUMENT_BEGIN(&query, "owedAt", &range);
    BSON_APPEND_INT32(&range, "$gt", 0);
    bson_append_document_end(&query, &range);
    bson_append_document_end(&command, &query);
    BSON_APPEND_INT64(&command, "limit", (int64_t)limit);
    bson_error_t cause;
    bool is_counted = mongoc_client_read_command_with_opts(
        turn.client, access->database, &command, NULL, access->read_options, &reply, &cause);
    bson_iter_t iter;
    if (is_counted && bson_iter_init_find(&iter, &reply, "n"))
        *ret_count = (size_t)bson_iter_as_int64(&iter);
    bson_destroy(&reply);
    bson_destroy(&command);
    return is_counted || mongo_fail(error, &cause);
}

/* {createdAt: {$lte: c}, $or: [{createdAt: {$lt: c}}, {_id: {$lt: id}}]}: the first condition
 * bounds the index scan, the second drops what was listed before. */
static void append_older(bson_t *filter, const struct store_cursor *after)
{
    bson_t range, choices, choice;
    BSON_APPEND_DOCUMENT_BEGIN(filter, "createdAt", &range);
    BSON_APPEND_INT64(&range, "$lte", after->created_at_ms);
    bson_append_document_end(filter, &range);
    BSON_APPEND_ARRAY_BEGIN(filter, "$or", &choices);
    BSON_APPEND_DOCUMENT_BEGIN(&choices, "0", &choice);
    BSON_APPEND_DOCUMENT_BEGIN(&choice, "createdAt", &range);
    BSON_APPEND_INT64(&range, "$lt", after->created_at_ms);
    bson_append_document_end(&choice, &range);
    bson_append_document_end(&choices, &choice);
    BSON_APPEND_DOCUMENT_BEGIN(&choices, "1", &choice);
    BSON_APPEND_DOCUMENT_BEGIN(&choice, "_id", &range);
    BSON_APPEND_UTF8(&range, "$lt", after->id);
    bson_append_document_end(&choice, &range);
    bson_append_document_end(&choices, &choice);
    bson_append_array_end(filter, &choices);
}

bool mongo_list(void *self, const struct store_cursor *after, size_t limit, struct arena *arena,
                struct record *ret_records, size_t *ret_count, struct error *error)
{
    assert(limit <= STORE_LIST_MAX);
    *ret_count = 0;
    if (limit == 0)
        return true;
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    if (!mongo_turn_begin_indexed(&turn, self, error))
        return false;
    bson_t filter = BSON_INITIALIZER, options = BSON_INITIALIZER, sort;
    if (after->created_at_ms > 0)
        append_older(&filter, after);
    BSON_APPEND_DOCUMENT_BEGIN(&options, "sort", &sort);
    BSON_APPEND_INT32(&sort, "createdAt", -1);
    BSON_APPEND_INT32(&sort, "_id", -1);
    bson_append_document_end(&options, &sort);
    mongoc_cursor_t *cursor = find(&turn, &filter, &options, limit);
    const bson_t *document;
    size_t count = 0;
    while (count < limit && mongoc_cursor_next(cursor, &document))
        mongo_record_read(document, arena, &ret_records[count++]);
    bson_destroy(&filter);
    bson_destroy(&options);
    if (!cursor_end(cursor, error))
        return false;
    *ret_count = count;
    return true;
}
