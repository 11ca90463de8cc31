/* payment.h - one payment as a pure state machine: captured, then settled or given back.
 *
 *        none -----------------> captured -------------> settled
 *         |  \     a capture     ^   |     its booking     |
 *         |   `-> declined ------'   |     is confirmed    | the booking is cancelled
 *         |                          | it is demanded      |
 *         | a demand or report       v                     v
 *         `-> expected ----------> refund_due <------------'
 *                     its capture    |   ^ ^
 *                                    v   | `---- heard to have failed, or tried again by hand
 *                                 refunding            |               |
 *                                    |`---> refunded --'               |
 *                                    `----> refund_stuck --------------'
 *
 * Where all is back or coming when it is demanded, refund_due is passed over; it may also be left
 * for what follows refunding, and refund_stuck for refunded. What is true in each state stands
 * beside it below, and is checked by payment_check; each edge is a row of payment_table (table.c).
 * No I/O, no clock, no randomness.
 *
 * Which booking it is for is fixed by its capture and never changes.
 *
 * Refunds are kept by the provider's ids (refunds.h), whoever made them and whenever that is heard.
 * What the provider is asked for is what is missing: captured, and neither back nor on its way. The
 * first call has the payment's id as its key. A key stands for one refund of one amount: once that
 * refund is known and something is still missing, or something else is missing than was asked for
 * in vain, the next key is used. Each key is asked about before it is used, except the very first
 * for a fresh capture. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/enum_list.h"
#include "common/base/error.h"
#include "common/base/ident.h"
#include "common/base/money.h"
#include "common/saga/announcement.h"
#include "common/saga/decision.h"
#include "common/saga/input.h"
#include "common/saga/transition.h"
#include "events/event.h"
#include "events/topology.h"
#include "payment/refund_call.h"
#include "payment/refunds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAYMENT_STATES(X)                                                                          \
    X(PAYMENT_NONE, "none", "nothing is known of this payment id", PASSES)                         \
    X(PAYMENT_EXPECTED, "expected",                                                                \
      "its refund was demanded or reported before its capture was seen (a tombstone)", PASSES)     \
    X(PAYMENT_DECLINED, "declined", "the provider refused it; no money moved", PASSES)             \
    X(PAYMENT_CAPTURED, "captured",                                                                \
      "we have the money and have announced it; no outcome heard yet", WAITS)                      \
    X(PAYMENT_SETTLED, "settled", "it paid for a confirmed booking",                               \
      FINAL_BUT_FOR(INPUT_CANCELLED))                                                              \
    X(PAYMENT_REFUND_DUE, "refund_due",                                                            \
      "it must go back; the provider has been asked for the first time, or, long after the "       \
      "capture, whether it has done so before",                                                    \
      WAITS)                                                                                       \
    X(PAYMENT_REFUNDING, "refunding",                                                              \
      "it must go back; whether the provider has done it is asked by key, then asked again",       \
      WAITS)                                                                                       \
    X(PAYMENT_REFUNDED, "refunded",                                                                \
      "it is back: its refunds that stand add up to it, or the provider says so", PASSES)          \
    X(PAYMENT_STUCK, "refund_stuck",                                                               \
      "the provider refuses for good, or never answered: somebody must look", PASSES)

#define PAYMENT_INPUTS(X)                                                                          \
    X(INPUT_DEADLINE, "deadline")                                                                  \
    X(INPUT_CAPTURED, "webhook.captured")                                                          \
    X(INPUT_DECLINED, "webhook.declined")                                                          \
    X(INPUT_REPORTED, "webhook.refunded")                                                          \
    X(INPUT_CONFIRMED, EVENT_BOOKING_CONFIRMED)                                                    \
    X(INPUT_FAILED, EVENT_BOOKING_FAILED)                                                          \
    X(INPUT_CANCELLED, EVENT_BOOKING_CANCELLED)                                                    \
    X(INPUT_REQUESTED, EVENT_REFUND_REQUESTED)                                                     \
    X(INPUT_RESULT, "refund.result")                                                               \
    X(INPUT_RETRY, "operator.retry")                                                               \
    X(INPUT_RESOLVE, "operator.resolve")

#define PAYMENT_REASONS(X)                                                                         \
    X(PAYMENT_BECAUSE_NONE, "")                                                                    \
    X(PAYMENT_BECAUSE_OTHER_CONTENT, PAYMENT_REASON_CONFLICT)

enum payment_state { PAYMENT_STATES(ENUM_VALUE) PAYMENT_STATE_COUNT };
enum payment_input_type { PAYMENT_INPUTS(ENUM_VALUE) PAYMENT_INPUT_COUNT };
enum payment_reason { PAYMENT_REASONS(ENUM_VALUE) PAYMENT_REASON_COUNT };

/* A capture under the same id that said something else. One id is one payment, and its money is
 * what the first capture said: what the other means only a person can find out, at the provider. */
