/* booking.h - the booking as a pure state machine: what each input means for it.
 *
 *                          none
 *              a payment  /    \  an intent
 *                        v      v
 *    payment_received_first --> pending       an intent to which only others have paid
 *                    |   |      |   |
 *                    v   |      |   v
 *             confirmed  |      |  confirmed  by an intent or payment that fits, of its own user
 *                        v      v
 *                   failed      failed        other amount or currency, declined for good, time-out
 *
 * A cancel leads from any of them but failed to cancelled.
 *
 * What is true in each state stands beside it below, and is checked by booking_check; each edge is
 * a row of booking_table (table.c). No I/O, no clock, no randomness. */
#pragma once

#include "common/base/enum_list.h"
#include "common/base/ident.h"
#include "common/base/money.h"
#include "common/saga/announcement.h"
#include "common/saga/decision.h"
#include "common/saga/input.h"
#include "common/saga/transition.h"
#include "events/event.h"
#include "events/topology.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOKING_STATES(X)                                                                          \
    X(BOOKING_NONE, "none", "nothing is known of this id", PASSES)                                 \
    X(BOOKING_PENDING, "pending", "the intent is here, its payment is not", WAITS)                 \
    X(BOOKING_PAYMENT_FIRST, "payment_received_first", "payments are here, the intent is not",     \
      WAITS)                                                                                       \
    X(BOOKING_CONFIRMED, "confirmed",                                                              \
      "one payment of the right amount, currency and user is applied",                             \
      FINAL_BUT_FOR(BOOKING_CANCEL))                                                               \
    X(BOOKING_FAILED, "failed", "every payment, also a later one, goes back", FINAL)               \
    X(BOOKING_CANCELLED, "cancelled", "every payment, also a later one, goes back", FINAL)

#define BOOKING_INPUTS(X)                                                                          \
    X(BOOKING_DEADLINE, "deadline")                                                                \
    X(BOOKING_INTENT, EVENT_INTENT_CREATED)                                                        \
    X(BOOKING_CANCEL, EVENT_CANCEL_REQUESTED)                                                      \
    X(BOOKING_CAPTURED, EVENT_PAYMENT_CAPTURED)                                                    \
    X(BOOKING_DECLINED, EVENT_PAYMENT_DECLINED)

#define BOOKING_REASONS(X)                                                                         \
    X(REASON_NONE, "")                                                                             \
    X(REASON_AMOUNT_MISMATCH, "amount_mismatch")                                                   \
    X(REASON_CURRENCY_MISMATCH, "currency_mismatch")                                               \
    X(REASON_PAYMENT_TIMEOUT, "payment_timeout")                                                   \
    X(REASON_INTENT_TIMEOUT, "intent_timeout")                                                     \
    X(REASON_PAYMENT_DECLINED, "payment_declined")                                                 \
    X(REASON_CANCELLED, "cancelled_by_user")                                                       \
    X(REASON_OTHER_USER, "other_user")         /* of a refund: somebody else paid */               \
    X(REASON_SECOND_PAYMENT, "second_payment") /* of a refund: the booking is paid already */      \
    X(REASON_BOOKING_ENDED, "booking_ended")   /* of a refund: it failed or was cancelled */       \
    X(REASON_TOO_MANY_PAYMENTS, "too_many_payments") /* of a refund: beyond what is stored */

#define BOOKING_DISPOSITIONS(X)                                                                    \
    X(PAYMENT_HELD, "held")       /* no outcome yet */                                             \
    X(PAYMENT_APPLIED, "applied") /* it paid for the confirmed booking */                          \
    X(PAYMENT_REFUNDED_BY_OUTCOME,                                                                 \
      "refunded_by_outcome") /* listed in booking.failed or booking.cancelled */                   \
    X(PAYMENT_REFUNDED_BY_REQUEST,                                                                 \
      "refunded_by_request") /* by a payment.refund.requested of its own */

enum booking_state { BOOKING_STATES(ENUM_VALUE) BOOKING_STATE_COUNT };
enum booking_input_type { BOOKING_INPUTS(ENUM_VALUE) BOOKING_INPUT_COUNT };
enum booking_reason { BOOKING_REASONS(ENUM_VALUE) BOOKING_REASON_COUNT };
enum disposition { BOOKING_DISPOSITIONS(ENUM_VALUE) DISPOSITION_COUNT };

struct booking_payment {
    char payment_id[IDENT_SIZE];
    char user_id[USER_SIZE];
    int64_t amount; /* minor units */
    char currency[CURRENCY_SIZE];
    enum disposition disposition;
    enum booking_reason refund_reason;
    struct announcement refund_request; /* PAYMENT_REFUNDED_BY_REQUEST only */
};

/* A failed try of the payer. Which is the last one is told by the payment service's clock, and then
 * by the payment's id, so that neither order nor duplicates matter; nothing else follows from it.
 */
struct booking_decline {
    char payment_id[IDENT_SIZE]; /* "" = none */
    int64_t at_ms;               /* 0 = not said */
};

struct booking {
    char id[IDENT_SIZE];
    enum booking_state state;
    enum booking_reason reason;
    bool has_intent;
    char user_id[USER_SIZE]; /* of the intent, like amount and currency */
    int64_t amount;
    char currency[CURRENCY_SIZE];
    struct booking_payment payments[BOOKING_PAYMENTS_MAX]; /* in commit order */
    int32_t payment_count;
    struct booking_decline last_decline;
    int64_t first_seen_ms;
    int64_t waiting_since_ms;
    int64_t decided_at_ms; /* of the first outcome */
    enum booking_state first_outcome;
    int64_t due_at_ms;
    struct announcement outcome; /* the last outcome event */
};

/* The content of a message, checked by the codec. */
struct booking_payload {
    char user_id[USER_SIZE];
    char payment_id[IDENT_SIZE];
    int64_t amount;
    char currency[CURRENCY_SIZE];
    int64_t declined_at_ms; /* BOOKING_DECLINED: by the payment service's clock; 0 = not said */
    bool is_final;          /* BOOKING_DECLINED: the payer will not try again */
};

struct booking_rules {
    int64_t payment_timeout_ms; /* pending waits so long for its payment */
    int64_t intent_timeout_ms;  /* a payment waits so long for its intent */
};

/* Its rules are a struct booking_rules, its states a struct booking. */
extern const struct transition_table booking_table;

/* The invariants of a struct booking; ERROR_BUG names the one that does not hold. Checked after
 * each action, before each save and after each load. */
MUST_CHECK bool booking_check(const void *state, struct error *error);

/* The stored payment of that id, or NULL. */
const struct booking_payment *booking_payment_find(const struct booking *booking,
                                                   const char *payment_id);
/* Index of the first held payment of this user, or -1. */
int booking_payment_first_of(const struct booking *booking, const char *user_id);

const char *booking_state_text(enum booking_state state);
const char *booking_disposition_text(enum disposition disposition); /* "held" */
const char *booking_input_text(enum booking_input_type type);
const char *booking_reason_text(enum booking_reason reason);
static inline bool booking_state_is_outcome(enum booking_state state)
{
    return state == BOOKING_CONFIRMED || state == BOOKING_FAILED || state == BOOKING_CANCELLED;
}
