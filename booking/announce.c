/* announce.c - the JSON of each outcome and refund request, written from the state: what is sent
 * again keeps its message id and bytes. */
#include "booking/announce.h"
#include "common/base/attributes.h"
#include "common/base/text.h"
#include "events/booking_events.h"

#include <assert.h>
#include <string.h>

struct outcome_said {
    const struct event *event;
    union {
        struct event_booking_confirmed confirmed;
        struct event_booking_failed failed;
        struct event_booking_cancelled cancelled;
    } as;
};

static void confirmed_fill(const struct booking *booking, struct event_booking_confirmed *confirmed)
{
    for (int32_t i = 0; i < booking->payment_count; i++) {
        const struct booking_payment *payment = &booking->payments[i];
        if (payment->disposition != PAYMENT_APPLIED)
            continue;
        memcpy(confirmed->payment_id, payment->payment_id, sizeof confirmed->payment_id);
        confirmed->amount = payment->amount;
        memcpy(confirmed->currency, payment->currency, sizeof confirmed->currency);
    }
    memcpy(confirmed->intent_id, booking->id, sizeof confirmed->intent_id);
}

static void payments_fill(const struct booking *booking, struct event_payments *payments)
{
    payments->count = 0;
    for (int32_t i = 0; i < booking->payment_count; i++) {
        const struct booking_payment *payment = &booking->payments[i];
        if (payment->disposition != PAYMENT_REFUNDED_BY_OUTCOME)
            continue;
        struct event_payment *listed = &payments->list[payments->count++];
        memcpy(listed->payment_id, payment->payment_id, sizeof listed->payment_id);
        listed->amount = payment->amount;
        memcpy(listed->currency, payment->currency, sizeof listed->currency);
    }
}

static void outcome_fill(const struct booking *booking, struct outcome_said *ret_said)
{
    assert(booking_state_is_outcome(booking->state));
    if (booking->state == BOOKING_CONFIRMED) {
        ret_said->event = &event_booking_confirmed;
        confirmed_fill(booking, &ret_said->as.confirmed);
    } else if (booking->state == BOOKING_FAILED) {
        struct event_booking_failed *failed = &ret_said->as.failed;
        ret_said->event = &event_booking_failed;
        memcpy(failed->intent_id, booking->id, sizeof failed->intent_id);
        text_copy(failed->reason, sizeof failed->reason, booking_reason_text(booking->reason));
        payments_fill(booking, &failed->payments);
    } else {
        struct event_booking_cancelled *cancelled = &ret_said->as.cancelled;
        ret_said->event = &event_booking_cancelled;
        memcpy(cancelled->intent_id, booking->id, sizeof cancelled->intent_id);
        payments_fill(booking, &cancelled->payments);
    }
}

static struct event_refund_requested refund_said(const struct booking *booking,
                                                 const struct booking_payment *payment)
{
    struct event_refund_requested said = { .amount = payment->amount };
    memcpy(said.payment_id, payment->payment_id, sizeof said.payment_id);
    memcpy(said.intent_id, booking->id, sizeof said.intent_id);
    memcpy(said.currency, payment->currency, sizeof said.currency);
    text_copy(said.reason, sizeof said.reason, booking_reason_text(payment->refund_reason));
    return said;
}

void booking_announce_outcome(struct booking *booking, struct decision *decision)
{
    SCRATCH struct outcome_said said;
    outcome_fill(booking, &said);
    event_owe(said.event, &said.as, booking->id, decision, &booking->outcome);
}

void booking_announce_refund(const struct booking *booking, struct booking_payment *payment,
                             struct decision *decision)
{
    const struct event_refund_requested said = refund_said(booking, payment);
    event_owe(&event_refund_requested, &said, booking->id, decision, &payment->refund_request);
}

void booking_announce_refund_unstored(const struct booking *booking,
                                      const struct booking_payload *payload,
                                      enum booking_reason reason, struct decision *decision)
{
    struct booking_payment payment = { .amount = payload->amount, .refund_reason = reason };
    memcpy(payment.payment_id, payload->payment_id, sizeof payment.payment_id);
    memcpy(payment.currency, payload->currency, sizeof payment.currency);
    booking_announce_refund(booking, &payment, decision);
}

/* No outcome, so not remembered: who asks again is answered anew. What is left of the wait is said
 * beside its end, since no two clocks agree. */
static void announce_pending(const struct booking *booking, struct decision *decision)
{
    int64_t left_ms = booking->due_at_ms - decision->now_ms;
    struct event_booking_pending said = { .waits_for = "payment",
                                          .until_ms = booking->due_at_ms,
                                          .remaining_ms = left_ms > 0 ? left_ms : 0 };
    memcpy(said.intent_id, booking->id, sizeof said.intent_id);
    event_owe_reply(&event_booking_pending, &said, booking->id, decision);
}

static void outcome_again(const struct booking *booking, struct decision *decision)
{
    SCRATCH struct outcome_said said;
    if (!booking_state_is_outcome(booking->state))
        return; /* nothing to say yet; who asked will ask again */
    outcome_fill(booking, &said);
    event_owe_again(said.event, &said.as, booking->id, decision, &booking->outcome);
}

static void refund_again(const struct booking *booking, const struct booking_payment *payment,
                         struct decision *decision)
{
    const struct event_refund_requested said = refund_said(booking, payment);
    event_owe_again(&event_refund_requested, &said, booking->id, decision,
                    &payment->refund_request);
}

static void refunds_again(const struct booking *booking, struct decision *decision)
{
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (booking->payments[i].disposition == PAYMENT_REFUNDED_BY_REQUEST)
            refund_again(booking, &booking->payments[i], decision);
}

void booking_announce_again(const struct booking *booking, const struct input *input,
                            struct decision *decision)
{
    const struct booking_payload *payload = (const void *)input->payload;
    const struct booking_payment *payment =
        input->type == BOOKING_CAPTURED ? booking_payment_find(booking, payload->payment_id) : NULL;
    if (booking->state == BOOKING_PENDING && input->type == BOOKING_INTENT)
        announce_pending(booking, decision);
    else if (payment != NULL && payment->disposition == PAYMENT_REFUNDED_BY_REQUEST)
        refund_again(booking, payment, decision);
    else
        outcome_again(booking, decision);
    if (booking_state_is_outcome(booking->state) && input->type != BOOKING_CAPTURED)
        refunds_again(booking, decision);
}
