/* transitions.c - the rules of a booking, one row each, and what a row does to the state.
 * docs/states.md is printed from this table. */
#include "booking/announce.h"
#include "booking/booking.h"
#include "booking/guards.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define WAIT_FOR_PAYMENT "wait for payment" /* names of spans */
#define WAIT_FOR_INTENT  "wait for intent"

/* ---- what a row does ---- */

static void intent_keep(struct booking *booking, const struct booking_payload *payload)
{
    booking->has_intent = true;
    memcpy(booking->user_id, payload->user_id, sizeof booking->user_id);
    booking->amount = payload->amount;
    memcpy(booking->currency, payload->currency, sizeof booking->currency);
}

static struct booking_payment *payment_keep(struct booking *booking,
                                            const struct booking_payload *payload)
{
    assert(booking->payment_count < BOOKING_PAYMENTS_MAX);
    struct booking_payment *payment = &booking->payments[booking->payment_count++];
    memset(payment, 0, sizeof *payment);
    memcpy(payment->payment_id, payload->payment_id, sizeof payment->payment_id);
    memcpy(payment->user_id, payload->user_id, sizeof payment->user_id);
    payment->amount = payload->amount;
    memcpy(payment->currency, payload->currency, sizeof payment->currency);
    payment->disposition = PAYMENT_HELD;
    payment->refund_request.position = ANNOUNCEMENT_NEVER;
    return payment;
}

static void payment_give_back(struct booking *booking, struct booking_payment *payment,
                              enum booking_reason reason, struct decision *decision)
{
    payment->disposition = PAYMENT_REFUNDED_BY_REQUEST;
    payment->refund_reason = reason;
    announce_refund(booking, payment, decision);
    decision_note(decision, "booking.refund", NULL, 0);
}

/* Its trace shows the wait as a span, however it ended; nothing where nobody waited. */
static void wait_ended(const struct booking *booking, const char *event, const char *wait,
                       struct decision *decision)
{
    if (booking->waiting_since_ms > 0)
        decision_note(decision, event, wait, booking->waiting_since_ms);
}

static void wait_until(struct booking *booking, const struct decision *decision, int64_t timeout_ms)
{
    booking->waiting_since_ms = decision->now_ms;
    booking->due_at_ms = decision->now_ms + timeout_ms;
}

/* An outcome: what is held goes back with it. decide has set state and reason. */
static void end(struct booking *booking, struct decision *decision)
{
    for (int32_t i = 0; i < booking->payment_count; i++) {
        struct booking_payment *payment = &booking->payments[i];
        if (payment->disposition != PAYMENT_HELD)
            continue;
        payment->disposition = PAYMENT_REFUNDED_BY_OUTCOME;
        payment->refund_reason = booking->reason;
    }
    booking->due_at_ms = 0;
    announce_outcome(booking, decision);
}

static void nothing(const struct booking_rules *rules, struct booking *booking,
                    const struct input *input, struct decision *decision)
{
    (void)rules;
    decision->is_changed = false;
    if (input->is_repeat && decision->outcome == OUTCOME_DUPLICATE)
        announce_again(booking, input, decision);
}

static void keep_intent(const struct booking_rules *rules, struct booking *booking,
                        const struct input *input, struct decision *decision)
{
    intent_keep(booking, booking_payload(input));
    wait_until(booking, decision, rules->payment_timeout_ms);
}

static void park_payment(const struct booking_rules *rules, struct booking *booking,
                         const struct input *input, struct decision *decision)
{
    payment_keep(booking, booking_payload(input));
    if (booking->payment_count == 1)
        wait_until(booking, decision, rules->intent_timeout_ms);
    decision_note(decision, "booking.parked", NULL, 0);
}

static void keep_decline(const struct booking_rules *rules, struct booking *booking,
                         const struct input *input, struct decision *decision)
{
    (void)rules;
    const struct booking_payload *payload = booking_payload(input);
    struct booking_decline *last = &booking->last_decline;
    memcpy(last->payment_id, payload->payment_id, sizeof last->payment_id);
    last->at_ms = payload->declined_at_ms;
    decision_note(decision, "booking.payment_declined", NULL, 0);
}

static void end_without_payment(const struct booking_rules *rules, struct booking *booking,
                                const struct input *input, struct decision *decision)
{
    (void)rules, (void)input;
    wait_ended(booking, NULL, booking->has_intent ? WAIT_FOR_PAYMENT : WAIT_FOR_INTENT, decision);
    end(booking, decision);
}

static void end_with_payment(const struct booking_rules *rules, struct booking *booking,
                             const struct input *input, struct decision *decision)
{
    (void)rules;
    payment_keep(booking, booking_payload(input));
    wait_ended(booking, "booking.matched", WAIT_FOR_PAYMENT, decision);
    end(booking, decision);
}

