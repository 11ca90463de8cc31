/* store_gauge.c - wraps the store's port to note each write, and writes by itself while nobody else
 * does. */
#include "common/daemon/store_gauge.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/thread.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store_gauge {
    struct store_port store;
    pthread_t thread;
    pthread_cond_t stopped;
    pthread_mutex_t mutex; /* guards what follows */
    bool is_stopping;
    bool is_writing;       /* the engine is at it: no pulse */
    bool has_written;      /* ever */
    bool is_last_good;     /* of all writes */
    int64_t good_ms;       /* when the last good one returned; of the start, before there is one */
    int64_t refused_ms;    /* when the engine's was refused */
    bool has_refusal;      /* and none of its own was good since */
    bool is_sweep_failing; /* the last one */
    char write_why[ERROR_MESSAGE_BYTES];
    char sweep_why[ERROR_MESSAGE_BYTES];
};

/* ---- what is noted --------------------------------------------------------------------------- */

static void write_begin(struct store_gauge *gauge)
{
    pthread_mutex_lock(&gauge->mutex);
    assert(!gauge->is_writing); /* one thread writes */
    gauge->is_writing = true;
    pthread_mutex_unlock(&gauge->mutex);
}

static void write_end(struct store_gauge *gauge, bool is_good, bool is_engine,
                      const struct error *error)
{
    pthread_mutex_lock(&gauge->mutex);
    assert(gauge->is_writing || !is_engine);
    if (is_engine)
        gauge->is_writing = false;
    gauge->is_last_good = is_good;
    if (is_good) {
        gauge->has_written = true;
        gauge->good_ms = clock_monotonic_ms();
        if (is_engine)
            gauge->has_refusal = false;
    } else {
        (void)snprintf(gauge->write_why, sizeof gauge->write_why, "%s", error->message);
        if (is_engine) {
            gauge->has_refusal = true;
            gauge->refused_ms = clock_monotonic_ms();
        }
    }
    pthread_mutex_unlock(&gauge->mutex);
}

static bool sweep_note(struct store_gauge *gauge, bool is_good, const struct error *error)
{
    pthread_mutex_lock(&gauge->mutex);
    gauge->is_sweep_failing = !is_good;
    if (!is_good)
        (void)snprintf(gauge->sweep_why, sizeof gauge->sweep_why, "%s", error->message);
    pthread_mutex_unlock(&gauge->mutex);
    return is_good;
}

/* ---- the port around the store's ------------------------------------------------------------- */

static bool gauge_load(void *self, const char *const *ids, size_t count, struct arena *arena,
                       struct record *ret_records, struct error *error)
{
    const struct store_port *store = &((struct store_gauge *)self)->store;
    return store->load(store->self, ids, count, arena, ret_records, error);
}

/* A write that not every document was confirmed by is none that was acknowledged. */
static bool are_known(const enum save_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (results[i] == SAVE_UNKNOWN)
            return false;
    return true;
}

static bool gauge_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    struct store_gauge *gauge = self;
    struct error unknown;
    write_begin(gauge);
    bool is_done = gauge->store.save(gauge->store.self, records, count, ret_results, error);
    bool is_good = is_done && are_known(ret_results, count);
    if (is_done && !is_good)
        (void)error_set(&unknown, ERROR_RETRY, "the store does not confirm what it is given");
    write_end(gauge, is_good, true, is_done ? &unknown : error);
    return is_done;
}

static bool gauge_clear_owed(void *self, const char *const *ids, const int64_t *versions,
                             size_t count, struct error *error)
{
    struct store_gauge *gauge = self;
    write_begin(gauge);
    bool is_good = gauge->store.clear_owed(gauge->store.self, ids, versions, count, error);
    write_end(gauge, is_good, true, error);
    return is_good;
}

static bool gauge_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                      size_t *ret_count, struct error *error)
{
    struct store_gauge *gauge = self;
    return sweep_note(gauge, gauge->store.due(gauge->store.self, look, ret_ids, ret_count, error),
                      error);
}

static bool gauge_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                       size_t *ret_count, struct error *error)
{
    struct store_gauge *gauge = self;
    return sweep_note(gauge, gauge->store.owed(gauge->store.self, look, ret_ids, ret_count, error),
                      error);
}

static bool gauge_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error)
{
    struct store_gauge *gauge = self;
    return sweep_note(gauge, gauge->store.count_owed(gauge->store.self, limit, ret_count, error),
                      error);
}

static bool gauge_list(void *self, const struct store_cursor *after, size_t limit,
                       struct arena *arena, struct record *ret_records, size_t *ret_count,
                       struct error *error)
{
    const struct store_port *store = &((struct store_gauge *)self)->store;
    return store->list(store->self, after, limit, arena, ret_records, ret_count, error);
}

