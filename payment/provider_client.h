/* provider_client.h - the calls to the payment provider: an effect_pool.h whose threads have one
 * HTTP connection each. Knows how to call, not when: retries, look-ups and their order are decided
 * by the pure payment core from the results.
 *
 * A result is an input: id "refund:<payment id>:<attempt>", document_id = payment id,
 * correlation_id = booking id, payload struct refund_result (refund_call.h), traceparent of the
 * call's CLIENT span. What is under way when the process dies is simply not known; the document's
 * deadline asks by key. */
#pragma once

#include "common/base/error.h"
#include "common/effects/effect_pool.h"
#include "tracing/tracing.h"

#include <stdint.h>

#define PROVIDER_CLIENT_THREADS       4
#define PROVIDER_CLIENT_SLOTS         1024 /* queued, running or waiting to be taken */
#define PROVIDER_CLIENT_URL_BYTES_MAX 512
#define PROVIDER_CLIENT_TIMEOUT_MS    3000

struct provider_client_options {
    const char *url;                   /* "http://127.0.0.1:3009"; a final slash is fine */
    int64_t call_timeout_ms;           /* 0 = PROVIDER_CLIENT_TIMEOUT_MS */
    struct tracing_observer *observer; /* may be NULL: no spans; the traceparent goes out as is */
};

struct provider_client;
MUST_CHECK struct provider_client *
payment_provider_client_start(const struct provider_client_options *options, struct error *error);

/* Its port, its wake and how it does. */
struct effect_pool *payment_provider_client_pool(struct provider_client *client);

/* Calls under way are finished (each ends within its time-out), queued ones dropped: their
 * deadlines ask again after the restart. NULL is fine. Returns NULL. */
struct provider_client *payment_provider_client_stop(struct provider_client *client);
