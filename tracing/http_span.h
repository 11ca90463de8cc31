/* http_span.h - the SERVER span of a request that was answered. Pure but for random ids. */
#pragma once

#include "tracing/observer_state.h"

/* What the handler's thread has learnt about the request while it answered it. */
struct served {
    bool is_set, has_waited;
    char booking_id[IDENT_SIZE];
    uint8_t span_id[8];
    char input_type[MESSAGE_TYPE_SIZE];
    char input_id[MESSAGE_ID_SIZE];
    const char *verdict, *reason, *state_from, *state_to; /* static texts, NULL = none */
    struct note notes[DECISION_NOTES_MAX];
    int note_count;
    int64_t decided_ns;
    struct tracing_facts facts;
};

struct http_exchange {
    const char *method, *route, *path, *query;
    const char *traceparent; /* the caller's, "" = none */
    int status, port;
    int64_t started_ns, ended_ns;
};

/* False: this trace is not recorded. A read that came at once and did not fail is none of its
 * booking's history, and hundreds of them would hide it: it has a span only in its caller's trace.
 */
bool http_span_make(const struct tracing *tracing, const struct http_exchange *exchange,
                    const struct served *served, struct span *ret_span);

/* A request that only looks at the service itself (health, metrics) makes no span: probes come
 * every few seconds and concern no booking. */
bool http_span_is_wanted(const char *route);
