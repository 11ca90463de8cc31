/* gateway.h - the gateway's pure core: its view of one booking.
 *
 * The gateway owns what a client asked for (the intent, a cancel) until the booking service has
 * answered, and remembers the answer: the outcome, and the payments that travel back. It decides
 * nothing about money. Who has announced something and hears no outcome announces it again.
 *
 *              intent              paid                 taken back
 *     none ------------> pending ------------> confirmed ------------> cancelled
 *      |                  |  |                                             ^
 *      |                  |  `-----------------> failed                    |
 *      |                  `------------------------------------------------'
 *      `--> confirmed, failed or cancelled, where the outcome is heard before the intent
 *
 * What is true in each state stands beside it below, and is checked by gateway_check; each edge is
 * a row of gateway_table (table.c).
 *
 * The rules:
 * - The first intent is immutable. The same content again is the same request; other content is
 *   refused, also after the end.
 * - A cancel waits for its answer if it is the user's who asked for the booking. Where no intent is
 *   known, whoever asks is passed on, and nobody waits: only the booking service knows whose it
 *   is. The last one is kept, to be announced again while refunds are missing.
 * - The view is monotonic: pending, then confirmed, then cancelled; failed and cancelled absorb.
 *   An event that comes twice, late or before the intent never takes the view back.
 * - A booking that says that it waits is not announced again before its wait is over.
 * - A view is complete when the outcome is known, a requested cancel is answered and no listed
 *   payment waits for its refund. Until then the document keeps a deadline, if there is anything
 *   to announce again: nobody is asked about a booking that no client asked for.
 *
 * Plain values without pointers, zeroed where unused, compared with memcmp. Pure, any thread. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/enum_list.h"
#include "common/base/error.h"
#include "common/base/ident.h"
#include "common/base/money.h"
#include "common/saga/decision.h"
#include "common/saga/input.h"
#include "common/saga/transition.h"
#include "events/event.h"
#include "events/topology.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a client sees; follows from the rest of the state, see gateway_state(). */
#define GATEWAY_STATES(X)                                                                          \
    X(GATEWAY_NONE, "none", "no intent and no outcome is known", PASSES)                           \
    X(GATEWAY_PENDING, "pending", "the intent is accepted, its outcome not heard", WAITS)          \
    X(GATEWAY_CONFIRMED, "confirmed", "paid, by the payment that is named", WAITS,                 \
      FINAL_BUT_FOR(GATEWAY_BOOKING_CANCELLED))                                                    \
    X(GATEWAY_FAILED, "failed", "it ended with a reason; its payments travel back", WAITS, FINAL)  \
    X(GATEWAY_CANCELLED, "cancelled", "it was taken back; its payments travel back", WAITS, FINAL)

#define GATEWAY_REQUEST_INTENT_NAME "request.intent"
#define GATEWAY_REQUEST_CANCEL_NAME "request.cancel"

#define GATEWAY_INPUTS(X)                                                                          \
    X(GATEWAY_DEADLINE, "deadline")                                                                \
    X(GATEWAY_REQUEST_INTENT, GATEWAY_REQUEST_INTENT_NAME)                                         \
    X(GATEWAY_REQUEST_CANCEL, GATEWAY_REQUEST_CANCEL_NAME)                                         \
    X(GATEWAY_BOOKING_CONFIRMED, EVENT_BOOKING_CONFIRMED)                                          \
    X(GATEWAY_BOOKING_FAILED, EVENT_BOOKING_FAILED)                                                \
    X(GATEWAY_BOOKING_CANCELLED, EVENT_BOOKING_CANCELLED)                                          \
    X(GATEWAY_PAYMENT_REFUNDED, EVENT_PAYMENT_REFUNDED)                                            \
    X(GATEWAY_REFUND_STUCK, EVENT_REFUND_STUCK)                                                    \
    X(GATEWAY_PAYMENT_DECLINED, EVENT_PAYMENT_DECLINED)                                            \
    X(GATEWAY_BOOKING_PENDING, EVENT_BOOKING_PENDING)

/* Why something was refused or not shown. */
#define GATEWAY_REASONS(X)                                                                         \
    X(GATEWAY_BECAUSE_NONE, "")                                                                    \
    X(GATEWAY_BECAUSE_UNKNOWN_BOOKING, "unknown_booking")                                          \
    X(GATEWAY_BECAUSE_OTHER_CONTENT, "other_content")                                              \
    X(GATEWAY_BECAUSE_ANOTHER_USER, "another_user")                                                \
    X(GATEWAY_BECAUSE_USER_UNKNOWN, "user_unknown")                                                \
    X(GATEWAY_BECAUSE_ALREADY_FAILED, "already_failed")                                            \
    X(GATEWAY_BECAUSE_CONTRADICTS_THE_OUTCOME, "contradicts_the_outcome")                          \
    X(GATEWAY_BECAUSE_LIST_FULL, "list_full")

#define GATEWAY_OUTCOMES(X)                                                                        \
    X(GATEWAY_END_NONE, "none")                                                                    \
    X(GATEWAY_END_CONFIRMED, "confirmed")                                                          \
    X(GATEWAY_END_FAILED, "failed")                                                                \
    X(GATEWAY_END_CANCELLED, "cancelled")

#define GATEWAY_REFUND_STATUSES(X)                                                                 \
    X(GATEWAY_STATUS_WAITING, "waiting")                                                           \
    X(GATEWAY_STATUS_REFUNDED, "refunded")                                                         \
    X(GATEWAY_STATUS_STUCK, "stuck")

