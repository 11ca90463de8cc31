/* exhaust_store.c - the stores of an exhaustive world: they may take no write, answer every read,
 * and keep no history. */
#include "common/saga/document.h"
#include "sim/exhaust.h"

#include <assert.h>
#include <bson.h>
#include <string.h>

static struct exhaust_document *documents_of(const struct exhaust_worker *worker)
{
    return worker->explorer->world.documents[worker->service];
}

static const char *id_of(const struct exhaust_document *document)
{
    return (const char *)document->id->bytes;
}

const struct exhaust_document *exhaust_document_find(const struct exhaust *explorer,
                                                     enum sim_service service, const char *id)
{
    const struct exhaust_document *documents = explorer->world.documents[service];
    for (size_t i = 0; i < EXHAUST_DOCUMENTS_MAX; i++)
        if (documents[i].id != NULL && strcmp(id_of(&documents[i]), id) == 0)
            return &documents[i];
    return NULL;
}

/* The fields that decide: without the history, which says when a deadline was dated and so matters
 * only where clocks are set, and without the owed messages if they are dropped. */
static const struct exhaust_text *body_keep(struct exhaust *explorer, const uint8_t *bytes,
                                            size_t length, bool is_owed_dropped)
{
    bson_t before;
    bson_t after = BSON_INITIALIZER;
    bson_t empty = BSON_INITIALIZER;
    bson_iter_t at;
    bool is_read = bson_init_static(&before, bytes, length) && bson_iter_init(&at, &before);
    assert(is_read);
    bool is_history_dropped = explorer->plan->jumps == 0;
    while (bson_iter_next(&at)) {
        const char *key = bson_iter_key(&at);
        if ((is_history_dropped && strcmp(key, "history") == 0) ||
            (is_owed_dropped && strcmp(key, "owed") == 0))
            bson_append_array(&after, key, -1, &empty);
        else if (is_history_dropped && strcmp(key, "historyDropped") == 0)
            bson_append_int64(&after, key, -1, 0);
        else
            bson_append_iter(&after, key, -1, &at);
    }
    const uint8_t *kept = bson_get_data(&after);
    const struct exhaust_text *body =
        exhaust_keep(&explorer->pool, kept, after.len, exhaust_mix_bytes(2, kept, after.len));
    bson_destroy(&after);
    bson_destroy(&empty);
    return body;
}

/* ---- what every save must respect ---- */

struct closing {
    struct exhaust *explorer;
    const struct exhaust_text *after;
};

/* I7: what leaves the outbox was published, and no queue refused it. */
static bool entry_check(void *self, const char *message_id)
{
    const struct closing *closing = self;
    bool is_kept = sim_document_owes(closing->after->bytes, closing->after->length, message_id);
    if (!is_kept && !exhaust_is_confirmed(closing->explorer, message_id))
        sim_fail(closing->explorer->sim, "I7: %s leaves the outbox unpublished", message_id);
    return true;
}

static void closing_check(struct exhaust *explorer, const struct exhaust_document *document,
                          const struct exhaust_text *after)
{
    struct closing closing = { .explorer = explorer, .after = after };
    if (document->owed_at_ms != 0)
        (void)sim_document_owed(document->body->bytes, document->body->length, entry_check,
                                &closing);
}

/* ---- the calls ---- */

static bool is_unwritten(struct exhaust_worker *worker, struct error *error)
{
    struct exhaust *explorer = worker->explorer;
    if (explorer->world.unwritten == 0 || exhaust_choose(explorer, 2) == 0)
        return false;
    explorer->world.unwritten--;
    sim_tell(explorer->sim, "the store of %s takes no write", worker->name);
    (void)error_set(error, ERROR_RETRY, "the store takes no write");
    return true;
}

static bool store_load(void *self, const char *const *ids, size_t count, struct arena *arena,
                       struct record *ret_records, struct error *error)
{
    struct exhaust_worker *worker = self;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        struct record *record = &ret_records[i];
        const struct exhaust_document *document =
            exhaust_document_find(worker->explorer, worker->service, ids[i]);
        memset(record, 0, sizeof *record);
        snprintf(record->id, sizeof record->id, "%s", ids[i]);
        if (document == NULL)
            continue;
        record->version = document->version;
        record->created_at_ms = document->created_at_ms;
        record->due_at_ms = document->due_at_ms;
        record->owed_at_ms = document->owed_at_ms;
        record->body = arena_copy(arena, document->body->bytes, document->body->length);
        record->body_length = document->body->length;
    }
    exhaust_port_point(worker); /* looked, not yet acted */
    return true;
}

