/* The bus on a real broker that is well. test_amqp_publish.c is about what goes out;
 * test_amqp_faults.c has a broker that is not well. */
#include "common/base/clock.h"
#include "tests/contract/amqp_rig.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANY  2000
#define BATCH 256

static int reset(void **state)
{
    (void)state;
    broker_reset();
    return 0;
}

static void what_is_published_comes_back_whole_and_is_acked(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
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
    rig_close(&rig);
    broker_wait_ready(RIG_QUEUE, 0); /* nothing came back when the connection closed */
}

static void who_may_not_declare_says_what_is_missing(void **state)
{
    (void)state;
    struct amqp_bus_options options = rig_options();
    options.may_declare = false;
    struct rig rig = rig_open(&options);
    rig_wait_refused(&rig, RIG_DEAD);
    assert_non_null(strstr(rig.status.detail, "definitions"));
    rig_close(&rig);
}

static void a_queue_with_other_arguments_is_named_and_left_alone(void **state)
{
    (void)state;
    broker_declare_plain_queue(RIG_QUEUE);
    struct amqp_bus_options options = rig_options();
    struct rig rig = rig_open(&options);
    rig_wait_refused(&rig, "other arguments");
    assert_false(rig.status.can_publish);
    assert_non_null(strstr(rig.status.detail, RIG_QUEUE));
    rig_close(&rig);
}

static void a_wrong_password_is_told_and_not_shown(void **state)
{
    (void)state;
    char url[128];
    (void)snprintf(url, sizeof url, "amqp://guest:nonsense@%s",
                   strchr(getenv("AMQP_URL"), '@') + 1);
    struct amqp_bus_options options = rig_options();
    options.url = url;
    struct rig rig = rig_open(&options);
    rig_wait_refused(&rig, "ACCESS_REFUSED");
    assert_null(strstr(rig.status.detail, "nonsense"));
    rig_close(&rig);
}

static void tls_connects_where_certificate_and_name_are_right(void **state)
{
    (void)state;
    char url[512];
    struct amqp_bus_options options = rig_options();
    options.url = url;
    (void)snprintf(url, sizeof url, "amqps://guest:guest@%s/?cacertfile=%s", getenv("AMQPS_HOST"),
                   getenv("AMQPS_CA"));
    struct rig rig = rig_open(&options);
    rig_wait_connected(&rig);
    rig_publish(&rig, 1, BATCH);
    rig_close(&rig);
    (void)snprintf(url, sizeof url, "amqps://guest:guest@%s/", getenv("AMQPS_HOST"));
    rig = rig_open(&options); /* the system's authorities do not know this one */
    rig_wait_refused(&rig, "SSL");
    assert_false(rig.status.can_publish);
    rig_close(&rig);
    (void)snprintf(url, sizeof url, "amqps://guest:guest@127.0.0.1%s/?cacertfile=%s",
                   strchr(getenv("AMQPS_HOST"), ':'), getenv("AMQPS_CA"));
    rig = rig_open(&options);
    rig_wait_refused(&rig, "hostname");
    assert_false(rig.status.can_publish);
    rig_close(&rig);
}

static void a_quarantined_message_lies_in_the_dead_letter_queue_with_its_reason(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    struct delivery *taken[1];
    struct error error = { 0 };
    rig_publish(&rig, 5, 1);
    rig_take(&rig, 1, taken);
    assert_true(rig.port.quarantine(rig.port.self, taken[0], "amount is negative", &error));
    rig_ack_all(&rig, taken, 1);
    rig_wait_drained(&rig);
    struct letter letter;
    struct message original = rig_message(5, RIG_KEY);
    assert_true(broker_get(RIG_DEAD, &letter));
    assert_string_equal(letter.reason, "amount is negative");
    assert_string_equal(letter.routing_key, RIG_KEY);
    assert_string_equal(letter.service, "orders");
    assert_string_equal(letter.traceparent, original.traceparent);
    assert_string_equal(letter.id, original.id);
    assert_int_equal(letter.body_length, original.body_length);
    assert_false(broker_get(RIG_DEAD, &letter));
    rig_close(&rig);
}

static void without_a_dead_letter_queue_the_delivery_is_kept(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    struct delivery *taken[1];
    struct error error = { 0 };
    rig_publish(&rig, 5, 1);
    rig_take(&rig, 1, taken);
    broker_delete_queue(RIG_DEAD);
    assert_false(rig.port.quarantine(rig.port.self, taken[0], "bad", &error));
    assert_non_null(strstr(error.message, RIG_DEAD));
    assert_true(rig.port.quarantine(rig.port.self, taken[0], "bad", &error)); /* declared again */
    rig_ack_all(&rig, taken, 1);
    rig_close(&rig);
}

