/* memory_store.c - documents in an array, found by looking at each: there are few. */
#include "common/memory/memory_store.h"
#include "common/base/hash.h"
#include "common/saga/document_owed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct memory_store memory_store_of(struct memory_document *documents, size_t room,
                                    struct memory_keeper keeper)
{
    assert(documents != NULL && keeper.keep != NULL);
    return (struct memory_store){ .documents = documents, .room = room, .keeper = keeper };
}

/* ---- one document ---- */

struct memory_document *memory_store_find(const struct memory_store *store, const char *id)
{
    uint64_t id_hash = hash_text(id);
    for (size_t i = 0; i < store->count; i++)
        if (store->documents[i].id_hash == id_hash && strcmp(store->documents[i].id, id) == 0)
            return &store->documents[i];
    return NULL;
}

static struct record record_of(const struct memory_document *document, struct arena *arena)
{
    struct record record = { .version = document->version,
                             .created_at_ms = document->created_at_ms,
                             .due_at_ms = document->due_at_ms,
                             .owed_at_ms = document->owed_at_ms,
                             .body_length = document->body_length };
    memcpy(record.id, document->id, strlen(document->id) + 1);
    if (document->body != NULL)
        record.body = arena_copy(arena, document->body, document->body_length);
    return record;
}

struct record memory_store_load(const struct memory_store *store, const char *id,
                                struct arena *arena)
{
    const struct memory_document *document = memory_store_find(store, id);
    if (document != NULL)
        return record_of(document, arena);
    struct record record = { .version = 0 };
    assert(strlen(id) < sizeof record.id);
    memcpy(record.id, id, strlen(id) + 1);
    return record;
}

enum save_result memory_store_save(struct memory_store *store, const struct record *record)
{
    assert(record->version >= 0 && record->body != NULL);
    struct memory_document *document = memory_store_find(store, record->id);
    if ((document == NULL ? 0 : document->version) != record->version)
        return SAVE_CONFLICT;
    if (document == NULL) {
        if (store->count == store->room)
            return SAVE_UNKNOWN;
        document = &store->documents[store->count++];
        document->id = store->keeper.keep(store->keeper.self, record->id, strlen(record->id) + 1);
        document->id_hash = hash_text(record->id);
    }
    document->version = record->version + 1;
    document->created_at_ms = record->created_at_ms;
    document->due_at_ms = record->due_at_ms;
    document->owed_at_ms = record->owed_at_ms;
    document->body = store->keeper.keep(store->keeper.self, record->body, record->body_length);
    document->body_length = record->body_length;
    return SAVE_SAVED;
}

bool memory_store_clear(struct memory_store *store, const char *id, int64_t version)
{
    assert(version > 0);
    struct memory_document *document = memory_store_find(store, id);
    if (document == NULL || document->version != version)
        return false;
    size_t length;
    uint8_t *body = document_owed_drop(document->body, document->body_length, &length);
    if (body == NULL)
        return false;
    document->body = store->keeper.keep(store->keeper.self, body, length);
    document->body_length = length;
    document->owed_at_ms = 0;
    free(body);
    return true;
}

/* ---- finding ---- */

static int64_t wait_ms(const struct memory_document *document, enum memory_wait wait)
{
    return wait == MEMORY_DUE ? document->due_at_ms : document->owed_at_ms;
}

static bool is_behind(int64_t one_ms, const char *one_id, int64_t other_ms, const char *other_id)
{
    return one_ms > other_ms || (one_ms == other_ms && strcmp(one_id, other_id) > 0);
}

/* The earliest of those that are looked at and lie behind `last`. */
static const struct memory_document *next_waiting(const struct memory_store *store,
                                                  enum memory_wait wait,
                                                  const struct store_look *look,
                                                  const struct memory_document *last)
{
    const struct memory_document *next = NULL;
    for (size_t i = 0; i < store->count; i++) {
        const struct memory_document *each = &store->documents[i];
        int64_t at_ms = wait_ms(each, wait);
        if (at_ms <= look->after_ms || at_ms > look->before_ms ||
            (last != NULL && !is_behind(at_ms, each->id, wait_ms(last, wait), last->id)))
            continue;
        if (next == NULL || is_behind(wait_ms(next, wait), next->id, at_ms, each->id))
            next = each;
    }
    return next;
}

