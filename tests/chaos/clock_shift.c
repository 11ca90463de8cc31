/* clock_shift.c - preloaded into a service: its wall clock is off by what a file says.
 *
 * CLOCK_SHIFT_FILE names a file of one int64_t, nanoseconds, which is mapped: who writes another
 * number there steps the clock of this process and of no other. Clocks that only go on stay as they
 * are. Who waits until a time of the wall clock sees the step too, within SLICE_MS, as it does when
 * somebody sets the machine's clock. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S     INT64_C(1000000000)
#define SLICE_MS     100
#define WALL_S_LEAST 1000000000 /* a clock that counts from the machine's start is far below */

static _Atomic int64_t nowhere;
static _Atomic int64_t *shift_ns = &nowhere;

__attribute__((constructor)) static void shift_map(void)
{
    const char *path = getenv("CLOCK_SHIFT_FILE");
    int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped =
        file >= 0 ? mmap(NULL, sizeof *shift_ns, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
    if (mapped == MAP_FAILED) {
        (void)fprintf(stderr, "clock_shift: CLOCK_SHIFT_FILE names no file of 8 bytes\n");
        abort();
    }
    (void)close(file);
    shift_ns = mapped;
}

static int64_t ns_of(const struct timespec *time)
{
    return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

static struct timespec time_of(int64_t ns)
{
    return (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        *now = time_of(ns_of(now) + atomic_load(shift_ns));
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec time;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &time) != 0)
        return -1;
    *now = (struct timeval){ .tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000 };
    return 0;
}

time_t time(time_t *ret_now)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    if (ret_now != NULL)
        *ret_now = now.tv_sec;
    return now.tv_sec;
}

/* ---- who waits until a time of the wall clock ------------------------------------------------ */

static bool is_past(const struct timespec *until)
{
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) == 0 && ns_of(&now) >= ns_of(until);
}

static struct timespec slice_end(void)
{
    struct timespec now = { 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return time_of(ns_of(&now) + SLICE_MS * (NS_PER_S / 1000));
}

/* A slice that ends too early is one of the wake-ups without a reason that every caller allows. */
int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    if (until->tv_sec < WALL_S_LEAST)
        return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, until);
    if (is_past(until))
        return ETIMEDOUT;
    const struct timespec end = slice_end();
    int failed = pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &end);
    return failed == ETIMEDOUT && !is_past(until) ? 0 : failed;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until)
{
    while (!is_past(until)) {
        const struct timespec end = slice_end();
        if (sem_clockwait(semaphore, CLOCK_MONOTONIC, &end) == 0)
            return 0;
        if (errno != ETIMEDOUT)
            return -1;
    }
    if (sem_trywait(semaphore) == 0)
        return 0;
    errno = ETIMEDOUT;
    return -1;
}
