/* check.c - the invariants of a booking, after each action and at both sides of the store. */
#include "booking/booking.h"

static const char *broken_rule(const struct booking *booking)
{
    int applied = 0;
    int held = 0;
    if (booking->state == BOOKING_NONE || booking->state >= BOOKING_STATE_COUNT)
        return "nothing is known of it";
    if (booking->id[0] == '\0')
        return "it has no id";
    for (int32_t i = 0; i < booking->payment_count; i++) {
        applied += booking->payments[i].disposition == PAYMENT_APPLIED;
        held += booking->payments[i].disposition == PAYMENT_HELD;
        if (booking->payments[i].payment_id[0] == '\0' || booking->payments[i].currency[0] == '\0')
            return "a payment has no id or currency";
    }
    if (applied != (booking->state == BOOKING_CONFIRMED ? 1 : 0))
        return "one payment is applied to a confirmed booking, and none to any other";
    if ((held > 0) != (booking->state == BOOKING_PAYMENT_FIRST))
        return "payments are held exactly while their intent is waited for";
    if ((booking->due_at_ms == 0) != booking_state_is_outcome(booking->state))
        return "a deadline is set exactly while something is waited for";
    if (booking->state == BOOKING_PENDING && !booking->has_intent)
        return "a pending booking has no intent";
    return NULL;
}

bool booking_check(const void *state, struct error *error)
{
    const struct booking *booking = state;
    const char *broken = broken_rule(booking);
    return broken == NULL
               ? true
               : error_set(error, ERROR_BUG, "state %s: %s",
                           booking->state < BOOKING_STATE_COUNT ? booking_state_text(booking->state)
                                                                : "unknown",
                           broken);
}
