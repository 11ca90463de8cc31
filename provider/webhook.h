/* webhook.h - what the provider tells the payment service: the bodies, the signature, and what
 * follows from an attempt. Pure.
 *
 * A webhook is pending until somebody answers 2xx. Everything else is tried again with backoff,
 * a refusal (401, 404) as well: the receiver may be configured wrongly just now. It is given up
 * after three days. No order is promised. */
#pragma once

#include "common/base/trace_context.h"
#include "provider/faults.h"
#include "provider/ledger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEBHOOK_BODY_BYTES_MAX 1024
#define WEBHOOK_PATH_SIZE      32
#define WEBHOOK_SIGNATURE_SIZE 96
#define WEBHOOK_BACKOFF_MS     200
#define WEBHOOK_BACKOFF_MS_MAX 30000
#define WEBHOOK_HOLD_MS_MAX    30000 /* out of order: waits no longer for a later one */
#define WEBHOOK_GIVE_UP_MS     (INT64_C(3) * 24 * 3600 * 1000)

struct webhook {
    int64_t id; /* in the order of creation */
    char payment_id[IDENT_SIZE];
    char intent_id[IDENT_SIZE];         /* "" = not known: no trace */
    char traceparent[TRACEPARENT_SIZE]; /* of the call that caused it, unchecked; "" = none */
    char path[WEBHOOK_PATH_SIZE];
    char body[WEBHOOK_BODY_BYTES_MAX];
    int64_t attempts, copies, created_ms, due_ms;
    bool is_held, is_forged;
};

/* Fresh ones, due at once unless a fault says otherwise. */
void webhook_charge_make(const struct ledger_charge *charge, const struct webhook_faults *faults,
                         int64_t now_ms, struct webhook *ret_webhook);
void webhook_refund_make(const struct ledger_refund *refund, const struct webhook_faults *faults,
                         int64_t now_ms, struct webhook *ret_webhook);

enum webhook_fate { WEBHOOK_AGAIN, WEBHOOK_ACKNOWLEDGED, WEBHOOK_GIVEN_UP };

/* After one attempt. http_status 0 = no answer; retry_after_s -1 = none. AGAIN: what changed is in
 * the webhook, saved by the caller. */
enum webhook_fate webhook_settle(struct webhook *webhook, int http_status, int64_t retry_after_s,
                                 int64_t now_ms);

int64_t webhook_backoff_ms(int64_t attempts);

/* "t=<seconds>,v1=<hex of HMAC-SHA256(secret, "t.body")>". is_forged: the same with one bit
 * wrong. */
void webhook_sign(const char *secret, const char *body, int64_t at_s, bool is_forged,
                  char ret_text[WEBHOOK_SIGNATURE_SIZE]);
