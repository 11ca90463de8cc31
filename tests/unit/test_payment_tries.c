/* What a payment makes of the provider's word about failed tries. */
#include "payment/unnamed.h"
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

static struct input captured(const char *user, int64_t amount, bool is_unnamed)
{
    struct input input = make(INPUT_CAPTURED, "B1", amount);
    struct payment_payload *payload = (struct payment_payload *)(void *)input.payload;
    snprintf(payload->user_id, sizeof payload->user_id, "%s", user);
    payload->is_unnamed = is_unnamed;
    return input;
}

static void a_capture_with_other_content_is_kept_with_an_alert_and_never_refused(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, captured("alice", 1200, false));
    feed(&payment, captured("mallory", 1300, false));
    assert_string_equal(decision.verdict, "conflict");
    assert_true(decision.is_alert);
    assert_true(decision.is_security_event);
    assert_int_equal(decision.reply, REPLY_OK);
    assert_int_equal(decision.message_count, 0);
    assert_int_equal(payment.amount, 1200); /* one id is one payment */
    assert_int_equal(payment.conflict_count, 1);
    assert_string_equal(payment.conflicts[0].user_id, "mallory");
    assert_int_equal(payment.conflicts[0].amount, 1300);
    struct payment before = payment;
    feed(&payment, captured("mallory", 1300, false));
    assert_string_equal(decision.verdict, "duplicate");
    assert_memory_equal(&payment, &before, sizeof before);
    for (int i = 0; i < 10; i++) {
        feed(&payment, captured("alice", 2000 + i, false));
        assert_true(decision.is_alert);
        assert_int_equal(decision.reply, REPLY_OK);
    }
    assert_int_equal(payment.conflict_count, PAYMENT_CONFLICTS_MAX);
}

static void a_capture_without_an_id_that_differs_from_the_first_gets_an_id_of_its_own(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, captured("mallory", 1200, true));
    assert_int_equal(decision.reply, REPLY_ACCEPTED);
    struct payment before = payment;
    feed(&payment, captured("alice", 1200, true));
    assert_int_equal(decision.reply, REPLY_CONFLICT);
    assert_false(decision.is_changed);
    assert_false(decision.is_alert);
    assert_memory_equal(&payment, &before, sizeof before);
    feed(&payment, captured("mallory", 1200, true));
    assert_int_equal(decision.reply, REPLY_REPLAYED);
}

static void the_first_id_is_the_one_that_earlier_releases_made(void **test)
{
    (void)test;
    char first[UUID_TEXT_SIZE];
    char again[UUID_TEXT_SIZE];
    char own[UUID_TEXT_SIZE];
    payment_unnamed_capture_first("B1", first);
    assert_string_equal(first, "9711cea5-b342-8dac-8abc-724c9d8fb81f");
    struct input input = captured("alice", 1200, true);
    payment_unnamed_capture_own(payment_payload(&input), own);
    payment_unnamed_capture_own(payment_payload(&input), again);
    assert_string_equal(own, again);
    assert_string_not_equal(own, first);
    input = captured("alice", 1201, true);
    payment_unnamed_capture_own(payment_payload(&input), again);
    assert_string_not_equal(own, again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decline_names_its_user_and_says_whether_it_is_for_good),
        cmocka_unit_test(a_decline_is_announced_again_only_if_it_says_more),
        cmocka_unit_test(money_captured_after_a_declined_try_is_announced),
        cmocka_unit_test(a_capture_with_other_content_is_kept_with_an_alert_and_never_refused),
        cmocka_unit_test(a_capture_without_an_id_that_differs_from_the_first_gets_an_id_of_its_own),
        cmocka_unit_test(the_first_id_is_the_one_that_earlier_releases_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
