/* provider_client.h - the calls to the payment provider, away from the engine's thread: an
 * effect_port of a few worker threads with one HTTP connection each around a call_queue.h. Knows
 * how to call, not when: retries, look-ups and their order are decided by the pure payment core
 * from the results. Logs an alert when the provider answers nobody any more.
 *
 * A result is an input: id "refund:<payment id>:<attempt>", document_id = payment id,
 * correlation_id = booking id, payload struct refund_result (refund_call.h), traceparent of the
 * call's CLIENT span. What is under way when the process dies is simply not known; the document's
 * deadline asks by key. */
#pragma once

#include "common/base/error.h"
#include "common/saga/effect_port.h"
#include "payment/call_queue.h"
#include "tracing/tracing.h"

#include <stdint.h>

#define PROVIDER_CLIENT_THREADS       4
#define PROVIDER_CLIENT_SLOTS         1024 /* queued, running or waiting to be taken */
#define PROVIDER_CLIENT_URL_BYTES_MAX 512
#define PROVIDER_CLIENT_TIMEOUT_MS    3000

struct provider_client_options {
    const char *url;                   /* "http://127.0.0.1:3009"; a final slash is fine */
    int64_t call_timeout_ms;           /* 0 = PROVIDER_CLIENT_TIMEOUT_MS */
    int result_type;                   /* the participant's own enum value for a result */
    const char *result_type_name;      /* static: "refund.result" */
    struct tracing_observer *observer; /* may be NULL: no spans; the traceparent goes out as is */
};

struct provider_client;
MUST_CHECK struct provider_client *
provider_client_start(const struct provider_client_options *options, struct error *error);

/* Called from a worker after each result, any time from now on: wakes the engine's loop. It must
 * not call back into this client. After setting NULL none is under way and none will come: do so
 * before what it wakes goes away. */
void provider_client_on_result(struct provider_client *client, void (*wake)(void *self),
                               void *wake_self);

/* start, take and holds are for the engine's thread. */
struct effect_port provider_client_port(struct provider_client *client);

/* opened_at_ms is by clock_monotonic_ms(). Any thread. */
void provider_client_status_get(struct provider_client *client,
                                struct call_queue_status *ret_status);

/* Calls under way are finished (each ends within its time-out), queued ones dropped: their
 * deadlines ask again after the restart. NULL is fine. Returns NULL. */
struct provider_client *provider_client_stop(struct provider_client *client);
