#include "common/store/mongo_access.h"

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

/* At the first use and not at the opening, for then the server may be away. An index that exists
 * costs nothing. On a large collection without it the server builds on while we time out, and the
 * store is away until it is done: better than sweeps that read everything. */
static bool index_ensure(struct mongo_turn *turn, struct error *error)
{
    struct mongo_access *access = turn->access;
    if (atomic_load_explicit(&access->is_indexed, memory_order_relaxed)) {
        return true;
    }
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
    if (!is_there) {
        return error_wrap(error, "create indexes");
    }
    atomic_store_explicit(&access->is_indexed, true, memory_order_relaxed);
    return true;
}

bool mongo_turn_begin_indexed(struct mongo_turn *turn, struct mongo_access *access,
                              struct error *error)
{
    return mongo_turn_begin(turn, access, error) && index_ensure(turn, error);
}
