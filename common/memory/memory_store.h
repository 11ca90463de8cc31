/* memory_store.h - the store port over an array of documents: nothing lives longer than its owner
 * lets it, and nothing goes wrong by itself. For unit tests, the simulators and the benchmarks,
 * which put their faults around it: each call of the port is also a function of its own here, one
 * document at a time, so that an owner can look between two of them, fail some, and check what is
 * about to be stored.
 *
 * It passes the contract of common/saga/store_port.h (tests/contract), but for threads: all calls
 * come from one. It has no clock and makes no choice of its own, so equal calls have equal answers.
 * It lies beside the real back ends and not under tests/, because it must keep the same promises.
 *
 * The owner gives the room and the keeper. The struct and its documents are plain values: copied
 * and copied back to the same place, they are what they were. */
#pragma once

#include "common/memory/memory_keeper.h"
#include "common/saga/store_port.h"

struct memory_document {
    const char *id;   /* kept */
    uint64_t id_hash; /* hash_text */
    int64_t version, created_at_ms, due_at_ms, owed_at_ms;
    const uint8_t *body; /* kept; NULL: it is not in a form that the store can read */
    size_t body_length;
};

struct memory_store {
    struct memory_document *documents; /* the owner's, `room` of them, in the order of inserts */
    size_t room, count;                /* one more than room: SAVE_UNKNOWN, and the store is full */
    struct memory_keeper keeper;
};

struct memory_store memory_store_of(struct memory_document *documents, size_t room,
                                    struct memory_keeper keeper); /* empty */
struct store_port memory_store_port(struct memory_store *store);

/* NULL: there is none. */
struct memory_document *memory_store_find(const struct memory_store *store, const char *id);
/* The record as it is loaded; version 0: there is none. */
struct record memory_store_load(const struct memory_store *store, const char *id,
                                struct arena *arena);
/* Compare-and-set. SAVE_UNKNOWN: the store is full, and nothing was stored. */
enum save_result memory_store_save(struct memory_store *store, const struct record *record);
/* False: the document has moved on, is gone, or its body is no BSON. */
bool memory_store_clear(struct memory_store *store, const char *id, int64_t version);

enum memory_wait { MEMORY_DUE, MEMORY_OWED };
/* Their ids, as due and owed of the port. */
size_t memory_store_look(const struct memory_store *store, enum memory_wait wait,
                         const struct store_look *look, char (*ret_ids)[IDENT_SIZE]);
size_t memory_store_owing(const struct memory_store *store, size_t limit); /* as count_owed */