enum gateway_state { GATEWAY_STATES(ENUM_VALUE) GATEWAY_STATE_COUNT };
enum gateway_input { GATEWAY_INPUTS(ENUM_VALUE) GATEWAY_INPUT_COUNT };
enum gateway_reason { GATEWAY_REASONS(ENUM_VALUE) GATEWAY_REASON_COUNT };
enum gateway_outcome { GATEWAY_OUTCOMES(ENUM_VALUE) };
enum gateway_refund_status { GATEWAY_REFUND_STATUSES(ENUM_VALUE) GATEWAY_STATUS_COUNT };

/* A message owed before, as it is announced again: its id derives from these. */
struct gateway_announced {
    int64_t version;
    int64_t position;
};

struct gateway_intent {
    bool is_present;
    char user_id[USER_SIZE];
    char currency[CURRENCY_SIZE];
    int64_t amount;
    int64_t created_at_ms; /* also when it was first announced */
    struct gateway_announced announced;
};

struct gateway_cancel {
    bool is_requested;
    bool is_passed_on; /* by somebody who may be a stranger */
    char user_id[USER_SIZE];
    int64_t requested_at_ms; /* also when it was first announced */
    struct gateway_announced announced;
};

struct gateway_end {
    enum gateway_outcome outcome;
    char reason[REASON_SIZE];    /* of a failed one */
    char payment_id[IDENT_SIZE]; /* of one that was confirmed, also if it is cancelled by now */
    int64_t at_ms;               /* when the present outcome was heard */
};

struct gateway_payment {
    int64_t amount;
    char payment_id[IDENT_SIZE];
    char currency[CURRENCY_SIZE];
};

/* A payment that travels back to its payer. */
struct gateway_refund {
    struct gateway_payment payment;
    enum gateway_refund_status status;
    /* The payment document's version in which it said so, and the place within that version (one
     * version may say two things), as one number; 0 = never or not known. A report that is not
     * later than one seen before changes nothing. */
    int64_t reported_order;
    char refund_id[IDENT_SIZE]; /* of a refunded one */
    char reason[REASON_SIZE];   /* of a stuck one */
};

/* A failed try of the payer. Which is the last one is told by the payment service's clock, and then
 * by the payment's id, so that neither order nor duplicates matter. */
struct gateway_decline {
    char payment_id[IDENT_SIZE]; /* "" = none */
    char reason[REASON_SIZE];
    bool is_final;
    int64_t at_ms; /* 0 = not said */
};

struct gateway_view {
    char booking_id[IDENT_SIZE]; /* "" = nothing is known */
    struct gateway_intent intent;
    struct gateway_cancel cancel;
    struct gateway_end end;
    struct gateway_decline last_decline;
    int64_t refund_count;
    struct gateway_refund refunds[BOOKING_PAYMENTS_MAX]; /* in the order they were heard of */
    int64_t repeat_count;   /* announcements since the last progress, for the backoff */
    int64_t waits_until_ms; /* the last word of the booking service, by its clock; 0 = none */
    int64_t due_at_ms;      /* 0 = complete, or nothing to announce again */
    int64_t updated_at_ms;  /* the last progress */
};

/* Payloads of the inputs. */
struct gateway_intent_request {
    char user_id[USER_SIZE];
    char currency[CURRENCY_SIZE];
    int64_t amount;
};

struct gateway_cancel_request {
    char user_id[USER_SIZE]; /* "" = the caller did not say */
};

/* An outcome with up to this many of its payments: a message that lists more becomes several
 * inputs, of which all but the first only add payments. */
#define GATEWAY_PAYMENTS_PER_INPUT 4

struct gateway_outcome_report {
    char payment_id[IDENT_SIZE]; /* booking.confirmed */
    char reason[REASON_SIZE];    /* booking.failed */
    int64_t payment_count;
    struct gateway_payment payments[GATEWAY_PAYMENTS_PER_INPUT]; /* to be refunded */
};

struct gateway_refund_report {
    struct gateway_payment payment;
    int64_t reported_order; /* 0 = not known */
    char refund_id[IDENT_SIZE];
    char reason[REASON_SIZE];
    bool is_retrying; /* it was back, is so no more, and is asked for again */
};

struct gateway_decline_report {
    char user_id[USER_SIZE]; /* "" = it names nobody */
    struct gateway_decline decline;
};

struct gateway_pending_report {
    int64_t until_ms;     /* by the booking service's clock: only tells one wait from another */
    int64_t remaining_ms; /* of its wait */
};

struct gateway_config {
    int64_t repeat_after_ms; /* the first announcement again */
    int64_t repeat_max_ms;   /* doubled each time up to this */
};

enum gateway_state gateway_state(const struct gateway_view *view);
const char *gateway_state_text(enum gateway_state state);
const char *gateway_outcome_text(enum gateway_outcome outcome);
const char *gateway_refund_status_text(enum gateway_refund_status status);
bool gateway_cancel_is_pending(const struct gateway_view *view);
/* The outcome that a waiting client waits for is there. */
bool gateway_is_settled(const struct gateway_view *view);
/* Settled, and no listed payment waits. */
bool gateway_is_complete(const struct gateway_view *view);
/* Incomplete, and an announcement repeated would be answered: the view keeps a deadline. One that
 * no client asked for has nothing to announce; it shows what it is told and waits for nothing. */
bool gateway_is_waiting(const struct gateway_view *view);
/* What a report of a refund says has become of it. */
enum gateway_refund_status gateway_reported_status(const struct input *input);
/* The payment's place in the list, or NULL. */
const struct gateway_refund *gateway_refund_find(const struct gateway_view *view,
                                                 const char *payment_id);

/* The invariants of a struct gateway_view; ERROR_BUG names the one that does not hold. Checked
 * after each action, before each save and after each load. */
MUST_CHECK bool gateway_check(const void *state, struct error *error);

extern const struct transition_table gateway_table;
