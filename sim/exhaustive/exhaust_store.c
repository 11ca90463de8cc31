/* exhaust_store.c - the stores of an exhaustive world: those of common/memory, which may take no
 * write, answer every read, and keep no history. */
#include "common/saga/document.h"
#include "sim/exhaustive/exhaust.h"
#include "sim/world/sim_document.h"
#include "sim/world/sim_story.h"

#include <assert.h>
#include <bson.h>
#include <string.h>

static struct memory_store *store_of(const struct exhaust_worker *worker)
{
    return &worker->explorer->world.stores[worker->service];
}

const struct memory_document *exhaust_document_find(const struct exhaust *explorer,
                                                    enum sim_service service, const char *id)
{
    return memory_store_find(&explorer->world.stores[service], id);
}

/* The fields that decide: without the history, which says when a deadline was dated and so matters
 * only where clocks are set. */
static void history_drop(const struct record *record, bson_t *after)
{
    bson_t before;
    bson_t empty = BSON_INITIALIZER;
    bson_iter_t at;
    bool is_read = bson_init_static(&before, record->body, record->body_length) &&
                   bson_iter_init(&at, &before);
    assert(is_read);
    while (bson_iter_next(&at)) {
        const char *key = bson_iter_key(&at);
        if (strcmp(key, "history") == 0)
            bson_append_array(after, key, -1, &empty);
        else if (strcmp(key, "historyDropped") == 0)
            bson_append_int64(after, key, -1, 0);
        else
            bson_append_iter(after, key, -1, &at);
    }
    bson_destroy(&empty);
}

/* ---- what every save must respect ---- */

struct closing {
    struct exhaust *explorer;
    const struct record *after; /* NULL: nothing is owed any more */
};

/* I7: what leaves the outbox was published, and no queue refused it. */
static bool entry_check(void *self, const char *message_id)
{
    const struct closing *closing = self;
    bool is_kept = closing->after != NULL &&
                   sim_document_owes(closing->after->body, closing->after->body_length, message_id);
    if (!is_kept && !exhaust_is_confirmed(closing->explorer, message_id))
        sim_fail(closing->explorer->sim, "I7: %s leaves the outbox unpublished", message_id);
    return true;
}

static void closing_check(struct exhaust *explorer, const struct memory_document *document,
                          const struct record *after)
{
    struct closing closing = { .explorer = explorer, .after = after };
    if (document->owed_at_ms != 0)
        (void)sim_document_owed(document->body, document->body_length, entry_check, &closing);
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
    for (size_t i = 0; i < count; i++)
        ret_records[i] = memory_store_load(store_of(worker), ids[i], arena);
    exhaust_port_point(worker); /* looked, not yet acted */
    return true;
}

static enum save_result record_save(struct exhaust_worker *worker, const struct record *record)
{
    struct memory_store *store = store_of(worker);
    const struct memory_document *before = memory_store_find(store, record->id);
    if (before != NULL && before->version == record->version)
        closing_check(worker->explorer, before, record);
    bson_t body = BSON_INITIALIZER;
    struct record saved = *record;
    if (worker->explorer->plan->jumps == 0) {
        history_drop(record, &body);
        saved.body = bson_get_data(&body);
        saved.body_length = body.len;
    }
    enum save_result result = memory_store_save(store, &saved);
    assert(result != SAVE_UNKNOWN && "a world has more documents than it has places for");
    bson_destroy(&body);
    return result;
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
    struct memory_store *store = store_of(worker);
    if (is_unwritten(worker, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct memory_document *document = memory_store_find(store, ids[i]);
        if (document == NULL || document->version != versions[i])
            continue;
        closing_check(worker->explorer, document, NULL);
        bool is_cleared = memory_store_clear(store, ids[i], versions[i]);
        assert(is_cleared);
    }
    exhaust_port_point(worker);
    return true;
}

static bool store_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                      size_t *ret_count, struct error *error)
{
    (void)error;
    *ret_count = memory_store_look(store_of(self), MEMORY_DUE, look, ret_ids);
    return true;
}

static bool store_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                       size_t *ret_count, struct error *error)
{
    (void)error;
    *ret_count = memory_store_look(store_of(self), MEMORY_OWED, look, ret_ids);
    return true;
}

static bool store_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error)
{
    (void)error;
    *ret_count = memory_store_owing(store_of(self), limit);
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
