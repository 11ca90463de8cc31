/* roots_again.c - pages through the newest bookings and sends their roots, again after a pause
 * while the store is away. */
#include "booking/roots_again.h"

#include "booking/booking.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/thread.h"
#include "common/log/log.h"
#include "common/saga/document.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct roots_again {
    struct roots_again_setup setup;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    atomic_bool is_stopping;
};

static void record_send(const struct roots_again_setup *setup, const struct record *record,
                        int64_t decided_after_ms, struct arena *arena)
{
    struct error error;
    struct document *document = document_new(arena, setup->participant, record->id);
    if (!document_decode(document, setup->participant, record, arena, &error))
        return; /* the engine says so when it is asked about it */
    const struct booking *booking = document->state;
    if (booking->decided_at_ms >= decided_after_ms)
        tracing_root_export(setup->observer, document);
}

bool booking_roots_again_send(const struct roots_again_setup *setup, int64_t now_ms,
                              const atomic_bool *is_stopping, struct error *error)
{
    int64_t decided_after_ms = now_ms - ROOTS_AGAIN_DECIDED_MS;
    int64_t created_after_ms = decided_after_ms - setup->undecided_ms_max;
    struct store_cursor after = { 0 };
    for (size_t looked_at = 0; looked_at < ROOTS_AGAIN_LOOKED_AT && !*is_stopping;) {
        CLEANUP(arena_done) struct arena arena = { NULL, NULL };
        struct record *page = arena_alloc(&arena, STORE_LIST_MAX * sizeof *page);
        size_t count = 0;
        if (!setup->list(setup->self, &after, STORE_LIST_MAX, &arena, page, &count, error))
            return false;
        for (size_t i = 0; i < count; i++)
            record_send(setup, &page[i], decided_after_ms, &arena);
        if (count < STORE_LIST_MAX || page[count - 1].created_at_ms < created_after_ms)
            break;
        looked_at += count;
        after.created_at_ms = page[count - 1].created_at_ms;
        memcpy(after.id, page[count - 1].id, sizeof after.id);
    }
    return true;
}

/* True: it is time to try again, and not to end. */
static bool pause_is_over(struct roots_again *again)
{
    int64_t until_ms = clock_monotonic_ms() + ROOTS_AGAIN_TRY_EACH_MS;
    pthread_mutex_lock(&again->lock);
    while (!again->is_stopping && thread_wait(&again->stopped, &again->lock, until_ms))
        continue;
    bool is_over = !again->is_stopping;
    pthread_mutex_unlock(&again->lock);
    return is_over;
}

static void *roots_again_run(void *self)
{
    struct roots_again *again = self;
    struct error error;
    int64_t started_ms = clock_wall_ms();
    for (int try = 0; try < ROOTS_AGAIN_TRIES; try++) {
        if (booking_roots_again_send(&again->setup, started_ms, &again->is_stopping, &error))
            return NULL;
        if (!pause_is_over(again))
            return NULL;
    }
    log_write(LOG_WARNING, "tracing: roots of the last minute are not sent again: %s",
              error.message);
    return NULL;
}

struct roots_again *booking_roots_again_start(const struct roots_again_setup *setup)
{
    struct roots_again *again = memory_alloc(1, sizeof *again);
    again->setup = *setup;
    pthread_mutex_init(&again->lock, NULL);
    pthread_cond_init(&again->stopped, NULL);
    if (thread_start(&again->thread, roots_again_run, again))
        return again;
    free(again);
    return NULL;
}

struct roots_again *booking_roots_again_stop(struct roots_again *again)
{
    if (again == NULL)
        return NULL;
    pthread_mutex_lock(&again->lock);
    again->is_stopping = true;
    pthread_cond_signal(&again->stopped);
    pthread_mutex_unlock(&again->lock);
    pthread_join(again->thread, NULL);
    pthread_cond_destroy(&again->stopped);
    pthread_mutex_destroy(&again->lock);
    free(again);
    return NULL;
}
