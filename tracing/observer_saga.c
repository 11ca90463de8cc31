/* observer_saga.c - the spans of a booking as a whole: its root and its waits. They belong to no
 * process: everything in them, their ids too, follows from what is stored, so that one who sends
 * them again sends the same bytes, which Jaeger shows once. */
#include "tracing/observer_state.h"

#include "common/base/clock.h"
#include "common/saga/document.h"
#include "tracing/booking_trace.h"

#include <assert.h>
#include <string.h>

/* False: the trace is not recorded. */
static bool saga_begin(const struct tracing_observer *observer, const char *booking_id,
                       int64_t started_ms, struct span *span)
{
    struct lineage lineage;
    lineage_find(observer->tracing, booking_id, "", "", false, &lineage);
    if (!lineage.is_recorded)
        return false;
    span_begin(span, &lineage.place, SPAN_INTERNAL, started_ms * CLOCK_NS_PER_MS);
    span->is_saga = true;
    return true;
}

static void saga_submit(struct tracing_observer *observer, struct span *span, int64_t ended_ms)
{
    span_end(span, ended_ms * CLOCK_NS_PER_MS);
    exporter_submit(observer->tracing->exporter, span);
}

void observer_export_wait(struct tracing_observer *observer, const char *booking_id,
                          const struct note *note, int64_t until_ms)
{
    assert(booking_id != NULL && note != NULL);
    struct span span;
    if (note->since_ms <= 0 || note->since_ms >= until_ms ||
        !saga_begin(observer, booking_id, note->since_ms, &span))
        return;
    tracing_wait_span_id(booking_id, note->span_name, note->since_ms, span.place.span_id);
    span_name_add(&span, note->span_name);
    span_text(&span, KEY_BOOKING_ID, booking_id);
    saga_submit(observer, &span, until_ms);
}

/* The millisecond of the decision is over before the root ends. */
static int64_t ended_ms_of(const struct tracing_root *root, int64_t started_ms)
{
    int64_t ended_ms = root->decided_ms + 1;
    return ended_ms > started_ms ? ended_ms : started_ms + 1;
}

void tracing_root_export(struct tracing_observer *observer, const struct document *document)
{
    assert(document != NULL);
    struct span span;
    struct tracing_root root = { 0 };
    if (observer->root == NULL || observer->tracing->exporter == NULL)
        return;
    observer->root(document->state, &root);
    if (root.booking_id == NULL || root.decided_ms == 0)
        return;
    int64_t started_ms =
        document->started_at_ms < root.started_ms ? document->started_at_ms : root.started_ms;
    if (!saga_begin(observer, root.booking_id, started_ms, &span))
        return;
    memcpy(span.place.span_id, span.place.parent_id, sizeof span.place.span_id);
    memset(span.place.parent_id, 0, sizeof span.place.parent_id);
    span_name_add(&span, "booking ");
    span_name_add(&span, root.state);
    if (root.is_failed) {
        span_name_add(&span, ": ");
        span_name_add(&span, root.reason);
    }
    span_text(&span, KEY_BOOKING_ID, root.booking_id);
    span_text(&span, KEY_BOOKING_STATE, root.state);
    span_text(&span, KEY_BOOKING_REASON, root.reason);
    if (root.amount > 0)
        span_int(&span, KEY_BOOKING_AMOUNT, root.amount);
    span_text(&span, KEY_BOOKING_CURRENCY, root.currency);
    span_int(&span, KEY_BOOKING_PAYMENTS, root.payments);
    if (root.is_failed)
        span_fail(&span, root.reason);
    saga_submit(observer, &span, ended_ms_of(&root, started_ms));
}
