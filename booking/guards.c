/* guards.c - what a row of the table may ask of a booking and an input: is it the same, does it
 * settle, is it due. */
#include "booking/guards.h"

#include <string.h>

_Static_assert(sizeof(struct booking_payload) <= INPUT_PAYLOAD_BYTES, "fits into an input");

const struct booking_payload *booking_payload(const struct input *input)
{
    return (const struct booking_payload *)(const void *)input->payload;
}

const struct booking_payment *booking_payment_find(const struct booking *booking,
                                                   const char *payment_id)
{
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (strcmp(booking->payments[i].payment_id, payment_id) == 0)
            return &booking->payments[i];
    return NULL;
}

int booking_payment_first_of(const struct booking *booking, const char *user_id)
{
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (booking->payments[i].disposition == PAYMENT_HELD &&
            strcmp(booking->payments[i].user_id, user_id) == 0)
            return i;
    return -1;
}

bool always(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)booking, (void)input, (void)now_ms;
    return true;
}

bool is_due(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)input;
    return booking->due_at_ms != 0 && booking->due_at_ms <= now_ms;
}

bool no_intent(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)input, (void)now_ms;
    return !booking->has_intent;
}

bool same_intent(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)now_ms;
    const struct booking_payload *intent = booking_payload(input);
    return booking->has_intent && strcmp(booking->user_id, intent->user_id) == 0 &&
           booking->amount == intent->amount && strcmp(booking->currency, intent->currency) == 0;
}

bool same_user(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)now_ms;
    return strcmp(booking->user_id, booking_payload(input)->user_id) == 0;
}

bool other_user(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    return !same_user(booking, input, now_ms);
}

static bool is_same_payment(const struct booking_payment *payment,
                            const struct booking_payload *payload)
{
    return strcmp(payment->user_id, payload->user_id) == 0 && payment->amount == payload->amount &&
           strcmp(payment->currency, payload->currency) == 0;
}

bool known_payment(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)now_ms;
    const struct booking_payload *payload = booking_payload(input);
    const struct booking_payment *payment = booking_payment_find(booking, payload->payment_id);
    return payment != NULL && is_same_payment(payment, payload);
}

bool altered_payment(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)now_ms;
    const struct booking_payload *payload = booking_payload(input);
    const struct booking_payment *payment = booking_payment_find(booking, payload->payment_id);
    return payment != NULL && !is_same_payment(payment, payload);
}

bool payments_full(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)input, (void)now_ms;
    return booking->payment_count == BOOKING_PAYMENTS_MAX;
}

bool settles(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    const struct booking_payload *payload = booking_payload(input);
    return same_user(booking, input, now_ms) && booking->amount == payload->amount &&
           strcmp(booking->currency, payload->currency) == 0;
}

bool other_currency(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)now_ms;
    return strcmp(booking->currency, booking_payload(input)->currency) != 0;
}

bool final_decline(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)booking, (void)now_ms;
    return booking_payload(input)->is_final;
}

bool known_decline(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)now_ms;
    const struct booking_payload *payload = booking_payload(input);
    const struct booking_decline *last = &booking->last_decline;
    return payload->declined_at_ms < last->at_ms ||
           (payload->declined_at_ms == last->at_ms &&
            strcmp(payload->payment_id, last->payment_id) <= 0);
}

/* The held payment that decides about this intent, or NULL. */
static const struct booking_payment *deciding(const struct booking *booking,
                                              const struct input *input)
{
    int first = booking_payment_first_of(booking, booking_payload(input)->user_id);
    return first < 0 ? NULL : &booking->payments[first];
}

bool held_settles(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)now_ms;
    const struct booking_payment *payment = deciding(booking, input);
    return payment != NULL && is_same_payment(payment, booking_payload(input));
}

bool held_other_currency(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)now_ms;
    const struct booking_payment *payment = deciding(booking, input);
    return payment != NULL && strcmp(payment->currency, booking_payload(input)->currency) != 0;
}

bool held_other_amount(const struct booking *booking, const struct input *input, int64_t now_ms)
{
    (void)now_ms;
    const struct booking_payment *payment = deciding(booking, input);
    return payment != NULL && payment->amount != booking_payload(input)->amount;
}
