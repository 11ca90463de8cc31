/* The store on MongoDB: each call is one command (a save of many megabytes is several). */
#include "common/store/backend.h"
#include "common/store/mongo_access.h"
#include "common/store/mongo_find.h"
#include "common/store/mongo_record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The server takes commands of 16 MiB; one document more than this must still fit. */
#define COMMAND_BYTES_MAX       12582912
#define STATEMENT_BYTES_AROUND  1024 /* what a statement adds to a body, generously */
#define COMMAND_STATEMENT_BYTES (STORE_BODY_BYTES_MAX + STATEMENT_BYTES_AROUND)
_Static_assert(COMMAND_STATEMENT_BYTES <= COMMAND_BYTES_MAX, "any one statement is a command");

/* ---- saving -------------------------------------------------------------------------------- */

static void update_begin(const struct mongo_access *access, bson_t *command, bson_t *ret_updates)
{
    bson_init(command);
    BSON_APPEND_UTF8(command, "update", access->collection);
    BSON_APPEND_BOOL(command, "ordered", false); /* one conflict does not stop the others */
    BSON_APPEND_ARRAY_BEGIN(command, "updates", ret_updates);
}

/* Ends and sends the command, reads the answers of its count statements. */
static bool update_send(struct mongo_turn *turn, bson_t *command, bson_t *updates, size_t count,
                        enum save_result *ret_results, struct error *error)
{
    bson_append_array_end(command, updates);
    bson_t reply;
    bool is_answered = mongo_write(turn, command, &reply, error) &&
                       mongo_record_read_saves(&reply, count, ret_results, error);
    bson_destroy(&reply);
    bson_destroy(command);
    return is_answered;
}

static bool mongo_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    assert(count <= STORE_BATCH_MAX);
    if (count == 0) {
        return true;
    }
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    if (!mongo_turn_begin_indexed(&turn, self, error)) {
        return false;
    }
    size_t first = 0;
    while (first < count) {
        bson_t command, updates;
        update_begin(self, &command, &updates);
        size_t next = first;
        do {
            mongo_record_append_save(&updates, (uint32_t)(next - first), &records[next]);
            next++;
        } while (next < count && updates.len + records[next].body_length + STATEMENT_BYTES_AROUND <=
                                     COMMAND_BYTES_MAX);
        if (!update_send(&turn, &command, &updates, next - first, ret_results + first, error)) {
            return false;
        }
        first = next;
    }
    return true;
}

static bool mongo_clear_owed(void *self, const char *const *ids, const int64_t *versions,
                             size_t count, struct error *error)
{
    assert(count <= STORE_BATCH_MAX);
    if (count == 0) {
        return true;
    }
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    if (!mongo_turn_begin_indexed(&turn, self, error)) {
        return false;
    }
    bson_t command, updates;
    update_begin(self, &command, &updates);
    for (uint32_t i = 0; i < count; i++) {
        mongo_record_append_clear(&updates, i, ids[i], versions[i]);
    }
    enum save_result results[STORE_BATCH_MAX];
    if (!update_send(&turn, &command, &updates, count, results, error)) {
        return false;
    }
    /* Without upsert nothing conflicts: all are unknown, or none is. */
    if (results[0] != SAVE_SAVED) {
        return error_set(error, ERROR_RETRY, "mongodb: no majority has dropped the owed messages");
    }
    return true;
}

/* ---- opening ------------------------------------------------------------------------------- */

static bool mongo_ping(void *self, struct error *error)
{
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    if (!mongo_turn_begin(&turn, self, error)) {
        return false;
    }
    bson_t command = BSON_INITIALIZER;
    BSON_APPEND_INT32(&command, "ping", 1);
    bson_error_t cause;
    const struct mongo_access *access = self;
    /* To the primary: without one there is nothing to decide on. */
    bool is_there =
        mongoc_client_command_simple(turn.client, access->database, &command, NULL, NULL, &cause);
    bson_destroy(&command);
    return is_there || mongo_fail(error, &cause);
}

static void mongo_close(void *self)
{
    mongo_access_close(self);
}

bool mongo_store_open(const char *uri, const char *database, const char *collection,
                      struct store *ret_store, struct error *error)
{
    struct mongo_access *access = mongo_access_open(uri, database, collection, error);
    if (access == NULL) {
        return false;
    }
    *ret_store = (struct store){
        .port = { .self = access,
                  .load = mongo_load,
                  .save = mongo_save,
                  .clear_owed = mongo_clear_owed,
                  .due = mongo_due,
                  .owed = mongo_owed,
                  .count_owed = mongo_count_owed,
                  .list = mongo_list,
                  .ping = mongo_ping },
        .close = mongo_close,
    };
    return true;
}
