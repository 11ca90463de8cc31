/* The booking's transition table, walked in full, and the right outcome of each anomaly. */
#include "tests/unit/booking_fixture.h"

/* ---- the table ---- */

static void every_state_that_waits_answers_its_deadline(void **test)
{
    (void)test;
    static const enum booking_state waiting[] = { BOOKING_PENDING, BOOKING_PAYMENT_FIRST };
    for (size_t i = 0; i < 2; i++) {
        struct booking booking = in_state(waiting[i]);
        assert_true(booking.due_at_ms > NOW);
        feed_at(&booking, deadline(), booking.due_at_ms - 1);
        assert_int_equal(booking.state, waiting[i]);
        assert_false(decision.is_changed);
        feed_at(&booking, deadline(), booking.due_at_ms);
        assert_int_equal(booking.state, BOOKING_FAILED);
        assert_int_equal(count_of(EVENT_BOOKING_FAILED), 1);
        assert_int_equal(booking.due_at_ms, 0);
    }
}

/* ---- the anomalies ---- */

static void intent_and_payment_confirm_in_either_order(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_CONFIRMED);
    assert_int_equal(count_of(EVENT_BOOKING_CONFIRMED), 1);
    assert_true(decision.is_first_outcome);
    booking = in_state(BOOKING_PAYMENT_FIRST);
    assert_int_equal(decision.message_count, 0);
    feed(&booking, intent());
    assert_int_equal(booking.state, BOOKING_CONFIRMED);
    assert_int_equal(count_of(EVENT_BOOKING_CONFIRMED), 1);
    assert_int_equal(booking.payments[0].disposition, PAYMENT_APPLIED);
}

static void a_duplicate_changes_nothing_in_any_state(void **test)
{
    (void)test;
    for (int state = BOOKING_PENDING; state < (int)BOOKING_STATE_COUNT; state++) {
        struct booking booking = in_state((enum booking_state)state);
        struct booking before = booking;
        if (booking.has_intent) {
            feed(&booking, intent());
            assert_string_equal(decision.verdict, "duplicate");
        }
        if (booking.payment_count > 0) {
            feed(&booking,
                 make(BOOKING_CAPTURED, "alice", "P1", booking.payments[0].amount, "EUR"));
            assert_string_equal(decision.verdict, "duplicate");
        }
        assert_int_equal(decision.message_count, 0);
        assert_memory_equal(&booking, &before, sizeof booking);
    }
}

static void a_wrong_amount_or_currency_fails_and_lists_the_payment_for_refund(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_PENDING);
    feed(&booking, make(BOOKING_CAPTURED, "alice", "P1", 1200, "USD"));
    assert_string_equal(booking_reason_text(booking.reason), "currency_mismatch");
    assert_non_null(strstr(decision.messages[0].body, "\"paymentId\":\"P1\""));
    assert_non_null(strstr(decision.messages[0].body, "\"currency\":\"USD\""));
    booking = in_state(BOOKING_PAYMENT_FIRST);
    feed(&booking, make(BOOKING_INTENT, "alice", "", 1300, "EUR"));
    assert_string_equal(booking_reason_text(booking.reason), "amount_mismatch");
    assert_int_equal(booking.payments[0].disposition, PAYMENT_REFUNDED_BY_OUTCOME);
}

static void a_second_payment_for_a_confirmed_booking_is_refunded(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_CONFIRMED);
    feed(&booking, captured("P2"));
    assert_int_equal(booking.state, BOOKING_CONFIRMED);
    assert_int_equal(count_of(EVENT_REFUND_REQUESTED), 1);
    assert_non_null(strstr(decision.messages[0].body, "second_payment"));
    assert_int_equal(booking.payments[0].disposition, PAYMENT_APPLIED);
}

static void a_payment_after_the_end_is_refunded_and_the_outcome_stays(void **test)
{
    (void)test;
    static const enum booking_state ended[] = { BOOKING_FAILED, BOOKING_CANCELLED };
    for (size_t i = 0; i < 2; i++) {
        struct booking booking = in_state(ended[i]);
        feed(&booking, captured("P9"));
        assert_int_equal(booking.state, ended[i]);
        assert_int_equal(count_of(EVENT_REFUND_REQUESTED), 1);
        assert_int_equal(decision.message_count, 1);
    }
}

