/* store.h - opens the store that a URL names: mongodb://… or sqlite:FILE. */
#pragma once

#include "common/saga/store_port.h"

struct store;
/* `collection` is the table or collection, and `service` owns it: the first one that comes, for
 * good, since two services have collections of one name. It is MongoDB's database, too, where the
 * URL names none; SQLite's is the file. Both are [a-z][a-z0-9_]*, at most 48. ERROR_REJECT, with
 * the way out in its message, for
 * - a MongoDB URI that asks for less than w=majority, journal, and majority reads from the primary;
 * - an SQLite file that cannot be one (no directory, not a database, not writable, :memory:);
 * - an SQLite file in which another service owns the collection.
 * A MongoDB that is away is no failure: calls answer ERROR_RETRY until it is there. */
MUST_CHECK struct store *store_open(const char *url, const char *service, const char *collection,
                                    struct error *error);
/* Asks now whether the collection is the service's, which the first call would do otherwise.
 * ERROR_REJECT: another one owns it. ERROR_RETRY: the store is away. */
MUST_CHECK bool store_claim(struct store *store, struct error *error);
struct store *store_close(struct store *store); /* returns NULL */
struct store_port store_port(struct store *store);
/* ERROR_REJECT, with the way out, where store_open would refuse this URL whatever is there; opens
 * nothing and makes no file. */
MUST_CHECK bool store_url_check(const char *url, struct error *error);
const char *store_system(const char *url); /* "mongodb", "sqlite", or NULL for neither */
