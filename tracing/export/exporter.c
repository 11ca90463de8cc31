/* exporter.c - when the thread wakes and what it sends first, how it backs off, and where each span
 * that is lost is counted. */
#include "tracing/export/exporter.h"

#include "common/base/clock.h"
#include "common/base/enum_list.h"
#include "common/base/memory.h"
#include "common/base/thread.h"
#include "common/base/uuid.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_BYTES         ((size_t)2097152) /* OTLP allows 64 MiB */
#define SAGA_SHARE            4 /* of the queue: of a booking's spans the saga's are fewer */
#define BACKOFF_FIRST_MS      1000
#define BACKOFF_MAX_MS        5000
#define REJECT_REPORT_EACH_MS 60000
#define REPORT_SIZE           512

_Static_assert(REQUEST_BYTES > 4 * OTLP_SPAN_BYTES_MAX, "a request has room for spans");

struct exporter {
    struct exporter_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* a batch is full, a span is in a hurry, or stop */

    /* under the lock */
    struct span_queue spans, saga;
    bool is_stopping;
    int64_t stop_by_ms; /* clock_monotonic_ms */
    struct exporter_counts counts;

    /* the exporter's thread */
    char *request;
    bool is_failing;
    uint64_t lost; /* since it began to fail */
    int64_t reject_report_ms;

    bool is_joined; /* the stopping thread */
};

const char *exporter_drop_text(enum exporter_drop drop)
{
    static const char *const texts[] = { EXPORTER_DROPS(ENUM_TEXT) };
    assert(drop < DROP_COUNT);
    return texts[drop];
}

static void count_dropped(struct exporter *exporter, enum exporter_drop drop, uint64_t count)
{
    pthread_mutex_lock(&exporter->lock);
    exporter->counts.dropped[drop] += count;
    pthread_mutex_unlock(&exporter->lock);
}

void exporter_submit(struct exporter *exporter, const struct span *span)
{
    assert(span->ended_ns >= span->started_ns);
    struct span_queue *queue = span->is_saga ? &exporter->saga : &exporter->spans;
    bool is_due = false;
    pthread_mutex_lock(&exporter->lock);
    if (exporter->is_stopping) {
        exporter->counts.dropped[DROP_STOPPED]++;
    } else if (!span_queue_add(queue, span)) {
        exporter->counts.dropped[DROP_QUEUE_FULL]++;
    } else {
        exporter->counts.queued++;
        is_due = queue->count == (span->is_saga ? 1 : exporter->options.batch_max);
    }
    pthread_mutex_unlock(&exporter->lock);
    if (is_due)
        pthread_cond_signal(&exporter->wake);
}

/* When something is in a hurry, this soon after the export before; else on schedule. */
static int64_t due_of(const struct exporter *exporter, int64_t last_ms)
{
    int64_t gap_ms = EXPORTER_GAP_MS, delay_ms = exporter->options.schedule_delay_ms;
    return last_ms + (exporter->saga.count > 0 && gap_ms < delay_ms ? gap_ms : delay_ms);
}

/* Waits for a full batch, a span in a hurry, the schedule or the stop. */
static void batch_wait(struct exporter *exporter, int64_t last_ms, bool *ret_is_stopping)
{
    pthread_mutex_lock(&exporter->lock);
    while (!exporter->is_stopping && exporter->spans.count < exporter->options.batch_max) {
        bool is_hurried = exporter->saga.count > 0;
        bool is_due = !thread_wait(&exporter->wake, &exporter->lock, due_of(exporter, last_ms));
        if (is_due && is_hurried == (exporter->saga.count > 0))
            break;
    }
    *ret_is_stopping = exporter->is_stopping;
    pthread_mutex_unlock(&exporter->lock);
}

static size_t queue_count(struct exporter *exporter, const struct span_queue *queue)
{
    pthread_mutex_lock(&exporter->lock);
    size_t count = queue->count;
    pthread_mutex_unlock(&exporter->lock);
    return count < exporter->options.batch_max ? count : exporter->options.batch_max;
}

