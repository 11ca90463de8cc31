/* store_backend.h - what store.c knows of a back end, and nothing more. For it and for the back
 * ends. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/saga/store_port.h"

/* A body is at most OWED_MAX messages and a state: half of what one MongoDB document may be. */
#define STORE_BODY_BYTES_MAX 8388608

struct store {
    struct store_port port;
    void (*close)(void *self); /* frees self, not the struct store */
    /* See store_claim; NULL: done by the opening. */
    bool (*claim)(void *self, struct error *error);
};

/* Both fill ret_store; ERROR_REJECT when what they are given can never work. */
MUST_CHECK bool mongo_store_open(const char *uri, const char *service, const char *collection,
                                 struct store *ret_store, struct error *error);
MUST_CHECK bool mongo_url_check(const char *uri, struct error *error);
MUST_CHECK bool sqlite_path_check(const char *path, struct error *error);
MUST_CHECK bool sqlite_store_open(const char *path, const char *service, const char *table,
                                  struct store *ret_store, struct error *error);
/* ERROR_REJECT, with the way out, where the collection belongs to another service. */
MUST_CHECK bool store_owner_check(const char *collection, const char *service, const char *owner,
                                  struct error *error);
