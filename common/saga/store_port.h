/* store_port.h - the store as the engine sees it: documents by id, compare-and-set by version.
 *
 * Real back ends: common/store (MongoDB, SQLite). All pass tests/contract, and so does the one of
 * common/memory, for tests. Every call is one round trip for the whole batch and bounded in time.
 * The calls may come from several threads at once (the engine's and HTTP readers'). */
#pragma once

#include "common/base/arena.h"
#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/base/ident.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_CALL_MAX 512
#define STORE_LIST_MAX 100

/* A document as it is stored. `body` is BSON: {state: {…}, owed: […], history: […]}; the store
 * copies it and never looks inside. (MongoDB keeps those three beside _id, version, createdAt,
 * dueAt, owedAt at the top level of one document.) */
struct record {
    char id[IDENT_SIZE];
    int64_t version; /* 0 = does not exist */
    int64_t created_at_ms;
    int64_t due_at_ms;   /* 0 = none; found by due() */
    int64_t owed_at_ms;  /* when the oldest owed message was saved; 0 = owes nothing */
    const uint8_t *body; /* NULL though it exists: it is not in a form that the store can read */
    size_t body_length;
};

enum save_result {
    SAVE_SAVED,
    SAVE_CONFLICT, /* the version has moved on (or the document exists already): load and decide
                      again */
    SAVE_UNKNOWN,  /* failed, perhaps after it was applied: load and decide again */
};

struct store_cursor { /* newest first by (created_at_ms, id); created_at_ms 0 = from the newest */
    int64_t created_at_ms;
    char id[IDENT_SIZE];
};

/* What a sweep looks at: the documents with after_ms < time <= before_ms, the earliest first (those
 * of one moment by their ids), without the first `skip` of them. after_ms >= 0. */
struct store_look {
    int64_t after_ms, before_ms;
    size_t skip, limit;
};

struct store_port {
    void *self;

    /* ret_records[i] is ids[i]'s document or version 0. Bodies live in the arena. One that cannot
     * be read does not fail the others. ids are distinct; count <= STORE_CALL_MAX. */
    bool (*load)(void *self, const char *const *ids, size_t count, struct arena *arena,
                 struct record *ret_records, struct error *error);

    /* records[i].version is the version that was loaded (0 = insert); it is stored as version + 1.
     * True when every document has its answer. False (ERROR_RETRY): the store is away, and any of
     * them may or may not have been applied. Durable when it returns: majority + journal, or FULL.
     */
    bool (*save)(void *self, const struct record *records, size_t count,
                 enum save_result *ret_results, struct error *error);

    /* Drops the owed messages (body field `owed` becomes empty, owed_at_ms 0) of each document that
     * is still at versions[i]; the version stays. One that has moved on is left alone. */
    bool (*clear_owed)(void *self, const char *const *ids, const int64_t *versions, size_t count,
                       struct error *error);

    /* By due_at_ms, and by owed_at_ms; 0 is never found. */
    bool (*due)(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                size_t *ret_count, struct error *error);
    bool (*owed)(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                 size_t *ret_count, struct error *error);

    /* How many documents owe messages, counted up to `limit`. */
    bool (*count_owed)(void *self, size_t limit, size_t *ret_count, struct error *error);

    /* Up to limit (<= STORE_LIST_MAX) documents after (older than) the cursor, those among them
     * that cannot be read, too. */
    bool (*list)(void *self, const struct store_cursor *after, size_t limit, struct arena *arena,
                 struct record *ret_records, size_t *ret_count, struct error *error);

    /* Is it there? Cheap, and changes nothing. */
    bool (*ping)(void *self, struct error *error);

    /* A small write of its own beside the documents, as durable as a save when it returns: what
     * answers reads may yet take no write (a full disk, a lock, no majority). */
    bool (*pulse)(void *self, struct error *error);
};
