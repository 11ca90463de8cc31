/* The gateway's rules, one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/gateway_cases.h"

#define assert_verdict(decision, text) assert_string_equal((decision)->verdict, text)

static const struct decision *turn(struct gateway_case *subject, struct input input)
{
    return case_decide(subject, &input);
}

static void an_intent_is_stored_and_announced(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_begin(&subject);
    const struct decision *decision = turn(&subject, case_intent("u1", 12345, "EUR"));
    assert_verdict(decision, "accept");
    assert_int_equal(decision->reply, REPLY_ACCEPTED);
    assert_true(decision->is_changed);
    assert_int_equal(decision->message_count, 1);
    const struct message *message = &decision->messages[0];
    assert_string_equal(message->id, "gateway:b-1:1:0");
    assert_string_equal(message->type, "booking.intent.created");
    assert_string_equal(message->correlation_id, CASE_ID);
    assert_false(message->is_repeat);
    const char *body = "{\"intentId\":\"b-1\",\"userId\":\"u1\",\"amount\":12345,\"currency\":"
                       "\"EUR\",\"createdAt\":\"2025-11-21T10:30:00.123Z\"}";
    assert_int_equal(message->body_length, strlen(body));
    assert_memory_equal(message->body, body, strlen(body));
    assert_int_equal(subject.view.due_at_ms, CASE_NOW_MS + CASE_AFTER_MS);
    assert_int_equal(gateway_state(&subject.view), GATEWAY_PENDING);
}

static void the_same_intent_again_is_a_replay_in_every_state(void **context)
{
    (void)context;
    for (int state = GATEWAY_PENDING; state < GATEWAY_STATE_COUNT; state++) {
        struct gateway_case subject;
        case_reach(&subject, (enum gateway_state)state);
        const struct decision *decision = turn(&subject, case_intent("u1", 12345, "EUR"));
        assert_verdict(decision, "duplicate");
        assert_int_equal(decision->reply, REPLY_REPLAYED);
        assert_int_equal(decision->outcome, OUTCOME_DUPLICATE);
        assert_false(decision->is_changed);
        assert_int_equal(decision->message_count, 0);
    }
}

static void an_intent_with_other_content_is_refused_in_every_state(void **context)
{
    (void)context;
    const struct input others[] = { case_intent("u2", 12345, "EUR"),
                                    case_intent("u1", 12346, "EUR"),
                                    case_intent("u1", 12345, "USD") };
    for (int state = GATEWAY_PENDING; state < GATEWAY_STATE_COUNT; state++) {
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
            struct gateway_case subject;
            case_reach(&subject, (enum gateway_state)state);
            const struct decision *decision = turn(&subject, others[i]);
            assert_verdict(decision, "reject");
            assert_int_equal(decision->reply, REPLY_UNPROCESSABLE);
            assert_false(decision->is_changed);
            assert_int_equal(decision->message_count, 0);
        }
    }
}

static void an_intent_that_comes_after_its_failure_is_stored_and_stays_failed(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_begin(&subject);
    turn(&subject, case_ended(GATEWAY_BOOKING_FAILED, "p1"));
    assert_int_equal(gateway_state(&subject.view), GATEWAY_FAILED);
    const struct decision *decision = turn(&subject, case_intent("u1", 1, "EUR"));
    assert_verdict(decision, "accept");
    assert_int_equal(decision->reply, REPLY_ACCEPTED);
    assert_int_equal(decision->message_count, 1);
    assert_int_equal(gateway_state(&subject.view), GATEWAY_FAILED);
}

static void a_cancel_of_an_unknown_booking_is_not_found(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_begin(&subject);
    const struct decision *decision = turn(&subject, case_cancel(""));
    assert_int_equal(decision->reply, REPLY_NOT_FOUND);
    assert_false(decision->is_changed);
}

static void a_cancel_is_announced_and_waits_for_its_answer(void **context)
{
    (void)context;
    const enum gateway_state states[] = { GATEWAY_PENDING, GATEWAY_CONFIRMED };
    for (size_t i = 0; i < 2; i++) {
        struct gateway_case subject;
        case_reach(&subject, states[i]);
        const struct decision *decision = turn(&subject, case_cancel(""));
        assert_verdict(decision, "accept");
        assert_int_equal(decision->reply, REPLY_ACCEPTED);
        assert_string_equal(decision->messages[0].type, "booking.cancel.requested");
        const char *body = "{\"intentId\":\"b-1\",\"userId\":\"u1\",\"requestedAt\":"
                           "\"2025-11-21T10:30:00.123Z\"}";
        assert_int_equal(decision->messages[0].body_length, strlen(body));
        assert_memory_equal(decision->messages[0].body, body, strlen(body));
        assert_true(gateway_cancel_is_pending(&subject.view));
        assert_int_not_equal(subject.view.due_at_ms, 0);

        decision = turn(&subject, case_cancel("u1"));
        assert_int_equal(decision->reply, REPLY_REPLAYED);
        assert_false(decision->is_changed);

        turn(&subject, case_ended(GATEWAY_BOOKING_CANCELLED, NULL));
        assert_false(gateway_cancel_is_pending(&subject.view));
        assert_int_equal(subject.view.due_at_ms, 0);
        decision = turn(&subject, case_cancel("u1"));
        assert_int_equal(decision->reply, REPLY_REPLAYED);
    }
}

static void where_no_intent_is_known_a_strangers_cancel_stands_in_nobodys_way(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_begin(&subject);
    turn(&subject, case_confirmed("p1"));
    static const char *const users[] = { "mallory", "u1", "mallory" };
    for (size_t i = 0; i < 3; i++) {
        const struct decision *decision = turn(&subject, case_cancel(users[i]));
        assert_int_equal(decision->reply, REPLY_ACCEPTED);
        assert_string_equal(decision->messages[0].type, "booking.cancel.requested");
        char body[128];
        snprintf(body, sizeof body,
                 "{\"intentId\":\"b-1\",\"userId\":\"%s\",\"requestedAt\":"
                 "\"2025-11-21T10:30:00.123Z\"}",
                 users[i]);
        assert_int_equal(decision->messages[0].body_length, strlen(body));
        assert_memory_equal(decision->messages[0].body, body, strlen(body));
        assert_true(decision->messages[0].is_repeat);
        assert_true(gateway_is_complete(&subject.view)); /* nothing is waited for */
    }
    turn(&subject, case_ended(GATEWAY_BOOKING_CANCELLED, "p1"));
    assert_int_equal(gateway_state(&subject.view), GATEWAY_CANCELLED);
    assert_int_not_equal(subject.view.due_at_ms, 0); /* until the refund is reported */
}