struct payment_conflict {
    char intent_id[IDENT_SIZE];
    char user_id[USER_SIZE];
    int64_t amount;
    char currency[CURRENCY_SIZE];
    int64_t at_ms;
};
#define PAYMENT_REASON_CONFLICT "other_content"
#define PAYMENT_CONFLICTS_MAX   4 /* further ones are only alerted */

#define OPERATOR_REASON_SIZE 200

struct payment {
    char id[IDENT_SIZE];
    enum payment_state state;
    char intent_id[IDENT_SIZE]; /* the booking */
    char user_id[USER_SIZE];
    int64_t amount; /* captured, in minor units; what goes back is this, never more */
    char currency[CURRENCY_SIZE];
    int64_t captured_at_ms;
    bool is_final;               /* declined only: the payer will not try again */
    struct announcement capture; /* of payment.captured */
    int32_t repeat_count;
    bool is_demanded; /* expected only: a refund was asked for */
    char refund_reason[REASON_SIZE];
    struct refunds refunds;
    char refund_id[IDENT_SIZE]; /* refunded only: the one that is announced, or REFUND_ID_UNKNOWN */
    int64_t key_ordinal;        /* of the key by which the provider is asked */
    int64_t resolved_amount;    /* settled by hand, outside of the provider: it is not missing */
    char resolved_reason[OPERATOR_REASON_SIZE];
    int64_t asked_amount; /* what that key stands for; 0 = it was not used yet */
    int64_t call_number;  /* of the last call; one more when a refund is heard of, which makes the
                             answer to that call an old one */
    int32_t attempts;     /* calls of its own that came back, without an end but for the last */
    int32_t attempts_max; /* every so many an alert; fixed when the refund fell due */
    char last_error[REASON_SIZE];
    struct announcement refund; /* of payment.refunded or payment.refund.stuck */
    struct payment_conflict conflicts[PAYMENT_CONFLICTS_MAX];
    int32_t conflict_count;
    int64_t asked_at_ms; /* refund_due, refunding: the provider is asked since; 0 = not now */
    int64_t due_at_ms;
};

/* The content of a webhook or event, checked by the codec. */
struct payment_payload {
    char intent_id[IDENT_SIZE];
    char user_id[USER_SIZE];
    int64_t amount;
    char currency[CURRENCY_SIZE];
    char reason[REASON_SIZE];
    char refund_id[IDENT_SIZE];
    bool has_failed; /* INPUT_REPORTED: it will never succeed, or does not stand any more */
    bool is_pending; /* INPUT_REPORTED: it is under way */
    bool is_final;   /* INPUT_DECLINED: the payer will not try again */
    bool is_unnamed; /* INPUT_CAPTURED: by a caller without payment ids, under the first one */
};

/* What a person says who settles a stuck refund. */
struct operator_payload {
    char reason[OPERATOR_REASON_SIZE];
};

/* Is announced for the refund of a payment whose rest was settled by hand. */
#define REFUND_ID_BY_HAND "by-operator"
/* Stands for the id of a refund that the provider speaks of and does not name. */
#define REFUND_ID_UNKNOWN "unknown"

/* So long after a capture the provider is sure to know the key of its refund, whenever that was
 * made: half of the 24 hours that some keep a key. No setting, because `roundtrip replay` decides
 * again what a stored history has sent. */
#define REFUND_KEY_TRUSTED_MS (INT64_C(12) * 3600 * 1000)

struct payment_rules {
    int64_t repeat_after_ms, repeat_max_ms; /* a capture without an outcome is announced again */
    int64_t effect_wait_ms; /* a provider call that has not come back by then is asked about */
    int64_t refund_retry_ms, refund_retry_max_ms; /* backoff after a transient error */
    int32_t refund_attempts_max;                  /* every so many an alert; it is tried on */
};

/* Its rules are a struct payment_rules, its states a struct payment. */
extern const struct transition_table payment_table;

/* Back at its payer, by the provider or by hand, and neither back nor on its way there; by the
 * refunds that are known. */
int64_t payment_back(const struct payment *payment);
int64_t payment_missing(const struct payment *payment);
/* The refund that a report or a result speaks of; false: of none. */
bool payment_said(const struct payment *payment, const struct input *input,
                  struct payment_refund *ret_said);

/* The invariants of a struct payment; ERROR_BUG names the one that does not hold. Checked after
 * each action, before each save and after each load. */
MUST_CHECK bool payment_check(const void *state, struct error *error);

const char *payment_state_text(enum payment_state state);
const char *payment_input_text(enum payment_input_type type);
const struct payment_payload *payment_payload(const struct input *input);
