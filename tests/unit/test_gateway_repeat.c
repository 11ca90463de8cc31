/* Who has announced something and hears no outcome announces it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/gateway_cases.h"

static const struct decision *turn(struct gateway_case *subject, struct input input)
{
    return case_decide(subject, &input);
}

static const struct decision *deadline_at(struct gateway_case *subject, int64_t now_ms)
{
    subject->now_ms = now_ms;
    return turn(subject, case_input(GATEWAY_DEADLINE));
}

static void assert_repeats(const struct decision *decision, int index, const struct message *first,
                           const char *first_body)
{
    assert_true(index < decision->message_count);
    const struct message *again = &decision->messages[index];
    assert_string_equal(again->id, first->id);
    assert_string_equal(again->type, first->type);
    assert_string_equal(again->correlation_id, first->correlation_id);
    assert_int_equal(again->timestamp_ms, first->timestamp_ms);
    assert_int_equal(again->body_length, first->body_length);
    assert_memory_equal(again->body, first_body, first->body_length);
    assert_true(again->is_repeat);
}

static void a_repeat_is_the_same_message_byte_by_byte(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_begin(&subject);
    const struct decision *decision = turn(&subject, case_intent("u1", 12345, "EUR"));
    struct message intent = decision->messages[0];
    char intent_body[512];
    memcpy(intent_body, intent.body, intent.body_length);

    subject.now_ms += 1000;
    decision = turn(&subject, case_cancel("u1"));
    struct message cancel = decision->messages[0];
    char cancel_body[512];
    memcpy(cancel_body, cancel.body, cancel.body_length);

    for (int i = 0; i < 3; i++) {
        decision = deadline_at(&subject, subject.view.due_at_ms);
        assert_string_equal(decision->verdict, "repeat");
        assert_int_equal(decision->message_count, 2);
        assert_repeats(decision, 0, &intent, intent_body);
        assert_repeats(decision, 1, &cancel, cancel_body);
    }
}

static void a_deadline_before_its_time_does_nothing(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_PENDING);
    const struct decision *decision = deadline_at(&subject, subject.view.due_at_ms - 1);
    assert_string_equal(decision->verdict, "noop");
    assert_false(decision->is_changed);
    assert_int_equal(decision->message_count, 0);
    decision = deadline_at(&subject, subject.view.due_at_ms);
    assert_string_equal(decision->verdict, "repeat");
}

static void a_deadline_of_a_complete_view_does_nothing(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_CONFIRMED);
    assert_int_equal(subject.view.due_at_ms, 0);
    const struct decision *decision = deadline_at(&subject, CASE_NOW_MS + 100 * CASE_MAX_MS);
    assert_false(decision->is_changed);
    assert_int_equal(decision->message_count, 0);
}

static void repeats_back_off_up_to_the_bound_and_never_end(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_PENDING);
    int64_t expected_ms = CASE_AFTER_MS;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(subject.view.due_at_ms - subject.now_ms, expected_ms);
        const struct decision *decision = deadline_at(&subject, subject.view.due_at_ms);
        assert_true(decision->is_changed);
        assert_int_equal(decision->message_count, 1);
        expected_ms = expected_ms * 2 < CASE_MAX_MS ? expected_ms * 2 : CASE_MAX_MS;
    }
}

static void progress_starts_the_backoff_again(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_PENDING);
    for (int i = 0; i < 5; i++)
        deadline_at(&subject, subject.view.due_at_ms);
    turn(&subject, case_ended(GATEWAY_BOOKING_FAILED, "p1"));
    assert_int_equal(subject.view.due_at_ms - subject.now_ms, CASE_AFTER_MS);
    deadline_at(&subject, subject.view.due_at_ms);
    assert_int_equal(subject.view.due_at_ms - subject.now_ms, 2 * CASE_AFTER_MS);
}

static void a_missing_refund_is_asked_for_by_the_intent_or_the_cancel(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_FAILED);
    const struct decision *decision = deadline_at(&subject, subject.view.due_at_ms);
    assert_int_equal(decision->message_count, 1);
    assert_string_equal(decision->messages[0].type, "booking.intent.created");

    case_reach(&subject, GATEWAY_PENDING);
    turn(&subject, case_cancel("u1"));
    turn(&subject, case_ended(GATEWAY_BOOKING_CANCELLED, "p1"));
    decision = deadline_at(&subject, subject.view.due_at_ms);
    assert_int_equal(decision->message_count, 1);
    assert_string_equal(decision->messages[0].type, "booking.cancel.requested");
}

static void an_unanswered_cancel_is_repeated_together_with_the_intent(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_CONFIRMED);
    turn(&subject, case_cancel("u1"));
    const struct decision *decision = deadline_at(&subject, subject.view.due_at_ms);
    assert_int_equal(decision->message_count, 2);
    turn(&subject, case_confirmed("p1")); /* no answer to the cancel */
    assert_true(gateway_cancel_is_pending(&subject.view));
    turn(&subject, case_ended(GATEWAY_BOOKING_CANCELLED, NULL));
    assert_int_equal(subject.view.due_at_ms, 0);
}