static void a_strangers_cancel_that_an_older_release_kept_is_replaced_by_the_owners(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_CONFIRMED);
    turn(&subject, case_cancel("u1"));
    snprintf(subject.view.cancel.user_id, sizeof subject.view.cancel.user_id, "mallory");
    const struct decision *decision = turn(&subject, case_cancel("u1"));
    assert_verdict(decision, "accept");
    assert_string_equal(subject.view.cancel.user_id, "u1");
}

static void a_cancel_by_another_user_is_refused_as_a_security_event(void **context)
{
    (void)context;
    for (int state = GATEWAY_PENDING; state < GATEWAY_STATE_COUNT; state++) {
        struct gateway_case subject;
        case_reach(&subject, (enum gateway_state)state);
        const struct decision *decision = turn(&subject, case_cancel("u2"));
        assert_int_equal(decision->reply, REPLY_UNPROCESSABLE);
        assert_true(decision->is_security_event);
        assert_false(decision->is_changed);
    }
}

static void a_cancel_of_a_failed_booking_conflicts_also_if_it_was_asked_for_before(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_PENDING);
    turn(&subject, case_cancel("u1"));
    turn(&subject, case_ended(GATEWAY_BOOKING_FAILED, NULL));
    assert_int_equal(subject.view.due_at_ms, 0); /* failed answers the cancel */
    const struct decision *decision = turn(&subject, case_cancel("u1"));
    assert_int_equal(decision->reply, REPLY_CONFLICT);
    assert_false(decision->is_changed);
}

