/* What the provider reports by webhook about a refund, at any time and more than once. */
#include "tests/unit/payment_fixture.h"

static void a_report_and_a_demand_before_the_capture_call_nobody(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    version = 0;
    feed(&payment, make(INPUT_REPORTED, "B1", 1200));
    feed(&payment, make(INPUT_FAILED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_EXPECTED);
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
    assert_false(decision.effect.is_wanted);
    assert_true(owes(EVENT_PAYMENT_REFUNDED));
}

static void the_replay_of_a_report_books_nothing(void **test)
{
    (void)test;
    struct payment payment = refunded();
    struct payment before = payment;
    feed(&payment, make(INPUT_REPORTED, "B1", 1200));
    assert_int_equal(decision.outcome, OUTCOME_DUPLICATE);
    assert_int_equal(decision.message_count, 0);
    assert_memory_equal(&payment, &before, sizeof payment);
}

static void a_report_of_another_amount_is_not_the_refund(void **test)
{
    (void)test;
    static const int64_t amounts[] = { 1, 1199, 1201 };
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        struct payment payment = refund_due();
        feed(&payment, make(INPUT_REPORTED, "B1", amounts[i]));
        assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
        assert_int_equal(decision.outcome, OUTCOME_REJECTED);
        assert_true(decision.is_alert);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_and_a_demand_before_the_capture_call_nobody),
        cmocka_unit_test(the_replay_of_a_report_books_nothing),
        cmocka_unit_test(a_report_of_another_amount_is_not_the_refund),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
