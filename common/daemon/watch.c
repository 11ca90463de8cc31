/* watch.c - a list of those who wait, with a semaphore each. */
#include "common/daemon/watch.h"

#include "common/base/clock.h"
#include "common/base/thread.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void watch_init(struct watch *watch, size_t watchers_max)
{
    assert(watchers_max > 0 && watchers_max <= WATCHERS_MAX);
    memset(watch, 0, sizeof *watch);
    watch->max = watchers_max;
    pthread_mutex_init(&watch->mutex, NULL);
}

void watch_done(struct watch *watch)
{
    assert(watch->count == 0);
    pthread_mutex_destroy(&watch->mutex);
}

bool watch_begin(struct watch *watch, struct watcher *watcher, const char *document_id)
{
    assert(strlen(document_id) < IDENT_SIZE);
    pthread_mutex_lock(&watch->mutex);
    assert(watch->max <= WATCHERS_MAX && watch->count <= watch->max);
    bool has_room = watch->count < watch->max;
    if (has_room) {
        snprintf(watcher->document_id, sizeof watcher->document_id, "%s", document_id);
        sem_init(&watcher->changed, 0, watch->is_over ? 1 : 0);
        watch->watchers[watch->count++] = watcher;
    }
    pthread_mutex_unlock(&watch->mutex);
    return has_room;
}

void watch_end(struct watch *watch, struct watcher *watcher)
{
    size_t at = 0;
    pthread_mutex_lock(&watch->mutex);
    assert(watch->count > 0 && watch->count <= watch->max);
    while (watch->watchers[at] != watcher) {
        at++;
        assert(at < watch->count);
    }
    watch->watchers[at] = watch->watchers[--watch->count];
    pthread_mutex_unlock(&watch->mutex);
    sem_destroy(&watcher->changed);
}

void watch_wait(struct watcher *watcher, int64_t timeout_ms)
{
    assert(timeout_ms >= 0);
    (void)thread_wait_semaphore(&watcher->changed, clock_monotonic_ms() + timeout_ms);
    while (sem_trywait(&watcher->changed) == 0) /* several changes are one reason to look */
        continue;
}

void watch_changed(struct watch *watch, const char *document_id)
{
    assert(document_id != NULL);
    pthread_mutex_lock(&watch->mutex);
    for (size_t i = 0; i < watch->count; i++)
        if (strcmp(watch->watchers[i]->document_id, document_id) == 0)
            sem_post(&watch->watchers[i]->changed);
    pthread_mutex_unlock(&watch->mutex);
}

void watch_over(struct watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    watch->is_over = true;
    for (size_t i = 0; i < watch->count; i++)
        sem_post(&watch->watchers[i]->changed);
    pthread_mutex_unlock(&watch->mutex);
}
