/* What is left to a newer release waits in the queue beside its own, and comes back by itself. */
#include "common/base/clock.h"
#include "common/rabbitmq/amqp_topology.h"
#include "tests/contract/amqp_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SINCE_MS INT64_C(1700000001234)
#define REASON   "of schema 2, 1 is known here"
#define MANY     20

static int reset(void **state)
{
    (void)state;
    broker_reset();
    return 0;
}

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
    struct rig rig = rig_open_connected();
    struct delivery *taken[1];
    rig_publish(&rig, 5, 1);
    rig_take(&rig, 1, taken);
    assert_int_equal(taken[0]->later_since_ms, 0);
    for (int round = 0; round < 2; round++) {
        int64_t begin_ms = clock_monotonic_ms();
        postpone_and_ack(&rig, taken);
        broker_wait_ready(RIG_LATER, 1);
        assert_int_equal(broker_ready(RIG_QUEUE), 0);
        rig_take(&rig, 1, taken);
        assert_true(clock_monotonic_ms() - begin_ms >= TOPOLOGY_LATER_TTL_MS - 500);
        assert_is_original(taken[0], 5);
        assert_int_equal(taken[0]->later_since_ms, SINCE_MS);
        assert_int_equal(taken[0]->delivery_count, 0); /* it goes among others, not alone */
        broker_wait_ready(RIG_LATER, 0);
    }
    postpone_and_ack(&rig, taken);
    struct letter letter;
    assert_true(broker_get(RIG_LATER, &letter));
    assert_false(letter.has_death);
    assert_string_equal(letter.reason, REASON);
    assert_string_equal(letter.type, RIG_KEY);
    assert_string_equal(letter.routing_key, RIG_KEY);
    assert_int_equal(letter.later_since_ms, SINCE_MS);
    assert_false(broker_get(RIG_LATER, &letter));
    assert_false(broker_get(RIG_DEAD, &letter));
    rig_close(&rig);
}

/* What was not confirmed is not acked: each of them comes back, each once. */
static void a_full_queue_for_later_keeps_the_message_with_its_source(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    struct delivery *taken[MANY];
    struct error error = { 0 };
    int count = 0;
    bool is_back[MANY] = { false };
    broker_run("ctl", (const char *[]){ "set_policy", "full", "^" RIG_QUEUE ".later$",
                                        "{\"max-length\":3}", "--apply-to", "queues", NULL });
    rig_wait_drained(&rig); /* makes it wide */
    rig_publish(&rig, 0, MANY);
    rig_take(&rig, MANY, taken);
    while (count < MANY && postpone(&rig, taken[count], &error))
        count++;
    assert_in_range(count, 1, MANY - 1);
    assert_non_null(strstr(error.message, RIG_LATER));
    rig_ack_all(&rig, taken, (size_t)count);
    rig_close(&rig);
    broker_run("ctl", (const char *[]){ "clear_policy", "full", NULL });

    rig = rig_open_connected();
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
    rig_close(&rig);
}

static void without_a_queue_for_later_the_delivery_is_kept(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    struct delivery *taken[1];
    struct error error = { 0 };
    rig_publish(&rig, 5, 1);
    rig_take(&rig, 1, taken);
    broker_delete_queue(RIG_LATER);
    assert_false(postpone(&rig, taken[0], &error));
    assert_non_null(strstr(error.message, RIG_LATER));
    postpone_and_ack(&rig, taken); /* declared again */
    rig_take(&rig, 1, taken);
    assert_is_original(taken[0], 5);
    rig_ack_all(&rig, taken, 1);
    rig_wait_drained(&rig);
    rig_close(&rig);
}

#define SENTENCE(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(what_is_left_to_a_newer_release_comes_back_as_it_was),
        SENTENCE(a_full_queue_for_later_keeps_the_message_with_its_source),
        SENTENCE(without_a_queue_for_later_the_delivery_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
