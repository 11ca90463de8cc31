/* payment_events.h - what the payment service announces: what became of payments and of refunds. */
#pragma once

#include "events/event.h"

/* clang-format off */
#define PAYMENT_CAPTURED_FIELDS(F, E)                                                                \
    F(E, payment_id,     "paymentId",  IDENT,    REQUIRED, "the payment, by its provider's id")      \
    F(E, intent_id,      "intentId",   IDENT,    REQUIRED, "the booking that it is for")             \
    F(E, user_id,        "userId",     USER,     REQUIRED, "who paid")                               \
    F(E, amount,         "amount",     AMOUNT,   REQUIRED, "what was captured, in minor units")      \
    F(E, currency,       "currency",   CURRENCY, REQUIRED, "of the amount")                          \
    F(E, captured_at_ms, "capturedAt", TIME,     STATED,   "when the provider's webhook said so")

#define PAYMENT_DECLINED_FIELDS(F, E)                                                                \
    F(E, payment_id,     "paymentId",  IDENT,  REQUIRED, "the failed try, by its provider's id")     \
    F(E, intent_id,      "intentId",   IDENT,  REQUIRED, "the booking that it was for")              \
    F(E, user_id,        "userId",     USER,   OPTIONAL, "who tried to pay")                         \
    F(E, reason,         "reason",     REASON, REMARK,   "the provider's word for why, such as `card_declined`") \
    F(E, is_final,       "final",      FLAG,   STATED,   "whether the payer will not try again")     \
    F(E, declined_at_ms, "declinedAt", TIME,   REMARK,   "which of several tries was the last")

#define PAYMENT_REFUNDED_FIELDS(F, E)                                                                \
    F(E, payment_id, "paymentId", IDENT,    REQUIRED, "the payment that is back at its payer")       \
    F(E, intent_id,  "intentId",  IDENT,    REQUIRED, "the booking")                                 \
    F(E, refund_id,  "refundId",  FOREIGN,  REQUIRED, "the refund, by its provider's id; `unknown` where that names none, `by-operator` where a person paid") \
    F(E, by,         "by",        REASON,   ASIDE,    "`operator`: its rest was settled by hand")    \
    F(E, amount,     "amount",    AMOUNT,   REQUIRED, "what was captured, in minor units")           \
    F(E, currency,   "currency",  CURRENCY, REQUIRED, "of the amount")

#define REFUND_STUCK_FIELDS(F, E)                                                                    \
    F(E, payment_id,  "paymentId", IDENT,    REQUIRED, "the payment that is not back")               \
    F(E, intent_id,   "intentId",  IDENT,    REQUIRED, "the booking")                                \
    F(E, reason,      "reason",    REASON,   REQUIRED, "the provider's word for why, such as `account_closed`")                \
    F(E, amount,      "amount",    AMOUNT,   REQUIRED, "what was captured, in minor units")          \
    F(E, currency,    "currency",  CURRENCY, REQUIRED, "of the amount")                              \
    F(E, is_retrying, "retrying",  FLAG,     OPTIONAL, "it had been announced as back, and is asked for again; without it a person has to act")
/* clang-format on */

EVENT_STRUCT(event_payment_captured, PAYMENT_CAPTURED_FIELDS);
EVENT_STRUCT(event_payment_declined, PAYMENT_DECLINED_FIELDS);
EVENT_STRUCT(event_payment_refunded, PAYMENT_REFUNDED_FIELDS);
EVENT_STRUCT(event_refund_stuck, REFUND_STUCK_FIELDS);
extern const struct event event_payment_captured;
extern const struct event event_payment_declined;
extern const struct event event_payment_refunded;
extern const struct event event_refund_stuck;
