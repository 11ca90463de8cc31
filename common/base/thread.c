/* thread.c - pthread_create under a full signal mask, and the waits of glibc that take a clock. */
#include "common/base/thread.h"

#include "common/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <time.h>

#define MS_PER_SECOND 1000

/* gcc 12's thread sanitizer knows sem_post and sem_wait, and not sem_clockwait. */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define TAKEN(semaphore) __tsan_acquire(semaphore)
#else
#define TAKEN(semaphore) ((void)(semaphore))
#endif

bool thread_start(pthread_t *ret_thread, void *(*run)(void *self), void *self)
{
    assert(ret_thread != NULL && run != NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_started = pthread_create(ret_thread, NULL, run, self) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_started;
}

static struct timespec moment_of(int64_t at_ms)
{
    assert(at_ms >= 0);
    return (struct timespec){ .tv_sec = (time_t)(at_ms / MS_PER_SECOND),
                              .tv_nsec = (long)(at_ms % MS_PER_SECOND * CLOCK_NS_PER_MS) };
}

bool thread_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_ms)
{
    assert(condition != NULL && mutex != NULL);
    const struct timespec until = moment_of(until_ms);
    int result = pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &until);
    assert(result == 0 || result == ETIMEDOUT);
    return result == 0;
}

bool thread_wait_semaphore(sem_t *semaphore, int64_t until_ms)
{
    const struct timespec until = moment_of(until_ms);
    while (sem_clockwait(semaphore, CLOCK_MONOTONIC, &until) != 0) {
        assert(errno == EINTR || errno == ETIMEDOUT); /* a signal's handler ran on this thread */
        if (errno == ETIMEDOUT)
            return false;
    }
    TAKEN(semaphore);
    return true;
}
