/* The audit's judge of payments: each kind of wrong is recognised, and nothing that is on its way
 * is. */
#include "cli/sources/audit_recheck.h"
#include "tests/unit/audit_case.h"

static void an_applied_payment_is_applied(void **state)
{
    (void)state;
    is_applied();
    assert_payment(AUDIT_IS_APPLIED, "");
    assert_booking(AUDIT_FINE, "");
}

static void a_refunded_payment_is_refunded(void **state)
{
    (void)state;
    is_given_back();
    assert_payment(AUDIT_IS_REFUNDED, "");
    assert_booking(AUDIT_FINE, "");
}

static void a_declined_charge_moves_no_money(void **state)
{
    (void)state;
    payment_is(AUDIT_PAYMENT_DECLINED);
    payment->account.captured.amount = 0;
    assert_payment(AUDIT_FINE, "");
}

static void a_stuck_refund_is_stuck_with_its_reason(void **state)
{
    (void)state;
    is_given_back();
    payment->account.refund_count = 0;
    payment->account.refunded = payment->account.refunds_total = 0;
    payment->own.state = AUDIT_PAYMENT_STUCK;
    payment->own.last_error = "card_closed";
    assert_payment(AUDIT_IS_STUCK, "refund_stuck");
}

static void a_step_is_in_flight_until_its_deadline_and_then_stuck(void **state)
{
    (void)state;
    static const struct {
        enum audit_booking_state booking;
        int listed; /* -1 = not */
        enum audit_payment_state payment;
        bool is_back;
        const char *kind;
    } cases[] = {
        { AUDIT_BOOKING_PENDING, -1, AUDIT_PAYMENT_CAPTURED, false, "capture_not_heard" },
        { AUDIT_BOOKING_CONFIRMED, -1, AUDIT_PAYMENT_CAPTURED, false, "capture_not_heard" },
        { AUDIT_BOOKING_PAYMENT_FIRST, AUDIT_HELD, AUDIT_PAYMENT_CAPTURED, false,
          "waits_for_intent" },
        { AUDIT_BOOKING_CONFIRMED, AUDIT_APPLIED, AUDIT_PAYMENT_CAPTURED, false,
          "outcome_not_heard" },
        { AUDIT_BOOKING_FAILED, AUDIT_BACK_BY_OUTCOME, AUDIT_PAYMENT_CAPTURED, false,
          "refund_not_heard" },
        { AUDIT_BOOKING_PENDING, AUDIT_BACK_BY_REQUEST, AUDIT_PAYMENT_CAPTURED, false,
          "refund_not_heard" },
        { AUDIT_BOOKING_FAILED, AUDIT_BACK_BY_OUTCOME, AUDIT_PAYMENT_REFUND_DUE, false,
          "refund_under_way" },
        { AUDIT_BOOKING_CONFIRMED, AUDIT_BACK_BY_REQUEST, AUDIT_PAYMENT_REFUNDING, false,
          "refund_under_way" },
        { AUDIT_BOOKING_FAILED, AUDIT_BACK_BY_OUTCOME, AUDIT_PAYMENT_REFUNDING, true,
          "refund_not_reported" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tear_down(NULL);
        set_up(NULL);
        booking_is(cases[i].booking);
        if (cases[i].listed >= 0)
            is_listed(booking, (enum audit_disposition)cases[i].listed);
        payment_is(cases[i].payment);
        if (cases[i].is_back)
            is_refunded(1000);
        assert_payment(AUDIT_IS_IN_FLIGHT, cases[i].kind);
        booking->own.outcome_at_ms = NOW_MS - 1000;
        payment->own.due_at_ms = booking->own.due_at_ms = NOW_MS - GRACE_MS - 1;
        assert_payment(AUDIT_IS_STUCK, cases[i].kind);
    }
}

/* However often it will be announced again: a binding is lost, and somebody must be told. */
static void a_message_that_is_not_heard_is_told_after_a_while(void **state)
{
    (void)state;
    static const struct {
        enum audit_booking_state booking;
        int listed; /* -1 = not */
        const char *kind;
    } cases[] = {
        { AUDIT_BOOKING_PENDING, -1, "capture_not_heard" },
        { AUDIT_BOOKING_CONFIRMED, AUDIT_APPLIED, "outcome_not_heard" },
        { AUDIT_BOOKING_FAILED, AUDIT_BACK_BY_OUTCOME, "refund_not_heard" },
        { AUDIT_BOOKING_CONFIRMED, AUDIT_BACK_BY_REQUEST, "refund_not_heard" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tear_down(NULL);
        set_up(NULL);
        booking_is(cases[i].booking);
        if (cases[i].listed >= 0)
            is_listed(booking, (enum audit_disposition)cases[i].listed);
        payment_is(AUDIT_PAYMENT_CAPTURED);
        assert_payment(AUDIT_IS_IN_FLIGHT, cases[i].kind);
        payment->own.captured_at_ms = OLD_MS; /* and its next repeat is due in a second */
        assert_payment(AUDIT_IS_STUCK, cases[i].kind);
    }
}

static void a_webhook_that_has_not_got_through_is_in_flight_then_stuck(void **state)
{
    (void)state;
    payment_is(AUDIT_PAYMENT_ABSENT);
    payment->account.acknowledged = 0;
    payment->account.at_ms = NOW_MS - 1000;
    assert_payment(AUDIT_IS_IN_FLIGHT, "capture_not_delivered");
    payment->account.at_ms = OLD_MS;
    assert_payment(AUDIT_IS_STUCK, "capture_not_delivered");
}

static void a_cancel_that_the_payment_service_has_not_heard_is_in_flight(void **state)
{
    (void)state;
    booking_is(AUDIT_BOOKING_CANCELLED);
    is_listed(booking, AUDIT_BACK_BY_OUTCOME);
    payment_is(AUDIT_PAYMENT_SETTLED);
    booking->view.due_at_ms = NOW_MS + 1;
    booking->own.outcome_at_ms = NOW_MS - 1000;
    assert_payment(AUDIT_IS_IN_FLIGHT, "refund_not_heard");
    booking->own.outcome_at_ms = OLD_MS; /* the gateway repeats it in vain */
    assert_payment(AUDIT_IS_STUCK, "refund_not_heard");
}

static void a_capture_that_was_acknowledged_and_is_gone_is_lost(void **state)
{
    (void)state;
    payment_is(AUDIT_PAYMENT_ABSENT);
    assert_payment(AUDIT_IS_WRONG, "payment_lost");
    payment->account.acknowledged = 0;
    booking_is(AUDIT_BOOKING_CONFIRMED);
    is_listed(booking, AUDIT_APPLIED);
    assert_payment(AUDIT_IS_WRONG, "payment_lost");
}

static void a_payment_that_nobody_captured_is_unknown(void **state)
{
    (void)state;
    is_applied();
    payment->account.is_known = false;
    assert_payment(AUDIT_IS_WRONG, "capture_unknown");
    payment->own.state = AUDIT_PAYMENT_ABSENT;
    assert_payment(AUDIT_IS_WRONG, "payment_unknown");
}

static void a_capture_by_hand_is_taken_at_the_services_word_if_asked_to(void **state)
{
    (void)state;
    is_applied();
    memset(&payment->account, 0, sizeof payment->account);
    audit_adopt_captures(&facts);
    assert_payment(AUDIT_IS_APPLIED, "");
}

/* Nobody but the service was told of the refund, by a webhook. */
static void a_refund_by_hand_is_taken_at_the_services_word_as_well(void **state)
{
    static const struct {
        int64_t back;
        const char *kind;
    } cases[] = { { 1000, "refunded_though_applied" },
                  { 1, "refunded_in_part" },
                  { 1001, "refunded_more_than_captured" } };
    (void)state;
    is_applied();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&payment->account, 0, sizeof payment->account);
        payment->own.refunds_back = cases[i].back;
        payment->own.state = AUDIT_PAYMENT_SETTLED;
        audit_adopt_captures(&facts);
        assert_payment(AUDIT_IS_WRONG, cases[i].kind);
        payment->own.state = AUDIT_PAYMENT_CAPTURED;
        assert_payment(AUDIT_IS_WRONG, cases[i].kind);
    }
}

