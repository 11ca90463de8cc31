/* store.c - chooses the back end by the URL's scheme; what is the same for both is checked here. */
#include "common/store/store.h"

#include "common/base/memory.h"
#include "common/saga/store_backend.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MAX 48 /* well below what both back ends allow */
#define SQLITE_SCHEME  "sqlite:"

struct scheme {
    const char *prefix;
    const char *system;
};
static const struct scheme schemes[] = {
    { "mongodb://", "mongodb" },
    { "mongodb+srv://", "mongodb" },
    { SQLITE_SCHEME, "sqlite" },
};

const char *store_system(const char *url)
{
    assert(url != NULL);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return schemes[i].system;
    return NULL;
}

/* Stricter than either back end asks for, so that a name means the same in both. */
static bool name_is_plain(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= NAME_BYTES_MAX && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

/* The URL itself is never part of a message: it may hold a password. */
bool store_url_check(const char *url, struct error *error)
{
    assert(url != NULL);
    const char *system = store_system(url);
    if (system == NULL) {
        return error_set(
            error, ERROR_REJECT,
            "store: the URL must start with mongodb://, mongodb+srv:// or " SQLITE_SCHEME);
    }
    return strcmp(system, "sqlite") == 0 ? sqlite_path_check(url + strlen(SQLITE_SCHEME), error)
                                         : mongo_url_check(url, error);
}

bool store_owner_check(const char *collection, const char *service, const char *owner,
                       struct error *error)
{
    assert(collection != NULL && service != NULL);
    if (strcmp(service, owner) == 0)
        return true;
    return error_set(
        error, ERROR_REJECT,
        "its %s are those of the service %s: each service needs a store of its own, so "
        "name another file or database",
        collection, owner);
}

bool store_claim(struct store *store, struct error *error)
{
    assert(store != NULL);
    return store->claim == NULL || store->claim(store->port.self, error);
}

struct store *store_open(const char *url, const char *service, const char *collection,
                         struct error *error)
{
    if (!name_is_plain(service) || !name_is_plain(collection)) {
        error_set(error, ERROR_REJECT, "store: a name must be a-z, 0-9 and _ (at most %d): %s.%s",
                  NAME_BYTES_MAX, service, collection);
        return NULL;
    }
    if (!store_url_check(url, error))
        return NULL;
    struct store *store = memory_alloc(1, sizeof *store);
    bool is_open =
        strcmp(store_system(url), "sqlite") == 0
            ? sqlite_store_open(url + strlen(SQLITE_SCHEME), service, collection, store, error)
            : mongo_store_open(url, service, collection, store, error);
    if (!is_open) {
        free(store);
        return NULL;
    }
    assert(store->close != NULL && store->port.ping != NULL);
    return store;
}

struct store *store_close(struct store *store)
{
    if (store != NULL) {
        store->close(store->port.self);
        free(store);
    }
    return NULL;
}

struct store_port store_port(struct store *store)
{
    assert(store->port.load != NULL && store->port.save != NULL);
    return store->port;
}