static void a_cancel_without_a_known_user_must_say_whose(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_begin(&subject);
    turn(&subject, case_confirmed("p1"));
    const struct decision *decision = turn(&subject, case_cancel(""));
    assert_int_equal(decision->reply, REPLY_UNPROCESSABLE);
    assert_string_equal(decision->reason, "user_unknown");
    decision = turn(&subject, case_cancel("u9"));
    assert_int_equal(decision->reply, REPLY_ACCEPTED);
    assert_non_null(strstr(decision->messages[0].body, "\"userId\":\"u9\""));
}

static void two_outcomes_that_contradict_each_other_raise_an_alert(void **context)
{
    (void)context;
    const struct {
        enum gateway_state state;
        struct input input;
    } cases[] = {
        { GATEWAY_CONFIRMED, case_confirmed("p2") },
        { GATEWAY_CONFIRMED, case_ended(GATEWAY_BOOKING_FAILED, NULL) },
        { GATEWAY_FAILED, case_confirmed("p1") },
        { GATEWAY_FAILED, case_ended(GATEWAY_BOOKING_CANCELLED, NULL) },
        { GATEWAY_CANCELLED, case_ended(GATEWAY_BOOKING_FAILED, NULL) },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gateway_case subject;
        case_reach(&subject, cases[i].state);
        const struct decision *decision = turn(&subject, cases[i].input);
        assert_int_equal(decision->outcome, OUTCOME_REJECTED);
        assert_true(decision->is_alert);
        assert_false(decision->is_changed);
    }
}

static void a_view_is_complete_when_its_listed_payments_are_back(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_FAILED);
    assert_int_not_equal(subject.view.due_at_ms, 0);
    const struct decision *decision =
        turn(&subject, case_refund(GATEWAY_PAYMENT_REFUNDED, "p1", 0));
    assert_verdict(decision, "refund");
    assert_int_equal(subject.view.due_at_ms, 0);
    assert_string_equal(subject.view.refunds[0].refund_id, "re-1");
}

static void a_stuck_refund_is_shown_and_a_later_one_mends_it(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_FAILED);
    turn(&subject, case_refund(GATEWAY_REFUND_STUCK, "p1", 0));
    assert_int_equal(subject.view.refunds[0].status, GATEWAY_STATUS_STUCK);
    assert_int_equal(subject.view.due_at_ms, 0);
    turn(&subject, case_refund(GATEWAY_PAYMENT_REFUNDED, "p1", 0));
    assert_int_equal(subject.view.refunds[0].status, GATEWAY_STATUS_REFUNDED);
    assert_string_equal(subject.view.refunds[0].reason, "");
    turn(&subject, case_refund(GATEWAY_REFUND_STUCK, "p1", 0)); /* opened again */
    assert_int_equal(subject.view.refunds[0].status, GATEWAY_STATUS_STUCK);
}

static void a_refund_that_failed_and_is_tried_again_is_waiting_again(void **context)
{
    (void)context;
    struct gateway_case subject;
    struct gateway_refund_report report;
    case_reach(&subject, GATEWAY_FAILED);
    turn(&subject, case_refund(GATEWAY_PAYMENT_REFUNDED, "p1", 7));
    struct input failed = case_refund(GATEWAY_REFUND_STUCK, "p1", 9);
    memcpy(&report, failed.payload, sizeof report);
    report.is_retrying = true;
    memcpy(failed.payload, &report, sizeof report);
    assert_verdict(turn(&subject, failed), "wait");
    assert_int_equal(subject.view.refunds[0].status, GATEWAY_STATUS_WAITING);
    assert_string_equal(subject.view.refunds[0].refund_id, "");
    assert_false(gateway_is_complete(&subject.view));
    assert_int_not_equal(subject.view.due_at_ms, 0);
    turn(&subject, case_refund(GATEWAY_PAYMENT_REFUNDED, "p1", 12));
    assert_int_equal(subject.view.refunds[0].status, GATEWAY_STATUS_REFUNDED);
}

