/* booking_events.h - what the booking service announces: that a booking waits, its outcomes, and
 * which payments go back. */
#pragma once

#include "events/event.h"

/* clang-format off */
#define BOOKING_PENDING_FIELDS(F, E)                                                                 \
    F(E, intent_id,    "intentId",    IDENT,    REQUIRED, "the booking")                             \
    F(E, waits_for,    "waitsFor",    REASON,   REMARK,   "what for: `payment`")                     \
    F(E, until_ms,     "until",       TIME,     REMARK,   "the end of the wait, by the booking service's clock") \
    F(E, remaining_ms, "remainingMs", DURATION, REMARK,   "what is left of it, since no two clocks agree")

#define BOOKING_CONFIRMED_FIELDS(F, E)                                                               \
    F(E, intent_id,  "intentId",  IDENT,    REQUIRED, "the booking")                                 \
    F(E, payment_id, "paymentId", IDENT,    REQUIRED, "the payment that paid for it")                \
    F(E, amount,     "amount",    AMOUNT,   REQUIRED, "what was captured, in minor units")           \
    F(E, currency,   "currency",  CURRENCY, REQUIRED, "of the amount")

#define BOOKING_FAILED_FIELDS(F, E)                                                                  \
    F(E, intent_id, "intentId", IDENT,    REQUIRED, "the booking")                                   \
    F(E, reason,    "reason",   REASON,   STATED,                                                    \
      "why: `amount_mismatch`, `currency_mismatch`, `payment_timeout`, `intent_timeout`, `payment_declined`") \
    F(E, payments,  "payments", PAYMENTS, REQUIRED, "the payments that go back to their payers")

#define BOOKING_CANCELLED_FIELDS(F, E)                                                               \
    F(E, intent_id, "intentId", IDENT,    REQUIRED, "the booking")                                   \
    F(E, payments,  "payments", PAYMENTS, REQUIRED, "the payments that go back to their payers")

#define REFUND_REQUESTED_FIELDS(F, E)                                                                \
    F(E, payment_id, "paymentId", IDENT,    REQUIRED, "the payment that goes back")                  \
    F(E, intent_id,  "intentId",  IDENT,    REQUIRED, "the booking")                                 \
    F(E, amount,     "amount",    AMOUNT,   REQUIRED, "what was captured, in minor units")           \
    F(E, currency,   "currency",  CURRENCY, REQUIRED, "of the amount")                               \
    F(E, reason,     "reason",    REASON,   STATED,                                                  \
      "why: `other_user`, `second_payment`, `booking_ended`, `too_many_payments`")
/* clang-format on */

EVENT_STRUCT(event_booking_pending, BOOKING_PENDING_FIELDS);
EVENT_STRUCT(event_booking_confirmed, BOOKING_CONFIRMED_FIELDS);
EVENT_STRUCT(event_booking_failed, BOOKING_FAILED_FIELDS);
EVENT_STRUCT(event_booking_cancelled, BOOKING_CANCELLED_FIELDS);
EVENT_STRUCT(event_refund_requested, REFUND_REQUESTED_FIELDS);
extern const struct event event_booking_pending;
extern const struct event event_booking_confirmed;
extern const struct event event_booking_failed;
extern const struct event event_booking_cancelled;
extern const struct event event_refund_requested;
