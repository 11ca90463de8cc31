/* When deliveries come one at a time and when by the hundred. */
#include "common/rabbitmq/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WIDE 300

static struct window window;

static int open_window(void **state)
{
    (void)state;
    window_init(&window, WIDE);
    window_open(&window);
    return 0;
}

static void widen(void)
{
    window_deliver(&window, false);
    window_settle(&window, false, true);
    assert_int_equal(window_wide_prefetch(&window), WIDE - 1);
}

static void a_new_channel_starts_with_one_delivery_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(window_wide_prefetch(&window), 0);
    window_deliver(&window, false);
    assert_int_equal(window_wide_prefetch(&window), 0);
}

static void an_uncounted_delivery_that_was_settled_widens(void **state)
{
    (void)state;
    widen();
}

static void a_counted_delivery_that_was_settled_does_not_widen(void **state)
{
    (void)state;
    window_deliver(&window, true);
    window_settle(&window, true, true);
    assert_int_equal(window_wide_prefetch(&window), 0);
    widen();
}

static void an_empty_queue_widens(void **state)
{
    (void)state;
    window_see_empty(&window);
    assert_int_equal(window_wide_prefetch(&window), WIDE - 1);
}

static void a_counted_delivery_makes_a_wide_window_narrow(void **state)
{
    (void)state;
    widen();
    window_deliver(&window, false);
    window_deliver(&window, true);
    assert_int_equal(window_wide_prefetch(&window), 0);
}

static void what_was_delivered_in_the_wide_time_does_not_undo_the_narrowing(void **state)
{
    (void)state;
    widen();
    window_deliver(&window, false);
    window_deliver(&window, true);
    window_settle(&window, false, false);
    window_settle(&window, true, false);
    assert_int_equal(window_wide_prefetch(&window), 0);
    widen();
}

static void it_stays_narrow_while_a_counted_delivery_is_in_hand(void **state)
{
    (void)state;
    widen();
    window_deliver(&window, true);
    window_deliver(&window, false); /* of the narrow time */
    window_settle(&window, false, true);
    assert_int_equal(window_wide_prefetch(&window), 0);
    window_settle(&window, true, false);
    assert_int_equal(window_wide_prefetch(&window), WIDE - 1);
}

static void it_does_not_widen_above_what_can_be_in_hand(void **state)
{
    (void)state;
    window_init(&window, BUS_PREFETCH_MAX);
    window_deliver(&window, false);
    window_settle(&window, false, true);
    assert_int_equal(window_wide_prefetch(&window), BUS_PREFETCH_MAX - 1);
    for (int i = 0; i < BUS_PREFETCH_MAX; i++)
        window_deliver(&window, false);
    window_deliver(&window, true); /* one more, by the narrow subscription */
    window_settle(&window, true, true);
    window_deliver(&window, false);
    window_settle(&window, false, true);
    assert_int_equal(window_wide_prefetch(&window), BUS_PREFETCH_MAX - 1);
    for (int i = 0; i < BUS_PREFETCH_MAX - 1; i++)
        window_deliver(&window, false);
    window_deliver(&window, true);
    window_settle(&window, true, false);
    window_deliver(&window, false);
    window_settle(&window, false, true);
    assert_int_equal(window_wide_prefetch(&window), 0);
    assert_true(window.in_hand <= WINDOW_DELIVERIES_MAX);
    for (int i = 0; i < BUS_PREFETCH_MAX - 1; i++)
        window_settle(&window, false, false);
    assert_int_equal(window_wide_prefetch(&window), BUS_PREFETCH_MAX - 1);
}

static void a_prefetch_of_one_never_changes(void **state)
{
    (void)state;
    window_init(&window, 1);
    assert_int_equal(window_wide_prefetch(&window), 0);
    window_deliver(&window, false);
    window_settle(&window, false, true);
    assert_int_equal(window_wide_prefetch(&window), 0);
}

static void a_new_channel_is_narrow_again_with_nothing_in_hand(void **state)
{
    (void)state;
    widen();
    window_deliver(&window, true);
    window_open(&window);
    assert_int_equal(window_wide_prefetch(&window), 0);
    assert_int_equal(window.in_hand, 0);
    widen();
}

#define SENTENCE(name) cmocka_unit_test_setup(name, open_window)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(a_new_channel_starts_with_one_delivery_at_a_time),
        SENTENCE(an_uncounted_delivery_that_was_settled_widens),
        SENTENCE(a_counted_delivery_that_was_settled_does_not_widen),
        SENTENCE(an_empty_queue_widens),
        SENTENCE(a_counted_delivery_makes_a_wide_window_narrow),
        SENTENCE(what_was_delivered_in_the_wide_time_does_not_undo_the_narrowing),
        SENTENCE(it_stays_narrow_while_a_counted_delivery_is_in_hand),
        SENTENCE(it_does_not_widen_above_what_can_be_in_hand),
        SENTENCE(a_prefetch_of_one_never_changes),
        SENTENCE(a_new_channel_is_narrow_again_with_nothing_in_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
