/* When something that goes wrong gets a line in the log, and when it does not. */
#include "common/daemon/trouble.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct trouble trouble;
static int64_t lasted_ms;

static enum trouble_news look(const char *detail, int64_t now_ms)
{
    return trouble_look(&trouble, detail, now_ms, &lasted_ms);
}

static int begin(void **state)
{
    (void)state;
    trouble = (struct trouble){ 0 };
    lasted_ms = 0;
    return 0;
}

static void a_trouble_is_told_once_when_it_has_lasted_and_once_when_it_is_over(void **state)
{
    (void)state;
    int lines = 0;
    assert_int_equal(look(NULL, 10000), TROUBLE_NOTHING_NEW);
    for (int64_t ms = 20000; ms < 50000; ms += 100)
        lines += look("disk full", ms) == TROUBLE_BEGINS;
    assert_int_equal(lines, 1);
    assert_int_equal(look(NULL, 50000), TROUBLE_NOTHING_NEW);
    assert_int_equal(look(NULL, 50000 + TROUBLE_OVER_AFTER_MS), TROUBLE_IS_OVER);
    assert_int_equal(lasted_ms, 30000);
    assert_int_equal(look(NULL, 90000), TROUBLE_NOTHING_NEW);
}

static void a_moment_is_not_told(void **state)
{
    (void)state;
    assert_int_equal(look("x", 10000), TROUBLE_NOTHING_NEW);
    assert_int_equal(look("x", 10000 + TROUBLE_TELL_AFTER_MS - 1), TROUBLE_NOTHING_NEW);
    assert_int_equal(look(NULL, 12000), TROUBLE_NOTHING_NEW);
    assert_int_equal(look(NULL, 20000), TROUBLE_NOTHING_NEW);
}

static void what_comes_and_goes_all_the_time_is_one_trouble(void **state)
{
    (void)state;
    int begins = 0, ends = 0;
    for (int64_t ms = 1000; ms < 100000; ms += 100) {
        enum trouble_news news = look(ms % 4000 < 2000 ? "store away" : NULL, ms);
        begins += news == TROUBLE_BEGINS;
        ends += news == TROUBLE_IS_OVER;
    }
    assert_int_equal(begins, 1);
    assert_int_equal(ends, 0);
}

static void another_reason_is_told_a_minute_later_and_not_for_ever(void **state)
{
    (void)state;
    int lines = 0;
    assert_int_equal(look("connection refused", 1000), TROUBLE_NOTHING_NEW);
    assert_int_equal(look("connection refused", 2000), TROUBLE_BEGINS);
    assert_int_equal(look("wrong password", 3000), TROUBLE_NOTHING_NEW);
    assert_int_equal(look("wrong password", 2000 + TROUBLE_OTHER_AFTER_MS), TROUBLE_BEGINS);
    for (int64_t ms = 100000; ms < 100 * TROUBLE_OTHER_AFTER_MS; ms += 1000)
        lines += look(ms % 2000 == 0 ? "one" : "two", ms) == TROUBLE_BEGINS;
    assert_int_equal(lines, TROUBLE_REASONS_MAX - 2);
}

static void the_second_trouble_is_told_like_the_first(void **state)
{
    (void)state;
    for (int64_t start_ms = 10000; start_ms < 100000; start_ms += 20000) {
        assert_int_equal(look("x", start_ms), TROUBLE_NOTHING_NEW);
        assert_int_equal(look("x", start_ms + TROUBLE_TELL_AFTER_MS), TROUBLE_BEGINS);
        assert_int_equal(look(NULL, start_ms + 5000), TROUBLE_NOTHING_NEW);
        assert_int_equal(look(NULL, start_ms + 5000 + TROUBLE_OVER_AFTER_MS), TROUBLE_IS_OVER);
        assert_int_equal(lasted_ms, 5000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_trouble_is_told_once_when_it_has_lasted_and_once_when_it_is_over,
                               begin),
        cmocka_unit_test_setup(a_moment_is_not_told, begin),
        cmocka_unit_test_setup(what_comes_and_goes_all_the_time_is_one_trouble, begin),
        cmocka_unit_test_setup(another_reason_is_told_a_minute_later_and_not_for_ever, begin),
        cmocka_unit_test_setup(the_second_trouble_is_told_like_the_first, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
