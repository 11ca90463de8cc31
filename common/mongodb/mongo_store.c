/* mongo_store.c - the store on MongoDB: each call is one command (a save of many megabytes is
 * several). */
#include "common/mongodb/mongo_access.h"
#include "common/mongodb/mongo_find.h"
#include "common/mongodb/mongo_record.h"
#include "common/saga/store_backend.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The server takes commands of 16 MiB; one document more than this must still fit. */
#define COMMAND_BYTES_MAX       12582912
#define STATEMENT_BYTES_AROUND  1024 /* what a statement adds to a body, generously */
#define COMMAND_STATEMENT_BYTES (STORE_BODY_BYTES_MAX + STATEMENT_BYTES_AROUND)
_Static_assert(COMMAND_STATEMENT_BYTES <= COMMAND_BYTES_MAX, "any one statement is a command");

/* ---- saving -------------------------------------------------------------------------------- */

/* A write command and the list that its statements go into. */
struct batch {
    struct mongo_turn *turn;
    bool is_insert;
    bson_t command, statements;
    uint32_t count;
    size_t records[STORE_CALL_MAX]; /* which record each statement saves */
};

static void batch_begin(struct batch *batch)
{
    bson_init(&batch->command);
    BSON_APPEND_UTF8(&batch->command, batch->is_insert ? "insert" : "update",
                     batch->turn->access->collection);
    BSON_APPEND_BOOL(&batch->command, "ordered", false); /* a conflict does not stop the others */
    BSON_APPEND_ARRAY_BEGIN(&batch->command, batch->is_insert ? "documents" : "updates",
                            &batch->statements);
    batch->count = 0;
}

/* Ends and sends the command, reads the answers of its statements. */
static bool batch_send(struct batch *batch, enum save_result *ret_results, struct error *error)
{
    bson_append_array_end(&batch->command, &batch->statements);
    bson_t reply;
    bool is_answered = mongo_write(batch->turn, &batch->command, &reply, error) &&
                       mongo_record_read_saves(&reply, batch->count, ret_results, error);
    bson_destroy(&reply);
    bson_destroy(&batch->command);
    return is_answered;
}

static bool records_send(struct batch *batch, enum save_result *ret_results, struct error *error)
{
    enum save_result results[STORE_CALL_MAX];
    if (!batch_send(batch, results, error))
        return false;
    for (uint32_t i = 0; i < batch->count; i++)
        ret_results[batch->records[i]] = results[i];
    return true;
}

/* Those that are new are inserted, the others replaced: the server takes an insert of many
 * documents at a third of what as many updates cost it. */
static bool records_save(struct batch *batch, const struct record *records, size_t count,
                         enum save_result *ret_results, struct error *error)
{
    batch_begin(batch);
    for (size_t i = 0; i < count; i++) {
        if ((records[i].version == 0) != batch->is_insert)
            continue;
        size_t bytes = batch->statements.len + records[i].body_length + STATEMENT_BYTES_AROUND;
        if (batch->count > 0 && bytes > COMMAND_BYTES_MAX) {
            if (!records_send(batch, ret_results, error))
                return false;
            batch_begin(batch);
        }
        batch->records[batch->count] = i;
        if (batch->is_insert)
            mongo_record_append_insert(&batch->statements, batch->count, &records[i]);
        else
            mongo_record_append_update(&batch->statements, batch->count, &records[i]);
        batch->count++;
    }
    if (batch->count > 0)
        return records_send(batch, ret_results, error);
    bson_append_array_end(&batch->command, &batch->statements);
    bson_destroy(&batch->command);
    return true;
}

static bool mongo_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    assert(count <= STORE_CALL_MAX);
    if (count == 0)
        return true;
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    if (!mongo_turn_begin_indexed(&turn, self, error))
        return false;
    struct batch inserts = { .turn = &turn, .is_insert = true };
    struct batch updates = { .turn = &turn };
    return records_save(&inserts, records, count, ret_results, error) &&
           records_save(&updates, records, count, ret_results, error);
}

