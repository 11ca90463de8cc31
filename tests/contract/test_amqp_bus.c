/* What is RabbitMQ's own of a bus that is well; what any bus does is in bus_*.c.
 * test_amqp_publish.c is about what goes out; test_amqp_faults.c has a broker that is not well. */
#include "common/base/clock.h"
#include "tests/contract/amqp_rig.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BATCH    256
#define SINCE_MS INT64_C(1700000001234)

static int reset(void **state)
{
    (void)state;
    broker_reset();
    return 0;
}

static void who_may_not_declare_says_what_is_missing(void **state)
{
    (void)state;
    struct rig maker = rig_open_connected();
    rig_close(&maker);
    broker_reset(); /* the exchange stays */
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

/* For those who read the queues beside the own one by other means. */
static void a_copy_beside_the_queue_says_why_it_is_there_and_whose_it_was(void **state)
{
    (void)state;
    static const struct {
        const char *queue, *reason;
    } copies[] = { { RIG_DEAD, "amount is negative" }, { RIG_LATER, "of schema 2" } };
    struct rig rig = rig_open_connected();
    struct error error = { 0 };
    struct delivery *taken[1];
    rig_publish(&rig, 5, 1);
    rig_take(&rig, 1, taken);
    assert_true(rig.port.quarantine(rig.port.self, taken[0], copies[0].reason, &error));
    assert_true(rig.port.postpone(rig.port.self, taken[0], copies[1].reason, SINCE_MS, &error));
    for (size_t i = 0; i < 2; i++) {
        struct letter letter;
        assert_true(broker_get(copies[i].queue, &letter));
        assert_string_equal(letter.reason, copies[i].reason);
        assert_string_equal(letter.routing_key, RIG_KEY);
        assert_string_equal(letter.service, "orders");
        assert_int_equal(letter.later_since_ms, i == 0 ? 0 : SINCE_MS);
        assert_false(letter.has_death); /* it would be dropped the second time */
    }
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

#define SENTENCE(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(who_may_not_declare_says_what_is_missing),
        SENTENCE(a_queue_with_other_arguments_is_named_and_left_alone),
        SENTENCE(a_wrong_password_is_told_and_not_shown),
        SENTENCE(tls_connects_where_certificate_and_name_are_right),
        SENTENCE(a_copy_beside_the_queue_says_why_it_is_there_and_whose_it_was),
        SENTENCE(a_body_too_large_to_keep_is_dead_lettered_by_the_broker),
        SENTENCE(a_strangers_envelope_is_marked_and_the_next_message_proceeds),
        SENTENCE(messages_that_came_back_go_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
