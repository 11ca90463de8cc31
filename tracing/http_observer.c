/* http_observer.c - what the HTTP threads tell: the SERVER span of a request, from the handler that
 * knows the booking to the server that knows the answer. */
#include "tracing/http_span.h"

#include "common/base/clock.h"
#include "common/saga/request_port.h"
#include "tracing/w3c.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The request that this thread is answering. The server gives handler and observer no place of
 * their own to meet, and a thread answers one request at a time. */
static _Thread_local struct served current;

void tracing_request_begin(struct tracing_observer *observer, const char *booking_id,
                           struct request *request)
{
    memset(&current, 0, sizeof current);
    if (observer == NULL || booking_id == NULL || booking_id[0] == '\0')
        return;
    struct lineage lineage;
    current.is_set = true;
    snprintf(current.booking_id, sizeof current.booking_id, "%s", booking_id);
    uuid_random_bytes(current.span_id, sizeof current.span_id);
    current.span_id[7] |= 1; /* never zero */
    if (request == NULL)
        return;
    assert(request->input.source == INPUT_FROM_REQUEST);
    struct input *input = &request->input;
    lineage_find(observer->tracing, booking_id, "", "", false, &lineage);
    struct trace_context context = lineage_context(&lineage, current.span_id);
    memcpy(input->span_id, current.span_id, sizeof input->span_id);
    w3c_traceparent_format(&context, input->traceparent);
    input->tracestate[0] = '\0'; /* the caller's belongs to the caller's trace */
}

void tracing_request_decided(struct tracing_observer *observer, const struct request *request)
{
    assert(request != NULL);
    const struct input *input = &request->input;
    if (observer == NULL || !current.is_set || observer->tracing->exporter == NULL)
        return;
    snprintf(current.input_type, sizeof current.input_type, "%s",
             input->type_name != NULL ? input->type_name : "");
    snprintf(current.input_id, sizeof current.input_id, "%s", input->id);
    current.decided_ns = clock_wall_ns();
    if (request->verdict == NULL)
        return; /* no decision was reached: 503 says so */
    current.verdict = request->verdict;
    current.reason = request->reason;
    current.state_from = request->state_from;
    current.state_to = request->state_to;
    for (int i = 0; i < request->note_count && i < DECISION_NOTES_MAX; i++)
        current.notes[current.note_count++] = request->notes[i];
    if (observer->tell == NULL)
        return;
    const struct tracing_story story = { input,           request->state,      request->verdict,
                                         request->reason, request->state_from, request->state_to };
    observer->tell(&story, &current.facts);
}

void tracing_request_waited(void)
{
    current.has_waited = true;
}

void observer_http_answered(void *self, const struct http_request *request,
                            const struct http_answer *answer, int64_t started_ns, int64_t ended_ns)
{
    assert(request->route != NULL && started_ns <= ended_ns);
    struct tracing_observer *observer = self;
    struct span span;
    if (observer->tracing->exporter != NULL && http_span_is_wanted(request->route)) {
        const char *traceparent = http_request_header(request, "traceparent", NULL);
        struct http_exchange exchange = { .method = request->method,
                                          .route = request->route,
                                          .path = request->path,
                                          .query = request->query,
                                          .traceparent = traceparent != NULL ? traceparent : "",
                                          .status = answer->status,
                                          .port = observer->http_port,
                                          .started_ns = started_ns,
                                          .ended_ns = ended_ns };
        if (http_span_make(observer->tracing, &exchange, &current, &span))
            exporter_submit(observer->tracing->exporter, &span);
    }
    memset(&current, 0, sizeof current);
}
