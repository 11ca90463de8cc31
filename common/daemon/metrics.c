/* metrics.c - which call of the observers counts where, and what of it people should see in the
 * log. */
#include "common/daemon/metrics.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/daemon/metric_family.h"
#include "common/log/log.h"
#include "common/saga/batch_ring.h"
#include "common/saga/request_port.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNREADABLE_LOG_MS 10000 /* the sweeps meet the same documents again and again */

/* A delivery of the batch at hand: it counts once, as its gravest input, when it is acked. */
struct settled {
    const struct delivery *delivery;
    const char *type; /* static text, or "" */
    enum outcome outcome;
};

/* A batch between its begin and its end. */
struct open_batch {
    bool has_decided;
    int64_t started_ns;
    struct settled settled[BUS_PREFETCH_MAX];
    size_t settled_count;
};

struct metrics {
    struct metrics_setup setup;
    struct observer_port engine_observer;
    struct http_observer http_observer;
    char queue_labels[METRIC_LABELS_SIZE];
    struct open_batch batches[BATCH_RING]; /* engine's thread */
    int64_t unreadable_logged_ms;
    struct batch_ring ring;
    struct metric_counters delivered, consumed, decisions, published, recovered, ended, http;
    struct metric_histogram process_seconds, batch_size, http_seconds;
};

/* ---- the engine's side ---- */

static const char *outcome_text(enum outcome outcome)
{
    static const char *const texts[] = {
        [OUTCOME_APPLIED] = "applied",   [OUTCOME_DUPLICATE] = "duplicate",
        [OUTCOME_REJECTED] = "rejected", [OUTCOME_DEFERRED] = "deferred",
        [OUTCOME_LATER] = "later",       [OUTCOME_QUARANTINED] = "quarantined",
    };
    assert((size_t)outcome < sizeof texts / sizeof texts[0]);
    return texts[outcome];
}

/* `arguments` in parentheses, with next_->self first. */
#define FORWARD(metrics, call, arguments)                                                          \
    do {                                                                                           \
        const struct observer_port *next_ = (metrics)->setup.engine_next;                          \
        if (next_ != NULL && next_->call != NULL)                                                  \
            next_->call arguments;                                                                 \
    } while (0)

static void batch_begin(void *self, struct input *const *inputs, size_t count, int64_t now_ms)
{
    struct metrics *metrics = self;
    struct open_batch *batch = &metrics->batches[batch_ring_begin(&metrics->ring)];
    batch->started_ns = clock_wall_ns();
    batch->has_decided = false;
    batch->settled_count = 0;
    if (count > 0)
        metric_histogram_add(&metrics->batch_size, metrics->queue_labels, (double)count);
    FORWARD(metrics, batch_begin, (next_->self, inputs, count, now_ms));
}

/* ---- deliveries: delivered = applied + duplicate + rejected + deferred + later
 * + quarantined ---- */

static struct settled *settled_find(struct open_batch *batch, const struct delivery *delivery)
{
    for (size_t i = batch->settled_count; i > 0; i--) /* mostly the last one */
        if (batch->settled[i - 1].delivery == delivery)
            return &batch->settled[i - 1];
    if (batch->settled_count == BUS_PREFETCH_MAX)
        return NULL;
    struct settled *settled = &batch->settled[batch->settled_count++];
    *settled = (struct settled){ delivery, "", OUTCOME_DUPLICATE };
    return settled;
}

/* The gravest of a delivery's inputs counts, as the engine counts it. */
static void settled_note(struct open_batch *batch, const struct delivery *delivery,
                         const char *type, enum outcome outcome)
{
    struct settled *settled = settled_find(batch, delivery);
    if (settled == NULL)
        return;
    settled->type = type;
    bool is_graver = outcome == OUTCOME_QUARANTINED || outcome == OUTCOME_LATER ||
                     (outcome == OUTCOME_REJECTED && settled->outcome != OUTCOME_LATER) ||
                     settled->outcome == OUTCOME_DUPLICATE;
    if (is_graver && settled->outcome != OUTCOME_QUARANTINED)
        settled->outcome = outcome;
}

/* Which of them were acked is known only by number; those that were not are decided again in the
 * next step. So in a batch that the broker took only in part types may be mixed up, never sums. */
