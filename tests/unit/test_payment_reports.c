/* What is heard of a payment's refunds: several, in parts, in any order, at any time, and more than
 * once. */
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

/* Ten of twelve hundred came back by hand, whenever that was heard. */
static void what_is_back_in_part_is_asked_for_in_the_rest(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    version = 0;
    feed(&payment, report_of("R1", 10, STANDING_SUCCEEDED));
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_CAPTURED);
    feed(&payment, report_of("R2", 90, STANDING_SUCCEEDED));
    feed(&payment, make(INPUT_FAILED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
    assert_false(owes(EVENT_PAYMENT_REFUNDED));
    assert_true(asked(EFFECT_REFUND).amount > 0);
    assert_int_equal(asked(EFFECT_REFUND).amount, 1100);
    assert_string_equal(asked(EFFECT_REFUND).key, "P1");
    feed(&payment, answer_of(REFUND_SUCCEEDED, "R3", 1100));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
    assert_false(decision.is_alert);
}

static void what_came_back_and_failed_is_not_back(void **test)
{
    (void)test;
    static const enum payment_input_type outcomes[] = { INPUT_CAPTURED, INPUT_CONFIRMED };
    for (size_t i = 0; i < 2; i++) {
        struct payment payment = { 0 };
        version = 0;
        feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
        feed(&payment, make(outcomes[i], "B1", 1200));
        feed(&payment, report_of("R1", 1200, STANDING_SUCCEEDED));
        assert_int_equal(decision.is_alert, outcomes[i] == INPUT_CONFIRMED);
        feed(&payment, report_of("R1", 1200, STANDING_FAILED));
        feed(&payment, report_of("R1", 1200, STANDING_SUCCEEDED)); /* late, once more */
        feed(&payment, make(INPUT_CANCELLED, "B1", 1200));
        assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
        assert_int_equal(asked(EFFECT_REFUND).amount, 1200);
    }
}

static void a_failure_reported_before_the_capture_stays_a_failure(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    version = 0;
    feed(&payment, report_of("R1", 1200, STANDING_FAILED));
    feed(&payment, report_of("R1", 1200, STANDING_SUCCEEDED));
    feed(&payment, make(INPUT_FAILED, "B1", 1200));
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
    assert_int_equal(asked(EFFECT_REFUND).amount, 1200);
}

static void a_report_after_a_decline_is_kept_for_the_capture(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    version = 0;
    feed(&payment, make(INPUT_DECLINED, "B1", 0));
    feed(&payment, report_of("R1", 1200, STANDING_SUCCEEDED));
    assert_true(decision.is_alert);
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    feed(&payment, make(INPUT_FAILED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
}

/* The first key's refund failed: the money is asked for again, under a key of its own, which is
 * asked about before it is used. */
static void a_refund_that_failed_is_made_again_under_the_next_key(void **test)
{
    (void)test;
    struct payment payment = refunded();
    feed(&payment, report_of("R1", 1200, STANDING_FAILED));
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
    assert_true(decision.is_alert);
    assert_true(owes(EVENT_REFUND_STUCK)); /* it was announced as back */
    assert_non_null(strstr(decision.messages[0].body, "\"retrying\":true"));
    assert_false(decision.effect.is_wanted); /* a call may be under way */
    feed_deadline(&payment);
    assert_string_equal(asked(EFFECT_LOOKUP).key, "P1");
    feed(&payment, answer_of(REFUND_SUCCEEDED, "R1", 1200)); /* its books do not know better */
    struct refund_effect next = asked(EFFECT_LOOKUP);
    assert_string_not_equal(next.key, "P1");
    assert_true(ident_is_valid(next.key, strlen(next.key)));
    feed(&payment, result(REFUND_NOT_FOUND));
    assert_true(asked(EFFECT_REFUND).amount > 0);
    assert_int_equal(asked(EFFECT_REFUND).amount, 1200);
    feed(&payment, answer_of(REFUND_SUCCEEDED, "R2", 1200));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
    assert_true(owes(EVENT_PAYMENT_REFUNDED));
}

/* A failed, B succeeded, A once more, B failed, A's old success once more. */
static void a_late_duplicate_speaks_of_its_own_refund_only(void **test)
{
    (void)test;
    struct payment payment = refunded();
    feed(&payment, report_of("R1", 1200, STANDING_FAILED));
    feed_deadline(&payment);
    feed(&payment, result(REFUND_REFUSED));
    assert_int_equal(payment.state, PAYMENT_STUCK);
    feed(&payment, report_of("RB", 1200, STANDING_SUCCEEDED));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
    struct payment before = payment;
    feed(&payment, report_of("R1", 1200, STANDING_FAILED));
    feed(&payment, report_of("R1", 1200, STANDING_SUCCEEDED));
    feed(&payment, report_of("RB", 1200, STANDING_PENDING));
    assert_memory_equal(&payment, &before, sizeof payment);
    feed(&payment, report_of("RB", 1200, STANDING_FAILED));
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
    feed(&payment, report_of("R1", 1200, STANDING_SUCCEEDED));
    assert_int_equal(decision.outcome, OUTCOME_DUPLICATE);
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
}

/* Every order of the reports of two refunds, with duplicates of each in any place. */
static void the_order_of_reports_does_not_matter(void **test)
{
    (void)test;
    static const struct {
        const char *id;
        enum standing standing;
    } said[] = { { "RA", STANDING_PENDING },   { "RA", STANDING_SUCCEEDED },
                 { "RA", STANDING_FAILED },    { "RB", STANDING_PENDING },
                 { "RB", STANDING_SUCCEEDED }, { "RB", STANDING_SUCCEEDED } };
    enum { COUNT = sizeof said / sizeof said[0] };
    size_t orders = 1;
    for (size_t i = 2; i <= COUNT; i++)
        orders *= i;
    for (size_t order = 0; order < orders; order++) {
        struct payment payment = { 0 };
        size_t left[COUNT], rest = order;
        version = 0;
        feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
        for (size_t i = 0; i < COUNT; i++)
            left[i] = i;
        for (size_t count = COUNT; count > 0; count--) {
            size_t at = rest % count;
            rest /= count;
            feed(&payment, report_of(said[left[at]].id, 600, said[left[at]].standing));
            left[at] = left[count - 1];
        }
        assert_int_equal(payment_back(&payment), 600);
        assert_int_equal(payment_missing(&payment), 600);
    }
}

static void what_is_under_way_by_hand_is_waited_for(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    version = 0;
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    feed(&payment, report_of("R1", 1200, STANDING_PENDING));
    feed(&payment, make(INPUT_FAILED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_REFUNDING);
    assert_false(decision.effect.is_wanted);
    struct payment other = payment;
    feed(&payment, report_of("R1", 1200, STANDING_SUCCEEDED));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);

    feed(&other, report_of("R1", 1200, STANDING_FAILED));
    assert_int_equal(other.state, PAYMENT_REFUNDING);
    feed_at(&other, make(INPUT_DEADLINE, "", 0), other.due_at_ms);
    assert_string_equal(asked(EFFECT_LOOKUP).key, "P1");
    feed(&other, result(REFUND_NOT_FOUND));
    assert_int_equal(asked(EFFECT_REFUND).amount, 1200);
}

/* The provider refuses what is more than is left: the part that we had not heard of changes that.
 */
static void a_part_heard_of_while_stuck_leads_to_a_call_for_the_rest(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    feed(&payment, result(REFUND_REFUSED));
    assert_int_equal(payment.state, PAYMENT_STUCK);
    feed(&payment, report_of("RH", 200, STANDING_SUCCEEDED));
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
    feed_deadline(&payment);
    feed(&payment, result(REFUND_NOT_FOUND)); /* under the first key, which stands for 1200 */
    assert_true(asked(EFFECT_LOOKUP).amount > 0);
    assert_string_not_equal(asked(EFFECT_LOOKUP).key, "P1");
    feed(&payment, result(REFUND_NOT_FOUND));
    assert_int_equal(asked(EFFECT_REFUND).amount, 1000);
}

/* Nobody had told of it before, so it does not change what is missing; but while it stood, more was
 * asked for than was left. */
static void a_refund_that_failed_unheard_of_while_stuck_leads_to_another_call(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    feed(&payment, result(REFUND_REFUSED));
    assert_int_equal(payment.state, PAYMENT_STUCK);
    feed(&payment, report_of("RH", 200, STANDING_FAILED));
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
    feed(&payment, report_of("RH", 200, STANDING_SUCCEEDED)); /* it had, before it failed */
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
    feed_deadline(&payment);
    assert_string_not_equal(asked(EFFECT_LOOKUP).key, "P1"); /* which was refused */
    feed(&payment, result(REFUND_NOT_FOUND));
    assert_int_equal(asked(EFFECT_REFUND).amount, 1200);

    feed(&payment, result(REFUND_REFUSED));
    struct payment before = payment;
    feed(&payment, report_of("RH", 200, STANDING_FAILED)); /* is no news any more */
    assert_int_equal(payment.state, PAYMENT_STUCK);
    assert_memory_equal(&payment, &before, sizeof before);
}

static void an_answer_from_before_a_report_decides_nothing(void **test)
{
    (void)test;
    static const enum refund_status statuses[] = { REFUND_REFUSED, REFUND_NOT_FOUND,
                                                   REFUND_ALREADY };
    for (size_t i = 0; i < 3; i++) {
        struct payment payment = refund_due();
        struct input old = result(statuses[i]);
        ((struct refund_result *)(void *)old.payload)->call_number = payment.call_number;
        feed(&payment, report_of("RH", 200, STANDING_SUCCEEDED));
        feed(&payment, old);
        assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
        assert_false(decision.effect.is_wanted);
    }
}

static void more_back_than_was_captured_is_an_alert(void **test)
{
    (void)test;
    struct payment payment = refunded();
    feed(&payment, report_of("R2", 1, STANDING_SUCCEEDED));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
    assert_true(decision.is_alert);
    payment = refund_due();
    feed(&payment, report_of("R2", 1201, STANDING_SUCCEEDED));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
    assert_true(decision.is_alert);
}

/* Whoever died between the save and the alert is given the same input again. */
static void that_what_paid_for_a_booking_came_back_is_told_each_time_it_is_heard(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    feed(&payment, report_of("RH", 1200, STANDING_SUCCEEDED));
    feed(&payment, make(INPUT_CONFIRMED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_SETTLED);
    assert_true(decision.is_alert);
    struct payment before = payment;
    feed(&payment, make(INPUT_CONFIRMED, "B1", 1200));
    assert_true(decision.is_alert);
    feed(&payment, report_of("RH", 1200, STANDING_SUCCEEDED));
    assert_true(decision.is_alert);
    assert_memory_equal(&payment, &before, sizeof before);
}

static void a_report_that_contradicts_an_earlier_one_counts_as_the_smaller(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    version = 0;
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    feed(&payment, report_of("R1", 1200, STANDING_SUCCEEDED));
    feed(&payment, report_of("R1", 10, STANDING_SUCCEEDED));
    assert_true(decision.is_alert);
    feed(&payment, report_of("R1", 1200, STANDING_SUCCEEDED));
    assert_true(decision.is_alert);
    assert_int_equal(payment_back(&payment), 10);
    struct input dollars = report_of("R2", 1190, STANDING_SUCCEEDED);
    snprintf(((struct payment_payload *)(void *)dollars.payload)->currency, CURRENCY_SIZE, "USD");
    feed(&payment, dollars);
    assert_true(decision.is_alert);
    assert_int_equal(payment_back(&payment), 10);
}

static void refunds_beyond_the_bound_are_counted_and_raise_an_alert(void **test)
{
    (void)test;
    char id[IDENT_SIZE];
    struct payment payment = refund_due();
    for (int i = 0; i < PAYMENT_REFUNDS_MAX + 2; i++) {
        snprintf(id, sizeof id, "RH%d", i);
        feed(&payment, report_of(id, 1, STANDING_SUCCEEDED));
        assert_int_equal(decision.is_alert, i >= PAYMENT_REFUNDS_MAX - 1);
        assert_int_equal(decision.reply, REPLY_OK);
    }
    assert_int_equal(payment.refunds.beyond, 3);
    assert_int_equal(payment_back(&payment), PAYMENT_REFUNDS_MAX - 1);
    feed(&payment, answer_of(REFUND_SUCCEEDED, "R1", 1200)); /* ours has its place */
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
}

static void refunds_that_fail_again_and_again_end_as_stuck(void **test)
{
    (void)test;
    char id[IDENT_SIZE];
    int made = 0;
    struct payment payment = refund_due();
    while (payment.state != PAYMENT_STUCK && made <= REFUND_KEYS_MAX) {
        snprintf(id, sizeof id, "RF%d", made++);
        feed(&payment, answer_of(REFUND_SUCCEEDED, id, 1200));
        assert_int_equal(payment.state, PAYMENT_REFUNDED);
        feed(&payment, report_of(id, 1200, STANDING_FAILED));
        feed_deadline(&payment);
        feed(&payment, answer_of(REFUND_REFUSED, id, 1200));
        if (payment.state != PAYMENT_STUCK)
            feed(&payment, result(REFUND_NOT_FOUND));
    }
    assert_int_equal(made, REFUND_KEYS_MAX);
    assert_string_equal(payment.last_error, "too_many_refunds");
    assert_true(decision.is_alert);
}

static void already_refunded_without_a_refund_id_can_be_stored_and_read(void **test)
{
    (void)test;
    struct error error;
    struct payment payment = refund_due();
    feed(&payment, answer_of(REFUND_ALREADY, "", 0));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
    assert_string_equal(payment.refund_id, REFUND_ID_UNKNOWN);
    assert_true(owes(EVENT_PAYMENT_REFUNDED));
    assert_true(payment_check(&payment, &error));
}

/* By a refund that we know to have failed nothing is back, whatever the provider says. */
static void already_refunded_by_one_that_failed_is_stuck(void **test)
{
    (void)test;
    struct payment payment = refunded();
    feed(&payment, report_of("R1", 1200, STANDING_FAILED));
    feed_deadline(&payment);
    feed(&payment, answer_of(REFUND_ALREADY, "R1", 0));
    assert_int_equal(payment.state, PAYMENT_STUCK);
    assert_true(decision.is_alert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_and_a_demand_before_the_capture_call_nobody),
        cmocka_unit_test(the_replay_of_a_report_books_nothing),
        cmocka_unit_test(what_is_back_in_part_is_asked_for_in_the_rest),
        cmocka_unit_test(what_came_back_and_failed_is_not_back),
        cmocka_unit_test(a_failure_reported_before_the_capture_stays_a_failure),
        cmocka_unit_test(a_report_after_a_decline_is_kept_for_the_capture),
        cmocka_unit_test(a_refund_that_failed_is_made_again_under_the_next_key),
        cmocka_unit_test(a_late_duplicate_speaks_of_its_own_refund_only),
        cmocka_unit_test(the_order_of_reports_does_not_matter),
        cmocka_unit_test(what_is_under_way_by_hand_is_waited_for),
        cmocka_unit_test(a_part_heard_of_while_stuck_leads_to_a_call_for_the_rest),
        cmocka_unit_test(a_refund_that_failed_unheard_of_while_stuck_leads_to_another_call),
        cmocka_unit_test(an_answer_from_before_a_report_decides_nothing),
        cmocka_unit_test(more_back_than_was_captured_is_an_alert),
        cmocka_unit_test(that_what_paid_for_a_booking_came_back_is_told_each_time_it_is_heard),
        cmocka_unit_test(a_report_that_contradicts_an_earlier_one_counts_as_the_smaller),
        cmocka_unit_test(refunds_beyond_the_bound_are_counted_and_raise_an_alert),
        cmocka_unit_test(refunds_that_fail_again_and_again_end_as_stuck),
        cmocka_unit_test(already_refunded_without_a_refund_id_can_be_stored_and_read),
        cmocka_unit_test(already_refunded_by_one_that_failed_is_stuck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
