/* What a payment makes of the provider's word about failed tries. */
#include "tests/unit/payment_fixture.h"

static struct input declined(const char *user, bool is_final)
{
    struct input input = make(INPUT_DECLINED, "B1", 0);
    struct payment_payload *payload = (struct payment_payload *)(void *)input.payload;
    snprintf(payload->user_id, sizeof payload->user_id, "%s", user);
    payload->is_final = is_final;
    return input;
}

static void assert_body(const char *expected)
{
    const struct message *message = &decision.messages[0];
    assert_int_equal(message->body_length, strlen(expected));
    assert_memory_equal(message->body, expected, message->body_length);
}

static void a_decline_names_its_user_and_says_whether_it_is_for_good(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, declined("alice", false));
    assert_int_equal(payment.state, PAYMENT_DECLINED);
    assert_string_equal(decision.messages[0].type, EVENT_PAYMENT_DECLINED);
    assert_body("{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"userId\":\"alice\","
                "\"reason\":\"why\",\"final\":false,\"declinedAt\":1000000}");
    struct payment nameless = { 0 };
    feed(&nameless, declined("", true));
    assert_body("{\"paymentId\":\"P1\",\"intentId\":\"B1\","
                "\"reason\":\"why\",\"final\":true,\"declinedAt\":1000000}");
}

static void a_decline_is_announced_again_only_if_it_says_more(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, declined("", false));
    feed(&payment, declined("", false));
    assert_int_equal(decision.message_count, 0);
    feed(&payment, declined("alice", false));
    assert_true(owes(EVENT_PAYMENT_DECLINED));
    feed(&payment, declined("alice", true));
    assert_true(owes(EVENT_PAYMENT_DECLINED));
    for (int i = 0; i < 4; i++) { /* in whatever order they come again */
        feed(&payment, declined(i % 2 ? "alice" : "", i / 2));
        assert_string_equal(decision.verdict, "duplicate");
        assert_false(decision.is_changed);
    }
    struct payment before = payment;
    feed(&payment, declined("mallory", true));
    assert_true(decision.is_security_event);
    assert_int_equal(decision.message_count, 0);
    assert_memory_equal(&payment, &before, sizeof before);
}

static void money_captured_after_a_declined_try_is_announced(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, declined("alice", true));
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_CAPTURED);
    assert_true(owes(EVENT_PAYMENT_CAPTURED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decline_names_its_user_and_says_whether_it_is_for_good),
        cmocka_unit_test(a_decline_is_announced_again_only_if_it_says_more),
        cmocka_unit_test(money_captured_after_a_declined_try_is_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
