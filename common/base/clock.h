/* clock.h - the time, for the thin loops. Pure cores get `now_ms` as an argument instead. */
#pragma once

#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_MS INT64_C(1000000)

int64_t clock_wall_ms(void);      /* Unix time; may jump */
int64_t clock_wall_ns(void);      /* Unix time, for spans and logs */
int64_t clock_monotonic_ms(void); /* for time-outs; never jumps */

/* Milliseconds from 0 up as a timespec: a length, or a moment that clock_monotonic_ms tells. */
struct timespec clock_timespec(int64_t ms);
/* The moment of CLOCK_MONOTONIC that is wait_ms (from 0 up) away: what a wait for a condition or a
 * semaphore takes as its end. */
struct timespec clock_monotonic_after(int64_t wait_ms);