static void apply_payment(const struct booking_rules *rules, struct booking *booking,
                          const struct input *input, struct decision *decision)
{
    (void)rules;
    payment_keep(booking, booking_payload(input))->disposition = PAYMENT_APPLIED;
    wait_ended(booking, "booking.matched", WAIT_FOR_PAYMENT, decision);
    end(booking, decision);
}

/* Gives back one payment and changes nothing else. Beyond the bound it is not stored: the payment
 * service knows it for ever. A stranger's payments leave the last place to the payer's own. */
static void give_back(const struct booking_rules *rules, struct booking *booking,
                      const struct input *input, struct decision *decision)
{
    (void)rules;
    enum booking_reason reason = decision->is_security_event           ? REASON_OTHER_USER
                                 : booking->state == BOOKING_CONFIRMED ? REASON_SECOND_PAYMENT
                                                                       : REASON_BOOKING_ENDED;
    int32_t places =
        booking->state == BOOKING_PENDING ? BOOKING_PAYMENTS_MAX - 1 : BOOKING_PAYMENTS_MAX;
    if (booking->payment_count < places) {
        payment_give_back(booking, payment_keep(booking, booking_payload(input)), reason, decision);
        return;
    }
    announce_refund_unstored(booking, booking_payload(input), REASON_TOO_MANY_PAYMENTS, decision);
}

static void give_back_to_stranger(const struct booking_rules *rules, struct booking *booking,
                                  const struct input *input, struct decision *decision)
{
    decision->is_security_event = true;
    give_back(rules, booking, input, decision);
}

/* The intent meets the payments that came first: those of others go back one by one. */
static void strangers_give_back(struct booking *booking, struct decision *decision)
{
    for (int32_t i = 0; i < booking->payment_count; i++) {
        struct booking_payment *payment = &booking->payments[i];
        if (payment->disposition == PAYMENT_HELD &&
            strcmp(payment->user_id, booking->user_id) != 0) {
            decision->is_security_event = true;
            payment->disposition = PAYMENT_REFUNDED_BY_REQUEST;
            payment->refund_reason = REASON_OTHER_USER;
            announce_refund(booking, payment, decision);
        }
    }
}

static void apply_held(const struct booking_rules *rules, struct booking *booking,
                       const struct input *input, struct decision *decision)
{
    (void)rules;
    intent_keep(booking, booking_payload(input));
    strangers_give_back(booking, decision);
    int first = booking_payment_first_of(booking, booking->user_id);
    assert(first >= 0); /* the guard has seen it */
    booking->payments[first].disposition = PAYMENT_APPLIED;
    booking->due_at_ms = 0;
    wait_ended(booking, "booking.matched", WAIT_FOR_INTENT, decision);
    announce_outcome(booking, decision);
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (booking->payments[i].disposition == PAYMENT_HELD) {
            booking->payments[i].disposition = PAYMENT_REFUNDED_BY_REQUEST;
            booking->payments[i].refund_reason = REASON_SECOND_PAYMENT;
            announce_refund(booking, &booking->payments[i], decision);
        }
}

static void end_with_held(const struct booking_rules *rules, struct booking *booking,
                          const struct input *input, struct decision *decision)
{
    (void)rules;
    intent_keep(booking, booking_payload(input));
    strangers_give_back(booking, decision);
    wait_ended(booking, "booking.matched", WAIT_FOR_INTENT, decision);
    end(booking, decision);
}

static void keep_intent_without_strangers(const struct booking_rules *rules,
                                          struct booking *booking, const struct input *input,
                                          struct decision *decision)
{
    intent_keep(booking, booking_payload(input));
    wait_ended(booking, NULL, WAIT_FOR_INTENT, decision);
    strangers_give_back(booking, decision);
    if (booking->payment_count == BOOKING_PAYMENTS_MAX) {
        /* The last place is the payer's own: a stranger's payment may be forgotten here, the
         * payment service knows it for ever. */
        booking->payment_count--;
        memset(&booking->payments[booking->payment_count], 0, sizeof booking->payments[0]);
    }
    wait_until(booking, decision, rules->payment_timeout_ms);
}

static void undo(const struct booking_rules *rules, struct booking *booking,
                 const struct input *input, struct decision *decision)
{
    (void)rules, (void)input;
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (booking->payments[i].disposition == PAYMENT_APPLIED)
            booking->payments[i].disposition = PAYMENT_HELD;
    end(booking, decision);
}

/* ---- the table ---- */

