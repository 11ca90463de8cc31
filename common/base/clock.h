/* clock.h - the time, for the thin loops. Pure cores get `now_ms` as an argument instead. */
#pragma once

#include <stdint.h>

#define CLOCK_NS_PER_MS INT64_C(1000000)

int64_t clock_wall_ms(void);      /* Unix time; may jump */
int64_t clock_wall_ns(void);      /* Unix time, for spans and logs */
int64_t clock_monotonic_ms(void); /* for time-outs; never jumps */
