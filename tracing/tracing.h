/* tracing.h - spans out of a service: OTLP/HTTP JSON to a collector, JSON lines to a file, or
 * nothing. One exporter thread; a bounded queue; what does not fit is dropped and counted; no
 * caller ever waits. Configured by the standard OTEL_* variables. */
#pragma once

#include "common/base/ident.h"
#include "common/base/money.h"
#include "common/base/trace_context.h"
#include "common/daemon/daemon_tracing.h"
#include "common/saga/observer_port.h"

#include <stdbool.h>
#include <stdint.h>

struct tracing;

/* The service that a booking's root and its waits belong to: none of the real ones calls the others
 * on its behalf. */
#define TRACING_SAGA "saga"

/* Reads OTEL_* from the environment; a bad value warns and is ignored. Never fails: worst case no
 * spans leave. */
struct tracing *tracing_start(const char *service_name, const char *instance_id);
/* Flushes within the export time-out, returns NULL. */
struct tracing *tracing_stop(struct tracing *tracing);

/* The trace of a booking: the 16 bytes of its UUID (canonical, not nil), else SHA-256's first 16.
 * Pure. */
void tracing_booking_trace_id(const char *booking_id, uint8_t ret_trace_id[16]);
/* The root span's id: bytes 16-23 of SHA-256(booking id). Pure. */
void tracing_booking_root_id(const char *booking_id, uint8_t ret_span_id[8]);

/* What the root span of a booking says: only what never changes after the first outcome. The texts
 * are static or the state's. */
struct tracing_root {
    const char *booking_id;     /* NULL: there is no outcome yet */
    const char *state, *reason; /* of the first outcome; reason NULL or "" = none */
    const char *currency;       /* of the intent, like amount; "" = none was seen */
    int64_t amount;             /* in minor units */
    int64_t started_ms, decided_ms, payments;
    bool is_failed;
};

/* What was decided about an input, for a service that tells more of it. Borrowed. */
struct tracing_story {
    const struct input *input;
    const void *state; /* after the decision; NULL = not known */
    const char *verdict, *reason, *state_from, *state_to;
};

struct tracing_money {
    int64_t amount; /* in minor units; 0 = none */
    char currency[CURRENCY_SIZE];
};

/* What a service tells: attributes, so that a search by a payment finds its booking. Zeroed where
 * there is nothing to tell; texts that are pointers are static. */
struct tracing_facts {
    const char *title;   /* what happened: name of a deadline's or a result's span */
    const char *problem; /* somebody has to look: the span is an error of this type */
    const char *wait;    /* the name of the wait that this deadline has ended */
    char payment_id[IDENT_SIZE];
    struct tracing_money paid;
    char refund_id[IDENT_SIZE];
    struct tracing_money returned; /* by that refund */
    struct tracing_money price;    /* of the booking */
    const char *waits_for;         /* from now on */
    int64_t waits_until_ms;
};

struct tracing_setup {
    struct tracing *tracing;
    const char *service;      /* "booking" */
    const char *queue;        /* the consumed queue, for span names */
    const char *collection;   /* "bookings" */
    const char *store_system; /* "mongodb" or "sqlite" */
    const char *store_namespace;
    const char *broker_url;
    int http_port;
    /* Tells what the trace shall say of a decision; NULL = nothing more. Pure, any thread. */
    void (*tell)(const struct tracing_story *story, struct tracing_facts *ret_facts);
    /* booking only: the root of a state, NULL elsewhere. Pure, any thread. */
    void (*root)(const void *state, struct tracing_root *ret_root);
};

/* The observers that turn the engine's and the HTTP server's events into spans. */
struct tracing_observer;
struct tracing_observer *tracing_observer_new(const struct tracing_setup *setup);
struct tracing_observer *tracing_observer_free(struct tracing_observer *observer);
/* The root of this document once more, byte for byte, if it has one: for what was decided just
 * before a process that is gone could send it. Any thread. */
struct document;
void tracing_root_export(struct tracing_observer *observer, const struct document *document);
struct daemon_tracing tracing_for_daemon(struct tracing_observer *observer);

/* For the HTTP SERVER span of the request that this thread is answering: what the engine decided,
 * or just which booking it is about (request NULL). Call it from a handler; the http_observer ends
 * the span. Gives the request's input its span id and context before it is submitted. Thread-local.
 */
struct request;
void tracing_request_begin(struct tracing_observer *observer, const char *booking_id,
                           struct request *request);
void tracing_request_decided(struct tracing_observer *observer, const struct request *request);
/* The request's answer had to be waited for: a read, which otherwise is not in its booking's trace,
 * is. */
void tracing_request_waited(void);
/* The trace id to show in X-Trace-Id and problems: 32 hex digits. */
void tracing_booking_trace_hex(const char *booking_id, char ret_hex[33]);

/* A client call made for an effect: a CLIENT span under the effect's context; fills traceparent for
 * the wire. attempt is 0 for the first; a 404 of a GET is an answer like another. Returns the
 * span's handle for tracing_call_end. Any thread.
 */
struct tracing_call {
    struct trace_context context;
    uint8_t parent[8];
    int64_t started_ns;
    const struct tracing_facts *facts; /* the caller's, for tracing_call_end; NULL = none */
};
void tracing_call_begin(struct tracing_observer *observer, const char *booking_id,
                        const char *traceparent, struct tracing_call *ret_call,
                        char ret_traceparent[TRACEPARENT_SIZE]);
void tracing_call_end(struct tracing_observer *observer, const struct tracing_call *call,
                      const char *booking_id, const char *method, const char *route,
                      const char *url, int status, int attempt, const char *error_type);