#define IF(guard)  guard, #guard
#define NONE       BOOKING_NONE
#define PENDING    BOOKING_PENDING
#define PAID_FIRST BOOKING_PAYMENT_FIRST
#define CONFIRMED  BOOKING_CONFIRMED
#define FAILED     BOOKING_FAILED
#define CANCELLED  BOOKING_CANCELLED
#define INTENT     BOOKING_INTENT
#define CAPTURED   BOOKING_CAPTURED
#define DECLINED   BOOKING_DECLINED
#define CANCEL     BOOKING_CANCEL
#define DEADLINE   BOOKING_DEADLINE
#define WAIT       "wait", OUTCOME_APPLIED
#define CONFIRM    "confirm", OUTCOME_APPLIED
#define FAIL       "fail", OUTCOME_APPLIED
#define CANCELS    "cancel", OUTCOME_APPLIED
#define REFUND     "refund", OUTCOME_APPLIED
#define NOOP       "noop", OUTCOME_DUPLICATE
#define DUPLICATE  "duplicate", OUTCOME_DUPLICATE
#define REJECT     "reject", OUTCOME_REJECTED
#define DEFER      "defer", OUTCOME_DEFERRED

/* clang-format off */
const struct booking_transition booking_transitions[] = {
    { NONE,       INTENT,   IF(always),              WAIT,      PENDING,    keep_intent,          REASON_NONE },
    { NONE,       CAPTURED, IF(always),              WAIT,      PAID_FIRST, park_payment,         REASON_NONE },
    { NONE,       DECLINED, IF(always),              NOOP,      NONE,       nothing,              REASON_NONE },
    { NONE,       CANCEL,   IF(always),              CANCELS,   CANCELLED,  end_without_payment,  REASON_CANCELLED },
    { NONE,       DEADLINE, IF(always),              NOOP,      NONE,       nothing,              REASON_NONE },

    { PENDING,    INTENT,   IF(same_intent),         DUPLICATE, PENDING,    nothing,              REASON_NONE },
    { PENDING,    INTENT,   IF(always),              REJECT,    PENDING,    nothing,              REASON_NONE },
    { PENDING,    CAPTURED, IF(known_payment),       DUPLICATE, PENDING,    nothing,              REASON_NONE },
    { PENDING,    CAPTURED, IF(altered_payment),     REJECT,    PENDING,    nothing,              REASON_NONE },
    { PENDING,    CAPTURED, IF(other_user),          REFUND,    PENDING,    give_back_to_stranger, REASON_OTHER_USER },
    { PENDING,    CAPTURED, IF(settles),             CONFIRM,   CONFIRMED,  apply_payment,        REASON_NONE },
    { PENDING,    CAPTURED, IF(other_currency),      FAIL,      FAILED,     end_with_payment,     REASON_CURRENCY_MISMATCH },
    { PENDING,    CAPTURED, IF(always),              FAIL,      FAILED,     end_with_payment,     REASON_AMOUNT_MISMATCH },
    { PENDING,    DECLINED, IF(other_user),          NOOP,      PENDING,    nothing,              REASON_NONE },
    { PENDING,    DECLINED, IF(final_decline),       FAIL,      FAILED,     end_without_payment,  REASON_PAYMENT_DECLINED },
    { PENDING,    DECLINED, IF(known_decline),       DUPLICATE, PENDING,    nothing,              REASON_NONE },
    { PENDING,    DECLINED, IF(always),              WAIT,      PENDING,    keep_decline,         REASON_NONE },
    { PENDING,    CANCEL,   IF(same_user),           CANCELS,   CANCELLED,  end_without_payment,  REASON_CANCELLED },
    { PENDING,    CANCEL,   IF(always),              REJECT,    PENDING,    nothing,              REASON_NONE },
    { PENDING,    DEADLINE, IF(is_due),              FAIL,      FAILED,     end_without_payment,  REASON_PAYMENT_TIMEOUT },
    { PENDING,    DEADLINE, IF(always),              NOOP,      PENDING,    nothing,              REASON_NONE },

    { PAID_FIRST, INTENT,   IF(held_settles),        CONFIRM,   CONFIRMED,  apply_held,           REASON_NONE },
    { PAID_FIRST, INTENT,   IF(held_other_currency), FAIL,      FAILED,     end_with_held,        REASON_CURRENCY_MISMATCH },
    { PAID_FIRST, INTENT,   IF(held_other_amount),   FAIL,      FAILED,     end_with_held,        REASON_AMOUNT_MISMATCH },
    { PAID_FIRST, INTENT,   IF(always),              WAIT,      PENDING,    keep_intent_without_strangers, REASON_NONE },
    { PAID_FIRST, CAPTURED, IF(known_payment),       DUPLICATE, PAID_FIRST, nothing,              REASON_NONE },
    { PAID_FIRST, CAPTURED, IF(altered_payment),     REJECT,    PAID_FIRST, nothing,              REASON_NONE },
    { PAID_FIRST, CAPTURED, IF(payments_full),       DEFER,     PAID_FIRST, nothing,              REASON_TOO_MANY_PAYMENTS },
    { PAID_FIRST, CAPTURED, IF(always),              WAIT,      PAID_FIRST, park_payment,         REASON_NONE },
    { PAID_FIRST, DECLINED, IF(always),              NOOP,      PAID_FIRST, nothing,              REASON_NONE },
    { PAID_FIRST, CANCEL,   IF(always),              CANCELS,   CANCELLED,  end_without_payment,  REASON_CANCELLED },
    { PAID_FIRST, DEADLINE, IF(is_due),              FAIL,      FAILED,     end_without_payment,  REASON_INTENT_TIMEOUT },
    { PAID_FIRST, DEADLINE, IF(always),              NOOP,      PAID_FIRST, nothing,              REASON_NONE },

    { CONFIRMED,  INTENT,   IF(same_intent),         DUPLICATE, CONFIRMED,  nothing,              REASON_NONE },
    { CONFIRMED,  INTENT,   IF(always),              REJECT,    CONFIRMED,  nothing,              REASON_NONE },
    { CONFIRMED,  CAPTURED, IF(known_payment),       DUPLICATE, CONFIRMED,  nothing,              REASON_NONE },
    { CONFIRMED,  CAPTURED, IF(altered_payment),     REJECT,    CONFIRMED,  nothing,              REASON_NONE },
    { CONFIRMED,  CAPTURED, IF(other_user),          REFUND,    CONFIRMED,  give_back_to_stranger, REASON_OTHER_USER },
    { CONFIRMED,  CAPTURED, IF(always),              REFUND,    CONFIRMED,  give_back,            REASON_SECOND_PAYMENT },
    { CONFIRMED,  DECLINED, IF(always),              NOOP,      CONFIRMED,  nothing,              REASON_NONE },
    { CONFIRMED,  CANCEL,   IF(same_user),           CANCELS,   CANCELLED,  undo,                 REASON_CANCELLED },
    { CONFIRMED,  CANCEL,   IF(always),              REJECT,    CONFIRMED,  nothing,              REASON_NONE },
    { CONFIRMED,  DEADLINE, IF(always),              NOOP,      CONFIRMED,  nothing,              REASON_NONE },

    { FAILED,     INTENT,   IF(no_intent),           NOOP,      FAILED,     nothing,              REASON_NONE },
    { FAILED,     INTENT,   IF(same_intent),         DUPLICATE, FAILED,     nothing,              REASON_NONE },
    { FAILED,     INTENT,   IF(always),              REJECT,    FAILED,     nothing,              REASON_NONE },
    { FAILED,     CAPTURED, IF(known_payment),       DUPLICATE, FAILED,     nothing,              REASON_NONE },
    { FAILED,     CAPTURED, IF(altered_payment),     REJECT,    FAILED,     nothing,              REASON_NONE },
    { FAILED,     CAPTURED, IF(always),              REFUND,    FAILED,     give_back,            REASON_BOOKING_ENDED },
    { FAILED,     DECLINED, IF(always),              NOOP,      FAILED,     nothing,              REASON_NONE },
    { FAILED,     CANCEL,   IF(always),              NOOP,      FAILED,     nothing,              REASON_NONE },
    { FAILED,     DEADLINE, IF(always),              NOOP,      FAILED,     nothing,              REASON_NONE },

    { CANCELLED,  INTENT,   IF(no_intent),           NOOP,      CANCELLED,  nothing,              REASON_NONE },
    { CANCELLED,  INTENT,   IF(same_intent),         DUPLICATE, CANCELLED,  nothing,              REASON_NONE },
    { CANCELLED,  INTENT,   IF(always),              REJECT,    CANCELLED,  nothing,              REASON_NONE },
    { CANCELLED,  CAPTURED, IF(known_payment),       DUPLICATE, CANCELLED,  nothing,              REASON_NONE },
    { CANCELLED,  CAPTURED, IF(altered_payment),     REJECT,    CANCELLED,  nothing,              REASON_NONE },
    { CANCELLED,  CAPTURED, IF(always),              REFUND,    CANCELLED,  give_back,            REASON_BOOKING_ENDED },
    { CANCELLED,  DECLINED, IF(always),              NOOP,      CANCELLED,  nothing,              REASON_NONE },
    { CANCELLED,  CANCEL,   IF(always),              DUPLICATE, CANCELLED,  nothing,              REASON_NONE },
    { CANCELLED,  DEADLINE, IF(always),              NOOP,      CANCELLED,  nothing,              REASON_NONE },
};
/* clang-format on */
const size_t booking_transition_count = sizeof booking_transitions / sizeof booking_transitions[0];