/* Writes up to `count` spans into a request; gives their room in the queue back at once. */
static size_t request_write(struct exporter *exporter, struct span_queue *queue, size_t count,
                            size_t *ret_length)
{
    assert(count > 0 && count <= exporter->options.batch_max);
    struct json_writer writer;
    bool is_saga = queue == &exporter->saga;
    json_write_init(&writer, exporter->request, REQUEST_BYTES);
    otlp_request_begin(&writer, is_saga ? &exporter->options.saga : &exporter->options.resource);
    size_t written = 0;
    while (written < count &&
           writer.size - writer.length > OTLP_SPAN_BYTES_MAX + OTLP_END_BYTES_MAX)
        otlp_span_write(&writer, span_queue_at(queue, written++), &exporter->options.limits);
    *ret_length = otlp_request_end(&writer);
    assert(written > 0 && *ret_length > 0); /* by the bounds above */
    pthread_mutex_lock(&exporter->lock);
    span_queue_drop(queue, written);
    pthread_mutex_unlock(&exporter->lock);
    return written;
}

static void report(struct exporter *exporter, const char *what, const char *why)
{
    char text[REPORT_SIZE];
    snprintf(text, sizeof text, "%s%s%s", what, why[0] != '\0' ? ": " : "", why);
    if (exporter->options.report != NULL)
        exporter->options.report(exporter->options.report_self, text);
}

static void settle_sent(struct exporter *exporter, uint64_t count,
                        const struct outlet_answer *answer)
{
    uint64_t rejected = answer->rejected > 0 ? (uint64_t)answer->rejected : 0;
    if (rejected > count)
        rejected = count;
    pthread_mutex_lock(&exporter->lock);
    exporter->counts.exported += count - rejected;
    exporter->counts.dropped[DROP_REJECTED] += rejected;
    assert(exporter->counts.exported + exporter->counts.dropped[DROP_REJECTED] <=
           exporter->counts.queued);
    pthread_mutex_unlock(&exporter->lock);
    if (exporter->is_failing) {
        char text[80];
        snprintf(text, sizeof text, "spans are exported again; %llu were lost",
                 (unsigned long long)exporter->lost);
        report(exporter, text, "");
        exporter->is_failing = false;
    }
    int64_t now_ms = clock_monotonic_ms();
    if ((rejected > 0 || answer->message[0] != '\0') && now_ms >= exporter->reject_report_ms) {
        report(exporter, rejected > 0 ? "the collector rejected spans" : "the collector warns",
               answer->message);
        exporter->reject_report_ms = now_ms + REJECT_REPORT_EACH_MS;
    }
}

static void settle_lost(struct exporter *exporter, uint64_t count, enum exporter_drop drop,
                        const struct outlet_answer *answer)
{
    assert(count > 0);
    count_dropped(exporter, drop, count);
    if (!exporter->is_failing) {
        report(exporter, "spans cannot be exported and are dropped; nothing else is affected",
               answer->message);
        exporter->is_failing = true;
        exporter->lost = 0;
    }
    exporter->lost += count;
}

/* A quarter more or less, so that services do not knock in step. */
static int64_t with_jitter(int64_t wait_ms)
{
    uint16_t random;
    uuid_random_bytes(&random, sizeof random);
    return wait_ms - wait_ms / 4 + wait_ms / 2 * random / UINT16_MAX;
}

/* False when the export must end instead of waiting. */
static bool backoff(struct exporter *exporter, int64_t wait_ms, int64_t give_up_ms)
{
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    if (until_ms >= give_up_ms)
        return false;
    pthread_mutex_lock(&exporter->lock);
    while (!exporter->is_stopping && thread_wait(&exporter->wake, &exporter->lock, until_ms))
        continue;
    bool may_go_on = !exporter->is_stopping;
    pthread_mutex_unlock(&exporter->lock);
    return may_go_on;
}

/* When this export must be over; a stop that is under way has the last word. */
static int64_t give_up_set(struct exporter *exporter)
{
    const struct outlet *outlet = &exporter->options.outlet;
    pthread_mutex_lock(&exporter->lock);
    int64_t give_up_ms = exporter->is_stopping
                             ? exporter->stop_by_ms
                             : clock_monotonic_ms() + exporter->options.export_timeout_ms;
    if (outlet->hurry != NULL)
        outlet->hurry(outlet->self, give_up_ms);
    pthread_mutex_unlock(&exporter->lock);
    return give_up_ms;
}

