/* mongo_access.h - how the store reaches MongoDB: a bounded pool of clients, time limits, and the
 * concerns that every command carries. Private to common/store.
 *
 * Writes: w majority, j true: what was acknowledged outlives the loss of any minority of members.
 * Reads: from the primary, with read concern majority. Local would do for a decision that is saved
 * (its compare-and-set fails if what it read was rolled back), but not for one that is not: a
 * duplicate is acked, a repeated request answered 202, an owed message published on the strength
 * of the read alone, and a value that only the primary has may yet be rolled back. Nobody misses
 * their own writes by it: a save returns once it is part of what majority reads see, and a conflict
 * once that is so of the version it conflicts with.
 *
 * No retries inside the driver: each would double the time limit, and the engine has its own answer
 * to a failed call, which is to load and decide again. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <mongoc/mongoc.h>
#include <stdatomic.h>
#include <stdbool.h>

#define MONGO_CLIENTS_MAX  16   /* calls at a time; more wait their turn */
#define MONGO_TURN_MS      3000 /* for one of these clients */
#define MONGO_SELECTION_MS 3000 /* for a primary to be known */
#define MONGO_CONNECT_MS   3000
#define MONGO_SOCKET_MS    5000 /* one command; the two limits below come first */
#define MONGO_MAJORITY_MS  3000
#define MONGO_READ_MS      4000

struct mongo_access {
    mongoc_client_pool_t *pool;
    char *database, *collection;
    char *service;          /* owns the collection */
    bson_t *write_options;  /* the write concern */
    bson_t *read_options;   /* the read concern */
    atomic_bool is_indexed; /* and claimed */
};

/* Refuses a URI that asks for less than the concerns above. Connects to nothing. */
MUST_CHECK struct mongo_access *mongo_access_open(const char *uri, const char *service,
                                                  const char *collection, struct error *error);
struct mongo_access *mongo_access_close(struct mongo_access *access); /* returns NULL */

/* One call's hold on a client of the pool. */
struct mongo_turn {
    struct mongo_access *access;
    mongoc_client_t *client;
};
MUST_CHECK bool mongo_turn_begin(struct mongo_turn *turn, struct mongo_access *access,
                                 struct error *error);
/* The same, and the indexes of the sweeps and the list are there, and the collection is the
 * service's: ERROR_REJECT where it is another's. */
MUST_CHECK bool mongo_turn_begin_indexed(struct mongo_turn *turn, struct mongo_access *access,
                                         struct error *error);
void mongo_turn_end(struct mongo_turn *turn); /* for CLEANUP; an unbegun (zeroed) one is fine */

/* Sends a write command. True: the server carried it out and ret_reply says how each statement
 * fared; its write concern may still have failed. ret_reply is initialised in either case. */
MUST_CHECK bool mongo_write(struct mongo_turn *turn, const bson_t *command, bson_t *ret_reply,
                            struct error *error);

/* Says what a driver's error means to the caller. Returns false. */
bool mongo_fail(struct error *error, const bson_error_t *cause);