static void settled_count(struct metrics *metrics, size_t acked)
{
    struct open_batch *batch = &metrics->batches[batch_ring_oldest(&metrics->ring)];
    char labels[METRIC_LABELS_SIZE];
    metric_counters_add(&metrics->delivered, metrics->queue_labels, acked);
    for (size_t i = 0; i < acked; i++) {
        bool is_known = i < batch->settled_count; /* else a delivery that concerned nobody */
        enum outcome outcome = is_known ? batch->settled[i].outcome : OUTCOME_DUPLICATE;
        snprintf(labels, sizeof labels, "queue=\"%s\",type=\"%s\",outcome=\"%s\"",
                 metrics->setup.queue, is_known ? batch->settled[i].type : "",
                 outcome_text(outcome));
        metric_counters_add(&metrics->consumed, labels, 1);
    }
    batch->settled_count = 0;
}

static void stage_begin(void *self, enum engine_stage stage)
{
    FORWARD((struct metrics *)self, stage_begin, (next_->self, stage));
}

static void stage_end(void *self, enum engine_stage stage, size_t items, const char *result)
{
    if (stage == STAGE_ACK)
        settled_count(self, items);
    FORWARD((struct metrics *)self, stage_end, (next_->self, stage, items, result));
}

static void message_owed(void *self, const struct input *cause, struct message *message)
{
    FORWARD((struct metrics *)self, message_owed, (next_->self, cause, message));
}

static void message_published(void *self, const struct document *document,
                              const struct input *cause, const struct message *message,
                              enum publish_result result, bool is_again)
{
    static const char *const texts[] = {
        [PUBLISH_CONFIRMED] = "confirmed",
        [PUBLISH_RETURNED] = "returned",
        [PUBLISH_NACKED] = "nacked",
        [PUBLISH_UNKNOWN] = "unknown",
    };
    struct metrics *metrics = self;
    char labels[METRIC_LABELS_SIZE];
    snprintf(labels, sizeof labels, "type=\"%s\",outcome=\"%s\"", message->type, texts[result]);
    metric_counters_add(&metrics->published, labels, 1);
    FORWARD(metrics, message_published, (next_->self, document, cause, message, result, is_again));
}

static void alerts_log(const struct decided *decided)
{
    const struct log_subject subject = {
        .booking_id = decided->input->correlation_id,
        .message_id = decided->input->id,
        .decision = decided->verdict,
    };
    if (decided->is_security_event)
        log_write_about(LOG_WARNING, &subject,
                        "security: %s on %s in state %s concerns another user or booking",
                        decided->input->type_name, decided->input->document_id,
                        decided->state_from);
    if (decided->is_alert)
        log_write_about(LOG_ERROR, &subject, "needs a look: %s on %s in state %s, now %s",
                        decided->input->type_name, decided->input->document_id, decided->state_from,
                        decided->state_to);
}

static void decided_count(void *self, const struct decided *decided)
{
    struct metrics *metrics = self;
    char labels[METRIC_LABELS_SIZE];
    snprintf(labels, sizeof labels, "participant=\"%s\",input=\"%s\",decision=\"%s\"",
             metrics->setup.service, decided->input->type_name, decided->verdict);
    metric_counters_add(&metrics->decisions, labels, 1);
    struct open_batch *batch = &metrics->batches[batch_ring_newest(&metrics->ring)];
    if (decided->delivery != NULL)
        settled_note(batch, decided->delivery, decided->input->type_name, decided->outcome);
    if (decided->delivery != NULL && decided->input->is_repeat &&
        decided->outcome == OUTCOME_APPLIED) {
        snprintf(labels, sizeof labels, "queue=\"%s\",type=\"%s\"", metrics->setup.queue,
                 decided->input->type_name);
        metric_counters_add(&metrics->recovered, labels, 1);
    }
    if (decided->is_first_outcome) {
        snprintf(labels, sizeof labels, "outcome=\"%s\",reason=\"%s\"", decided->state_to,
                 decided->reason != NULL ? decided->reason : "");
        metric_counters_add(&metrics->ended, labels, 1);
    }
    metrics->setup.changed(metrics->setup.changed_self, decided->input->document_id);
    batch->has_decided = true;
    alerts_log(decided);
    FORWARD(metrics, decided, (next_->self, decided));
}

static void quarantined(void *self, const struct delivery *delivery, const char *reason)
{
    struct metrics *metrics = self;
    /* its type is a stranger's text: never a label */
    settled_note(&metrics->batches[batch_ring_oldest(&metrics->ring)], delivery, "",
                 OUTCOME_QUARANTINED);
    const struct log_subject subject = { .message_id = delivery->message.id };
    log_write_about(LOG_WARNING, &subject, "quarantined in %s.dead: %s", metrics->setup.queue,
                    reason);
    FORWARD(metrics, quarantined, (next_->self, delivery, reason));
}

