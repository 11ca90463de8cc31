/* bound_store.h - the two databases of bound_store. One thread each; a failure ends the program. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BOUND_BATCH_MAX  1000
#define BOUND_BODY_BYTES 850 /* the mean of the three services' documents */

struct bound_backend {
    void *self;
    /* The documents first .. first + count - 1 go from this version to the next, durably. */
    void (*write)(void *self, uint64_t first, size_t count, int64_t version);
    void (*close)(void *self);
};

struct bound_backend bound_mongo_open(const char *url, size_t index);
struct bound_backend bound_sqlite_open(const char *url, size_t index);
void bound_fail(const char *what, const char *why) __attribute__((noreturn));
