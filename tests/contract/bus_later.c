/* What is left to a newer release waits in the queue beside its own, and comes back by itself. */
#include "tests/contract/contract_bus.h"

#include <stdio.h>
#include <string.h>

#define SINCE_MS INT64_C(1700000001234)
#define REASON   "of schema 2, 1 is known here"
#define MANY     20

static bool postpone(struct rig *rig, struct delivery *delivery, struct error *error)
{
    return rig->port.postpone(rig->port.self, delivery, REASON, SINCE_MS, error);
}

static void postpone_and_ack(struct rig *rig, struct delivery **taken)
{
    struct error error = { 0 };
    if (!postpone(rig, taken[0], &error))
        fail_msg("%s", error.message);
    rig_ack_all(rig, taken, 1);
    rig_wait_drained(rig);
}

static void assert_is_original(const struct delivery *delivery, int number)
{
    const struct message original = rig_message(number, RIG_KEY);
    const struct message *message = &delivery->message;
    assert_string_equal(delivery->malformed, "");
    assert_string_equal(message->id, original.id);
    assert_string_equal(message->type, original.type);
    assert_string_equal(message->correlation_id, original.correlation_id);
    assert_string_equal(message->traceparent, original.traceparent);
    assert_int_equal(message->timestamp_ms, original.timestamp_ms);
    assert_int_equal(message->body_length, original.body_length);
    assert_memory_equal(message->body, original.body, original.body_length);
}

/* Twice: a broker that saw its own mark of the first death would drop it the second time. */
static void what_is_left_to_a_newer_release_comes_back_as_it_was(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
    struct delivery *taken[1];
    rig_publish(&rig, 5, 1);
    rig_take(&rig, 1, taken);
    assert_int_equal(taken[0]->later_since_ms, 0);
    for (int round = 0; round < 2; round++) {
        int64_t begin_ms = rig.now_ms();
        postpone_and_ack(&rig, taken);
        contract_bus_wait_ready(&rig, RIG_LATER, 1);
        assert_int_equal(contract_bus()->ready(RIG_QUEUE), 0);
        rig_take(&rig, 1, taken);
        assert_true(rig.now_ms() - begin_ms >= contract_bus()->later_ms - 500);
        assert_is_original(taken[0], 5);
        assert_int_equal(taken[0]->later_since_ms, SINCE_MS);
        assert_int_equal(taken[0]->delivery_count, 0); /* it goes among others, not alone */
        contract_bus_wait_ready(&rig, RIG_LATER, 0);
    }
    postpone_and_ack(&rig, taken);
    struct letter letter;
    assert_true(contract_bus()->get(RIG_LATER, &letter));
    assert_string_equal(letter.type, RIG_KEY);
    assert_int_equal(letter.later_since_ms, SINCE_MS);
    assert_false(contract_bus()->get(RIG_LATER, &letter));
    assert_false(contract_bus()->get(RIG_DEAD, &letter));
    contract_bus_close(&rig);
}

/* What was not confirmed is not acked: each of them comes back, each once. */
static void a_full_queue_for_later_keeps_the_message_with_its_source(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
    struct delivery *taken[MANY];
    struct error error = { 0 };
    int count = 1;
    bool is_back[MANY] = { false };
    rig_wait_drained(&rig); /* makes it wide */
    rig_publish(&rig, 0, MANY);
    rig_take(&rig, MANY, taken);
    assert_true(postpone(&rig, taken[0], &error));
    contract_bus()->limit(RIG_LATER, true);
    while (count < MANY && postpone(&rig, taken[count], &error))
        count++;
    assert_in_range(count, 1, MANY - 1);
    assert_non_null(strstr(error.message, RIG_LATER));
    rig_ack_all(&rig, taken, (size_t)count);
    contract_bus_close(&rig);
    contract_bus()->limit(RIG_LATER, false);

    rig = contract_bus_open();
    for (int i = 0; i < MANY; i++) { /* those that were kept come alone, one after the other */
        int number = -1;
        rig_take(&rig, 1, taken);
        assert_int_equal(sscanf(taken[0]->message.id, "orders:booking-1:%d:0", &number), 1);
        assert_in_range(number, 0, MANY - 1);
        assert_false(is_back[number]);
        is_back[number] = true;
        assert_int_equal(taken[0]->later_since_ms, number < count ? SINCE_MS : 0);
        rig_ack_all(&rig, taken, 1);
    }
    rig_wait_drained(&rig);
    contract_bus_close(&rig);
}

static void without_a_queue_for_later_the_delivery_is_kept(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
    struct delivery *taken[1];
    struct error error = { 0 };
    rig_publish(&rig, 5, 1);
    rig_take(&rig, 1, taken);
    contract_bus()->delete_queue(RIG_LATER);
    assert_false(postpone(&rig, taken[0], &error));
    assert_non_null(strstr(error.message, RIG_LATER));
    postpone_and_ack(&rig, taken); /* declared again */
    rig_take(&rig, 1, taken);
    assert_is_original(taken[0], 5);
    rig_ack_all(&rig, taken, 1);
    rig_wait_drained(&rig);
    contract_bus_close(&rig);
}

#define TEST(name) cmocka_unit_test_setup(name, contract_bus_reset)
const struct CMUnitTest bus_later[] = {
    TEST(what_is_left_to_a_newer_release_comes_back_as_it_was),
    TEST(a_full_queue_for_later_keeps_the_message_with_its_source),
    TEST(without_a_queue_for_later_the_delivery_is_kept),
};
const size_t bus_later_count = sizeof bus_later / sizeof bus_later[0];
