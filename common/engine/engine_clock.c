#include "common/engine/engine_clock.h"

#include <string.h>

static void step_add(struct engine_clock *clock, int64_t before_ms, int64_t after_ms)
{
    if (clock->count == CLOCK_STEPS_MAX)
        memmove(clock->steps, clock->steps + 1, --clock->count * sizeof clock->steps[0]);
    clock->steps[clock->count++] = (struct clock_step){ before_ms, after_ms };
}

void engine_clock_set(struct engine_clock *clock, int64_t wall_ms, int64_t steady_ms)
{
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
    if (dated_ms > clock->wall_ms + engine_clock_ahead(clock) + CLOCK_STEP_LEAST_MS)
        step_add(clock, dated_ms, clock->wall_ms);
}

int64_t engine_clock_shift(const struct engine_clock *clock, int64_t since_ms)
{
    int64_t shift_ms = 0;
    int64_t end_ms = clock->wall_ms; /* of the time between two steps */
    if (since_ms == 0)
        return 0;
    for (size_t i = clock->count; i > 0; i--) {
        const struct clock_step *step = &clock->steps[i - 1];
        bool is_between = since_ms >= step->after_ms - CLOCK_STEP_LEAST_MS &&
                          since_ms <= end_ms + CLOCK_STEP_LEAST_MS;
        bool is_skipped = step->after_ms > step->before_ms && since_ms > step->before_ms;
        if (is_between || is_skipped)
            break;
        shift_ms += step->after_ms - step->before_ms;
        end_ms = step->before_ms;
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