static void a_view_with_nothing_to_announce_sets_no_deadline_until_a_client_asks(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_begin(&subject);
    turn(&subject, case_ended(GATEWAY_BOOKING_FAILED, "p1"));
    assert_false(gateway_is_complete(&subject.view));
    assert_int_equal(subject.view.due_at_ms, 0);
    const struct decision *decision = deadline_at(&subject, subject.now_ms + CASE_AFTER_MS);
    assert_string_equal(decision->verdict, "noop");
    assert_int_equal(decision->message_count, 0);
    turn(&subject, case_intent("u1", 19900, "EUR"));
    assert_int_equal(subject.view.due_at_ms, subject.now_ms + CASE_AFTER_MS);
    turn(&subject, case_refund(GATEWAY_PAYMENT_REFUNDED, "p1", 0));
    assert_int_equal(subject.view.due_at_ms, 0);
}

static void a_booking_that_waits_is_not_announced_before_its_wait_is_over(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_PENDING);
    const struct decision *decision = deadline_at(&subject, subject.view.due_at_ms);
    assert_string_equal(decision->verdict, "repeat");
    decision = turn(&subject, case_pending(7, 600000));
    assert_string_equal(decision->verdict, "wait");
    assert_int_equal(subject.view.due_at_ms, subject.now_ms + 600000 + CASE_AFTER_MS);
    subject.now_ms += 1000;
    decision = turn(&subject, case_pending(7, 600000)); /* the same word, late */
    assert_string_equal(decision->verdict, "duplicate");
    assert_false(decision->is_changed);
    decision = deadline_at(&subject, subject.view.due_at_ms);
    assert_string_equal(decision->verdict, "repeat"); /* its end was lost on the way */
}

static void a_booking_that_waits_does_not_silence_a_cancel(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_PENDING);
    turn(&subject, case_cancel("u1"));
    const struct decision *decision = turn(&subject, case_pending(7, 600000));
    assert_string_equal(decision->verdict, "noop");
    assert_false(decision->is_changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repeat_is_the_same_message_byte_by_byte),
        cmocka_unit_test(a_deadline_before_its_time_does_nothing),
        cmocka_unit_test(a_deadline_of_a_complete_view_does_nothing),
        cmocka_unit_test(repeats_back_off_up_to_the_bound_and_never_end),
        cmocka_unit_test(progress_starts_the_backoff_again),
        cmocka_unit_test(a_missing_refund_is_asked_for_by_the_intent_or_the_cancel),
        cmocka_unit_test(an_unanswered_cancel_is_repeated_together_with_the_intent),
        cmocka_unit_test(a_view_with_nothing_to_announce_sets_no_deadline_until_a_client_asks),
        cmocka_unit_test(a_booking_that_waits_is_not_announced_before_its_wait_is_over),
        cmocka_unit_test(a_booking_that_waits_does_not_silence_a_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
