/* No ack ever covers a delivery that is still open, and what may kill the process is taken alone.
 * */
#include "common/rabbitmq/deliveries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct deliveries *deliveries;
static struct delivery *taken[WINDOW_DELIVERIES_MAX];
static struct ack acks[WINDOW_DELIVERIES_MAX];

static void receive(uint64_t tag)
{
    struct held *held = deliveries_receive(deliveries);
    assert_non_null(held);
    held->delivery.tag = tag;
    assert_true(deliveries_complete(deliveries, held));
}

static int receive_five(void **state)
{
    (void)state;
    deliveries = deliveries_new();
    for (uint64_t tag = 1; tag <= 5; tag++)
        receive(tag);
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    deliveries = deliveries_free(deliveries);
    return 0;
}

static void take_all(void)
{
    assert_int_equal(deliveries_take(deliveries, 100, taken), 5);
}

static void settle(size_t index)
{
    assert_non_null(deliveries_settle(deliveries, taken[index]));
}

static void deliveries_are_taken_in_order_and_once(void **state)
{
    (void)state;
    assert_int_equal(deliveries_take(deliveries, 2, taken), 2);
    assert_int_equal(taken[0]->tag, 1);
    assert_int_equal(taken[1]->tag, 2);
    assert_int_equal(deliveries_take(deliveries, 100, taken), 3);
    assert_int_equal(taken[0]->tag, 3);
    assert_int_equal(deliveries_take(deliveries, 100, taken), 0);
    assert_int_equal(deliveries_in_hand(deliveries), 5);
}

static void everything_done_is_one_ack(void **state)
{
    (void)state;
    take_all();
    for (size_t i = 0; i < 5; i++)
        settle(i);
    assert_int_equal(deliveries_collect(deliveries, acks), 1);
    assert_int_equal(acks[0].tag, 5);
    assert_true(acks[0].is_multiple);
    assert_int_equal(deliveries_in_hand(deliveries), 0);
}

static void an_open_delivery_is_never_covered(void **state)
{
    (void)state;
    take_all();
    settle(0);
    settle(1);
    settle(3);
    settle(4);
    assert_int_equal(deliveries_collect(deliveries, acks), 3);
    assert_int_equal(acks[0].tag, 2);
    assert_true(acks[0].is_multiple);
    assert_int_equal(acks[1].tag, 4);
    assert_false(acks[1].is_multiple);
    assert_int_equal(acks[2].tag, 5);
    assert_false(acks[2].is_multiple);
    settle(2);
    assert_int_equal(deliveries_collect(deliveries, acks), 1);
    assert_int_equal(acks[0].tag, 3);
}

static void a_delivery_that_nobody_took_is_not_covered(void **state)
{
    (void)state;
    assert_int_equal(deliveries_take(deliveries, 3, taken), 3);
    settle(2);
    settle(0);
    settle(1);
    assert_int_equal(deliveries_collect(deliveries, acks), 1);
    assert_int_equal(acks[0].tag, 3);
    assert_int_equal(deliveries_in_hand(deliveries), 2);
    assert_int_equal(deliveries_take(deliveries, 100, taken), 2);
    assert_int_equal(taken[0]->tag, 4);
}

static void a_rejected_delivery_is_done_and_gets_no_ack(void **state)
{
    (void)state;
    take_all();
    deliveries_find(deliveries, taken[4])->is_rejected = true;
    for (size_t i = 0; i < 5; i++)
        settle(i);
    assert_int_equal(deliveries_collect(deliveries, acks), 1);
    assert_int_equal(acks[0].tag, 4);
    assert_true(acks[0].is_multiple);
    assert_int_equal(deliveries_in_hand(deliveries), 0);
}

static void an_ack_of_one_does_not_claim_several(void **state)
{
    (void)state;
    take_all();
    settle(0);
    assert_int_equal(deliveries_collect(deliveries, acks), 1);
    assert_int_equal(acks[0].tag, 1);
    assert_false(acks[0].is_multiple);
}

static void a_delivery_of_an_ended_session_stays_readable_and_is_never_acked(void **state)
{
    (void)state;
    assert_int_equal(deliveries_take(deliveries, 2, taken), 2);
    deliveries_end_session(deliveries);
    assert_int_equal(deliveries_in_hand(deliveries), 0);
    receive(1);
    assert_int_equal(taken[1]->tag, 2);
    assert_null(deliveries_find(deliveries, taken[0]));
    assert_null(deliveries_settle(deliveries, taken[0]));
    assert_int_equal(deliveries_collect(deliveries, acks), 0);
    assert_int_equal(deliveries_in_hand(deliveries), 1);
}

