/* Taking, giving back, putting aside: what happens to deliveries on any broker. */
#include "tests/contract/contract_bus.h"

#include <string.h>

#define MANY    2000
#define BATCH   256
#define WAITING 10

static void what_is_published_comes_back_whole_and_is_acked(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
    static struct delivery *taken[MANY];
    for (int first = 0; first < MANY; first += BATCH)
        rig_publish(&rig, first, first + BATCH <= MANY ? BATCH : (size_t)(MANY - first));
    struct message wanted = rig_message(0, RIG_KEY);
    for (size_t count = 0; count < MANY;) {
        size_t step = MANY - count < 100 ? MANY - count : 100;
        if (count == 0)
            step = 1; /* a new channel is narrow */
        rig_take(&rig, step, taken);
        for (size_t i = 0; i < step; i++) {
            wanted = rig_message((int)(count + i), RIG_KEY);
            assert_string_equal(taken[i]->message.id, wanted.id);
            assert_string_equal(taken[i]->malformed, "");
        }
        count += step;
        rig_ack_all(&rig, taken, step);
    }
    rig_wait_drained(&rig);
    rig_publish(&rig, 7, 1);
    rig_take(&rig, 1, taken);
    const struct message *message = &taken[0]->message;
    wanted = rig_message(7, RIG_KEY);
    assert_string_equal(message->type, wanted.type);
    assert_string_equal(message->correlation_id, wanted.correlation_id);
    assert_string_equal(message->app_id, wanted.app_id);
    assert_string_equal(message->traceparent, wanted.traceparent);
    assert_string_equal(message->tracestate, wanted.tracestate);
    assert_int_equal(message->timestamp_ms, wanted.timestamp_ms);
    assert_int_equal(message->schema_version, 1);
    assert_false(message->is_repeat);
    assert_int_equal(message->body_length, wanted.body_length);
    assert_memory_equal(message->body, wanted.body, wanted.body_length);
    assert_int_equal(taken[0]->delivery_count, 0);
    assert_false(rig.port.is_drained(rig.port.self)); /* it is in hand */
    rig_ack_all(&rig, taken, 1);
    rig_wait_drained(&rig);
    contract_bus_close(&rig);
    contract_bus_wait_ready(&rig, RIG_QUEUE, 0); /* nothing came back when the connection closed */
}

static void a_quarantined_message_lies_in_the_dead_letter_queue_with_its_reason(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
    struct delivery *taken[1];
    struct error error = { 0 };
    rig_publish(&rig, 5, 1);
    rig_take(&rig, 1, taken);
    assert_true(rig.port.quarantine(rig.port.self, taken[0], "amount is negative", &error));
    rig_ack_all(&rig, taken, 1);
    rig_wait_drained(&rig);
    struct letter letter;
    struct message original = rig_message(5, RIG_KEY);
    assert_true(contract_bus()->get(RIG_DEAD, &letter));
    assert_string_equal(letter.reason, "amount is negative");
    assert_string_equal(letter.type, RIG_KEY);
    assert_string_equal(letter.traceparent, original.traceparent);
    assert_string_equal(letter.id, original.id);
    assert_int_equal(letter.body_length, original.body_length);
    assert_false(contract_bus()->get(RIG_DEAD, &letter));
    contract_bus_close(&rig);
}

static void without_a_dead_letter_queue_the_delivery_is_kept(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
    struct delivery *taken[1];
    struct error error = { 0 };
    rig_publish(&rig, 5, 1);
    rig_take(&rig, 1, taken);
    contract_bus()->delete_queue(RIG_DEAD);
    assert_false(rig.port.quarantine(rig.port.self, taken[0], "bad", &error));
    assert_non_null(strstr(error.message, RIG_DEAD));
    assert_true(rig.port.quarantine(rig.port.self, taken[0], "bad", &error)); /* declared again */
    rig_ack_all(&rig, taken, 1);
    contract_bus_close(&rig);
}

