/* The audit's judge of bookings, and its sums. */
#include "audit/audit_report.h"
#include "tests/unit/audit_case.h"

static void a_booking_waits_until_its_deadline(void **state)
{
    (void)state;
    booking_is(AUDIT_BOOKING_PENDING);
    assert_booking(AUDIT_IS_IN_FLIGHT, "waits_for_payment");
    booking->own.due_at_ms = NOW_MS - GRACE_MS - 1;
    assert_booking(AUDIT_IS_STUCK, "waits_for_payment");
}

static void a_promise_is_in_flight_while_it_is_owed_or_young(void **state)
{
    (void)state;
    booking_is(AUDIT_BOOKING_PENDING);
    booking->own.state = AUDIT_BOOKING_ABSENT;
    booking->own.has_intent = false;
    booking->view.owed_at_ms = OLD_MS;
    assert_booking(AUDIT_IS_IN_FLIGHT, "intent_owed");
    booking->view.owed_at_ms = 0;
    booking->view.asked_at_ms = NOW_MS - GRACE_MS + 1;
    assert_booking(AUDIT_IS_IN_FLIGHT, "intent_not_heard");
    booking->view.asked_at_ms = NOW_MS - GRACE_MS - 1;
    assert_booking(AUDIT_IS_WRONG, "booking_missing");
}

static void a_view_that_is_behind_is_in_flight(void **state)
{
    (void)state;
    is_applied();
    booking->view.outcome = AUDIT_BOOKING_ABSENT;
    booking->view.due_at_ms = NOW_MS + 1;
    assert_booking(AUDIT_IS_IN_FLIGHT, "outcome_not_heard");
    booking_is(AUDIT_BOOKING_CANCELLED);
    booking->own.listings = NULL;
    booking->view.outcome = AUDIT_BOOKING_CONFIRMED;
    assert_booking(AUDIT_IS_IN_FLIGHT, "outcome_not_heard");
}

static void an_outcome_without_its_payment_is_wrong(void **state)
{
    (void)state;
    booking_is(AUDIT_BOOKING_CONFIRMED);
    assert_booking(AUDIT_IS_WRONG, "confirmed_unpaid");
    is_listed(booking, AUDIT_APPLIED);
    booking->own.state = AUDIT_BOOKING_PENDING;
    booking->own.confirmed_times = 0;
    assert_booking(AUDIT_IS_WRONG, "applied_to_unconfirmed");
    booking_is(AUDIT_BOOKING_CONFIRMED);
    is_listed(booking, AUDIT_APPLIED);
    assert_booking(AUDIT_IS_WRONG, "confirmed_twice");
}

static void two_outcomes_are_wrong(void **state)
{
    (void)state;
    is_applied();
    booking->own.confirmed_times = 2;
    assert_booking(AUDIT_IS_WRONG, "outcome_twice");
    booking->own.confirmed_times = 1;
    booking->own.ended_times = 1;
    assert_booking(AUDIT_IS_WRONG, "outcome_twice");
    is_given_back();
    booking->own.confirmed_times = 1;
    assert_booking(AUDIT_IS_WRONG, "outcome_twice");
}

static void a_booking_that_the_gateway_never_promised_is_wrong(void **state)
{
    (void)state;
    booking_is(AUDIT_BOOKING_PENDING);
    booking->view.intent.amount = 999;
    assert_booking(AUDIT_IS_WRONG, "intent_differs");
    booking->view.has_intent = false;
    assert_booking(AUDIT_IS_WRONG, "promise_lost");
}

static void a_view_ahead_or_elsewhere_is_wrong(void **state)
{
    (void)state;
    booking_is(AUDIT_BOOKING_PENDING);
    booking->view.outcome = AUDIT_BOOKING_CONFIRMED;
    assert_booking(AUDIT_IS_WRONG, "view_contradicts");
    booking_is(AUDIT_BOOKING_FAILED);
    booking->view.outcome = AUDIT_BOOKING_CANCELLED;
    assert_booking(AUDIT_IS_WRONG, "view_contradicts");
    booking->own.ended_times = 0;
    is_applied();
    booking->own.ended_times = 0;
    booking->view.payment = "P9";
    assert_booking(AUDIT_IS_WRONG, "view_contradicts");
}