static void applied_to_two_bookings_is_wrong(void **state)
{
    (void)state;
    is_applied();
    struct audit_booking *other = audit_booking_of(&facts, "B2");
    other->own.state = AUDIT_BOOKING_CONFIRMED;
    is_listed(other, AUDIT_APPLIED);
    assert_payment(AUDIT_IS_WRONG, "applied_twice");
}

static void settled_without_a_confirmed_booking_is_wrong(void **state)
{
    (void)state;
    payment_is(AUDIT_PAYMENT_SETTLED);
    assert_payment(AUDIT_IS_WRONG, "booking_lost");
    booking_is(AUDIT_BOOKING_FAILED);
    is_listed(booking, AUDIT_BACK_BY_OUTCOME);
    assert_payment(AUDIT_IS_WRONG, "applied_to_unconfirmed");
}

static void settled_for_a_booking_that_another_payment_confirmed_is_wrong(void **state)
{
    (void)state;
    booking_is(AUDIT_BOOKING_CONFIRMED);
    payment_is(AUDIT_PAYMENT_SETTLED);
    assert_payment(AUDIT_IS_WRONG, "applied_elsewhere");
}

static void applied_with_other_money_is_wrong(void **state)
{
    (void)state;
    is_applied();
    booking->own.intent.amount = 1001;
    assert_payment(AUDIT_IS_WRONG, "applied_differs");
    assert_booking(AUDIT_IS_WRONG, "applied_differs");
    booking->own.intent = money(1000, "EUR", "bob");
    assert_payment(AUDIT_IS_WRONG, "applied_differs");
    booking->own.intent = money(1000, "USD", "ann");
    assert_payment(AUDIT_IS_WRONG, "applied_differs");
}

