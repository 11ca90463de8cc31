/* mongo_index.c - what the first call of a process makes sure of: indexes, and whose the collection
 * is. */
#include "common/mongodb/mongo_access.h"
#include "common/saga/store_backend.h"

#include <assert.h>
#include <string.h>

#define OWNERS "owners" /* {_id: collection, service} */

/* due() and owed() read one end of an index that holds only the documents that wait for something,
 * and nothing but that index; the query must say `> 0` as the index does, or it is not used. */
static void append_waiting(bson_t *indexes, const char *position, const char *field)
{
    bson_t index, key, filter, range;
    BSON_APPEND_DOCUMENT_BEGIN(indexes, position, &index);
    BSON_APPEND_UTF8(&index, "name", field);
    BSON_APPEND_DOCUMENT_BEGIN(&index, "key", &key);
    BSON_APPEND_INT32(&key, field, 1);
    BSON_APPEND_INT32(&key, "_id", 1);
    bson_append_document_end(&index, &key);
    BSON_APPEND_DOCUMENT_BEGIN(&index, "partialFilterExpression", &filter);
    BSON_APPEND_DOCUMENT_BEGIN(&filter, field, &range);
    BSON_APPEND_INT32(&range, "$gt", 0);
    bson_append_document_end(&filter, &range);
    bson_append_document_end(&index, &filter);
    bson_append_document_end(indexes, &index);
}

static void append_newest(bson_t *indexes, const char *position)
{
    bson_t index, key;
    BSON_APPEND_DOCUMENT_BEGIN(indexes, position, &index);
    BSON_APPEND_UTF8(&index, "name", "newest");
    BSON_APPEND_DOCUMENT_BEGIN(&index, "key", &key);
    BSON_APPEND_INT32(&key, "createdAt", -1);
    BSON_APPEND_INT32(&key, "_id", -1);
    bson_append_document_end(&index, &key);
    bson_append_document_end(indexes, &index);
}

/* The answer to findAndModify: value.service. */
static bool owner_read(const struct mongo_access *access, const bson_t *reply, struct error *error)
{
    bson_iter_t iter, service;
    uint32_t length;
    if (!bson_iter_init(&iter, reply) ||
        !bson_iter_find_descendant(&iter, "value.service", &service) ||
        !BSON_ITER_HOLDS_UTF8(&service))
        return error_set(error, ERROR_RETRY, "mongodb: no answer to whose the collection is");
    return store_owner_check(access->collection, access->service, bson_iter_utf8(&service, &length),
                             error);
}

/* One round trip: the first service that asks is written down, and everybody reads who it was. */
static bool owner_claim(struct mongo_turn *turn, struct error *error)
{
    const struct mongo_access *access = turn->access;
    bson_t command = BSON_INITIALIZER, query, update, fields, reply;
    BSON_APPEND_UTF8(&command, "findAndModify", OWNERS);
    BSON_APPEND_DOCUMENT_BEGIN(&command, "query", &query);
    BSON_APPEND_UTF8(&query, "_id", access->collection);
    bson_append_document_end(&command, &query);
    BSON_APPEND_DOCUMENT_BEGIN(&command, "update", &update);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$setOnInsert", &fields);
    BSON_APPEND_UTF8(&fields, "service", access->service);
    bson_append_document_end(&update, &fields);
    bson_append_document_end(&command, &update);
    BSON_APPEND_BOOL(&command, "upsert", true);
    BSON_APPEND_BOOL(&command, "new", true);
    bool is_ours = mongo_write(turn, &command, &reply, error) && owner_read(access, &reply, error);
    bson_destroy(&reply);
    bson_destroy(&command);
    return is_ours;
}

/* At the first use and not at the opening, for then the server may be away. An index that exists
 * costs nothing. On a large collection without it the server builds on while we time out, and the
 * store is away until it is done: better than sweeps that read everything. */
static bool index_ensure(struct mongo_turn *turn, struct error *error)
{
    struct mongo_access *access = turn->access;
    if (atomic_load_explicit(&access->is_indexed, memory_order_relaxed))
        return true;
    if (!owner_claim(turn, error))
        return false;
    bson_t command = BSON_INITIALIZER, indexes;
    BSON_APPEND_UTF8(&command, "createIndexes", access->collection);
    BSON_APPEND_ARRAY_BEGIN(&command, "indexes", &indexes);
    append_waiting(&indexes, "0", "dueAt");
    append_waiting(&indexes, "1", "owedAt");
    append_newest(&indexes, "2");
    bson_append_array_end(&command, &indexes);
    bson_t reply;
    bool is_there = mongo_write(turn, &command, &reply, error);
    bson_destroy(&reply);
    bson_destroy(&command);
    if (!is_there)
        return error_wrap(error, "create indexes");
    atomic_store_explicit(&access->is_indexed, true, memory_order_relaxed);
    return true;
}

bool mongo_turn_begin_indexed(struct mongo_turn *turn, struct mongo_access *access,
                              struct error *error)
{
    assert(access != NULL);
    return mongo_turn_begin(turn, access, error) && index_ensure(turn, error);
}
