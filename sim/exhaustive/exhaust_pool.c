/* exhaust_pool.c - hash tables with open addressing that double when half full, and the mixing of
 * their hashes. */
#include "sim/exhaustive/exhaust_pool.h"

#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 4096 /* a power of two */

/* Two rounds of the finisher of splitmix64: every bit of both takes part. */
uint64_t exhaust_mix(uint64_t hash, uint64_t value)
{
    uint64_t mixed = (hash ^ value) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 29)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 32);
}

uint64_t exhaust_mix_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    hash = exhaust_mix(hash, length);
    for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        hash = exhaust_mix(hash, word);
    }
    uint64_t rest = 0;
    memcpy(&rest, at, length);
    return exhaust_mix(hash, rest);
}

/* ---- texts ---- */

static size_t text_slot(const struct exhaust_pool *pool, const void *bytes, size_t length,
                        uint64_t hash)
{
    size_t at = hash & (pool->slot_count - 1);
    for (; pool->slots[at] != NULL; at = (at + 1) & (pool->slot_count - 1)) {
        const struct exhaust_text *text = pool->slots[at];
        if (text->hash == hash && text->length == length && memcmp(text->bytes, bytes, length) == 0)
            break;
    }
    return at;
}

static void pool_grow(struct exhaust_pool *pool)
{
    struct exhaust_pool grown = { .slot_count =
                                      pool->slot_count ? 2 * pool->slot_count : SLOTS_FIRST,
                                  .used = pool->used };
    grown.slots = memory_alloc(grown.slot_count, sizeof *grown.slots);
    for (size_t i = 0; i < pool->slot_count; i++) {
        struct exhaust_text *text = pool->slots[i];
        if (text != NULL)
            grown.slots[text_slot(&grown, text->bytes, text->length, text->hash)] = text;
    }
    free(pool->slots);
    *pool = grown;
}

const struct exhaust_text *exhaust_keep(struct exhaust_pool *pool, const void *bytes, size_t length,
                                        uint64_t hash)
{
    if (2 * pool->used >= pool->slot_count)
        pool_grow(pool);
    size_t at = text_slot(pool, bytes, length, hash);
    if (pool->slots[at] == NULL) {
        struct exhaust_text *text = memory_alloc(1, sizeof *text + length + 1);
        text->hash = hash;
        text->length = length;
        memcpy(text->bytes, bytes, length);
        pool->slots[at] = text;
        pool->used++;
    }
    return pool->slots[at];
}

const struct exhaust_text *exhaust_keep_text(struct exhaust_pool *pool, const char *text)
{
    size_t length = strlen(text);
    return exhaust_keep(pool, text, length, exhaust_mix_bytes(1, text, length));
}

static const void *pool_keep(void *self, const void *bytes, size_t length)
{
    return exhaust_keep(self, bytes, length, exhaust_mix_bytes(2, bytes, length))->bytes;
}

struct memory_keeper exhaust_keeper(struct exhaust_pool *pool)
{
    return (struct memory_keeper){ pool, pool_keep };
}

uint64_t exhaust_kept_hash(const void *kept)
{
    const unsigned char *bytes = kept;
    return ((const struct exhaust_text *)(const void *)(bytes -
                                                        offsetof(struct exhaust_text, bytes)))
        ->hash;
}

void exhaust_pool_done(struct exhaust_pool *pool)
{
    for (size_t i = 0; i < pool->slot_count; i++)
        free(pool->slots[i]);
    free(pool->slots);
    *pool = (struct exhaust_pool){ .slots = NULL };
}

/* ---- states ---- */

static size_t set_slot(const struct exhaust_set *set, uint64_t hash)
{
    size_t at = hash & (set->slot_count - 1);
    while (set->slots[at] != 0 && set->slots[at] != hash)
        at = (at + 1) & (set->slot_count - 1);
    return at;
}

bool exhaust_set_add(struct exhaust_set *set, uint64_t hash)
{
    hash |= hash == 0;
    if (2 * set->used >= set->slot_count) {
        struct exhaust_set grown = { .slot_count =
                                         set->slot_count ? 2 * set->slot_count : SLOTS_FIRST,
                                     .used = set->used };
        grown.slots = memory_alloc(grown.slot_count, sizeof *grown.slots);
        for (size_t i = 0; i < set->slot_count; i++)
            if (set->slots[i] != 0)
                grown.slots[set_slot(&grown, set->slots[i])] = set->slots[i];
        free(set->slots);
        *set = grown;
    }
    size_t at = set_slot(set, hash);
    if (set->slots[at] != 0)
        return false;
    set->slots[at] = hash;
    set->used++;
    return true;
}

void exhaust_set_done(struct exhaust_set *set)
{
    free(set->slots);
    *set = (struct exhaust_set){ .slots = NULL };
}
