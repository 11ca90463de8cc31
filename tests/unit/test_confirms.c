/* Confirms in any order, several at once and twice; returns; numbers that go round the ring. */
#include "common/rabbitmq/confirms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct confirms confirms;

static int begin_three(void **state)
{
    (void)state;
    confirms_reset(&confirms);
    for (uint64_t number = 1; number <= 3; number++)
        assert_int_equal(confirms_add(&confirms, 10), number);
    return 0;
}

static void a_message_is_unknown_until_it_is_settled(void **state)
{
    (void)state;
    assert_int_equal(confirms_result(&confirms, 1), PUBLISH_UNKNOWN);
    assert_int_equal(confirms_bytes_pending(&confirms), 30);
    assert_true(confirms_settle(&confirms, 1, false, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_result(&confirms, 1), PUBLISH_CONFIRMED);
    assert_int_equal(confirms_result(&confirms, 2), PUBLISH_UNKNOWN);
    assert_int_equal(confirms_bytes_pending(&confirms), 20);
    assert_false(confirms_is_pending_before(&confirms, 2));
    assert_true(confirms_is_pending_before(&confirms, 3));
}

static void confirms_come_out_of_order(void **state)
{
    (void)state;
    assert_true(confirms_settle(&confirms, 3, false, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_result(&confirms, 3), PUBLISH_CONFIRMED);
    assert_int_equal(confirms_result(&confirms, 1), PUBLISH_UNKNOWN);
    assert_int_equal(confirms_bytes_pending(&confirms), 20);
    assert_true(confirms_settle(&confirms, 1, false, PUBLISH_CONFIRMED));
    assert_true(confirms_settle(&confirms, 2, false, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_bytes_pending(&confirms), 0);
}

static void a_multiple_confirm_settles_all_up_to_its_number(void **state)
{
    (void)state;
    assert_true(confirms_settle(&confirms, 2, true, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_result(&confirms, 1), PUBLISH_CONFIRMED);
    assert_int_equal(confirms_result(&confirms, 2), PUBLISH_CONFIRMED);
    assert_int_equal(confirms_result(&confirms, 3), PUBLISH_UNKNOWN);
    assert_int_equal(confirms_bytes_pending(&confirms), 10);
}

static void a_multiple_confirm_does_not_change_what_was_nacked(void **state)
{
    (void)state;
    assert_true(confirms_settle(&confirms, 2, false, PUBLISH_NACKED));
    assert_true(confirms_settle(&confirms, 3, true, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_result(&confirms, 1), PUBLISH_CONFIRMED);
    assert_int_equal(confirms_result(&confirms, 2), PUBLISH_NACKED);
    assert_int_equal(confirms_result(&confirms, 3), PUBLISH_CONFIRMED);
    assert_int_equal(confirms_bytes_pending(&confirms), 0);
}

static void multiple_with_number_zero_means_all(void **state)
{
    (void)state;
    assert_true(confirms_settle(&confirms, 0, true, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_bytes_pending(&confirms), 0);
    assert_false(confirms_settle(&confirms, 0, false, PUBLISH_CONFIRMED));
}

static void the_same_confirm_twice_counts_once(void **state)
{
    (void)state;
    assert_true(confirms_settle(&confirms, 1, false, PUBLISH_CONFIRMED));
    assert_true(confirms_settle(&confirms, 1, false, PUBLISH_NACKED));
    assert_int_equal(confirms_bytes_pending(&confirms), 20);
    assert_int_equal(confirms_result(&confirms, 1), PUBLISH_CONFIRMED);
}

static void a_returned_message_is_not_published_although_it_is_confirmed(void **state)
{
    (void)state;
    confirms_return(&confirms, 2);
    assert_true(confirms_is_returned(&confirms, 2));
    assert_int_equal(confirms_result(&confirms, 2), PUBLISH_UNKNOWN);
    assert_true(confirms_settle(&confirms, 3, true, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_result(&confirms, 1), PUBLISH_CONFIRMED);
    assert_int_equal(confirms_result(&confirms, 2), PUBLISH_RETURNED);
    assert_int_equal(confirms_result(&confirms, 3), PUBLISH_CONFIRMED);
}

static void a_number_never_published_is_refused(void **state)
{
    (void)state;
    assert_false(confirms_settle(&confirms, 4, false, PUBLISH_CONFIRMED));
    assert_false(confirms_settle(&confirms, 4, true, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_bytes_pending(&confirms), 30);
}

static void numbers_go_on_after_what_is_settled(void **state)
{
    (void)state;
    assert_true(confirms_settle(&confirms, 3, true, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_add(&confirms, 7), 4);
    assert_int_equal(confirms_add(&confirms, 7), 5);
    assert_true(confirms_settle(&confirms, 5, false, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_result(&confirms, 4), PUBLISH_UNKNOWN);
    assert_int_equal(confirms_result(&confirms, 5), PUBLISH_CONFIRMED);
    assert_true(confirms_settle(&confirms, 2, true, PUBLISH_CONFIRMED)); /* settled before */
    assert_int_equal(confirms_bytes_pending(&confirms), 7);
    assert_true(confirms_settle(&confirms, 5, true, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_bytes_pending(&confirms), 0);
    assert_false(confirms_is_pending_before(&confirms, 6));
}

static void numbers_start_again_on_a_new_channel(void **state)
{
    (void)state;
    confirms_reset(&confirms);
    assert_int_equal(confirms_bytes_pending(&confirms), 0);
    assert_false(confirms_is_pending_before(&confirms, 3));
    assert_false(confirms_settle(&confirms, 1, false, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_add(&confirms, 1), 1);
    assert_true(confirms_settle(&confirms, 1, false, PUBLISH_CONFIRMED));
    assert_int_equal(confirms_result(&confirms, 1), PUBLISH_CONFIRMED);
}

static void all_that_may_be_on_its_way_fits_again_and_again(void **state)
{
    (void)state;
    assert_true(confirms_settle(&confirms, 0, true, PUBLISH_CONFIRMED));
    uint64_t last = 3;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < CONFIRMS_MAX; i++)
            assert_int_equal(confirms_add(&confirms, 1), ++last);
        confirms_return(&confirms, last);
        assert_true(confirms_settle(&confirms, last, true, PUBLISH_CONFIRMED));
        assert_int_equal(confirms_bytes_pending(&confirms), 0);
        assert_int_equal(confirms_result(&confirms, last - CONFIRMS_MAX + 1), PUBLISH_CONFIRMED);
        assert_int_equal(confirms_result(&confirms, last), PUBLISH_RETURNED);
    }
}

#define SENTENCE(name) cmocka_unit_test_setup(name, begin_three)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(a_message_is_unknown_until_it_is_settled),
        SENTENCE(confirms_come_out_of_order),
        SENTENCE(a_multiple_confirm_settles_all_up_to_its_number),
        SENTENCE(a_multiple_confirm_does_not_change_what_was_nacked),
        SENTENCE(multiple_with_number_zero_means_all),
        SENTENCE(the_same_confirm_twice_counts_once),
        SENTENCE(a_returned_message_is_not_published_although_it_is_confirmed),
        SENTENCE(a_number_never_published_is_refused),
        SENTENCE(numbers_go_on_after_what_is_settled),
        SENTENCE(numbers_start_again_on_a_new_channel),
        SENTENCE(all_that_may_be_on_its_way_fits_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