static void receive_counted(uint64_t tag)
{
    struct held *held = deliveries_receive(deliveries);
    held->delivery.tag = tag;
    held->delivery.delivery_count = 1;
    assert_true(deliveries_complete(deliveries, held));
}

static void a_counted_delivery_goes_alone_and_after_its_neighbours(void **state)
{
    (void)state;
    receive_counted(6);
    receive(7);
    receive_counted(8);
    assert_int_equal(deliveries_take(deliveries, 100, taken), 6);
    assert_int_equal(taken[5]->tag, 7);
    struct delivery *alone;
    assert_int_equal(deliveries_take(deliveries, 100, &alone), 0);
    for (size_t i = 0; i < 6; i++)
        settle(i);
    assert_int_equal(deliveries_collect(deliveries, acks), 2);
    assert_int_equal(acks[0].tag, 5);
    assert_int_equal(acks[1].tag, 7);
    assert_int_equal(deliveries_take(deliveries, 100, taken), 1);
    assert_int_equal(taken[0]->tag, 6);
    receive(9);
    assert_int_equal(deliveries_take(deliveries, 100, taken + 1), 0);
    settle(0);
    assert_int_equal(deliveries_collect(deliveries, acks), 1);
    assert_int_equal(deliveries_take(deliveries, 100, taken), 1);
    assert_int_equal(taken[0]->tag, 9);
    settle(0);
    assert_int_equal(deliveries_take(deliveries, 100, taken), 1);
    assert_int_equal(taken[0]->tag, 8);
}

static void a_stream_of_probes_does_not_keep_a_counted_delivery_waiting(void **state)
{
    (void)state;
    take_all();
    receive_counted(6);
    struct held *held = deliveries_receive(deliveries);
    held->delivery.tag = 7;
    held->is_probe = true;
    assert_true(deliveries_complete(deliveries, held));
    assert_int_equal(deliveries_take(deliveries, 100, taken + 5), 0);
    for (size_t i = 0; i < 5; i++)
        settle(i);
    assert_int_equal(deliveries_take(deliveries, 100, taken), 1);
    assert_int_equal(taken[0]->tag, 6);
    settle(0);
    assert_int_equal(deliveries_take(deliveries, 100, taken), 1);
    assert_int_equal(taken[0]->tag, 7);
}

static void settling_twice_or_something_unknown_does_nothing(void **state)
{
    (void)state;
    struct delivery other = { .tag = 1 };
    take_all();
    settle(0);
    assert_null(deliveries_settle(deliveries, taken[0]));
    assert_null(deliveries_settle(deliveries, &other));
    assert_null(deliveries_settle(deliveries, NULL));
    assert_int_equal(deliveries_collect(deliveries, acks), 1);
    assert_null(deliveries_settle(deliveries, taken[0]));
    assert_int_equal(deliveries_collect(deliveries, acks), 0);
}

static void a_tag_that_does_not_grow_is_refused(void **state)
{
    (void)state;
    struct held *held = deliveries_receive(deliveries);
    held->delivery.tag = 5;
    assert_false(deliveries_complete(deliveries, held));
    assert_int_equal(deliveries_in_hand(deliveries), 5);
    receive(6);
}

static void there_is_room_for_the_bound_and_not_more(void **state)
{
    (void)state;
    for (uint64_t tag = 6; tag <= WINDOW_DELIVERIES_MAX; tag++)
        receive(tag);
    assert_null(deliveries_receive(deliveries));
    assert_int_equal(deliveries_take(deliveries, WINDOW_DELIVERIES_MAX, taken),
                     WINDOW_DELIVERIES_MAX);
    for (size_t i = 0; i < WINDOW_DELIVERIES_MAX; i++)
        settle(i);
    assert_int_equal(deliveries_collect(deliveries, acks), 1);
    receive(WINDOW_DELIVERIES_MAX + 1);
}

#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, receive_five, free_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(deliveries_are_taken_in_order_and_once),
        SENTENCE(everything_done_is_one_ack),
        SENTENCE(an_open_delivery_is_never_covered),
        SENTENCE(a_delivery_that_nobody_took_is_not_covered),
        SENTENCE(a_rejected_delivery_is_done_and_gets_no_ack),
        SENTENCE(an_ack_of_one_does_not_claim_several),
        SENTENCE(a_delivery_of_an_ended_session_stays_readable_and_is_never_acked),
        SENTENCE(a_counted_delivery_goes_alone_and_after_its_neighbours),
        SENTENCE(a_stream_of_probes_does_not_keep_a_counted_delivery_waiting),
        SENTENCE(settling_twice_or_something_unknown_does_nothing),
        SENTENCE(a_tag_that_does_not_grow_is_refused),
        SENTENCE(there_is_room_for_the_bound_and_not_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