static bool gauge_ping(void *self, struct error *error)
{
    const struct store_port *store = &((struct store_gauge *)self)->store;
    return store->ping(store->self, error);
}

static bool gauge_pulse(void *self, struct error *error)
{
    struct store_gauge *gauge = self;
    bool is_good = gauge->store.pulse(gauge->store.self, error);
    write_end(gauge, is_good, false, error);
    return is_good;
}

struct store_port store_gauge_port(struct store_gauge *gauge)
{
    return (struct store_port){ .self = gauge,
                                .load = gauge_load,
                                .save = gauge_save,
                                .clear_owed = gauge_clear_owed,
                                .due = gauge_due,
                                .owed = gauge_owed,
                                .count_owed = gauge_count_owed,
                                .list = gauge_list,
                                .ping = gauge_ping,
                                .pulse = gauge_pulse };
}

/* ---- the pulse ------------------------------------------------------------------------------- */

static bool pulse_is_wanted(const struct store_gauge *gauge)
{
    bool is_fresh = gauge->has_written && gauge->is_last_good &&
                    clock_monotonic_ms() - gauge->good_ms < STORE_PULSE_EVERY_MS / 2;
    return !gauge->is_writing && !is_fresh;
}

static void tick_wait(struct store_gauge *gauge)
{
    int64_t until_ms = clock_monotonic_ms() + STORE_PULSE_EVERY_MS;
    while (!gauge->is_stopping && thread_wait(&gauge->stopped, &gauge->mutex, until_ms))
        continue;
}

static void *pulse_run(void *self)
{
    struct store_gauge *gauge = self;
    struct error error;
    pthread_mutex_lock(&gauge->mutex);
    while (!gauge->is_stopping) {
        if (pulse_is_wanted(gauge)) {
            pthread_mutex_unlock(&gauge->mutex);
            (void)gauge_pulse(gauge, &error);
            pthread_mutex_lock(&gauge->mutex);
        }
        tick_wait(gauge);
    }
    pthread_mutex_unlock(&gauge->mutex);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct store_gauge *store_gauge_start(const struct store_port *store, struct error *error)
{
    assert(store->pulse != NULL);
    assert(store->save != NULL && store->ping != NULL);
    struct store_gauge *gauge = memory_alloc(1, sizeof *gauge);
    gauge->store = *store;
    gauge->good_ms = clock_monotonic_ms();
    (void)snprintf(gauge->write_why, sizeof gauge->write_why, "no write was acknowledged yet");
    pthread_cond_init(&gauge->stopped, NULL);
    pthread_mutex_init(&gauge->mutex, NULL);
    if (thread_start(&gauge->thread, pulse_run, gauge))
        return gauge;
    (void)error_set(error, ERROR_RETRY, "no thread to be had");
    pthread_cond_destroy(&gauge->stopped);
    pthread_mutex_destroy(&gauge->mutex);
    free(gauge);
    return NULL;
}

struct store_gauge *store_gauge_stop(struct store_gauge *gauge)
{
    if (gauge == NULL)
        return NULL;
    pthread_mutex_lock(&gauge->mutex);
    gauge->is_stopping = true;
    pthread_cond_signal(&gauge->stopped);
    pthread_mutex_unlock(&gauge->mutex);
    pthread_join(gauge->thread, NULL);
    pthread_cond_destroy(&gauge->stopped);
    pthread_mutex_destroy(&gauge->mutex);
    free(gauge);
    return NULL;
}

bool store_gauge_passes(struct store_gauge *gauge, char ret_why[ERROR_MESSAGE_BYTES])
{
    assert(ret_why != NULL);
    pthread_mutex_lock(&gauge->mutex);
    int64_t now_ms = clock_monotonic_ms();
    bool is_refusing = gauge->has_refusal && now_ms - gauge->refused_ms < STORE_REFUSAL_HOLD_MS;
    bool is_stale = now_ms - gauge->good_ms > STORE_WRITE_AGE_MS;
    bool is_written = gauge->has_written && gauge->is_last_good && !is_refusing && !is_stale;
    ret_why[0] = '\0';
    if (!is_written && gauge->has_written && gauge->is_last_good && is_stale)
        (void)snprintf(ret_why, ERROR_MESSAGE_BYTES, "no write was acknowledged for %d s",
                       (int)((now_ms - gauge->good_ms) / 1000));
    else if (!is_written)
        memcpy(ret_why, gauge->write_why, sizeof gauge->write_why);
    else if (gauge->is_sweep_failing)
        memcpy(ret_why, gauge->sweep_why, sizeof gauge->sweep_why);
    bool passes = is_written && !gauge->is_sweep_failing;
    pthread_mutex_unlock(&gauge->mutex);
    return passes;
}