size_t memory_store_look(const struct memory_store *store, enum memory_wait wait,
                         const struct store_look *look, char (*ret_ids)[IDENT_SIZE])
{
    assert(look->after_ms >= 0);
    const struct memory_document *last = NULL;
    size_t count = 0;
    for (size_t seen = 0; count < look->limit; seen++) {
        last = next_waiting(store, wait, look, last);
        if (last == NULL)
            break;
        if (seen >= look->skip)
            memcpy(ret_ids[count++], last->id, strlen(last->id) + 1);
    }
    return count;
}

size_t memory_store_owing(const struct memory_store *store, size_t limit)
{
    size_t count = 0;
    for (size_t i = 0; i < store->count && count < limit; i++)
        count += store->documents[i].owed_at_ms != 0;
    return count;
}

/* The newest of those older than the cursor. */
static const struct memory_document *next_older(const struct memory_store *store,
                                                const struct store_cursor *after)
{
    const struct memory_document *next = NULL;
    for (size_t i = 0; i < store->count; i++) {
        const struct memory_document *each = &store->documents[i];
        if (after->created_at_ms != 0 &&
            !is_behind(after->created_at_ms, after->id, each->created_at_ms, each->id))
            continue;
        if (next == NULL || is_behind(each->created_at_ms, each->id, next->created_at_ms, next->id))
            next = each;
    }
    return next;
}

/* ---- the port ---- */

static bool store_load(void *self, const char *const *ids, size_t count, struct arena *arena,
                       struct record *ret_records, struct error *error)
{
    assert(count <= STORE_CALL_MAX);
    (void)error;
    for (size_t i = 0; i < count; i++)
        ret_records[i] = memory_store_load(self, ids[i], arena);
    return true;
}

static bool store_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    assert(count <= STORE_CALL_MAX);
    bool is_full = false;
    for (size_t i = 0; i < count; i++) {
        ret_results[i] = memory_store_save(self, &records[i]);
        is_full |= ret_results[i] == SAVE_UNKNOWN;
    }
    return !is_full || error_set(error, ERROR_RETRY, "the store is full");
}

static bool store_clear_owed(void *self, const char *const *ids, const int64_t *versions,
                             size_t count, struct error *error)
{
    (void)error;
    for (size_t i = 0; i < count; i++)
        (void)memory_store_clear(self, ids[i], versions[i]);
    return true;
}

static bool store_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                      size_t *ret_count, struct error *error)
{
    (void)error;
    *ret_count = memory_store_look(self, MEMORY_DUE, look, ret_ids);
    return true;
}

static bool store_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                       size_t *ret_count, struct error *error)
{
    (void)error;
    *ret_count = memory_store_look(self, MEMORY_OWED, look, ret_ids);
    return true;
}

static bool store_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error)
{
    (void)error;
    *ret_count = memory_store_owing(self, limit);
    return true;
}

static bool store_list(void *self, const struct store_cursor *after, size_t limit,
                       struct arena *arena, struct record *ret_records, size_t *ret_count,
                       struct error *error)
{
    assert(limit <= STORE_LIST_MAX);
    (void)error;
    struct store_cursor cursor = *after;
    const struct memory_document *next;
    for (*ret_count = 0; *ret_count < limit && (next = next_older(self, &cursor)) != NULL;) {
        ret_records[(*ret_count)++] = record_of(next, arena);
        cursor.created_at_ms = next->created_at_ms;
        memcpy(cursor.id, next->id, strlen(next->id) + 1);
    }
    return true;
}

static bool store_answer(void *self, struct error *error)
{
    (void)self, (void)error;
    return true;
}

struct store_port memory_store_port(struct memory_store *store)
{
    assert(store->keeper.keep != NULL);
    return (struct store_port){
        .self = store,
        .load = store_load,
        .save = store_save,
        .clear_owed = store_clear_owed,
        .due = store_due,
        .owed = store_owed,
        .count_owed = store_count_owed,
        .list = store_list,
        .ping = store_answer,
        .pulse = store_answer,
    };
}
