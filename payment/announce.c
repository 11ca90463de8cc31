/* announce.c - the payment service's events, built from the state: what is sent again keeps its
 * message id and bytes. */
#include "payment/announce.h"
#include "events/payment_events.h"

#include <assert.h>
#include <string.h>

static struct event_payment_captured captured_said(const struct payment *payment)
{
    struct event_payment_captured said = { .amount = payment->amount,
                                           .captured_at_ms = payment->captured_at_ms };
    memcpy(said.payment_id, payment->id, sizeof said.payment_id);
    memcpy(said.intent_id, payment->intent_id, sizeof said.intent_id);
    memcpy(said.user_id, payment->user_id, sizeof said.user_id);
    memcpy(said.currency, payment->currency, sizeof said.currency);
    return said;
}

void payment_announce_captured(struct payment *payment, struct decision *decision)
{
    const struct event_payment_captured said = captured_said(payment);
    event_owe(&event_payment_captured, &said, payment->id, decision, &payment->capture);
}

void payment_announce_captured_again(const struct payment *payment, struct decision *decision)
{
    const struct event_payment_captured said = captured_said(payment);
    event_owe_again(&event_payment_captured, &said, payment->id, decision, &payment->capture);
}

void payment_announce_declined(const struct payment *payment, const char reason[REASON_SIZE],
                               struct decision *decision)
{
    struct event_payment_declined said = { .is_final = payment->is_final,
                                           .declined_at_ms = decision->now_ms };
    memcpy(said.payment_id, payment->id, sizeof said.payment_id);
    memcpy(said.intent_id, payment->intent_id, sizeof said.intent_id);
    memcpy(said.user_id, payment->user_id, sizeof said.user_id);
    memcpy(said.reason, reason, sizeof said.reason);
    event_owe(&event_payment_declined, &said, payment->id, decision, NULL);
}

static struct event_payment_refunded refunded_said(const struct payment *payment)
{
    struct event_payment_refunded said = { .amount = payment->amount };
    memcpy(said.payment_id, payment->id, sizeof said.payment_id);
    memcpy(said.intent_id, payment->intent_id, sizeof said.intent_id);
    memcpy(said.refund_id, payment->refund_id, sizeof said.refund_id);
    if (payment->resolved_amount > 0)
        memcpy(said.by, "operator", sizeof "operator");
    memcpy(said.currency, payment->currency, sizeof said.currency);
    return said;
}

static struct event_refund_stuck stuck_said(const struct payment *payment)
{
    struct event_refund_stuck said = { .amount = payment->amount };
    memcpy(said.payment_id, payment->id, sizeof said.payment_id);
    memcpy(said.intent_id, payment->intent_id, sizeof said.intent_id);
    memcpy(said.reason, payment->last_error, sizeof said.reason);
    memcpy(said.currency, payment->currency, sizeof said.currency);
    return said;
}

void payment_announce_refund_end(struct payment *payment, struct decision *decision)
{
    assert(payment->state == PAYMENT_REFUNDED || payment->state == PAYMENT_STUCK);
    if (payment->state == PAYMENT_REFUNDED) {
        const struct event_payment_refunded said = refunded_said(payment);
        event_owe(&event_payment_refunded, &said, payment->id, decision, &payment->refund);
    } else {
        const struct event_refund_stuck said = stuck_said(payment);
        event_owe(&event_refund_stuck, &said, payment->id, decision, &payment->refund);
    }
}

void payment_announce_refund_end_again(const struct payment *payment, struct decision *decision)
{
    assert(payment->state == PAYMENT_REFUNDED || payment->state == PAYMENT_STUCK);
    if (payment->state == PAYMENT_REFUNDED) {
        const struct event_payment_refunded said = refunded_said(payment);
        event_owe_again(&event_payment_refunded, &said, payment->id, decision, &payment->refund);
    } else {
        const struct event_refund_stuck said = stuck_said(payment);
        event_owe_again(&event_refund_stuck, &said, payment->id, decision, &payment->refund);
    }
}

void payment_announce_refund_failed(const struct payment *payment, struct decision *decision)
{
    struct event_refund_stuck said = stuck_said(payment);
    memcpy(said.reason, "refund_failed", sizeof "refund_failed");
    said.is_retrying = true;
    event_owe(&event_refund_stuck, &said, payment->id, decision, NULL);
}