static void a_stranger_can_neither_pay_for_nor_fail_a_booking(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_PENDING);
    feed(&booking, make(BOOKING_CAPTURED, "mallory", "M1", 1, "EUR"));
    assert_int_equal(booking.state, BOOKING_PENDING);
    assert_true(decision.is_security_event);
    assert_int_equal(count_of(EVENT_REFUND_REQUESTED), 1);
    feed(&booking, captured("P1"));
    assert_int_equal(booking.state, BOOKING_CONFIRMED);
}

static void strangers_never_take_the_last_place_from_the_payer(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_PENDING);
    char id[16];
    for (int i = 0; i < 2 * BOOKING_PAYMENTS_MAX; i++) {
        snprintf(id, sizeof id, "M%d", i);
        feed(&booking, make(BOOKING_CAPTURED, "mallory", id, 1200, "EUR"));
        assert_int_equal(count_of(EVENT_REFUND_REQUESTED), 1);
    }
    feed(&booking, captured("P1"));
    assert_int_equal(booking.state, BOOKING_CONFIRMED);

    booking = (struct booking){ 0 };
    for (int i = 0; i < BOOKING_PAYMENTS_MAX; i++) {
        snprintf(id, sizeof id, "M%d", i);
        feed(&booking, make(BOOKING_CAPTURED, "mallory", id, 1200, "EUR"));
    }
    feed(&booking, intent());
    assert_int_equal(booking.state, BOOKING_PENDING);
    assert_int_equal(count_of(EVENT_REFUND_REQUESTED), BOOKING_PAYMENTS_MAX);
    feed(&booking, captured("P1"));
    assert_int_equal(booking.state, BOOKING_CONFIRMED);
}

static void before_the_intent_nobody_is_turned_away(void **test)
{
    (void)test;
    struct booking booking = { 0 };
    char id[16];
    for (int i = 0; i < BOOKING_PAYMENTS_MAX; i++) {
        snprintf(id, sizeof id, "M%d", i);
        feed(&booking, make(BOOKING_CAPTURED, "mallory", id, 1200, "EUR"));
    }
    struct booking before = booking;
    struct input payers = captured("P1");
    for (int i = 0; i < 3; i++) { /* the payment service announces it again */
        payers.is_repeat = i > 0;
        feed(&booking, payers);
        assert_int_equal(decision.outcome, OUTCOME_DEFERRED);
        assert_int_equal(decision.message_count, 0);
        assert_memory_equal(&booking, &before, sizeof booking);
    }
    struct booking never_asked_for = booking;
    feed(&booking, intent());
    assert_int_equal(booking.state, BOOKING_PENDING);
    feed(&booking, payers);
    assert_int_equal(booking.state, BOOKING_CONFIRMED);

    feed_at(&never_asked_for, deadline(), never_asked_for.due_at_ms);
    feed(&never_asked_for, payers);
    assert_int_equal(never_asked_for.state, BOOKING_FAILED);
    assert_int_equal(count_of(EVENT_REFUND_REQUESTED), 1);
    assert_non_null(strstr(decision.messages[0].body, "\"paymentId\":\"P1\""));
}

static void payments_before_the_intent_are_judged_in_commit_order(void **test)
{
    (void)test;
    struct booking booking = { 0 };
    feed(&booking, make(BOOKING_CAPTURED, "mallory", "M1", 1200, "EUR"));
    feed(&booking, captured("P1"));
    feed(&booking, captured("P2"));
    feed(&booking, intent());
    assert_int_equal(booking.state, BOOKING_CONFIRMED);
    assert_int_equal(booking.payments[1].disposition, PAYMENT_APPLIED);
    assert_int_equal(count_of(EVENT_REFUND_REQUESTED), 2);
    assert_int_equal(count_of(EVENT_BOOKING_CONFIRMED), 1);
}

