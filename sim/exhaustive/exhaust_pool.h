/* exhaust_pool.h - each distinct sequence of bytes kept once, so that a state names it by a
 * pointer; and the set of states that were seen. Nothing is ever given back before the end. One
 * thread. */
#pragma once

#include "common/memory/memory_keeper.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exhaust_text {
    uint64_t hash; /* of the content, the same in every run */
    size_t length;
    _Alignas(16) unsigned char bytes[]; /* a NUL follows */
};

struct exhaust_pool {
    struct exhaust_text **slots;
    size_t slot_count, used;
};

/* The one text with these bytes. `hash` stands for them: for content with pointers inside, of what
 * they point to. */
const struct exhaust_text *exhaust_keep(struct exhaust_pool *pool, const void *bytes, size_t length,
                                        uint64_t hash);
const struct exhaust_text *exhaust_keep_text(struct exhaust_pool *pool, const char *text);
/* For the fakes of common/memory: the bytes of a text, and the hash of what it has kept. */
struct memory_keeper exhaust_keeper(struct exhaust_pool *pool);
uint64_t exhaust_kept_hash(const void *kept);
void exhaust_pool_done(struct exhaust_pool *pool);

struct exhaust_set {
    uint64_t *slots; /* 0 = free */
    size_t slot_count, used;
};

bool exhaust_set_add(struct exhaust_set *set, uint64_t hash); /* false: it is in there */
void exhaust_set_done(struct exhaust_set *set);

uint64_t exhaust_mix(uint64_t hash, uint64_t value);
uint64_t exhaust_mix_bytes(uint64_t hash, const void *bytes, size_t length);
