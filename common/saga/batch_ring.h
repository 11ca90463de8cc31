/* batch_ring.h - for observers: where they keep what they know of the batches that are open.
 *
 * The newest one is being made, the older ones are published; they begin and end in one order. An
 * index is below BATCH_RING. With none open both are the place of the one that comes. */
#pragma once

#include "common/saga/bus_port.h"

#include <assert.h>
#include <stddef.h>

#define BATCH_RING (BUS_PUBLISHES_MAX + 1)

struct batch_ring {
    size_t oldest, count;
};

static inline size_t batch_ring_oldest(const struct batch_ring *ring)
{
    return ring->oldest;
}

static inline size_t batch_ring_newest(const struct batch_ring *ring)
{
    return ring->count > 0 ? (ring->oldest + ring->count - 1) % BATCH_RING : ring->oldest;
}

static inline size_t batch_ring_begin(struct batch_ring *ring)
{
    assert(ring->count < BATCH_RING);
    ring->count++;
    return batch_ring_newest(ring);
}

static inline void batch_ring_end(struct batch_ring *ring)
{
    assert(ring->count > 0);
    ring->count--;
    ring->oldest = (ring->oldest + 1) % BATCH_RING;
}
