/* A refund that takes its time: it waits for its turn, for the provider, for somebody to act. */
#include "tests/unit/payment_fixture.h"

static struct input deadline(bool is_effect_held)
{
    struct input input = make(INPUT_DEADLINE, "", 0);
    const struct deadline_payload payload = { is_effect_held };
    memcpy(input.payload, &payload, sizeof payload);
    return input;
}

static void transient_errors_back_off_up_to_a_bound_and_alert_at_intervals(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    int64_t last_wait_ms = 0;
    int64_t now_ms = NOW;
    for (int i = 1; i <= 1000; i++) {
        feed_at(&payment, result(REFUND_TRANSIENT), now_ms);
        assert_int_equal(payment.state, PAYMENT_REFUNDING);
        assert_int_equal(payment.attempts, i);
        assert_true(decision.is_alert == (i % rules.refund_attempts_max == 0));
        int64_t wait_ms = payment.due_at_ms - now_ms;
        assert_true(wait_ms > last_wait_ms || wait_ms >= rules.refund_retry_max_ms);
        assert_true(wait_ms <= rules.refund_retry_max_ms * 5 / 4);
        last_wait_ms = wait_ms;
        now_ms = payment.due_at_ms;
        feed_at(&payment, deadline(false), now_ms);
        assert_int_equal(decision.effect.type, EFFECT_LOOKUP);
    }
}

static void what_says_nothing_of_the_payment_is_tried_on_and_alerted_once(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    feed(&payment, result(REFUND_BLOCKED));
    assert_int_equal(payment.state, PAYMENT_REFUNDING);
    assert_true(decision.is_alert);
    assert_true(payment.due_at_ms > NOW);
    feed_at(&payment, deadline(false), payment.due_at_ms);
    feed(&payment, result(REFUND_BLOCKED));
    assert_false(decision.is_alert);
    assert_int_equal(payment.state, PAYMENT_REFUNDING);
}

/* A call that waits for its turn behind many others. */
static void what_waits_for_its_turn_is_no_try_and_not_asked_about(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    int64_t last_wait_ms = 0;
    for (int64_t now_ms = payment.due_at_ms; now_ms < NOW + 3600000; now_ms = payment.due_at_ms) {
        feed_at(&payment, deadline(true), now_ms);
        assert_string_equal(decision.verdict, "wait");
        assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
        assert_false(decision.effect.is_wanted);
        assert_int_equal(payment.attempts, 0);
        int64_t wait_ms = payment.due_at_ms - now_ms;
        assert_true(wait_ms >= last_wait_ms && wait_ms <= rules.refund_retry_max_ms);
        last_wait_ms = wait_ms;
    }
    assert_int_equal(last_wait_ms, rules.refund_retry_max_ms);
    feed_at(&payment, result(REFUND_SUCCEEDED), payment.due_at_ms - 1);
    assert_int_equal(payment.attempts, 1);
}

static void probes_and_calls_that_were_never_made_are_no_tries(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    for (int i = 0; i < 20; i++) {
        struct input probed = result(i % 2 == 0 ? REFUND_BLOCKED : REFUND_UNKNOWN);
        ((struct refund_result *)(void *)probed.payload)->is_uncounted = true;
        feed(&payment, probed);
        assert_int_equal(payment.attempts, 0);
        assert_false(decision.is_alert);
        assert_in_range(payment.due_at_ms - NOW, 1, 2 * rules.refund_retry_ms);
        feed_at(&payment, deadline(false), payment.due_at_ms);
        assert_int_equal(decision.effect.type, EFFECT_LOOKUP);
    }
}

static void a_pending_refund_is_asked_about_for_as_long_as_it_takes(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    int64_t now_ms = NOW;
    int polls = 0;
    for (; now_ms < NOW + INT64_C(30) * 86400000; polls++) {
        feed_at(&payment, result(REFUND_PENDING), now_ms);
        assert_int_equal(payment.state, PAYMENT_REFUNDING);
        assert_false(decision.is_alert);
        assert_int_equal(payment.attempts, 0);
        now_ms = payment.due_at_ms;
        feed_at(&payment, deadline(false), now_ms);
        assert_int_equal(decision.effect.type, EFFECT_LOOKUP);
    }
    assert_true(polls > 30 * 24 * 30); /* at least twice each two times the longest wait */
    feed_at(&payment, result(REFUND_SUCCEEDED), now_ms);
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transient_errors_back_off_up_to_a_bound_and_alert_at_intervals),
        cmocka_unit_test(what_says_nothing_of_the_payment_is_tried_on_and_alerted_once),
        cmocka_unit_test(what_waits_for_its_turn_is_no_try_and_not_asked_about),
        cmocka_unit_test(probes_and_calls_that_were_never_made_are_no_tries),
        cmocka_unit_test(a_pending_refund_is_asked_about_for_as_long_as_it_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
