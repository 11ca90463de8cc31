/* effect_pool.h - an effect_port of a few worker threads around an effect_queue.h: calls to the
 * outside, away from the engine's thread. Knows when to call, not how: the service makes each call,
 * and says how it ended. Logs an alert when nobody is answered any more.
 *
 * What is under way when the process dies is simply not known; the document's deadline asks. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/effects/effect_queue.h"
#include "common/saga/effect_port.h"

#include <stdbool.h>
#include <stddef.h>

#define EFFECT_POOL_THREADS_MAX 16

struct effect_pool_options { /* borrowed texts and self outlive the pool */
    const struct effect_kind *kind;
    size_t capacity;     /* calls that wait, are under way, or have a result to be taken */
    size_t threads;      /* calls at a time; one of them prefers those that have failed */
    const char *peer;    /* who is called, in names of metrics: "provider" */
    const char *silence; /* in words, where it answers nobody: "the provider answers no refund" */
    void *self;
    /* Makes one call and says how it ended, within a bounded time. On a worker's thread, whose
     * number is below `threads`: what belongs to one thread may be kept by it. */
    void (*call)(void *self, size_t thread, const struct effect *effect, bool is_probe,
                 struct input *ret_result, struct effect_end *ret_end);
};

struct effect_pool;
/* NULL, with ERROR_RETRY: no thread to be had. */
MUST_CHECK struct effect_pool *effect_pool_start(const struct effect_pool_options *options,
                                                 struct error *error);

/* Called from a worker after each result, any time from now on: wakes the engine's loop. It must
 * not call back into this pool. After setting NULL none is under way and none will come: do so
 * before what it wakes goes away. */
void effect_pool_on_result(struct effect_pool *pool, void (*wake)(void *self), void *wake_self);

/* start, take and holds are for the engine's thread. */
struct effect_port effect_pool_port(struct effect_pool *pool);

/* opened_at_ms is by clock_monotonic_ms(). Any thread. */
void effect_pool_status_get(struct effect_pool *pool, struct effect_queue_status *ret_status);

/* Calls under way are finished, queued ones dropped: their deadlines ask again after the restart.
 * NULL is fine. Returns NULL. */
struct effect_pool *effect_pool_stop(struct effect_pool *pool);
