/* Moments and lengths as a timespec: the end of a wait, whatever part of a second it is now. */
#include "common/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NS_PER_SECOND 1000000000L

static int64_t ns_of(struct timespec at)
{
    assert_in_range(at.tv_nsec, 0, NS_PER_SECOND - 1);
    return (int64_t)at.tv_sec * NS_PER_SECOND + at.tv_nsec;
}

static void milliseconds_are_split_into_seconds_and_nanoseconds(void **state)
{
    (void)state;
    const struct {
        int64_t ms;
        struct timespec split;
    } cases[] = { { 0, { 0, 0 } },
                  { 1, { 0, 1000000 } },
                  { 999, { 0, 999000000 } },
                  { 1000, { 1, 0 } },
                  { 1795260678265, { 1795260678, 265000000 } } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct timespec split = clock_timespec(cases[i].ms);
        assert_int_equal(split.tv_sec, cases[i].split.tv_sec);
        assert_int_equal(split.tv_nsec, cases[i].split.tv_nsec);
    }
}

/* Waits of every part of a second: whatever the time is, some of them end in the next one. */
static void a_wait_ends_so_many_milliseconds_from_now(void **state)
{
    (void)state;
    for (int64_t wait_ms = 0; wait_ms < 3000; wait_ms++) {
        int64_t before_ms = clock_monotonic_ms();
        int64_t end_ms = ns_of(clock_monotonic_after(wait_ms)) / CLOCK_NS_PER_MS;
        assert_in_range(end_ms, before_ms + wait_ms, clock_monotonic_ms() + wait_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(milliseconds_are_split_into_seconds_and_nanoseconds),
        cmocka_unit_test(a_wait_ends_so_many_milliseconds_from_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
