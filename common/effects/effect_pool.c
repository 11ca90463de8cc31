/* effect_pool.c - the worker threads; log, metrics and readiness hear from here how whoever is
 * called does. */
#include "common/effects/effect_pool.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/thread.h"
#include "common/log/log.h"
#include "common/saga/input.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALERT_EVERY_MS 60000 /* who comes and goes is no news each time */

struct worker {
    struct effect_pool *pool;
    pthread_t thread;
    bool is_running;
    size_t number; /* the first prefers calls that are not the first of their document */
};

struct effect_pool {
    struct effect_pool_options options;
    pthread_mutex_t mutex; /* guards what follows up to is_stopping; never held during a call */
    pthread_cond_t changed;
    struct effect_queue *queue;
    int64_t alerted_at_ms;
    bool is_stopping;
    pthread_mutex_t wake_mutex; /* held during a wake: unset means that none is under way */
    void (*wake)(void *self);
    void *wake_self;
    struct worker workers[EFFECT_POOL_THREADS_MAX];
};

static bool effect_start(void *self, const struct effect *effect)
{
    struct effect_pool *pool = self;
    pthread_mutex_lock(&pool->mutex);
    bool is_added =
        !pool->is_stopping && effect_queue_add(pool->queue, effect, clock_monotonic_ms());
    pthread_cond_broadcast(&pool->changed); /* those that sleep may prefer other calls */
    pthread_mutex_unlock(&pool->mutex);
    return is_added;
}

static size_t effect_take(void *self, size_t limit, struct input *ret_results)
{
    struct effect_pool *pool = self;
    pthread_mutex_lock(&pool->mutex);
    size_t count = effect_queue_take(pool->queue, limit, ret_results);
    pthread_mutex_unlock(&pool->mutex);
    return count;
}

static bool effect_holds(void *self, const char *document_id)
{
    struct effect_pool *pool = self;
    pthread_mutex_lock(&pool->mutex);
    bool is_held = effect_queue_holds(pool->queue, document_id);
    pthread_mutex_unlock(&pool->mutex);
    return is_held;
}

void effect_pool_status_get(struct effect_pool *pool, struct effect_queue_status *ret_status)
{
    assert(ret_status != NULL);
    pthread_mutex_lock(&pool->mutex);
    effect_queue_status_get(pool->queue, ret_status);
    pthread_mutex_unlock(&pool->mutex);
}

static bool effects_trouble(void *self, char *ret_why, size_t size)
{
    struct effect_pool *pool = self;
    struct effect_queue_status status;
    effect_pool_status_get(pool, &status);
    if (status.is_open)
        (void)snprintf(ret_why, size, "%s (%s): %zu wait, one at a time is tried",
                       pool->options.silence, status.reason, status.waiting);
    return status.is_open;
}

struct number {
    const char *name, *help, *type;
    uint64_t value;
};

static void number_write(const char *peer, const struct number *number, char *buffer, size_t size,
                         size_t *length)
{
    assert(*length < size);
    size_t room = size - *length;
    char name[96];
    (void)snprintf(name, sizeof name, "roundtrip_%s_%s", peer, number->name);
    int written = snprintf(buffer + *length, room, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n",
                           name, number->help, name, number->type, name, number->value);
    if (written > 0 && (size_t)written < room)
        *length += (size_t)written;
    else
        buffer[*length] = '\0';
}

