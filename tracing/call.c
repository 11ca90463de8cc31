/* call.c - HTTP calls to the outside, made for an effect: a CLIENT span each. */
#include "tracing/observer_state.h"

#include "common/base/clock.h"
#include "common/base/hex.h"
#include "tracing/span_facts.h"
#include "tracing/url_clean.h"
#include "tracing/w3c.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void tracing_call_begin(struct tracing_observer *observer, const char *booking_id,
                        const char *traceparent, struct tracing_call *ret_call,
                        char ret_traceparent[TRACEPARENT_SIZE])
{
    assert(observer != NULL && booking_id != NULL && traceparent != NULL);
    struct lineage lineage;
    uint8_t span_id[8];
    memset(ret_call, 0, sizeof *ret_call);
    ret_traceparent[0] = '\0';
    if (observer == NULL)
        return;
    uuid_random_bytes(span_id, sizeof span_id);
    span_id[7] |= 1; /* never zero */
    /* Without a booking and a context the new span's own id names the trace. */
    char fallback[17];
    hex_write(span_id, sizeof span_id, fallback);
    lineage_find(observer->tracing, booking_id, traceparent, fallback, false, &lineage);
    ret_call->context = lineage_context(&lineage, span_id);
    memcpy(ret_call->parent, lineage.place.parent_id, sizeof ret_call->parent);
    ret_call->started_ns = clock_wall_ns();
    w3c_traceparent_format(&ret_call->context, ret_traceparent);
}

static void address_add(struct span *span, const char *url)
{
    char clean[URL_CLEAN_SIZE], host[URL_HOST_SIZE];
    int port = 0;
    if (url_clean(url, clean))
        span_text(span, KEY_URL_FULL, clean);
    if (!url_authority(url, host, &port))
        return;
    span_text(span, KEY_SERVER_ADDRESS, host);
    if (port > 0)
        span_int(span, KEY_SERVER_PORT, port);
}

/* 4xx and 5xx are errors of a client's call; so is no answer at all. But that what was looked for
 * is not there is an answer. */
static void status_add(struct span *span, const char *method, int status, const char *error_type)
{
    char code[16];
    bool is_answer = status < 400 || (status == 404 && strcmp(method, "GET") == 0);
    if (status > 0)
        span_int(span, KEY_HTTP_STATUS, status);
    if (is_answer && (error_type == NULL || error_type[0] == '\0'))
        return;
    snprintf(code, sizeof code, "%d", status);
    span_text(span, KEY_ERROR_TYPE,
              error_type != NULL && error_type[0] != '\0' ? error_type : code);
    span_fail(span, NULL);
}

void tracing_call_end(struct tracing_observer *observer, const struct tracing_call *call,
                      const char *booking_id, const char *method, const char *route,
                      const char *url, int status, int attempt, const char *error_type)
{
    assert(method != NULL && route != NULL && url != NULL && attempt >= 0);
    struct span span;
    if (observer == NULL || !call->context.is_set ||
        !tracing_records(observer->tracing, call->context.trace_id))
        return;
    struct span_place place = { .flags = call->context.flags };
    memcpy(place.trace_id, call->context.trace_id, sizeof place.trace_id);
    memcpy(place.span_id, call->context.span_id, sizeof place.span_id);
    memcpy(place.parent_id, call->parent, sizeof place.parent_id);
    span_begin(&span, &place, SPAN_CLIENT, call->started_ns);
    span_name_add(&span, method);
    span_name_add(&span, " ");
    span_name_add(&span, route);
    span_text(&span, KEY_BOOKING_ID, booking_id);
    span_text(&span, KEY_HTTP_METHOD, method);
    span_text(&span, KEY_URL_TEMPLATE, route);
    if (call->facts != NULL)
        span_facts(&span, call->facts);
    address_add(&span, url);
    if (attempt > 0)
        span_int(&span, KEY_HTTP_RESEND_COUNT, attempt);
    status_add(&span, method, status, error_type);
    span_end(&span, clock_wall_ns());
    exporter_submit(observer->tracing->exporter, &span);
}