static void a_pause_gives_the_deliveries_back_and_a_resume_takes_them_again(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
    struct delivery *taken[1];
    rig_publish(&rig, 1, 1);
    rig_take(&rig, 1, taken);
    uint64_t session = rig.status.session;
    rig.port.pause(rig.port.self);
    contract_bus_wait_ready(&rig, RIG_QUEUE, 1);
    rig_service(&rig);
    assert_int_equal(rig.status.session, 0);
    assert_false(rig.status.can_consume);
    assert_true(rig.status.can_publish);
    rig_ack_all(&rig, taken, 1); /* of the ended session: without effect */
    rig.port.resume(rig.port.self);
    rig_wait_session_after(&rig, session);
    rig_take(&rig, 1, taken);
    assert_int_equal(taken[0]->delivery_count, 1);
    assert_int_equal(taken[0]->session, rig.status.session);
    rig_ack_all(&rig, taken, 1);
    rig_wait_drained(&rig);
    contract_bus_close(&rig);
}

static void connections_that_the_broker_closes_are_opened_again(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
    struct delivery *old[1], *taken[1];
    uint64_t session = rig.status.session;
    rig_publish(&rig, 1, 1);
    rig_take(&rig, 1, old);
    contract_bus()->close_connections();
    rig_wait_session_after(&rig, session);
    rig_ack_all(&rig, old, 1); /* void: it must come again */
    rig_take(&rig, 1, taken);
    assert_string_equal(taken[0]->message.id, rig_message(1, RIG_KEY).id);
    rig_ack_all(&rig, taken, 1);
    rig_wait_drained(&rig);
    contract_bus_close(&rig);
}

static void a_deleted_queue_is_declared_again_and_consumed(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
    struct delivery *taken[1];
    uint64_t session = rig.status.session;
    contract_bus()->delete_queue(RIG_QUEUE);
    rig_wait_session_after(&rig, session);
    rig_publish(&rig, 1, 1);
    rig_take(&rig, 1, taken);
    rig_ack_all(&rig, taken, 1);
    rig_wait_drained(&rig);
    contract_bus_close(&rig);
}

/* A busy queue: something is always ready, and yet all that waited at the start has its turn. */
static void a_queue_that_is_never_empty_is_done_with_what_waited(void **state)
{
    (void)state;
    struct rig rig = contract_bus()->open(WAITING);
    rig_wait_connected(&rig);
    rig_publish(&rig, 0, WAITING);
    size_t acked = 0;
    while (!rig.port.is_drained(rig.port.self)) {
        struct delivery *taken[1];
        assert_true(acked < 10 * WAITING);
        rig_publish(&rig, (int)(WAITING + acked), 1);
        rig_take(&rig, 1, taken);
        rig_ack_all(&rig, taken, 1);
        acked++;
    }
    assert_true(acked >= WAITING);
    contract_bus_close(&rig);
}

/* A process that ended without a word: the broker gives it to the next one, in the old order. */
static void what_a_closed_bus_held_comes_back_counted(void **state)
{
    (void)state;
    struct delivery *taken[4];
    struct rig first = contract_bus_open();
    rig_wait_drained(&first); /* makes it wide */
    rig_publish(&first, 0, 3);
    rig_take(&first, 3, taken);
    contract_bus_close(&first);
    contract_bus_wait_ready(&first, RIG_QUEUE, 3);
    struct rig rig = contract_bus_open();
    rig_publish(&rig, 3, 1);
    for (int i = 0; i < 4; i++) {
        struct message wanted = rig_message(i, RIG_KEY);
        rig_take(&rig, 1, taken);
        assert_string_equal(taken[0]->message.id, wanted.id);
        assert_int_equal(taken[0]->delivery_count, i < 3 ? 1 : 0);
        rig_ack_all(&rig, taken, 1);
    }
    rig_wait_drained(&rig);
    contract_bus_close(&rig);
}

#define TEST(name) cmocka_unit_test_setup(name, contract_bus_reset)
const struct CMUnitTest bus_deliveries[] = {
    TEST(what_is_published_comes_back_whole_and_is_acked),
    TEST(a_quarantined_message_lies_in_the_dead_letter_queue_with_its_reason),
    TEST(without_a_dead_letter_queue_the_delivery_is_kept),
    TEST(a_pause_gives_the_deliveries_back_and_a_resume_takes_them_again),
    TEST(what_a_closed_bus_held_comes_back_counted),
    TEST(connections_that_the_broker_closes_are_opened_again),
    TEST(a_deleted_queue_is_declared_again_and_consumed),
    TEST(a_queue_that_is_never_empty_is_done_with_what_waited),
};
const size_t bus_deliveries_count = sizeof bus_deliveries / sizeof bus_deliveries[0];
