/* engine_clock.h - the engine's two clocks: the wall's, which dates documents and may be set, and
 * one that only goes on, which times everything else.
 *
 * When the wall clock is set, deadlines that are stored were dated by the old time. What was dated
 * before it was set ahead would be due too early, what was dated before it was set back too late:
 * each is moved by as much as the clock was. Of other processes' clocks nothing is known but what
 * documents show: some are dated in the future, so their clock was ahead (see
 * engine_clock_seen). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_STEPS_MAX     8
#define CLOCK_STEP_LEAST_MS 2000 /* below it clocks only differ */

struct clock_step { /* the wall clock was set from before_ms to after_ms */
    int64_t before_ms, after_ms;
};

struct engine_clock { /* starts all zero */
    int64_t wall_ms, steady_ms;
    struct clock_step steps[CLOCK_STEPS_MAX]; /* the oldest first */
    size_t count;
};

void engine_clock_set(struct engine_clock *clock, int64_t wall_ms, int64_t steady_ms);
/* A document was dated so: if that is in the future, a clock was ahead of this one and was set
 * back. */
void engine_clock_seen(struct engine_clock *clock, int64_t dated_ms);
/* How much later (earlier: < 0) than dated something is due that was dated at since_ms; 0 = when is
 * not known. */
int64_t engine_clock_shift(const struct engine_clock *clock, int64_t since_ms);
/* So far ahead of now there may be dates that are past already. */
int64_t engine_clock_ahead(const struct engine_clock *clock);