static void unconcerned(void *self, const struct delivery *delivery)
{
    struct metrics *metrics = self;
    settled_note(&metrics->batches[batch_ring_oldest(&metrics->ring)], delivery,
                 delivery->message.type, OUTCOME_DUPLICATE);
    FORWARD(metrics, unconcerned, (next_->self, delivery));
}

static void failed(void *self, const struct input *input, const char *reason)
{
    struct metrics *metrics = self;
    char labels[METRIC_LABELS_SIZE];
    const struct log_subject subject = { .booking_id = input->correlation_id,
                                         .message_id = input->id,
                                         .decision = "bug" };
    snprintf(labels, sizeof labels, "participant=\"%s\",input=\"%s\",decision=\"bug\"",
             metrics->setup.service, input->type_name);
    metric_counters_add(&metrics->decisions, labels, 1);
    log_write_about(LOG_ERROR, &subject, "needs a look: %s on %s cannot be saved, a bug: %s",
                    input->type_name, input->document_id, reason);
    FORWARD(metrics, failed, (next_->self, input, reason));
}

static void unreadable(void *self, const char *document_id, const char *reason)
{
    struct metrics *metrics = self;
    int64_t now_ms = clock_monotonic_ms();
    if (metrics->unreadable_logged_ms == 0 ||
        now_ms - metrics->unreadable_logged_ms >= UNREADABLE_LOG_MS) {
        metrics->unreadable_logged_ms = now_ms;
        log_write(LOG_ERROR, "cannot read a stored document, it is left as it is: %s", reason);
    }
    FORWARD(metrics, unreadable, (next_->self, document_id, reason));
}

static void postponed(void *self, const struct delivery *delivery, const char *reason)
{
    struct metrics *metrics = self;
    settled_note(&metrics->batches[batch_ring_oldest(&metrics->ring)], delivery, "", OUTCOME_LATER);
    const struct log_subject subject = { .message_id = delivery->message.id };
    /* Again and again; that it happens at all is told by readiness.c. */
    log_write_about(LOG_DEBUG, &subject, "waits in %s.later: %s", metrics->setup.queue, reason);
    FORWARD(metrics, postponed, (next_->self, delivery, reason));
}

static void batch_end(void *self)
{
    struct metrics *metrics = self;
    const struct open_batch *batch = &metrics->batches[batch_ring_oldest(&metrics->ring)];
    if (batch->has_decided)
        metric_histogram_add(&metrics->process_seconds, metrics->queue_labels,
                             (double)(clock_wall_ns() - batch->started_ns) / 1e9);
    batch_ring_end(&metrics->ring);
    FORWARD(metrics, batch_end, (next_->self));
}

static void paused(void *self, const char *reason)
{
    FORWARD((struct metrics *)self, paused, (next_->self, reason)); /* logged by readiness.c */
}

/* ---- HTTP's side ---- */

static void http_answered(void *self, const struct http_request *request,
                          const struct http_answer *answer, int64_t started_ns, int64_t ended_ns)
{
    struct metrics *metrics = self;
    char labels[METRIC_LABELS_SIZE];
    bool is_known = request->route != NULL && request->route[0] != '\0';
    snprintf(labels, sizeof labels, "route=\"%s\",method=\"%s\",code=\"%d\"",
             is_known ? request->route : "", is_known ? request->method : "", answer->status);
    metric_counters_add(&metrics->http, labels, 1);
    metric_histogram_add(&metrics->http_seconds, labels, (double)(ended_ns - started_ns) / 1e9);
    if (metrics->setup.http_next != NULL)
        metrics->setup.http_next->answered(metrics->setup.http_next->self, request, answer,
                                           started_ns, ended_ns);
}

/* ---- all ---- */

