#include "booking/root.h"

#include "booking/booking.h"

/* Those that the first outcome is about: what came later is given back by a request of its own. */
static int64_t payments_count(const struct booking *booking)
{
    int64_t count = 0;
    for (int32_t i = 0; i < booking->payment_count; i++)
        count += booking->payments[i].disposition == PAYMENT_APPLIED ||
                 booking->payments[i].disposition == PAYMENT_REFUNDED_BY_OUTCOME;
    return count;
}

void booking_root(const void *state, struct tracing_root *ret_root)
{
    const struct booking *booking = state;
    bool is_confirmed = booking->first_outcome == BOOKING_CONFIRMED;
    *ret_root = (struct tracing_root){ 0 };
    if (booking->decided_at_ms == 0)
        return;
    *ret_root = (struct tracing_root){
        .booking_id = booking->id,
        .state = booking_state_text(booking->first_outcome),
        .reason = is_confirmed ? "" : booking_reason_text(booking->reason),
        .currency = booking->currency,
        .amount = booking->amount,
        .started_ms = booking->first_seen_ms,
        .decided_ms = booking->decided_at_ms,
        .payments = payments_count(booking),
        .is_failed = booking->first_outcome == BOOKING_FAILED,
    };
}