static void a_copy_that_differs_from_the_providers_is_wrong(void **state)
{
    (void)state;
    is_applied();
    payment->own.money.amount = 999;
    assert_payment(AUDIT_IS_WRONG, "payment_differs");
    payment->own.money = money(1000, "EUR", "bob");
    assert_payment(AUDIT_IS_WRONG, "payment_differs");
    payment->own.money = payment->account.captured;
    payment->account.booking = audit_booking_of(&facts, "B2");
    assert_payment(AUDIT_IS_WRONG, "payment_differs");
}

static void refunded_though_applied_is_wrong_whatever_the_payment_service_says(void **state)
{
    (void)state;
    is_applied();
    is_refunded(1000);
    assert_payment(AUDIT_IS_WRONG, "refunded_though_applied");
    payment->own.state = AUDIT_PAYMENT_REFUNDED;
    assert_payment(AUDIT_IS_WRONG, "refunded_though_applied");
    payment->own.state = AUDIT_PAYMENT_REFUNDING;
    assert_payment(AUDIT_IS_WRONG, "refunded_though_applied");
    payment->own.state = AUDIT_PAYMENT_CAPTURED;
    assert_payment(AUDIT_IS_WRONG, "refunded_though_applied");
}

static void refunds_that_are_not_once_and_in_full_are_wrong(void **state)
{
    (void)state;
    is_given_back();
    is_refunded(1000);
    assert_payment(AUDIT_IS_WRONG, "refunded_twice");
    payment->account.refund_count = 1;
    payment->account.refunds_total = payment->account.refunded = 1001;
    assert_payment(AUDIT_IS_WRONG, "refunded_more_than_captured");
    payment->account.refunds_total = payment->account.refunded = 999;
    assert_payment(AUDIT_IS_WRONG, "refunded_in_part");
    payment->account.refunds_total = 1000;
    assert_payment(AUDIT_IS_WRONG, "ledger_differs");
}

