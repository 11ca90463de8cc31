/* The calls to the provider, over HTTP. */
#include "payment/payment.h"
#include "tests/unit/provider_fake.h"

static void a_refund_comes_back_as_an_input(void **state)
{
    struct fake *fake = *state;
    struct refund_result result;
    assert_true(start(fake->client, EFFECT_REFUND, "P1", 500));
    struct input input = take(fake, &result);
    assert_int_equal(input.source, INPUT_FROM_EFFECT);
    assert_int_equal(input.type, INPUT_RESULT);
    assert_string_equal(input.type_name, "refund.result");
    assert_string_equal(input.id, "refund:P1:2");
    assert_string_equal(input.document_id, "P1");
    assert_string_equal(input.correlation_id, "B1");
    assert_string_equal(input.traceparent, TRACEPARENT);
    assert_int_equal(result.status, REFUND_SUCCEEDED);
    assert_string_equal(result.refund_id, "re_1");
    assert_string_equal(fake->key, "\"P1\"");
    assert_string_equal(fake->traceparent, TRACEPARENT);
    assert_string_equal(fake->body, "{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"amount\":500,"
                                    "\"currency\":\"EUR\"}");
}

static void a_look_up_asks_by_key_and_moves_nothing(void **state)
{
    struct fake *fake = *state;
    struct refund_result result;
    assert_true(start(fake->client, EFFECT_LOOKUP, "P1", 500));
    (void)take(fake, &result);
    assert_int_equal(result.status, REFUND_NOT_FOUND);
    assert_string_equal(fake->body, "");
    assert_int_equal(fake->calls, 1);
}

static void an_unavailable_provider_is_transient(void **state)
{
    struct fake *fake = *state;
    struct refund_result result;
    assert_true(start(fake->client, EFFECT_REFUND, "busy", 500));
    (void)take(fake, &result);
    assert_int_equal(result.status, REFUND_TRANSIENT);
    assert_true(strncmp(result.reason, "http_503", 8) == 0);
}

static void a_provider_that_says_nothing_is_unknown_in_time(void **state)
{
    struct fake *fake = *state;
    struct refund_result result;
    int64_t begin_ms = clock_monotonic_ms();
    assert_true(start(fake->client, EFFECT_REFUND, "gate", 500));
    (void)take(fake, &result);
    assert_int_equal(result.status, REFUND_UNKNOWN);
    int64_t elapsed_ms = clock_monotonic_ms() - begin_ms;
    assert_in_range(elapsed_ms, TIMEOUT_MS - 50, 10 * TIMEOUT_MS);
    /* A look-up that hears nothing has changed nothing. */
    assert_true(start(fake->client, EFFECT_LOOKUP, "gate", 500));
    (void)take(fake, &result);
    assert_int_equal(result.status, REFUND_TRANSIENT);
}

static void a_provider_that_is_not_there_is_transient(void **state)
{
    struct fake *fake = *state;
    struct refund_result result;
    fake->client = payment_provider_client_stop(fake->client);
    /* Bound and not listening: nobody else can take the port, and it refuses. */
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int closed = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(closed, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(closed, (struct sockaddr *)&address, &length), 0);
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", (int)ntohs(address.sin_port));
    fake->client = client_start(url);
    effect_pool_on_result(payment_provider_client_pool(fake->client), wake, fake);
    assert_true(start(fake->client, EFFECT_REFUND, "P1", 500));
    (void)take(fake, &result);
    close(closed);
    assert_int_equal(result.status, REFUND_TRANSIENT);
    assert_string_equal(result.reason, "not_reached");
}

static void slots_are_bounded_and_free_again_after_take(void **state)
{
    struct fake *fake = *state;
    char id[16];
    int count = 0;
    for (; count <= PROVIDER_CLIENT_SLOTS; count++) {
        (void)snprintf(id, sizeof id, "P%d", count);
        if (!start(fake->client, EFFECT_REFUND, id, 500))
            break;
    }
    assert_int_equal(count, PROVIDER_CLIENT_SLOTS);
    struct refund_result result;
    for (int i = 0; i < count; i++) {
        (void)take(fake, &result);
        assert_int_equal(result.status, REFUND_SUCCEEDED);
    }
    assert_true(start(fake->client, EFFECT_REFUND, "P1", 500));
    (void)take(fake, &result);
}

static void gates_fill(struct fake *fake)
{
    char id[16];
    for (int i = 0; i < PROVIDER_CLIENT_THREADS; i++) {
        (void)snprintf(id, sizeof id, "gate%d", i);
        assert_true(start(fake->client, EFFECT_REFUND, id, 1));
    }
    wait_for_calls_at_the_gate(fake, PROVIDER_CLIENT_THREADS);
}

