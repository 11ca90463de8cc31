/* thread.h - threads that get no signals, and waits that end.
 *
 * Ends are moments of clock_monotonic_ms: no change of the wall clock makes a wait longer or
 * shorter. A condition needs no attribute for it. */
#pragma once

#include "common/base/attributes.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

/* Signals belong to the main thread. False: there is no thread to be had. */
MUST_CHECK bool thread_start(pthread_t *ret_thread, void *(*run)(void *self), void *self);

/* The mutex is held, as for pthread_cond_wait, and like that it may return for no reason. False:
 * the time is over. */
bool thread_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_ms);
/* False: the time is over, and the semaphore is as it was. */
bool thread_wait_semaphore(sem_t *semaphore, int64_t until_ms);
