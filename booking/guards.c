/* guards.c - what a row of the table may ask of a booking and an input: is it the same, does it
 * settle, is it due. */
#include "booking/guards.h"

#include <string.h>

_Static_assert(sizeof(struct booking_payload) <= INPUT_PAYLOAD_BYTES, "fits into an input");

bool booking_is_due(const struct turn *turn)
{
    const struct booking *booking = turn->state;
    return booking->due_at_ms != 0 && booking->due_at_ms <= turn->decision->now_ms;
}

bool booking_no_intent(const struct turn *turn)
{
    const struct booking *booking = turn->state;
    return !booking->has_intent;
}

bool booking_same_intent(const struct turn *turn)
{
    const struct booking *booking = turn->state;
    const struct booking_payload *intent = turn_payload(turn);
    return booking->has_intent && strcmp(booking->user_id, intent->user_id) == 0 &&
           booking->amount == intent->amount && strcmp(booking->currency, intent->currency) == 0;
}

bool booking_same_user(const struct turn *turn)
{
    const struct booking *booking = turn->state;
    const struct booking_payload *payload = turn_payload(turn);
    return strcmp(booking->user_id, payload->user_id) == 0;
}

bool booking_other_user(const struct turn *turn)
{
    return !booking_same_user(turn);
}

static bool is_same_payment(const struct booking_payment *payment,
                            const struct booking_payload *payload)
{
    return strcmp(payment->user_id, payload->user_id) == 0 && payment->amount == payload->amount &&
           strcmp(payment->currency, payload->currency) == 0;
}

bool booking_known_payment(const struct turn *turn)
{
    const struct booking *booking = turn->state;
    const struct booking_payload *payload = turn_payload(turn);
    const struct booking_payment *payment = booking_payment_find(booking, payload->payment_id);
    return payment != NULL && is_same_payment(payment, payload);
}

bool booking_altered_payment(const struct turn *turn)
{
    const struct booking *booking = turn->state;
    const struct booking_payload *payload = turn_payload(turn);
    const struct booking_payment *payment = booking_payment_find(booking, payload->payment_id);
    return payment != NULL && !is_same_payment(payment, payload);
}

bool booking_payments_full(const struct turn *turn)
{
    const struct booking *booking = turn->state;
    return booking->payment_count == BOOKING_PAYMENTS_MAX;
}

bool booking_settles(const struct turn *turn)
{
    const struct booking *booking = turn->state;
    const struct booking_payload *payload = turn_payload(turn);
    return booking_same_user(turn) && booking->amount == payload->amount &&
           strcmp(booking->currency, payload->currency) == 0;
}

bool booking_other_currency(const struct turn *turn)
{
    const struct booking *booking = turn->state;
    const struct booking_payload *payload = turn_payload(turn);
    return strcmp(booking->currency, payload->currency) != 0;
}

bool booking_final_decline(const struct turn *turn)
{
    const struct booking_payload *payload = turn_payload(turn);
    return payload->is_final;
}

bool booking_known_decline(const struct turn *turn)
{
    const struct booking *booking = turn->state;
    const struct booking_payload *payload = turn_payload(turn);
    const struct booking_decline *last = &booking->last_decline;
    return payload->declined_at_ms < last->at_ms ||
           (payload->declined_at_ms == last->at_ms &&
            strcmp(payload->payment_id, last->payment_id) <= 0);
}

/* The held payment that decides about this intent, or NULL. */
static const struct booking_payment *deciding(const struct turn *turn)
{
    const struct booking *booking = turn->state;
    const struct booking_payload *intent = turn_payload(turn);
    int first = booking_payment_first_of(booking, intent->user_id);
    return first < 0 ? NULL : &booking->payments[first];
}

bool booking_held_settles(const struct turn *turn)
{
    const struct booking_payment *payment = deciding(turn);
    return payment != NULL && is_same_payment(payment, turn_payload(turn));
}

bool booking_held_other_currency(const struct turn *turn)
{
    const struct booking_payload *payload = turn_payload(turn);
    const struct booking_payment *payment = deciding(turn);
    return payment != NULL && strcmp(payment->currency, payload->currency) != 0;
}

bool booking_held_other_amount(const struct turn *turn)
{
    const struct booking_payload *payload = turn_payload(turn);
    const struct booking_payment *payment = deciding(turn);
    return payment != NULL && payment->amount != payload->amount;
}
