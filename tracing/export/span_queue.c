/* span_queue.c - the ring, and the rank that a trace needs to get in, the higher the fuller it is.
 * */
#include "tracing/export/span_queue.h"

#include "common/base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void span_queue_init(struct span_queue *queue, size_t room, struct sampler sampler)
{
    assert(room > 0);
    *queue = (struct span_queue){ .room = room, .sampler = sampler };
    queue->ring = memory_alloc(room, sizeof *queue->ring);
}

void span_queue_done(struct span_queue *queue)
{
    assert(queue->count <= queue->room);
    free(queue->ring);
    memset(queue, 0, sizeof *queue);
}

/* Of the recorded traces, none at half of the room and all at its end have too low a rank. */
static bool takes_trace(const struct span_queue *queue, const uint8_t trace_id[16])
{
    size_t half = queue->room / 2;
    if (queue->count <= half)
        return true;
    uint64_t lowest = queue->sampler.threshold;
    uint64_t step = (SAMPLER_RANKS - lowest) / (queue->room - half);
    assert(queue->count < queue->room && lowest <= SAMPLER_RANKS);
    return sampler_rank(trace_id) >= lowest + step * (queue->count - half);
}

bool span_queue_add(struct span_queue *queue, const struct span *span)
{
    assert(queue->count <= queue->room && queue->first < queue->room);
    if (queue->count == queue->room || !takes_trace(queue, span->place.trace_id))
        return false;
    struct span *target = &queue->ring[(queue->first + queue->count) % queue->room];
    memcpy(target, span, offsetof(struct span, text) + span->text_length);
    queue->count++;
    return true;
}

const struct span *span_queue_at(const struct span_queue *queue, size_t index)
{
    assert(index < queue->room); /* how many there are is not asked without the lock */
    return &queue->ring[(queue->first + index) % queue->room];
}

void span_queue_drop(struct span_queue *queue, size_t count)
{
    assert(count <= queue->count);
    queue->first = (queue->first + count) % queue->room;
    queue->count -= count;
}