static void a_payment_beyond_the_bound_is_refunded_and_not_stored(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_CONFIRMED);
    char id[16];
    for (int i = 0; i < 3 * BOOKING_PAYMENTS_MAX; i++) {
        snprintf(id, sizeof id, "X%d", i);
        feed(&booking, captured(id));
        assert_int_equal(count_of(EVENT_REFUND_REQUESTED), 1);
    }
    assert_int_equal(booking.payment_count, BOOKING_PAYMENTS_MAX);
}

static void the_first_intent_is_immutable(void **test)
{
    (void)test;
    for (int state = BOOKING_PENDING; state < (int)BOOKING_STATE_COUNT; state++) {
        struct booking booking = in_state((enum booking_state)state);
        if (!booking.has_intent)
            continue;
        struct booking before = booking;
        feed(&booking, make(BOOKING_INTENT, "alice", "", 1, "EUR"));
        assert_string_equal(decision.verdict, "reject");
        assert_memory_equal(&booking, &before, sizeof booking);
        assert_int_equal(decision.message_count, 0);
    }
}

static void a_cancel_refunds_what_was_paid_and_only_its_user_may(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_CONFIRMED);
    feed(&booking, make(BOOKING_CANCEL, "mallory", "", 0, ""));
    assert_string_equal(decision.verdict, "reject");
    feed(&booking, cancel());
    assert_int_equal(booking.state, BOOKING_CANCELLED);
    assert_int_equal(count_of(EVENT_BOOKING_CANCELLED), 1);
    assert_non_null(strstr(decision.messages[0].body, "\"paymentId\":\"P1\""));
    assert_false(decision.is_first_outcome);
}

static void a_decline_for_good_fails_only_a_booking_without_a_payment(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_PENDING);
    feed(&booking, declined("alice", "P1", true, NOW));
    assert_int_equal(booking.state, BOOKING_FAILED);
    assert_string_equal(booking_reason_text(booking.reason), "payment_declined");
    feed(&booking, captured("P1"));
    assert_int_equal(count_of(EVENT_REFUND_REQUESTED), 1);
    booking = in_state(BOOKING_PAYMENT_FIRST);
    feed(&booking, declined("alice", "P2", true, NOW));
    assert_int_equal(booking.state, BOOKING_PAYMENT_FIRST);
}

static void a_declined_try_is_remembered_and_the_second_card_pays(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_PENDING);
    int64_t due_at_ms = booking.due_at_ms;
    feed_at(&booking, declined("alice", "P1", false, NOW), NOW + 10);
    assert_int_equal(booking.state, BOOKING_PENDING);
    assert_string_equal(booking.last_decline.payment_id, "P1");
    assert_int_equal(booking.due_at_ms, due_at_ms); /* it gains no time by trying */
    feed(&booking, captured("P2"));
    assert_int_equal(booking.state, BOOKING_CONFIRMED);
}

static void the_last_declined_try_is_the_same_in_every_order(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_PENDING);
    feed(&booking, declined("alice", "P1", false, NOW));
    feed(&booking, declined("alice", "P3", false, NOW + 2));
    feed(&booking, declined("alice", "P2", false, NOW + 1));
    assert_string_equal(decision.verdict, "duplicate");
    feed(&booking, declined("alice", "P3", false, NOW + 2));
    assert_string_equal(decision.verdict, "duplicate");
    assert_false(decision.is_changed);
    assert_string_equal(booking.last_decline.payment_id, "P3");
}

static void a_decline_of_a_stranger_or_of_nobody_has_no_effect(void **test)
{
    (void)test;
    static const char *const users[] = { "mallory", "" };
    for (size_t i = 0; i < 2; i++)
        for (int state = BOOKING_NONE; state < (int)BOOKING_STATE_COUNT; state++) {
            struct booking booking = in_state((enum booking_state)state);
            struct booking before = booking;
            feed(&booking, declined(users[i], "M1", true, NOW));
            assert_memory_equal(&booking, &before, sizeof booking);
            assert_false(decision.is_changed);
            assert_int_equal(decision.message_count, 0);
        }
}

