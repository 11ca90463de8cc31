/* minder.c - waits for signals in ticks, and looks between them at the service's health and at the
 * time that is left to stop. */
#include "common/daemon/minder.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/thread.h"
#include "common/daemon/daemon_private.h"
#include "common/log/log.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS     100
#define PROMISED_MS 5000 /* SIGTERM ends the service within this */
#define BUSY_MS     1500 /* so much later than asked a busy machine may run us */

_Static_assert(MINDER_STOP_MS_MAX + 2 * TICK_MS + BUSY_MS <= PROMISED_MS,
               "a tick until it is seen, another for the log");

struct minder {
    struct daemon *daemon;
    pthread_t thread;
    atomic_bool is_over;
    int64_t stop_by_ms; /* 0 = nobody has asked for the end */
    pthread_mutex_t
        looking; /* held while what the daemon consists of is looked at; guards is_whole */
    bool is_whole;
    struct readiness_log told;
};

static void signal_set_fill(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

void minder_block_signals(void)
{
    sigset_t set;
    signal_set_fill(&set);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void end_at_once(int signal_number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    (void)signal(signal_number, SIG_DFL);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    (void)raise(signal_number);
}

static void end_late(void)
{
    log_write(LOG_WARNING,
              "stopped: what was in hand could not be finished within %d ms; it is "
              "done again after a start",
              MINDER_STOP_MS_MAX);
    log_writer_stop(TICK_MS);
    _exit(EXIT_SUCCESS);
}

static void signal_take(struct minder *minder, int signal_number)
{
    assert(signal_number == SIGHUP || signal_number == SIGTERM || signal_number == SIGINT);
    if (signal_number == SIGHUP) {
        log_write(LOG_INFO, "SIGHUP: files are opened again");
        return; /* each is, once it is found moved */
    }
    if (minder->stop_by_ms != 0)
        end_at_once(signal_number);
    log_write(LOG_INFO, "stopping: finishing what is in hand");
    minder->stop_by_ms = clock_monotonic_ms() + MINDER_STOP_MS_MAX;
    daemon_stop(minder->daemon);
}

static void *minder_run(void *self)
{
    struct minder *minder = self;
    const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
    sigset_t set;
    signal_set_fill(&set);
    while (!atomic_load(&minder->is_over)) {
        siginfo_t info;
        int signal_number = sigtimedwait(&set, &info, &tick);
        if (signal_number > 0)
            signal_take(minder, signal_number);
        if (minder->stop_by_ms != 0 && clock_monotonic_ms() >= minder->stop_by_ms)
            end_late();
        pthread_mutex_lock(&minder->looking);
        if (minder->is_whole)
            readiness_tell(minder->daemon, &minder->told);
        pthread_mutex_unlock(&minder->looking);
    }
    return NULL;
}

struct minder *minder_start(struct daemon *daemon, struct error *error)
{
    assert(daemon != NULL);
    struct minder *minder = memory_alloc(1, sizeof *minder);
    minder->daemon = daemon;
    pthread_mutex_init(&minder->looking, NULL);
    if (thread_start(&minder->thread, minder_run, minder))
        return minder;
    pthread_mutex_destroy(&minder->looking);
    free(minder);
    (void)error_set(error, ERROR_RETRY, "no thread to be had");
    return NULL;
}

void minder_look(struct minder *minder, bool is_whole)
{
    pthread_mutex_lock(&minder->looking);
    minder->is_whole = is_whole;
    pthread_mutex_unlock(&minder->looking);
}

struct minder *minder_stop(struct minder *minder)
{
    if (minder != NULL) {
        atomic_store(&minder->is_over, true);
        pthread_join(minder->thread, NULL);
        assert(!minder->is_whole); /* taken back before anything was closed */
        pthread_mutex_destroy(&minder->looking);
        free(minder);
    }
    return NULL;
}