static void a_report_that_was_overtaken_changes_nothing(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_FAILED);
    turn(&subject, case_refund(GATEWAY_PAYMENT_REFUNDED, "p1", 7));
    const struct decision *decision = turn(&subject, case_refund(GATEWAY_REFUND_STUCK, "p1", 5));
    assert_verdict(decision, "duplicate");
    assert_false(decision->is_changed);
    assert_int_equal(subject.view.refunds[0].status, GATEWAY_STATUS_REFUNDED);
    decision = turn(&subject, case_refund(GATEWAY_PAYMENT_REFUNDED, "p1", 7));
    assert_verdict(decision, "duplicate");
    decision = turn(&subject, case_refund(GATEWAY_REFUND_STUCK, "p1", 9));
    assert_verdict(decision, "stuck");
}

static void refunds_beyond_the_bound_are_not_stored(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_CONFIRMED);
    for (int i = 0; i < BOOKING_PAYMENTS_MAX + 3; i++) {
        char payment_id[16];
        snprintf(payment_id, sizeof payment_id, "q%d", i);
        const struct decision *decision =
            turn(&subject, case_refund(GATEWAY_PAYMENT_REFUNDED, payment_id, 0));
        assert_int_equal(decision->is_changed, i < BOOKING_PAYMENTS_MAX);
    }
    assert_int_equal(subject.view.refund_count, BOOKING_PAYMENTS_MAX);
    turn(&subject, case_ended(GATEWAY_BOOKING_CANCELLED, "p1"));
    assert_int_equal(subject.view.refund_count, BOOKING_PAYMENTS_MAX);
    assert_int_equal(subject.view.due_at_ms, 0);
}

static void a_refund_for_a_booking_that_nobody_asked_for_is_kept(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_begin(&subject);
    turn(&subject, case_refund(GATEWAY_PAYMENT_REFUNDED, "p1", 3));
    assert_int_equal(gateway_state(&subject.view), GATEWAY_NONE);
    turn(&subject, case_ended(GATEWAY_BOOKING_FAILED, "p1"));
    assert_int_equal(subject.view.refunds[0].status, GATEWAY_STATUS_REFUNDED);
    assert_int_equal(subject.view.due_at_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_intent_is_stored_and_announced),
        cmocka_unit_test(the_same_intent_again_is_a_replay_in_every_state),
        cmocka_unit_test(an_intent_with_other_content_is_refused_in_every_state),
        cmocka_unit_test(an_intent_that_comes_after_its_failure_is_stored_and_stays_failed),
        cmocka_unit_test(a_cancel_of_an_unknown_booking_is_not_found),
        cmocka_unit_test(a_cancel_is_announced_and_waits_for_its_answer),
        cmocka_unit_test(where_no_intent_is_known_a_strangers_cancel_stands_in_nobodys_way),
        cmocka_unit_test(a_strangers_cancel_that_an_older_release_kept_is_replaced_by_the_owners),
        cmocka_unit_test(a_cancel_by_another_user_is_refused_as_a_security_event),
        cmocka_unit_test(a_cancel_of_a_failed_booking_conflicts_also_if_it_was_asked_for_before),
        cmocka_unit_test(a_cancel_without_a_known_user_must_say_whose),
        cmocka_unit_test(two_outcomes_that_contradict_each_other_raise_an_alert),
        cmocka_unit_test(a_view_is_complete_when_its_listed_payments_are_back),
        cmocka_unit_test(a_stuck_refund_is_shown_and_a_later_one_mends_it),
        cmocka_unit_test(a_refund_that_failed_and_is_tried_again_is_waiting_again),
        cmocka_unit_test(a_report_that_was_overtaken_changes_nothing),
        cmocka_unit_test(refunds_beyond_the_bound_are_not_stored),
        cmocka_unit_test(a_refund_for_a_booking_that_nobody_asked_for_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