static void a_call_that_waits_is_made_whatever_is_asked_after_it(void **state)
{
    struct fake *fake = *state;
    struct effect_port port = effect_pool_port(payment_provider_client_pool(fake->client));
    gates_fill(fake);
    assert_false(port.holds(port.self, "P1"));
    assert_true(start(fake->client, EFFECT_REFUND, "P1", 500));
    assert_true(port.holds(port.self, "P1"));
    assert_true(start(fake->client, EFFECT_REFUND, "P1", 500)); /* the same: one call */
    assert_true(start(fake->client, EFFECT_LOOKUP, "P1", 500)); /* another question: its own turn */
    gate_open(fake);
    struct refund_result result;
    int refunds = 0, lookups = 0;
    for (int i = 0; i < PROVIDER_CLIENT_THREADS + 2; i++) {
        struct input input = take(fake, &result);
        if (strcmp(input.document_id, "P1") != 0)
            continue;
        refunds += result.status == REFUND_SUCCEEDED;
        lookups += result.status == REFUND_NOT_FOUND;
    }
    assert_int_equal(refunds, 1);
    assert_int_equal(lookups, 1);
    assert_int_equal(fake->calls, PROVIDER_CLIENT_THREADS + 2);
    assert_false(port.holds(port.self, "P1"));
}

static void a_provider_that_answers_nobody_is_asked_by_one_probe_at_a_time(void **state)
{
    struct fake *fake = *state;
    char id[16];
    for (int i = 0; i < 50; i++) {
        (void)snprintf(id, sizeof id, "busy%d", i);
        assert_true(start(fake->client, EFFECT_REFUND, id, 500));
    }
    struct refund_result result;
    for (int i = 0; i < BREAKER_OPENS_AT; i++) {
        (void)take(fake, &result);
        assert_int_equal(result.status, REFUND_TRANSIENT);
    }
    struct effect_queue_status status;
    effect_pool_status_get(payment_provider_client_pool(fake->client), &status);
    assert_true(status.is_open);
    assert_true(strncmp(status.reason, "http_503", 8) == 0);
    assert_in_range(status.calls, BREAKER_OPENS_AT, BREAKER_OPENS_AT + PROVIDER_CLIENT_THREADS + 1);
    struct effect_port port = effect_pool_port(payment_provider_client_pool(fake->client));
    struct input input;
    while (port.take(port.self, 1, &input) > 0) /* those under way, and the first probe */
        continue;
    assert_int_equal(port.take(port.self, 1, &input), 0);
    effect_pool_status_get(payment_provider_client_pool(fake->client), &status);
    assert_in_range(status.waiting, 50 - BREAKER_OPENS_AT - PROVIDER_CLIENT_THREADS - 1, 50);
}

static void a_stop_waits_for_calls_under_way_and_no_longer(void **state)
{
    struct fake *fake = *state;
    char id[16];
    for (int i = 0; i < 3 * PROVIDER_CLIENT_THREADS; i++) {
        (void)snprintf(id, sizeof id, "gate%d", i);
        assert_true(start(fake->client, EFFECT_REFUND, id, 500));
    }
    wait_for_calls_at_the_gate(fake, PROVIDER_CLIENT_THREADS);
    effect_pool_on_result(payment_provider_client_pool(fake->client), NULL, NULL);
    int64_t begin_ms = clock_monotonic_ms();
    fake->client = payment_provider_client_stop(fake->client);
    assert_in_range(clock_monotonic_ms() - begin_ms, 0, 5 * TIMEOUT_MS);
    assert_int_equal(fake->wakes, 0);
    assert_int_equal(fake->calls, PROVIDER_CLIENT_THREADS);
}

static void an_address_that_cannot_be_one_is_refused(void **state)
{
    (void)state;
    char url[PROVIDER_CLIENT_URL_BYTES_MAX + 1];
    memset(url, 'u', sizeof url - 1);
    url[sizeof url - 1] = '\0';
    struct error error;
    struct provider_client_options options = { .url = url };
    assert_null(payment_provider_client_start(&options, &error));
    assert_int_equal(error.code, ERROR_REJECT);
    options.url = "///";
    assert_null(payment_provider_client_start(&options, &error));
    assert_null(payment_provider_client_stop(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, client_open, client_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refund_comes_back_as_an_input),
        TEST(a_look_up_asks_by_key_and_moves_nothing),
        TEST(an_unavailable_provider_is_transient),
        TEST(a_provider_that_says_nothing_is_unknown_in_time),
        TEST(a_provider_that_is_not_there_is_transient),
        TEST(slots_are_bounded_and_free_again_after_take),
        TEST(a_call_that_waits_is_made_whatever_is_asked_after_it),
        TEST(a_provider_that_answers_nobody_is_asked_by_one_probe_at_a_time),
        TEST(a_stop_waits_for_calls_under_way_and_no_longer),
        cmocka_unit_test(an_address_that_cannot_be_one_is_refused),
    };
    return cmocka_run_group_tests(tests, server_open, server_close);
}
