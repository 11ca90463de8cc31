/* actions.c - what the rows of the table do: keep intents and payments, end, give back, and owe
 * what others must hear of it. */
#include "booking/actions.h"
#include "booking/announce.h"
#include "booking/booking.h"
#include "common/base/text.h"

#include <assert.h>
#include <string.h>

#define WAIT_FOR_PAYMENT "wait for payment" /* names of spans */
#define WAIT_FOR_INTENT  "wait for intent"

void booking_turn_begin(const struct turn *turn)
{
    struct booking *booking = turn->state;
    struct decision *decision = turn->decision;
    enum booking_state next = (enum booking_state)turn->row->next;
    if (booking->state == BOOKING_NONE && next != BOOKING_NONE) {
        text_copy(booking->id, sizeof booking->id, turn->input->document_id);
        booking->first_seen_ms = decision->now_ms;
        booking->outcome.position = ANNOUNCEMENT_NEVER;
    }
    if (next != booking->state && booking_state_is_outcome(next)) {
        decision->is_first_outcome = booking->decided_at_ms == 0;
        booking->reason = (enum booking_reason)turn->row->reason;
        if (decision->is_first_outcome) {
            booking->decided_at_ms = decision->now_ms;
            booking->first_outcome = next;
        }
    }
    booking->state = next;
}

/* ---- parts of what rows do ---- */

static void intent_keep(struct booking *booking, const struct booking_payload *payload)
{
    assert(!booking->has_intent); /* the first one is immutable */
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
    assert(payment->disposition == PAYMENT_HELD && reason != REASON_NONE);
    payment->disposition = PAYMENT_REFUNDED_BY_REQUEST;
    payment->refund_reason = reason;
    booking_announce_refund(booking, payment, decision);
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
    assert(timeout_ms > 0);
    booking->waiting_since_ms = decision->now_ms;
    booking->due_at_ms = decision->now_ms + timeout_ms;
}

/* An outcome: what is held goes back with it. */
static void end(struct booking *booking, struct decision *decision)
{
    assert(booking_state_is_outcome(booking->state)); /* by booking_turn_begin, as the reason is */
    for (int32_t i = 0; i < booking->payment_count; i++) {
        struct booking_payment *payment = &booking->payments[i];
        if (payment->disposition != PAYMENT_HELD)
            continue;
        payment->disposition = PAYMENT_REFUNDED_BY_OUTCOME;
        payment->refund_reason = booking->reason;
    }
    booking->due_at_ms = 0;
    booking_announce_outcome(booking, decision);
}

/* The intent meets the payments that came first: those of others go back one by one. */
static void strangers_give_back(struct booking *booking, struct decision *decision)
{
    for (int32_t i = 0; i < booking->payment_count; i++) {
        struct booking_payment *payment = &booking->payments[i];
        if (payment->disposition == PAYMENT_HELD &&
            strcmp(payment->user_id, booking->user_id) != 0) {
            decision->is_security_event = true;
            payment_give_back(booking, payment, REASON_OTHER_USER, decision);
        }
    }
}

/* ---- what a row does ---- */

void booking_answer_again(const struct turn *turn)
{
    turn->decision->is_changed = false;
    if (turn->input->is_repeat)
        booking_announce_again(turn->state, turn->input, turn->decision);
}

void booking_keep_intent(const struct turn *turn)
{
    const struct booking_rules *rules = turn->rules;
    intent_keep(turn->state, turn_payload(turn));
    wait_until(turn->state, turn->decision, rules->payment_timeout_ms);
}

void booking_park_payment(const struct turn *turn)
{
    const struct booking_rules *rules = turn->rules;
    struct booking *booking = turn->state;
    payment_keep(booking, turn_payload(turn));
    if (booking->payment_count == 1)
        wait_until(booking, turn->decision, rules->intent_timeout_ms);
    decision_note(turn->decision, "booking.parked", NULL, 0);
}