static void effects_metrics(void *self, char *buffer, size_t size, size_t *length)
{
    struct effect_pool *pool = self;
    struct effect_queue_status status;
    char calls_help[64];
    effect_pool_status_get(pool, &status);
    (void)snprintf(calls_help, sizeof calls_help, "Calls to the %s.", pool->options.peer);
    const struct number numbers[] = {
        { "calls_total", calls_help, "counter", status.calls },
        { "probes_total", "Of those while it answered nobody.", "counter", status.probes },
        { "outages_total", "How often it began to answer nobody.", "counter", status.openings },
        { "unanswering", "1 while it answers nobody.", "gauge", status.is_open },
        { "calls_waiting", "Calls that wait for their turn.", "gauge", status.waiting },
        { "calls_turned_away_total", "Calls that found no room; their deadlines ask again.",
          "counter", status.turned_away },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        number_write(pool->options.peer, &numbers[i], buffer, size, length);
}

/* With the mutex held. Its end is told by the readiness check. */
static void news_log(struct effect_pool *pool, enum breaker_news news)
{
    struct effect_queue_status status;
    int64_t now_ms = clock_monotonic_ms();
    effect_queue_status_get(pool->queue, &status);
    if (news != BREAKER_OPENED ||
        (status.openings > 1 && now_ms - pool->alerted_at_ms < ALERT_EVERY_MS))
        return;
    pool->alerted_at_ms = now_ms;
    log_write(LOG_ERROR, "needs a look: %s (%s)", pool->options.silence, status.reason);
}

static void call_run(struct worker *worker, struct effect_call *call)
{
    struct effect_pool *pool = worker->pool;
    struct input result;
    struct effect_end end;
    pool->options.call(pool->options.self, worker->number, effect_call_effect(call),
                       effect_call_is_probe(call), &result, &end);
    pthread_mutex_lock(&pool->mutex);
    news_log(pool, effect_queue_finish(pool->queue, call, &end, &result, clock_monotonic_ms()));
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    pthread_mutex_lock(&pool->wake_mutex);
    if (pool->wake)
        pool->wake(pool->wake_self);
    pthread_mutex_unlock(&pool->wake_mutex);
}

/* Until something changes, or the next probe is due. */
static void turn_wait(struct effect_pool *pool)
{
    int64_t until_ms = effect_queue_look_again_ms(pool->queue);
    if (until_ms < 0)
        pthread_cond_wait(&pool->changed, &pool->mutex);
    else
        (void)thread_wait(&pool->changed, &pool->mutex, until_ms);
}

static void *worker_run(void *argument)
{
    assert(((struct worker *)argument)->number < EFFECT_POOL_THREADS_MAX);
    struct worker *worker = argument;
    struct effect_pool *pool = worker->pool;
    pthread_mutex_lock(&pool->mutex);
    while (!pool->is_stopping) {
        struct effect_call *call =
            effect_queue_next(pool->queue, worker->number == 0, clock_monotonic_ms());
        if (!call) {
            turn_wait(pool);
            continue;
        }
        pthread_mutex_unlock(&pool->mutex);
        call_run(worker, call);
        pthread_mutex_lock(&pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

struct effect_pool *effect_pool_start(const struct effect_pool_options *options,
                                      struct error *error)
{
    assert(options->call != NULL && options->peer != NULL && options->silence != NULL);
    assert(options->threads > 0 && options->threads <= EFFECT_POOL_THREADS_MAX);
    struct effect_pool *pool = memory_alloc(1, sizeof *pool);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_mutex_init(&pool->wake_mutex, NULL);
    pthread_cond_init(&pool->changed, NULL);
    pool->options = *options;
    pool->queue = effect_queue_new(options->kind, options->capacity);
    for (size_t i = 0; i < options->threads; i++) {
        struct worker *worker = &pool->workers[i];
        worker->pool = pool;
        worker->number = i;
        worker->is_running = thread_start(&worker->thread, worker_run, worker);
        if (!worker->is_running) {
            error_set(error, ERROR_RETRY, "effects: no thread to be had");
            return effect_pool_stop(pool);
        }
    }
    return pool;
}

void effect_pool_on_result(struct effect_pool *pool, void (*wake)(void *self), void *wake_self)
{
    assert(wake != NULL || wake_self == NULL);
    pthread_mutex_lock(&pool->wake_mutex);
    pool->wake = wake;
    pool->wake_self = wake_self;
    pthread_mutex_unlock(&pool->wake_mutex);
}

struct effect_port effect_pool_port(struct effect_pool *pool)
{
    assert(pool->queue != NULL);
    return (struct effect_port){ .self = pool,
                                 .start = effect_start,
                                 .take = effect_take,
                                 .holds = effect_holds,
                                 .trouble = effects_trouble,
                                 .metrics = effects_metrics };
}

struct effect_pool *effect_pool_stop(struct effect_pool *pool)
{
    if (!pool)
        return NULL;
    pthread_mutex_lock(&pool->mutex);
    pool->is_stopping = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < EFFECT_POOL_THREADS_MAX; i++)
        if (pool->workers[i].is_running)
            pthread_join(pool->workers[i].thread, NULL);
    pool->queue = effect_queue_free(pool->queue);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->wake_mutex);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
    return NULL;
}
