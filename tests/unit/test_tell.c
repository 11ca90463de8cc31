/* What the spans of decisions say, by service: so that a search by a payment finds its booking, a
 * mismatch shows both amounts, and whoever waits says for what and until when. */
#include "booking/participant.h"
#include "booking/root.h"
#include "gateway/gateway.h"
#include "gateway/tell.h"
#include "payment/payment.h"
#include "payment/tell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000)

static struct tracing_facts facts;
static struct input input;

static struct tracing_story story_of(const void *state, int type, const char *verdict)
{
    memset(&facts, 0, sizeof facts);
    input = (struct input){ .type = type };
    snprintf(input.document_id, sizeof input.document_id, "P1");
    return (struct tracing_story){
        .input = &input, .state = state, .verdict = verdict, .state_from = "x", .state_to = "x"
    };
}

static struct booking booking_make(enum booking_state state)
{
    struct booking booking = { .state = state, .has_intent = true, .amount = 1200 };
    snprintf(booking.currency, sizeof booking.currency, "EUR");
    booking.due_at_ms = NOW;
    return booking;
}

static void a_mismatch_shows_what_was_asked_and_what_was_paid(void **state)
{
    (void)state;
    struct booking booking = booking_make(BOOKING_FAILED);
    struct tracing_story story = story_of(&booking, BOOKING_CAPTURED, "fail");
    const struct booking_payload payload = { .payment_id = "P7", .amount = 900, .currency = "USD" };
    memcpy(input.payload, &payload, sizeof payload);
    booking_tell(&story, &facts);
    assert_string_equal(facts.payment_id, "P7");
    assert_int_equal(facts.paid.amount, 900);
    assert_string_equal(facts.paid.currency, "USD");
    assert_int_equal(facts.price.amount, 1200);
    assert_string_equal(facts.price.currency, "EUR");
    assert_null(facts.waits_for);
    /* the payment came first: the intent decides about it */
    booking.payment_count = 2;
    booking.payments[0] = (struct booking_payment){ .payment_id = "P8", /* a stranger's */
                                                    .disposition = PAYMENT_REFUNDED_BY_REQUEST };
    booking.payments[1] = (struct booking_payment){ .payment_id = "P9",
                                                    .amount = 800,
                                                    .disposition = PAYMENT_REFUNDED_BY_OUTCOME };
    story = story_of(&booking, BOOKING_INTENT, "fail");
    booking_tell(&story, &facts);
    assert_string_equal(facts.payment_id, "P9");
    assert_int_equal(facts.paid.amount, 800);
}

static void who_waits_says_for_what_and_until_when(void **state)
{
    (void)state;
    struct booking booking = booking_make(BOOKING_PENDING);
    struct tracing_story story = story_of(&booking, BOOKING_INTENT, "wait");
    booking_tell(&story, &facts);
    assert_string_equal(facts.waits_for, "payment");
    assert_int_equal(facts.waits_until_ms, NOW);
    booking.state = BOOKING_PAYMENT_FIRST;
    story = story_of(&booking, BOOKING_CAPTURED, "wait");
    booking_tell(&story, &facts);
    assert_string_equal(facts.waits_for, "intent");
    struct payment payment = { .state = PAYMENT_REFUNDING, .due_at_ms = NOW };
    story = story_of(&payment, INPUT_RESULT, "wait");
    payment_tell(&story, &facts);
    assert_string_equal(facts.waits_for, "refund");
    assert_int_equal(facts.waits_until_ms, NOW);
    assert_string_equal(facts.title, "refund answered");
}

static void a_deadline_is_named_by_what_it_did(void **state)
{
    (void)state;
    struct booking booking = booking_make(BOOKING_FAILED);
    struct tracing_story story = story_of(&booking, BOOKING_DEADLINE, "fail");
    story.reason = booking_reason_text(REASON_PAYMENT_TIMEOUT);
    booking_tell(&story, &facts);
    assert_string_equal(facts.title, "payment timed out");
    story.reason = booking_reason_text(REASON_INTENT_TIMEOUT);
    booking_tell(&story, &facts);
    assert_string_equal(facts.title, "intent timed out");
    struct payment payment = { .state = PAYMENT_REFUNDING };
    story = story_of(&payment, INPUT_DEADLINE, "retry");
    payment_tell(&story, &facts);
    assert_string_equal(facts.title, "retry refund");
    assert_string_equal(facts.wait, "wait for retry"); /* the back-off before it is seen */
    payment.state = PAYMENT_CAPTURED;
    story = story_of(&payment, INPUT_DEADLINE, "repeat");
    payment_tell(&story, &facts);
    assert_string_equal(facts.title, "repeat capture");
    assert_null(facts.wait);
    struct gateway_view view = { .intent = { .is_present = true, .amount = 5, .currency = "EUR" } };
    story = story_of(&view, GATEWAY_DEADLINE, "repeat");
    gateway_tell(&story, &facts);
    assert_string_equal(facts.title, "repeat intent");
    assert_int_equal(facts.price.amount, 5);
}

static void a_refund_is_found_by_its_id_and_one_that_is_stuck_is_a_problem(void **state)
{
    (void)state;
    struct payment payment = { .state = PAYMENT_STUCK, .amount = 1200, .currency = "EUR" };
    struct tracing_story story = story_of(&payment, INPUT_REPORTED, "fail");
    const struct payment_payload payload = { .refund_id = "R1", .amount = 10, .currency = "EUR" };
    memcpy(input.payload, &payload, sizeof payload);
    story.state_to = payment_state_text(PAYMENT_STUCK);
    payment_tell(&story, &facts);
    assert_string_equal(facts.payment_id, "P1");
    assert_string_equal(facts.refund_id, "R1");
    assert_int_equal(facts.returned.amount, 10);
    assert_int_equal(facts.paid.amount, 1200);
    assert_string_equal(facts.problem, "refund_stuck");
    story.state_from = story.state_to; /* it was before, and is not red again */
    memset(&facts, 0, sizeof facts);
    payment_tell(&story, &facts);
    assert_null(facts.problem);
    struct gateway_view view = { 0 };
    story = story_of(&view, GATEWAY_PAYMENT_REFUNDED, "refund");
    const struct gateway_refund_report report = { .payment = { .payment_id = "P2", .amount = 7 },
                                                  .refund_id = "R2" };
    memcpy(input.payload, &report, sizeof report);
    gateway_tell(&story, &facts);
    assert_string_equal(facts.payment_id, "P2");
    assert_string_equal(facts.refund_id, "R2");
    assert_int_equal(facts.returned.amount, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mismatch_shows_what_was_asked_and_what_was_paid),
        cmocka_unit_test(who_waits_says_for_what_and_until_when),
        cmocka_unit_test(a_deadline_is_named_by_what_it_did),
        cmocka_unit_test(a_refund_is_found_by_its_id_and_one_that_is_stuck_is_a_problem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