static struct exhaust_document *document_place(struct exhaust_worker *worker, const char *id)
{
    struct exhaust_document *documents = documents_of(worker);
    for (size_t i = 0; i < EXHAUST_DOCUMENTS_MAX; i++)
        if (documents[i].id == NULL || strcmp(id_of(&documents[i]), id) == 0)
            return &documents[i];
    assert(false && "a world has more documents than it has places for");
    return NULL;
}

static enum save_result record_save(struct exhaust_worker *worker, const struct record *record)
{
    struct exhaust *explorer = worker->explorer;
    struct exhaust_document *document = document_place(worker, record->id);
    if (document->version != record->version)
        return SAVE_CONFLICT;
    const struct exhaust_text *body = body_keep(explorer, record->body, record->body_length, false);
    if (document->id != NULL)
        closing_check(explorer, document, body);
    document->id = exhaust_keep_text(&explorer->pool, record->id);
    document->body = body;
    document->version = record->version + 1;
    document->created_at_ms = record->created_at_ms;
    document->due_at_ms = record->due_at_ms;
    document->owed_at_ms = record->owed_at_ms;
    return SAVE_SAVED;
}

static bool store_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    struct exhaust_worker *worker = self;
    bool is_failing = is_unwritten(worker, error);
    for (size_t i = 0; is_failing && i < count; i++)
        ret_results[i] = SAVE_UNKNOWN;
    if (is_failing)
        return false;
    for (size_t i = 0; i < count; i++) {
        ret_results[i] = record_save(worker, &records[i]);
        sim_tell(worker->explorer->sim, "%s saves %s version %lld: %s", worker->name, records[i].id,
                 (long long)records[i].version + 1,
                 ret_results[i] == SAVE_SAVED ? "saved" : "conflict");
        exhaust_port_point(worker);
    }
    return true;
}

static bool store_clear_owed(void *self, const char *const *ids, const int64_t *versions,
                             size_t count, struct error *error)
{
    struct exhaust_worker *worker = self;
    struct exhaust_document *documents = documents_of(worker);
    if (is_unwritten(worker, error))
        return false;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < EXHAUST_DOCUMENTS_MAX; k++) {
            struct exhaust_document *document = &documents[k];
            if (document->id == NULL || strcmp(id_of(document), ids[i]) != 0 ||
                document->version != versions[i])
                continue;
            const struct exhaust_text *body =
                body_keep(worker->explorer, document->body->bytes, document->body->length, true);
            closing_check(worker->explorer, document, body);
            document->body = body;
            document->owed_at_ms = 0;
        }
    exhaust_port_point(worker);
    return true;
}

static size_t sweep(const struct exhaust_worker *worker, bool is_owed,
                    const struct store_look *look, char (*ret_ids)[IDENT_SIZE])
{
    const struct exhaust_document *documents = documents_of(worker);
    size_t count = 0;
    size_t skip = look->skip;
    for (size_t i = 0; i < EXHAUST_DOCUMENTS_MAX && count < look->limit; i++) {
        int64_t time_ms = is_owed ? documents[i].owed_at_ms : documents[i].due_at_ms;
        if (time_ms <= look->after_ms || time_ms > look->before_ms)
            continue;
        if (skip > 0)
            skip--;
        else
            snprintf(ret_ids[count++], IDENT_SIZE, "%s", id_of(&documents[i]));
    }
    return count;
}

static bool store_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                      size_t *ret_count, struct error *error)
{
    (void)error;
    *ret_count = sweep(self, false, look, ret_ids);
    return true;
}

static bool store_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                       size_t *ret_count, struct error *error)
{
    (void)error;
    *ret_count = sweep(self, true, look, ret_ids);
    return true;
}

static bool store_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error)
{
    const struct exhaust_document *documents = documents_of(self);
    (void)error;
    *ret_count = 0;
    for (size_t i = 0; i < EXHAUST_DOCUMENTS_MAX && *ret_count < limit; i++)
        *ret_count += documents[i].owed_at_ms != 0;
    return true;
}

static bool store_ping(void *self, struct error *error)
{
    (void)self;
    (void)error;
    return true;
}

static bool store_pulse(void *self, struct error *error)
{
    return !is_unwritten(self, error);
}

/* Without list: only HTTP readers ask for it. */
struct store_port exhaust_store_port(struct exhaust_worker *worker)
{
    return (struct store_port){
        .self = worker,
        .load = store_load,
        .save = store_save,
        .clear_owed = store_clear_owed,
        .due = store_due,
        .owed = store_owed,
        .count_owed = store_count_owed,
        .ping = store_ping,
        .pulse = store_pulse,
    };
}
