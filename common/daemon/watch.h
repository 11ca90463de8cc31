/* watch.h - waiting for one document to change: the engine's thread tells, HTTP threads wait.
 *
 * Nobody is woken for a document that is not his: at thousands of changes a second, waking every
 * waiter for each would cost more than the work. Any thread may call. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/ident.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCHERS_MAX 512 /* each holds a thread of the HTTP server */

struct watcher { /* on its thread's stack, between begin and end */
    char document_id[IDENT_SIZE];
    sem_t changed;
};

struct watch {
    pthread_mutex_t mutex; /* guards what follows */
    struct watcher *watchers[WATCHERS_MAX];
    size_t count, max;
    bool is_over;
};

void watch_init(struct watch *watch, size_t watchers_max);
void watch_done(struct watch *watch); /* nobody waits any more */

/* From now on no change of the document goes unnoticed; so begin, then look, then wait. False: as
 * many as may wait do already, and there is nothing to end. */
MUST_CHECK bool watch_begin(struct watch *watch, struct watcher *watcher, const char *document_id);
void watch_end(struct watch *watch, struct watcher *watcher);

/* Until the document has changed since the begin or the last wait, all is over, or timeout_ms. */
void watch_wait(struct watcher *watcher, int64_t timeout_ms);

/* The engine's thread; cheap where nobody waits. */
void watch_changed(struct watch *watch, const char *document_id);
void watch_over(struct watch *watch); /* the process stops: every wait ends at once */