static void events_that_contradict_are_wrong(void **state)
{
    (void)state;
    is_applied();
    booking->heard.message[AUDIT_SAID_CONFIRMED] = 7;
    assert_booking(AUDIT_FINE, "");
    booking->heard.message[AUDIT_SAID_FAILED] = 8;
    assert_booking(AUDIT_IS_WRONG, "event_contradicts");
    booking->heard.message[AUDIT_SAID_FAILED] = 0;
    booking->heard.is_twice[AUDIT_SAID_CONFIRMED] = true;
    assert_booking(AUDIT_IS_WRONG, "outcome_twice");
}

static void a_document_that_cannot_be_read_is_wrong(void **state)
{
    (void)state;
    is_applied();
    booking->view.is_damaged = payment->own.is_damaged = true;
    assert_booking(AUDIT_IS_WRONG, "document_damaged");
    assert_payment(AUDIT_IS_WRONG, "document_damaged");
}

static void what_a_newer_release_has_stored_accuses_nobody(void **state)
{
    (void)state;
    booking_is(AUDIT_BOOKING_ABSENT);
    payment_is(AUDIT_PAYMENT_CAPTURED);
    booking->own.due_at_ms = OLD_MS;
    booking->is_newer = true;
    assert_booking(AUDIT_IS_IN_FLIGHT, "document_newer");
    assert_payment(AUDIT_IS_IN_FLIGHT, "document_newer");
    booking->is_newer = false;
    payment_is(AUDIT_PAYMENT_ABSENT);
    payment->own.is_newer = true;
    assert_payment(AUDIT_IS_IN_FLIGHT, "document_newer");
    payment->account.refunds_total = 1001;
    assert_payment(AUDIT_IS_WRONG, "refunded_more_than_captured");
}

static void captured_is_the_sum_of_all_verdicts_to_the_last_unit(void **state)
{
    (void)state;
    struct audit_report report = { 0 };
    is_applied();
    for (int verdict = AUDIT_IS_APPLIED; verdict < AUDIT_VERDICT_COUNT; verdict++) {
        struct audit_opinion opinion = { .verdict = (enum audit_verdict)verdict, .kind = "" };
        payment->account.captured.amount = 1000 + verdict;
        audit_report_payment(&report, payment, &opinion);
    }
    const struct audit_sums *sums = audit_report_sums(&report, "EUR");
    int64_t total = 0;
    assert_non_null(sums);
    for (int verdict = 0; verdict < AUDIT_VERDICT_COUNT; verdict++)
        total += sums->by_verdict[verdict];
    assert_true(sums->captured == total && total > 5000);
    assert_null(audit_report_sums(&report, "USD"));
    audit_report_done(&report);
}

static void a_thousand_ids_keep_their_places(void **state)
{
    (void)state;
    char id[IDENT_SIZE];
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "many-%d", i);
        audit_payment_of(&facts, id)->own.attempts = i;
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "many-%d", i);
        assert_true(audit_payment_of(&facts, id)->own.attempts == i);
    }
    assert_int_equal(facts.payments.count, 1001);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(a_booking_waits_until_its_deadline),
        CASE(a_promise_is_in_flight_while_it_is_owed_or_young),
        CASE(a_view_that_is_behind_is_in_flight),
        CASE(an_outcome_without_its_payment_is_wrong),
        CASE(two_outcomes_are_wrong),
        CASE(a_booking_that_the_gateway_never_promised_is_wrong),
        CASE(a_view_ahead_or_elsewhere_is_wrong),
        CASE(events_that_contradict_are_wrong),
        CASE(a_document_that_cannot_be_read_is_wrong),
        CASE(what_a_newer_release_has_stored_accuses_nobody),
        CASE(captured_is_the_sum_of_all_verdicts_to_the_last_unit),
        CASE(a_thousand_ids_keep_their_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