static void a_repeat_is_answered_with_the_same_bytes_and_the_same_id(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_CONFIRMED);
    struct message first = decision.messages[0];
    char body[512];
    memcpy(body, first.body, first.body_length);
    struct input again = intent();
    again.is_repeat = true;
    feed(&booking, again);
    assert_int_equal(decision.message_count, 1);
    assert_string_equal(decision.messages[0].id, first.id);
    assert_int_equal(decision.messages[0].timestamp_ms, first.timestamp_ms);
    assert_int_equal(decision.messages[0].body_length, first.body_length);
    assert_memory_equal(decision.messages[0].body, body, first.body_length);
    assert_true(decision.messages[0].is_repeat);

    feed(&booking, captured("P2"));
    char request_id[MESSAGE_ID_SIZE];
    memcpy(request_id, decision.messages[0].id, sizeof request_id);
    again = captured("P2");
    again.is_repeat = true;
    feed(&booking, again);
    assert_string_equal(decision.messages[0].type, EVENT_REFUND_REQUESTED);
    assert_string_equal(decision.messages[0].id, request_id);
}

static void an_event_that_breaks_its_contract_is_refused_with_the_field(void **test)
{
    (void)test;
    static const struct {
        const char *type, *correlation, *body, *says;
    } bad[] = {
        { "booking.intent.created", "B1", "no json", "booking.intent.created" },
        { "booking.intent.created", "B1",
          "{\"intentId\":\"B1\",\"userId\":\"u\",\"amount\":1.5,\"currency\":\"EUR\"}", "/amount" },
        { "payment.captured", "B1",
          "{\"intentId\":\"B1\",\"userId\":\"u\",\"amount\":5,\"currency\":\"EUR\"}",
          "/paymentId" },
        { "payment.captured", "B2",
          "{\"paymentId\":\"P\",\"intentId\":\"B1\",\"userId\":\"u\",\"amount\":5,\"currency\":"
          "\"EUR\"}",
          "correlation" },
        { "booking.confirmed", "B1", "{}", "unknown event type" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct message message = { .body = bad[i].body, .body_length = strlen(bad[i].body) };
        static struct input inputs[INPUTS_PER_DELIVERY_MAX];
        size_t count = 0;
        struct error error;
        snprintf(message.type, sizeof message.type, "%s", bad[i].type);
        snprintf(message.correlation_id, sizeof message.correlation_id, "%s", bad[i].correlation);
        assert_false(booking_parse(&rules, &message, inputs, &count, &error));
        assert_int_equal(error.code, strcmp(bad[i].type, "booking.confirmed") == 0 ? ERROR_NEWER
                                                                                   : ERROR_REJECT);
        assert_non_null(strstr(error.message, bad[i].says));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_that_waits_answers_its_deadline),
        cmocka_unit_test(intent_and_payment_confirm_in_either_order),
        cmocka_unit_test(a_duplicate_changes_nothing_in_any_state),
        cmocka_unit_test(a_wrong_amount_or_currency_fails_and_lists_the_payment_for_refund),
        cmocka_unit_test(a_second_payment_for_a_confirmed_booking_is_refunded),
        cmocka_unit_test(a_payment_after_the_end_is_refunded_and_the_outcome_stays),
        cmocka_unit_test(a_stranger_can_neither_pay_for_nor_fail_a_booking),
        cmocka_unit_test(strangers_never_take_the_last_place_from_the_payer),
        cmocka_unit_test(before_the_intent_nobody_is_turned_away),
        cmocka_unit_test(payments_before_the_intent_are_judged_in_commit_order),
        cmocka_unit_test(a_payment_beyond_the_bound_is_refunded_and_not_stored),
        cmocka_unit_test(the_first_intent_is_immutable),
        cmocka_unit_test(a_cancel_refunds_what_was_paid_and_only_its_user_may),
        cmocka_unit_test(a_decline_for_good_fails_only_a_booking_without_a_payment),
        cmocka_unit_test(a_declined_try_is_remembered_and_the_second_card_pays),
        cmocka_unit_test(the_last_declined_try_is_the_same_in_every_order),
        cmocka_unit_test(a_decline_of_a_stranger_or_of_nobody_has_no_effect),
        cmocka_unit_test(a_repeat_is_answered_with_the_same_bytes_and_the_same_id),
        cmocka_unit_test(an_event_that_breaks_its_contract_is_refused_with_the_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