static void a_body_too_large_to_keep_is_dead_lettered_by_the_broker(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    struct delivery *taken[1];
    struct error error = { 0 };
    static char large[MESSAGE_BODY_BYTES_MAX + 1];
    memset(large, 'x', sizeof large);
    amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_MESSAGE_ID_FLAG |
                                                     AMQP_BASIC_DELIVERY_MODE_FLAG,
                                           .delivery_mode = 2,
                                           .message_id = amqp_cstring_bytes("large") };
    broker_publish(TOPOLOGY_EXCHANGE, RIG_KEY, &properties, (amqp_bytes_t){ sizeof large, large });
    rig_publish(&rig, 1, 1);
    rig_take(&rig, 1, taken);
    assert_non_null(strstr(taken[0]->malformed, "65537"));
    assert_int_equal(taken[0]->message.body_length, 0);
    assert_true(rig.port.quarantine(rig.port.self, taken[0], taken[0]->malformed, &error));
    rig_ack_all(&rig, taken, 1);
    rig_take(&rig, 1, taken);
    assert_string_equal(taken[0]->malformed, "");
    rig_ack_all(&rig, taken, 1);
    broker_wait_ready(RIG_DEAD, 1);
    struct letter letter;
    assert_true(broker_get(RIG_DEAD, &letter));
    assert_int_equal(letter.body_length, sizeof large);
    rig_wait_drained(&rig);
    rig_close(&rig);
}

static void a_strangers_envelope_is_marked_and_the_next_message_proceeds(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    struct delivery *taken[1];
    struct error error = { 0 };
    amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG,
                                           .content_type = amqp_cstring_bytes("text/plain") };
    broker_publish(TOPOLOGY_EXCHANGE, RIG_KEY, &properties, amqp_empty_bytes);
    rig_publish(&rig, 1, 1);
    rig_take(&rig, 1, taken);
    assert_non_null(strstr(taken[0]->malformed, "message_id is missing: the producer"));
    assert_true(rig.port.quarantine(rig.port.self, taken[0], taken[0]->malformed, &error));
    rig_ack_all(&rig, taken, 1);
    rig_take(&rig, 1, taken);
    assert_string_equal(taken[0]->malformed, "");
    rig_ack_all(&rig, taken, 1);
    struct letter letter;
    assert_true(broker_get(RIG_DEAD, &letter));
    assert_non_null(strstr(letter.reason, "message_id is missing: the producer"));
    assert_non_null(strstr(letter.reason, "the body is no JSON object"));
    rig_close(&rig);
}

static void messages_that_came_back_go_one_at_a_time(void **state)
{
    (void)state;
    static struct delivery *taken[20];
    struct rig first = rig_open_connected();
    rig_wait_drained(&first); /* makes it wide */
    rig_publish(&first, 0, 3);
    rig_take(&first, 3, taken);
    rig_close(&first); /* all three come back, counted */
    broker_wait_ready(RIG_QUEUE, 3);
    struct rig rig = rig_open_connected();
    rig_publish(&rig, 3, 10);
    for (uint32_t i = 0; i < 3; i++) {
        rig_take(&rig, 1, taken);
        assert_int_equal(taken[0]->delivery_count, 1);
        assert_int_equal(broker_ready(RIG_QUEUE), 12 - i); /* only this one is out */
        rig_ack_all(&rig, taken, 1);
    }
    rig_take(&rig, 1, taken);
    assert_int_equal(taken[0]->delivery_count, 0);
    rig_ack_all(&rig, taken, 1);
    rig_take(&rig, 9, taken); /* wide again: none is acked in between */
    rig_ack_all(&rig, taken, 9);
    rig_wait_drained(&rig);
    rig_close(&rig);
}

static void a_pause_gives_the_deliveries_back_and_a_resume_takes_them_again(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    struct delivery *taken[1];
    rig_publish(&rig, 1, 1);
    rig_take(&rig, 1, taken);
    uint64_t session = rig.status.session;
    rig.port.pause(rig.port.self);
    broker_wait_ready(RIG_QUEUE, 1);
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
    rig_close(&rig);
}

#define SENTENCE(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(what_is_published_comes_back_whole_and_is_acked),
        SENTENCE(who_may_not_declare_says_what_is_missing),
        SENTENCE(a_queue_with_other_arguments_is_named_and_left_alone),
        SENTENCE(a_wrong_password_is_told_and_not_shown),
        SENTENCE(tls_connects_where_certificate_and_name_are_right),
        SENTENCE(a_quarantined_message_lies_in_the_dead_letter_queue_with_its_reason),
        SENTENCE(without_a_dead_letter_queue_the_delivery_is_kept),
        SENTENCE(a_body_too_large_to_keep_is_dead_lettered_by_the_broker),
        SENTENCE(a_strangers_envelope_is_marked_and_the_next_message_proceeds),
        SENTENCE(messages_that_came_back_go_one_at_a_time),
        SENTENCE(a_pause_gives_the_deliveries_back_and_a_resume_takes_them_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