static void families_init(struct metrics *metrics)
{
    metric_counters_init(&metrics->delivered, "roundtrip_messages_delivered_total",
                         "Deliveries that were settled.");
    metric_counters_init(&metrics->consumed, "roundtrip_messages_consumed_total",
                         "The same by outcome; over all outcomes it equals delivered.");
    metric_counters_init(&metrics->decisions, "roundtrip_decisions_total",
                         "Decisions of the state machine.");
    metric_counters_init(&metrics->published, "roundtrip_messages_published_total",
                         "Publishes by what the broker answered.");
    metric_counters_init(&metrics->recovered, "roundtrip_messages_recovered_total",
                         "Messages that were heard only when they were announced again: a "
                         "binding or a queue had been lost.");
    metric_counters_init(&metrics->ended, "roundtrip_bookings_completed_total", "First outcomes.");
    metric_counters_init(&metrics->http, "roundtrip_http_requests_total",
                         "Answered HTTP requests.");
    metric_histogram_init(&metrics->process_seconds, "roundtrip_message_process_duration_seconds",
                          "From a batch's take to its ack.", metric_bounds_seconds);
    metric_histogram_init(&metrics->batch_size, "roundtrip_batch_size",
                          "Inputs in one step of the engine.", metric_bounds_sizes);
    metric_histogram_init(&metrics->http_seconds, "roundtrip_http_request_duration_seconds",
                          "From a request's headers to its answer.", metric_bounds_seconds);
}

struct metrics *metrics_new(const struct metrics_setup *setup)
{
    assert(setup->service != NULL && setup->queue != NULL && setup->changed != NULL);
    struct metrics *metrics = memory_alloc(1, sizeof *metrics);
    metrics->setup = *setup;
    snprintf(metrics->queue_labels, sizeof metrics->queue_labels, "queue=\"%s\"", setup->queue);
    families_init(metrics);
    metrics->engine_observer = (struct observer_port){
        .self = metrics,
        .batch_begin = batch_begin,
        .stage_begin = stage_begin,
        .stage_end = stage_end,
        .message_owed = message_owed,
        .message_published = message_published,
        .decided = decided_count,
        .quarantined = quarantined,
        .failed = failed,
        .unreadable = unreadable,
        .postponed = postponed,
        .unconcerned = unconcerned,
        .batch_end = batch_end,
        .paused = paused,
    };
    metrics->http_observer = (struct http_observer){ .self = metrics, .answered = http_answered };
    return metrics;
}

struct metrics *metrics_free(struct metrics *metrics)
{
    free(metrics);
    return NULL;
}

const struct observer_port *metrics_engine_observer(const struct metrics *metrics)
{
    assert(metrics->engine_observer.self == metrics);
    return &metrics->engine_observer;
}

const struct http_observer *metrics_http_observer(const struct metrics *metrics)
{
    return &metrics->http_observer;
}

void metrics_write(struct metrics *metrics, const struct engine_status *status, char *buffer,
                   size_t size, size_t *length)
{
    assert(buffer != NULL && *length < size);
    metric_counters_write(&metrics->delivered, buffer, size, length);
    metric_counters_write(&metrics->consumed, buffer, size, length);
    metric_counters_write(&metrics->decisions, buffer, size, length);
    metric_counters_write(&metrics->published, buffer, size, length);
    metric_counters_write(&metrics->recovered, buffer, size, length);
    metric_counters_write(&metrics->ended, buffer, size, length);
    metric_counters_write(&metrics->http, buffer, size, length);
    metric_histogram_write(&metrics->process_seconds, buffer, size, length);
    metric_histogram_write(&metrics->batch_size, buffer, size, length);
    metric_histogram_write(&metrics->http_seconds, buffer, size, length);
    const char *queue = metrics->queue_labels;
    metric_gauge_write("roundtrip_outbox_pending",
                       "Documents that owe messages nobody has confirmed.", queue,
                       (double)status->owed_documents, buffer, size, length);
    metric_gauge_write("roundtrip_engine_paused", "1 while the store is away.", queue,
                       status->is_paused ? 1 : 0, buffer, size, length);
    struct log_status log;
    log_status_get(&log);
    metric_gauge_write("roundtrip_log_lines_dropped", "Lines that nobody took from the log.", queue,
                       (double)log.dropped, buffer, size, length);
    metric_gauge_write("roundtrip_publishing_refused",
                       "1 while a queue does not take some kind of message; /readyz names it.",
                       queue, status->refused[0] != '\0' ? 1 : 0, buffer, size, length);
    metric_gauge_write("roundtrip_documents_passed_over",
                       "Documents that the sweeps can do nothing with.", queue,
                       (double)status->passed_over, buffer, size, length);
    metric_gauge_write("roundtrip_documents_unreadable",
                       "Times that a stored document could not be read.", queue,
                       (double)status->unreadable, buffer, size, length);
    metric_gauge_write("roundtrip_build_info", "Which build this is.",
                       "version=\"" ROUNDTRIP_VERSION "\"", 1, buffer, size, length);
}