static void refunds_in_parts_that_add_up_are_a_refund(void **state)
{
    (void)state;
    is_given_back();
    payment->account.refund_count = 0;
    payment->account.refunds_total = payment->account.refunded = 0;
    is_refunded(400);
    payment->own.state = AUDIT_PAYMENT_REFUNDING;
    payment->own.due_at_ms = NOW_MS + 1000;
    assert_payment(AUDIT_IS_IN_FLIGHT, "refund_under_way");
    is_refunded(600);
    payment->own.state = AUDIT_PAYMENT_REFUNDED;
    assert_payment(AUDIT_IS_REFUNDED, "");
    payment->own.refunds_back = 1001;
    assert_payment(AUDIT_IS_WRONG, "refunded_more_than_captured");
    payment->own.refunds_back = 1000;
    payment->own.refunds_beyond = 1;
    assert_payment(AUDIT_IS_WRONG, "refunds_not_kept");
}

static void a_part_of_an_applied_payment_that_is_back_is_wrong(void **state)
{
    (void)state;
    is_applied();
    is_refunded(1);
    assert_payment(AUDIT_IS_WRONG, "refunded_in_part");
}

/* A signed report of a refund of a payment that nobody knows, and it names no booking. */
static void a_report_about_an_unknown_payment_is_no_damage(void **state)
{
    (void)state;
    payment->own.version = 1;
    payment->own.state = AUDIT_PAYMENT_EXPECTED;
    assert_payment(AUDIT_FINE, "");
}

static void a_refund_that_the_books_do_not_have_is_missing(void **state)
{
    (void)state;
    is_given_back();
    payment->account.refund_count = 0;
    payment->account.refunded = payment->account.refunds_total = 0;
    assert_payment(AUDIT_IS_WRONG, "refund_missing");
}

static void a_refund_that_no_booking_asked_for_is_wrong(void **state)
{
    (void)state;
    payment_is(AUDIT_PAYMENT_REFUNDING);
    assert_payment(AUDIT_IS_WRONG, "booking_lost");
    booking_is(AUDIT_BOOKING_FAILED);
    assert_payment(AUDIT_IS_WRONG, "refund_not_asked");
    booking->own.listing_count = 16; /* full: it asks for the refund without keeping the payment */
    assert_payment(AUDIT_IS_IN_FLIGHT, "refund_under_way");
    booking_is(AUDIT_BOOKING_PAYMENT_FIRST);
    is_listed(booking, AUDIT_HELD);
    assert_payment(AUDIT_IS_WRONG, "refund_not_asked");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(an_applied_payment_is_applied),
        CASE(a_refunded_payment_is_refunded),
        CASE(a_declined_charge_moves_no_money),
        CASE(a_stuck_refund_is_stuck_with_its_reason),
        CASE(a_step_is_in_flight_until_its_deadline_and_then_stuck),
        CASE(a_message_that_is_not_heard_is_told_after_a_while),
        CASE(a_webhook_that_has_not_got_through_is_in_flight_then_stuck),
        CASE(a_cancel_that_the_payment_service_has_not_heard_is_in_flight),
        CASE(a_capture_that_was_acknowledged_and_is_gone_is_lost),
        CASE(a_payment_that_nobody_captured_is_unknown),
        CASE(a_capture_by_hand_is_taken_at_the_services_word_if_asked_to),
        CASE(a_refund_by_hand_is_taken_at_the_services_word_as_well),
        CASE(applied_to_two_bookings_is_wrong),
        CASE(settled_without_a_confirmed_booking_is_wrong),
        CASE(settled_for_a_booking_that_another_payment_confirmed_is_wrong),
        CASE(applied_with_other_money_is_wrong),
        CASE(a_copy_that_differs_from_the_providers_is_wrong),
        CASE(refunded_though_applied_is_wrong_whatever_the_payment_service_says),
        CASE(refunds_that_are_not_once_and_in_full_are_wrong),
        CASE(refunds_in_parts_that_add_up_are_a_refund),
        CASE(a_part_of_an_applied_payment_that_is_back_is_wrong),
        CASE(a_report_about_an_unknown_payment_is_no_damage),
        CASE(a_refund_that_the_books_do_not_have_is_missing),
        CASE(a_refund_that_no_booking_asked_for_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
