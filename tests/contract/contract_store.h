/* contract_store.h - what the parts of the store's contract test share.
 *
 * The same tests run over every back end; STORE_URL names the one. "memory:" is the store of
 * common/memory: it keeps what a store promises of documents, and is neither opened nor away, nor
 * shared by threads or processes. For MongoDB, STORE_SERVER is the script that can kill and start
 * the server in STORE_SERVER_DIR. run_store_contract sets all that. Each test has a collection of
 * its own. */
#pragma once

#include "common/base/arena.h"
#include "common/memory/memory_store.h"
#include "common/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COLLECTION_SIZE 32
#define CREATED_AT_MS   INT64_C(1700000000000)

struct contract {
    char collection[COLLECTION_SIZE];
    struct store *store; /* NULL: in memory */
    struct memory_store memory;
    struct arena kept; /* what that has stored */
    struct store_port port;
    struct arena arena;
};

int contract_setup(void **state);
int contract_teardown(void **state);

const char *contract_url(void);
bool contract_is_sqlite(void);
bool contract_is_memory(void);
/* The URL with another option: "name=value". Lives in the arena. */
const char *contract_url_with(struct arena *arena, const char *option);

/* A record with a body {state: {n}, owed: [owed_count documents], history: [{verdict}]}. */
struct record contract_record(struct arena *arena, const char *id, int64_t version, int64_t n,
                              int owed_count);
/* What such a body holds. */
int64_t contract_n(const struct record *record);
int contract_owed_count(const struct record *record);

/* These fail the test when the store fails. */
struct record contract_load(struct contract *contract, const char *id);
enum save_result contract_save(struct contract *contract, const struct record *record);
/* Inserts documents PREFIX000 … with n = 0. */
void contract_insert(struct contract *contract, const char *prefix, int count);

int64_t contract_now_ms(void);

/* Starts this program again as another process that plays a role; see contract_role. */
int contract_spawn(const char *role, const char *collection);
/* What the other process does: its exit status. */
int contract_role(const char *role, const char *collection);

/* Takes count counters up together with whoever else does; returns how often it met a conflict. */
int contract_increment(const struct store_port *port, int first, int increments,
                       int *ret_increments);
#define COUNTERS 10
#define ROLE_INCREMENTS                                                                            \
    450 /* of the role "increment"; its exit status says how many it did more                      \
         */
/* The sum of all counters, each of which must have one version per increment. */
int64_t contract_sum(struct contract *contract);

#define PART(name)                                                                                 \
    extern const struct CMUnitTest name[];                                                         \
    extern const size_t name##_count
PART(store_documents); /* load, save, clear */
PART(store_finding);   /* due, owed, list */
PART(store_contention);
PART(store_outage);
PART(store_opening);
#undef PART