static void request_send(struct exporter *exporter, size_t length, uint64_t count)
{
    assert(length > 0 && length < REQUEST_BYTES && count > 0);
    const struct outlet *outlet = &exporter->options.outlet;
    int64_t give_up_ms = give_up_set(exporter), wait_ms = BACKOFF_FIRST_MS;
    struct outlet_answer answer;
    for (;;) {
        answer = (struct outlet_answer){ .retry_after_ms = -1 };
        enum outlet_result result = outlet->send(outlet->self, exporter->request, length, &answer);
        if (result == OUTLET_SENT) {
            settle_sent(exporter, count, &answer);
            return;
        }
        int64_t pause_ms =
            answer.retry_after_ms >= 0 ? answer.retry_after_ms : with_jitter(wait_ms);
        if (result == OUTLET_FAILED || !backoff(exporter, pause_ms, give_up_ms))
            break;
        wait_ms = 2 * wait_ms < BACKOFF_MAX_MS ? 2 * wait_ms : BACKOFF_MAX_MS;
    }
    settle_lost(exporter, count, DROP_FAILED, &answer);
}

/* The process ends and the collector does not answer: what is left is lost. */
static void queue_drop(struct exporter *exporter)
{
    pthread_mutex_lock(&exporter->lock);
    exporter->counts.dropped[DROP_STOPPED] += exporter->saga.count + exporter->spans.count;
    span_queue_drop(&exporter->saga, exporter->saga.count);
    span_queue_drop(&exporter->spans, exporter->spans.count);
    pthread_mutex_unlock(&exporter->lock);
}

/* A request of what the queue holds; false: it holds nothing. */
static bool queue_send(struct exporter *exporter, struct span_queue *queue)
{
    size_t length, count = queue_count(exporter, queue);
    if (count == 0)
        return false;
    count = request_write(exporter, queue, count, &length);
    request_send(exporter, length, count);
    return true;
}

static void *exporter_run(void *self)
{
    struct exporter *exporter = self;
    bool is_stopping = false;
    int64_t last_ms = clock_monotonic_ms();
    for (;;) {
        batch_wait(exporter, last_ms, &is_stopping);
        last_ms = clock_monotonic_ms();
        bool has_sent = queue_send(exporter, &exporter->saga);
        has_sent = queue_send(exporter, &exporter->spans) || has_sent;
        if (!has_sent && is_stopping)
            return NULL;
        if (is_stopping && exporter->is_failing)
            queue_drop(exporter);
    }
}

struct exporter *exporter_new(const struct exporter_options *options, struct error *error)
{
    assert(options->outlet.send != NULL && options->outlet.free != NULL);
    assert(options->queue_max > 0 && options->batch_max > 0 &&
           options->batch_max <= options->queue_max);
    struct exporter *exporter = memory_alloc(1, sizeof *exporter);
    exporter->options = *options;
    pthread_cond_init(&exporter->wake, NULL);
    pthread_mutex_init(&exporter->lock, NULL);
    span_queue_init(&exporter->spans, options->queue_max, options->sampler);
    span_queue_init(&exporter->saga, options->queue_max / SAGA_SHARE + 1, options->sampler);
    exporter->request = memory_room(REQUEST_BYTES);
    if (!thread_start(&exporter->thread, exporter_run, exporter)) {
        error_set(error, ERROR_RETRY, "no thread for the exporter");
        exporter->is_joined = true;
        return exporter_free(exporter);
    }
    return exporter;
}

void exporter_stop(struct exporter *exporter, int64_t timeout_ms)
{
    assert(timeout_ms >= 0);
    if (exporter->is_joined)
        return;
    const struct outlet *outlet = &exporter->options.outlet;
    pthread_mutex_lock(&exporter->lock);
    exporter->is_stopping = true;
    exporter->stop_by_ms = clock_monotonic_ms() + timeout_ms;
    if (outlet->hurry != NULL)
        outlet->hurry(outlet->self, exporter->stop_by_ms);
    pthread_mutex_unlock(&exporter->lock);
    pthread_cond_signal(&exporter->wake);
    pthread_join(exporter->thread, NULL);
    exporter->is_joined = true;
}

struct exporter *exporter_free(struct exporter *exporter)
{
    if (exporter == NULL)
        return NULL;
    assert(exporter->is_joined);
    exporter->options.outlet.free(exporter->options.outlet.self);
    pthread_cond_destroy(&exporter->wake);
    pthread_mutex_destroy(&exporter->lock);
    span_queue_done(&exporter->spans);
    span_queue_done(&exporter->saga);
    free(exporter->request);
    free(exporter);
    return NULL;
}

void exporter_counts_get(struct exporter *exporter, struct exporter_counts *ret_counts)
{
    assert(ret_counts != NULL);
    pthread_mutex_lock(&exporter->lock);
    *ret_counts = exporter->counts;
    assert(ret_counts->exported <= ret_counts->queued);
    pthread_mutex_unlock(&exporter->lock);
}
