/* batch_pair.h - for observers: where they keep what they know of the two batches that may be open.
 *
 * The newer one is being made, the older one published; they begin and end in that order. An index
 * is 0 or 1. With none open both are the place of the one that comes. */
#pragma once

#include <assert.h>
#include <stddef.h>

#define BATCH_PAIR 2

struct batch_pair {
    size_t oldest, count;
};

static inline size_t batch_pair_older(const struct batch_pair *pair)
{
    return pair->oldest;
}

static inline size_t batch_pair_newer(const struct batch_pair *pair)
{
    return pair->count < BATCH_PAIR ? pair->oldest : 1 - pair->oldest;
}

static inline size_t batch_pair_begin(struct batch_pair *pair)
{
    assert(pair->count < BATCH_PAIR);
    pair->count++;
    return batch_pair_newer(pair);
}

static inline void batch_pair_end(struct batch_pair *pair)
{
    assert(pair->count > 0);
    pair->count--;
    if (pair->count > 0)
        pair->oldest = 1 - pair->oldest;
}
