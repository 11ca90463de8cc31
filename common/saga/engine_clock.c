/* engine_clock.c - remembers the last steps of the wall clock, and adds up those that a date has
 * seen since. */
#include "common/saga/engine_clock.h"

#include <assert.h>
#include <string.h>

static void step_add(struct engine_clock *clock, int64_t before_ms, int64_t after_ms)
{
    assert(clock->count <= CLOCK_STEPS_MAX);
    if (clock->count == CLOCK_STEPS_MAX)
        memmove(clock->steps, clock->steps + 1, --clock->count * sizeof clock->steps[0]);
    clock->steps[clock->count++] = (struct clock_step){ before_ms, after_ms };
}

void engine_clock_set(struct engine_clock *clock, int64_t wall_ms, int64_t steady_ms)
{
    assert(clock->wall_ms == 0 || steady_ms >= clock->steady_ms);
    int64_t expected_ms = clock->wall_ms + (steady_ms - clock->steady_ms);
    bool is_first = clock->wall_ms == 0;
    int64_t step_ms = wall_ms - expected_ms;
    if (!is_first && (step_ms > CLOCK_STEP_LEAST_MS || step_ms < -CLOCK_STEP_LEAST_MS))
        step_add(clock, expected_ms, wall_ms);
    clock->wall_ms = wall_ms;
    clock->steady_ms = steady_ms;
}

void engine_clock_seen(struct engine_clock *clock, int64_t dated_ms)
{
    assert(clock->wall_ms != 0);
    if (dated_ms > clock->wall_ms + engine_clock_ahead(clock) + CLOCK_STEP_LEAST_MS)
        step_add(clock, dated_ms, clock->wall_ms);
}

/* Between two steps the clock showed all the times from one to the other: the last time that it
 * showed this one, so many steps were before it. count + 1: it has never shown it. */
static size_t steps_before(const struct engine_clock *clock, int64_t at_ms)
{
    assert(clock->count <= CLOCK_STEPS_MAX);
    int64_t end_ms = clock->wall_ms;
    for (size_t i = clock->count; i > 0; i--) {
        const struct clock_step *step = &clock->steps[i - 1];
        if (at_ms >= step->after_ms - CLOCK_STEP_LEAST_MS && at_ms <= end_ms + CLOCK_STEP_LEAST_MS)
            return i;
        end_ms = step->before_ms;
    }
    return at_ms <= end_ms + CLOCK_STEP_LEAST_MS ? 0 : clock->count + 1;
}

int64_t engine_clock_shift(const struct engine_clock *clock, int64_t since_ms)
{
    int64_t shift_ms = 0;
    size_t before = steps_before(clock, since_ms);
    if (since_ms == 0)
        return 0;
    for (size_t i = clock->count; i > 0; i--) {
        const struct clock_step *step = &clock->steps[i - 1];
        /* Another clock showed it: it is not from before ours was set past it. */
        bool is_skipped =
            before > clock->count && step->after_ms > step->before_ms && since_ms > step->before_ms;
        if (i == before || is_skipped)
            break;
        shift_ms += step->after_ms - step->before_ms;
    }
    return shift_ms;
}

int64_t engine_clock_ahead(const struct engine_clock *clock)
{
    int64_t ahead_ms = 0;
    int64_t shift_ms = 0;
    for (size_t i = clock->count; i > 0; i--) {
        const struct clock_step *step = &clock->steps[i - 1];
        shift_ms += step->after_ms - step->before_ms;
        bool is_over = step->before_ms <= clock->wall_ms; /* nothing of it is in the future */
        if (!is_over && -shift_ms > ahead_ms)
            ahead_ms = -shift_ms;
    }
    return ahead_ms;
}