static bool mongo_clear_owed(void *self, const char *const *ids, const int64_t *versions,
                             size_t count, struct error *error)
{
    assert(count <= STORE_CALL_MAX);
    if (count == 0)
        return true;
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    if (!mongo_turn_begin_indexed(&turn, self, error))
        return false;
    struct batch batch = { .turn = &turn };
    batch_begin(&batch);
    for (size_t i = 0; i < count; i++) {
        bool is_first = true; /* of its version; there are few */
        for (size_t k = 0; k < i && is_first; k++)
            is_first = versions[k] != versions[i];
        if (is_first) {
            mongo_record_append_clear(&batch.statements, batch.count++, ids, versions, count,
                                      versions[i]);
        }
    }
    enum save_result results[STORE_CALL_MAX];
    if (!batch_send(&batch, results, error))
        return false;
    /* A document that has moved on is no match, not a conflict: all are unknown, or none is. */
    if (results[0] != SAVE_SAVED)
        return error_set(error, ERROR_RETRY, "mongodb: no majority has dropped the owed messages");
    return true;
}

/* ---- opening ------------------------------------------------------------------------------- */

static bool mongo_ping(void *self, struct error *error)
{
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    if (!mongo_turn_begin(&turn, self, error))
        return false;
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

/* A counter in a collection of its own. Two processes that insert it at once: one of them fails,
 * and finds it the next time. */
static bool mongo_pulse(void *self, struct error *error)
{
    const struct mongo_access *access = self;
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    if (!mongo_turn_begin(&turn, self, error))
        return false;
    bson_t command, updates, update, part, beats;
    char *collection = bson_strdup_printf("%s_pulse", access->collection);
    bson_init(&command);
    BSON_APPEND_UTF8(&command, "update", collection);
    BSON_APPEND_ARRAY_BEGIN(&command, "updates", &updates);
    BSON_APPEND_DOCUMENT_BEGIN(&updates, "0", &update);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "q", &part);
    BSON_APPEND_INT32(&part, "_id", 1);
    bson_append_document_end(&update, &part);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "u", &part);
    BSON_APPEND_DOCUMENT_BEGIN(&part, "$inc", &beats);
    BSON_APPEND_INT64(&beats, "beats", 1);
    bson_append_document_end(&part, &beats);
    bson_append_document_end(&update, &part);
    BSON_APPEND_BOOL(&update, "upsert", true);
    bson_append_document_end(&updates, &update);
    bson_append_array_end(&command, &updates);
    bson_t reply;
    enum save_result result = SAVE_UNKNOWN;
    bool is_answered = mongo_write(&turn, &command, &reply, error) &&
                       mongo_record_read_saves(&reply, 1, &result, error);
    bson_destroy(&reply);
    bson_destroy(&command);
    bson_free(collection);
    if (is_answered && result != SAVE_SAVED)
        return error_set(error, ERROR_RETRY, "mongodb: no majority acknowledges a write");
    return is_answered;
}

static void mongo_close(void *self)
{
    mongo_access_close(self);
}

static bool mongo_claim(void *self, struct error *error)
{
    CLEANUP(mongo_turn_end) struct mongo_turn turn = { 0 };
    return mongo_turn_begin_indexed(&turn, self, error);
}

bool mongo_store_open(const char *uri, const char *service, const char *collection,
                      struct store *ret_store, struct error *error)
{
    assert(ret_store != NULL);
    struct mongo_access *access = mongo_access_open(uri, service, collection, error);
    if (access == NULL)
        return false;
    *ret_store = (struct store){
        .port = { .self = access,
                  .load = mongo_load,
                  .save = mongo_save,
                  .clear_owed = mongo_clear_owed,
                  .due = mongo_due,
                  .owed = mongo_owed,
                  .count_owed = mongo_count_owed,
                  .list = mongo_list,
                  .ping = mongo_ping,
                  .pulse = mongo_pulse },
        .close = mongo_close,
        .claim = mongo_claim,
    };
    return true;
}
