/* clock.c - clock_gettime in milliseconds and nanoseconds, and the timespec that a wait ends at. */
#include "common/base/clock.h"

#include <assert.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define MS_PER_SECOND 1000

static struct timespec clock_read(clockid_t clock)
{
    struct timespec now;
    int failed = clock_gettime(clock, &now);
    assert(!failed);
    return now;
}

static int64_t clock_read_ns(clockid_t clock)
{
    struct timespec now = clock_read(clock);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int64_t clock_wall_ms(void)
{
    return clock_read_ns(CLOCK_REALTIME) / CLOCK_NS_PER_MS;
}

int64_t clock_wall_ns(void)
{
    return clock_read_ns(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
    return clock_read_ns(CLOCK_MONOTONIC) / CLOCK_NS_PER_MS;
}

struct timespec clock_timespec(int64_t ms)
{
    return (struct timespec){ .tv_sec = (time_t)(ms / MS_PER_SECOND),
                              .tv_nsec = (long)(ms % MS_PER_SECOND * CLOCK_NS_PER_MS) };
}

struct timespec clock_monotonic_after(int64_t wait_ms)
{
    struct timespec until = clock_read(CLOCK_MONOTONIC);
    struct timespec wait = clock_timespec(wait_ms);
    until.tv_sec += wait.tv_sec;
    until.tv_nsec += wait.tv_nsec;
    if (until.tv_nsec >= NS_PER_SECOND) {
        until.tv_sec++;
        until.tv_nsec -= NS_PER_SECOND;
    }
    return until;
}
