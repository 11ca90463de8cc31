/* bound_mongo.c - the store bound on MongoDB: an unordered command for each batch, in the form that
 * costs the server least. */
#include "bench/bound_store.h"

#include "common/base/memory.h"

#include <inttypes.h>
#include <mongoc/mongoc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLLECTION "bound"
#define ID_SIZE    37

struct mongo {
    mongoc_client_t *client;
    char database[32];
    uint8_t body[BOUND_BODY_BYTES];
};

static void concern_append(bson_t *command)
{
    bson_t concern;
    BSON_APPEND_DOCUMENT_BEGIN(command, "writeConcern", &concern);
    BSON_APPEND_UTF8(&concern, "w", "majority");
    BSON_APPEND_BOOL(&concern, "j", true);
    bson_append_document_end(command, &concern);
}

static void document_append(const struct mongo *mongo, bson_t *document, const char *id,
                            int64_t version)
{
    BSON_APPEND_UTF8(document, "_id", id);
    BSON_APPEND_INT64(document, "version", version);
    BSON_APPEND_BINARY(document, "body", BSON_SUBTYPE_BINARY, mongo->body, BOUND_BODY_BYTES);
}

/* An insert of what must not exist, or the document over exactly this version, in the form that
 * costs the server least; see common/mongodb/mongo_record.c. */
static void statement_append(const struct mongo *mongo, bson_t *list, const char *position,
                             const char *id, int64_t version)
{
    bson_t document = BSON_INITIALIZER;
    document_append(mongo, &document, id, version + 1);
    if (version == 0) {
        BSON_APPEND_DOCUMENT(list, position, &document);
    } else {
        /* clang-format off */
        BCON_APPEND(list, position, "{",
            "q", "{", "_id", BCON_UTF8(id), "}",
            "u", "[", "{", "$replaceWith", "{", "$cond", "[",
                "{", "$eq", "[", BCON_UTF8("$version"), BCON_INT64(version), "]", "}",
                "{", "$literal", BCON_DOCUMENT(&document), "}",
                "{", "_id", BCON_NULL, "}",
            "]", "}", "}", "]",
        "}");
        /* clang-format on */
    }
    bson_destroy(&document);
}

static void mongo_write(void *self, uint64_t first, size_t count, int64_t version)
{
    struct mongo *mongo = self;
    bson_t command = BSON_INITIALIZER, list, reply;
    bson_error_t error;
    BSON_APPEND_UTF8(&command, version == 0 ? "insert" : "update", COLLECTION);
    BSON_APPEND_BOOL(&command, "ordered", false);
    concern_append(&command);
    BSON_APPEND_ARRAY_BEGIN(&command, version == 0 ? "documents" : "updates", &list);
    for (uint32_t i = 0; i < count; i++) {
        char id[ID_SIZE];
        (void)snprintf(id, sizeof id, "01a0f5a7-7000-7b3c-9d2e-%012" PRIx64, first + i);
        char buffer[16];
        const char *position;
        bson_uint32_to_string(i, &position, buffer, sizeof buffer);
        statement_append(mongo, &list, position, id, version);
    }
    bson_append_array_end(&command, &list);
    if (!mongoc_client_write_command_with_opts(mongo->client, mongo->database, &command, NULL,
                                               &reply, &error))
        bound_fail("mongodb", error.message);
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, &reply, "n") || bson_iter_as_int64(&iter) != (int64_t)count)
        bound_fail("mongodb", "not every document was written");
    bson_destroy(&reply);
    bson_destroy(&command);
}

static void mongo_close(void *self)
{
    struct mongo *mongo = self;
    mongoc_client_destroy(mongo->client);
    free(mongo);
}

struct bound_backend bound_mongo_open(const char *url, size_t index)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, mongoc_init);
    struct mongo *mongo = memory_alloc(1, sizeof *mongo);
    mongo->client = mongoc_client_new(url);
    if (mongo->client == NULL)
        bound_fail(url, "no such URL");
    (void)snprintf(mongo->database, sizeof mongo->database, "bench_bound_%zu", index);
    for (size_t i = 0; i < BOUND_BODY_BYTES; i++)
        mongo->body[i] = (uint8_t)(i * 31 % 127);
    bson_t drop = BSON_INITIALIZER;
    bson_error_t error;
    BSON_APPEND_INT32(&drop, "dropDatabase", 1);
    concern_append(&drop);
    if (!mongoc_client_write_command_with_opts(mongo->client, mongo->database, &drop, NULL, NULL,
                                               &error))
        bound_fail("mongodb", error.message);
    bson_destroy(&drop);
    return (struct bound_backend){ mongo, mongo_write, mongo_close };
}