void booking_keep_decline(const struct turn *turn)
{
    struct booking *booking = turn->state;
    const struct booking_payload *payload = turn_payload(turn);
    struct booking_decline *last = &booking->last_decline;
    memcpy(last->payment_id, payload->payment_id, sizeof last->payment_id);
    last->at_ms = payload->declined_at_ms;
    decision_note(turn->decision, "booking.payment_declined", NULL, 0);
}

void booking_end_without_payment(const struct turn *turn)
{
    struct booking *booking = turn->state;
    const char *wait = booking->has_intent ? WAIT_FOR_PAYMENT : WAIT_FOR_INTENT;
    wait_ended(booking, NULL, wait, turn->decision);
    end(booking, turn->decision);
}

void booking_end_with_payment(const struct turn *turn)
{
    struct booking *booking = turn->state;
    payment_keep(booking, turn_payload(turn));
    wait_ended(booking, "booking.matched", WAIT_FOR_PAYMENT, turn->decision);
    end(booking, turn->decision);
}

void booking_apply_payment(const struct turn *turn)
{
    struct booking *booking = turn->state;
    payment_keep(booking, turn_payload(turn))->disposition = PAYMENT_APPLIED;
    wait_ended(booking, "booking.matched", WAIT_FOR_PAYMENT, turn->decision);
    end(booking, turn->decision);
}

/* Beyond the bound it is not stored: the payment service knows it for ever. A stranger's payments
 * leave the last place to the payer's own. */
void booking_give_back(const struct turn *turn)
{
    struct booking *booking = turn->state;
    const struct booking_payload *payload = turn_payload(turn);
    int32_t places =
        booking->state == BOOKING_PENDING ? BOOKING_PAYMENTS_MAX - 1 : BOOKING_PAYMENTS_MAX;
    if (booking->payment_count >= places) {
        booking_announce_refund_unstored(booking, payload, REASON_TOO_MANY_PAYMENTS,
                                         turn->decision);
        return;
    }
    payment_give_back(booking, payment_keep(booking, payload),
                      (enum booking_reason)turn->row->reason, turn->decision);
    decision_note(turn->decision, "booking.refund", NULL, 0);
}

void booking_apply_held(const struct turn *turn)
{
    struct booking *booking = turn->state;
    intent_keep(booking, turn_payload(turn));
    strangers_give_back(booking, turn->decision);
    int first = booking_payment_first_of(booking, booking->user_id);
    assert(first >= 0); /* the guard has seen it */
    booking->payments[first].disposition = PAYMENT_APPLIED;
    booking->due_at_ms = 0;
    wait_ended(booking, "booking.matched", WAIT_FOR_INTENT, turn->decision);
    booking_announce_outcome(booking, turn->decision);
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (booking->payments[i].disposition == PAYMENT_HELD)
            payment_give_back(booking, &booking->payments[i], REASON_SECOND_PAYMENT,
                              turn->decision);
}

void booking_end_with_held(const struct turn *turn)
{
    struct booking *booking = turn->state;
    intent_keep(booking, turn_payload(turn));
    strangers_give_back(booking, turn->decision);
    wait_ended(booking, "booking.matched", WAIT_FOR_INTENT, turn->decision);
    end(booking, turn->decision);
}

void booking_keep_intent_without_strangers(const struct turn *turn)
{
    const struct booking_rules *rules = turn->rules;
    struct booking *booking = turn->state;
    intent_keep(booking, turn_payload(turn));
    wait_ended(booking, NULL, WAIT_FOR_INTENT, turn->decision);
    strangers_give_back(booking, turn->decision);
    if (booking->payment_count == BOOKING_PAYMENTS_MAX) {
        /* The last place is the payer's own: a stranger's payment may be forgotten here, the
         * payment service knows it for ever. */
        booking->payment_count--;
        memset(&booking->payments[booking->payment_count], 0, sizeof booking->payments[0]);
    }
    wait_until(booking, turn->decision, rules->payment_timeout_ms);
}

void booking_undo(const struct turn *turn)
{
    struct booking *booking = turn->state;
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (booking->payments[i].disposition == PAYMENT_APPLIED)
            booking->payments[i].disposition = PAYMENT_HELD;
    end(booking, turn->decision);
}
