/* refund_call.h - what the payment service asks of its provider, and what it hears: the payloads
 * of the effects and of their results, and the reading of the provider's answers. Pure; no HTTP
 * library in sight.
 *
 * The idempotency key of a payment's first refund is the payment's id, for ever: whatever was lost
 * on the way, the same call can be made again and moves the money at most once. Another refund of
 * the same payment has a key of its own (payment_refund_key_write). */
#pragma once

#include "common/base/enum_list.h"
#include "common/base/ident.h"
#include "common/base/money.h"
#include "common/saga/decision.h"
#include "common/saga/input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum refund_effect_type {
    EFFECT_REFUND = 1, /* POST /refunds */
    EFFECT_LOOKUP = 2, /* GET /refunds/by-key/{key}: did an earlier call arrive? */
};

struct refund_effect {
    char payment_id[IDENT_SIZE];
    char intent_id[IDENT_SIZE];
    char key[IDENT_SIZE]; /* of the idempotent call */
    int64_t amount;
    char currency[CURRENCY_SIZE];
    int64_t call_number; /* comes back with its result */
    int32_t attempt;     /* 0 for the first; only for the result's id and the span */
};
_Static_assert(sizeof(struct refund_effect) <= EFFECT_PAYLOAD_BYTES, "fits an effect");

#define REFUND_STATUSES(X)                                                                         \
    /* the money is back, as asked; refund_id is the provider's */                                 \
    X(REFUND_SUCCEEDED, "succeeded")                                                               \
    /* it was back before, under another key; refund_id is the provider's */                       \
    X(REFUND_ALREADY, "already")                                                                   \
    /* the provider said not now, or was not reached: try again later */                           \
    X(REFUND_TRANSIENT, "transient")                                                               \
    /* it may have happened: ask by key before calling again */                                    \
    X(REFUND_UNKNOWN, "unknown")                                                                   \
    /* it will never happen like this; reason says why */                                          \
    X(REFUND_REFUSED, "refused")                                                                   \
    /* EFFECT_LOOKUP only: no refund under this key */                                             \
    X(REFUND_NOT_FOUND, "not_found")                                                               \
    /* the provider has it and is not done: wait, and ask by key */                                \
    X(REFUND_PENDING, "pending")                                                                   \
    /* says nothing of the payment and mends only if somebody acts: our credentials, a proxy's     \
     * page, a code that we do not know; try again */                                              \
    X(REFUND_BLOCKED, "blocked")

enum refund_status { REFUND_STATUSES(ENUM_VALUE) REFUND_STATUS_COUNT };

/* Among the refusals: something else was asked for under this key, before our store was put back.
 * Asking by the key shows what; if it shows nothing, the key is of no more use. */
#define REFUND_CODE_KEY_REUSED "idempotency_key_reused"

struct refund_result {
    enum refund_status status;
    char refund_id[IDENT_SIZE]; /* the refund that is spoken of: SUCCEEDED, failed, PENDING; ALREADY
                                   where it is named; else "" */
    int64_t amount;             /* of that refund; 0 = not said */
    int64_t call_number;        /* of the effect, set by who made the call; 0 = not kept */
    char reason[REASON_SIZE];   /* "" on success; else a short code: "http_503", "timeout" */
    int64_t retry_after_ms;     /* what the provider asked for; -1 = nothing */
    bool is_uncounted;          /* no try of this refund: a probe of the provider, or never made */
    bool is_shut_out;           /* 401, 407: nobody's call will be answered */
};
_Static_assert(sizeof(struct refund_result) <= INPUT_PAYLOAD_BYTES, "fits an input");

/* A complete answer. effect says what was asked for: a success of another amount or currency is no
 * success (REFUSED, "answer_differs"); one of another payment, or that cannot be read, leaves the
 * refund UNKNOWN. What a look-up finds may be of any amount: it is what was made by that key. Of
 * what is no success only a code of payment_refund_refusal_codes is a REFUSAL. */
void payment_refund_answer_read(enum refund_effect_type type, const struct refund_effect *effect,
                                int http_status, const char *body, size_t body_length,
                                int64_t retry_after_s, struct refund_result *ret_result);

/* No complete answer. was_sent false: the provider certainly never got the call. */
void payment_refund_failure_read(bool was_sent, struct refund_result *ret_result);

/* The codes by which a provider refuses to refund this very payment, in a problem's or an error
 * object's `code`, with a status of 400, 402, 403, 404, 409, 410 or 422; ends with NULL. */
extern const char *const payment_refund_refusal_codes[];

/* Whether the provider was there and spoke of the payment, whatever it said. */
bool payment_refund_is_answered(const struct refund_result *result);

const char *payment_refund_status_text(enum refund_status status);
