/* Which spans leave, in which order and when; and that each one which does not is counted under its
 * reason. */
#include "common/base/clock.h"
#include "tests/unit/trace_sink.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>

static struct span *plain_span(struct span *span)
{
    const struct span_place place = { .trace_id = { 1 }, .span_id = { 2 }, .flags = 1 };
    span_begin(span, &place, SPAN_INTERNAL, 1);
    span_name_add(span, "x");
    return span;
}

static char reports[8][512];
static int report_count;

static void note_report(void *self, const char *text)
{
    (void)self;
    snprintf(reports[report_count++ % 8], sizeof reports[0], "%s", text);
}

static struct exporter *exporter_of(struct outlet outlet, size_t queue_max, size_t batch_max)
{
    struct error error;
    struct exporter_options options = {
        .resource = { .service_name = "s", .instance_id = "i" },
        .saga = { .service_name = "saga", .instance_id = "", .is_shared = true },
        .limits = { 128, 128, 128 },
        .outlet = outlet,
        .queue_max = queue_max,
        .batch_max = batch_max,
        .schedule_delay_ms = 60000,
        .export_timeout_ms = 60000,
        .report = note_report,
    };
    report_count = 0;
    struct exporter *exporter = exporter_new(&options, &error);
    assert_non_null(exporter);
    return exporter;
}

static struct exporter_counts finish(struct exporter *exporter)
{
    struct exporter_counts counts;
    exporter_stop(exporter, 5000);
    exporter_counts_get(exporter, &counts);
    exporter_free(exporter);
    return counts;
}

static void a_stop_sends_what_is_queued_in_order_and_in_batches(void **state)
{
    (void)state;
    struct trace_sink sink = { 0 };
    struct span span;
    struct exporter *exporter = exporter_of(sink_outlet(&sink), 100, 10);
    for (int i = 0; i < 25; i++) {
        plain_span(&span);
        span_int(&span, KEY_SERVER_PORT, i);
        exporter_submit(exporter, &span);
    }
    struct exporter_counts counts = finish(exporter);
    assert_int_equal(counts.queued, 25);
    assert_int_equal(counts.exported, 25);
    assert_int_equal(sink_span_count(&sink), 25);
    assert_in_range(sink.request_count, 3, 4);
    for (int i = 0; i < 25; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        assert_attribute(sink_span(&sink, "x", (size_t)i), "server.port", number);
    }
    sink_done(&sink);
}

static void nothing_is_sent_when_there_is_nothing(void **state)
{
    (void)state;
    struct trace_sink sink = { 0 };
    finish(exporter_of(sink_outlet(&sink), 10, 10));
    assert_int_equal(sink.send_count, 0);
}

/* An outlet that holds its first send until it is let go. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_reached, is_open;
};

static enum outlet_result gate_send(void *self, const char *json, size_t length,
                                    struct outlet_answer *ret_answer)
{
    struct gate *gate = self;
    (void)json, (void)length, (void)ret_answer;
    pthread_mutex_lock(&gate->lock);
    gate->is_reached = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
    return OUTLET_SENT;
}

static void a_full_queue_drops_and_counts_and_the_caller_does_not_wait(void **state)
{
    (void)state;
    struct gate gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false };
    struct outlet outlet = { .self = &gate, .send = gate_send, .free = sink_free };
    struct span span;
    plain_span(&span);
    memset(span.place.trace_id, 0xff, sizeof span.place.trace_id); /* it is left out last */
    struct exporter *exporter = exporter_of(outlet, 4, 1);
    exporter_submit(exporter, &span);
    pthread_mutex_lock(&gate.lock);
    while (!gate.is_reached)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    for (int i = 0; i < 7; i++) /* the exporter hangs: 4 fit, 3 do not */
        exporter_submit(exporter, &span);
    pthread_mutex_lock(&gate.lock);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
    struct exporter_counts counts = finish(exporter);
    assert_int_equal(counts.queued, 5);
    assert_int_equal(counts.exported, 5);
    assert_int_equal(counts.dropped[DROP_QUEUE_FULL], 3);
}

/* A trace that a fuller process takes is one that an emptier one takes, whatever comes first. */
static void a_queue_that_fills_leaves_out_the_same_traces_in_every_process(void **state)
{
    (void)state;
    enum { TRACES = 256, ROOM = 100 };
    bool is_taken[2][TRACES] = { 0 };
    for (int process = 0; process < 2; process++) {
        struct span_queue queue;
        span_queue_init(&queue, ROOM, sampler_of_ratio(1.0));
        struct span span;
        plain_span(&span);
        memset(span.place.trace_id, 0xff, sizeof span.place.trace_id);
        for (int i = 0; i < 60 + 20 * process; i++) /* one is busier than the other */
            assert_true(span_queue_add(&queue, &span));
        for (int i = 0; i < TRACES; i++) {
            int trace = process == 0 ? i : TRACES - 1 - i;
            size_t before = queue.count;
            span.place.trace_id[9] = (uint8_t)trace;
            is_taken[process][trace] = span_queue_add(&queue, &span);
            queue.count = before;
        }
        span_queue_done(&queue);
    }
    int taken[2] = { 0 };
    for (int trace = 0; trace < TRACES; trace++) {
        taken[0] += is_taken[0][trace];
        taken[1] += is_taken[1][trace];
        assert_true(!is_taken[1][trace] || is_taken[0][trace]);
        assert_true(trace == 0 || is_taken[0][trace] >= is_taken[0][trace - 1]);
    }
    assert_in_range(taken[0], TRACES * 8 / 10 - 1, TRACES * 8 / 10 + 1);
    assert_in_range(taken[1], TRACES * 4 / 10 - 1, TRACES * 4 / 10 + 1);
}

/* What is queued with a booking's root goes with it, long before the schedule. */
static void a_root_goes_at_once_and_takes_the_others_along(void **state)
{
    (void)state;
    struct trace_sink sink = { 0 };
    struct span span;
    plain_span(&span);
    struct exporter *exporter = exporter_of(sink_outlet(&sink), 100, 50);
    exporter_submit(exporter, &span);
    span.is_saga = true;
    exporter_submit(exporter, &span);
    struct exporter_counts counts = { 0 };
    for (int i = 0; i < 500 && counts.exported < 2; i++) {
        poll(NULL, 0, 10);
        exporter_counts_get(exporter, &counts);
    }
    assert_int_equal(counts.exported, 2);
    finish(exporter);
    assert_int_equal(sink.request_count, 2);
    assert_string_equal(sink_service_of(&sink, sink_span(&sink, "x", 0)), "saga");
    assert_string_equal(sink_service_of(&sink, sink_span(&sink, "x", 1)), "s");
    sink_done(&sink);
}

static void a_full_queue_still_has_a_place_for_roots(void **state)
{
    (void)state;
    struct gate gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false };
    struct outlet outlet = { .self = &gate, .send = gate_send, .free = sink_free };
    struct span span;
    plain_span(&span);
    struct exporter *exporter = exporter_of(outlet, 8, 1);
    for (int i = 0; i < 20; i++)
        exporter_submit(exporter, &span);
    struct exporter_counts before, after;
    exporter_counts_get(exporter, &before);
    span.is_saga = true;
    exporter_submit(exporter, &span);
    exporter_counts_get(exporter, &after);
    assert_true(before.dropped[DROP_QUEUE_FULL] > 0);
    assert_int_equal(after.dropped[DROP_QUEUE_FULL], before.dropped[DROP_QUEUE_FULL]);
    pthread_mutex_lock(&gate.lock);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
    finish(exporter);
}

static void a_full_batch_is_sent_before_the_schedule(void **state)
{
    (void)state;
    struct gate gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, true };
    struct outlet outlet = { .self = &gate, .send = gate_send, .free = sink_free };
    struct span span;
    plain_span(&span);
    struct exporter *exporter = exporter_of(outlet, 10, 3); /* schedule: a minute */
    for (int i = 0; i < 3; i++)
        exporter_submit(exporter, &span);
    pthread_mutex_lock(&gate.lock);
    while (!gate.is_reached)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    finish(exporter);
}

static void a_retry_sends_the_same_batch_again(void **state)
{
    (void)state;
    struct trace_sink sink = { .script_count = 2 };
    sink.script[0].result = sink.script[1].result = OUTLET_RETRY;
    struct span span;
    plain_span(&span);
    struct exporter *exporter = exporter_of(sink_outlet(&sink), 10, 1);
    exporter_submit(exporter, &span); /* retry_after_ms 0: at once */
    struct exporter_counts counts = { 0 };
    for (int i = 0; i < 500 && counts.exported == 0; i++) {
        poll(NULL, 0, 10);
        exporter_counts_get(exporter, &counts);
    }
    assert_int_equal(counts.exported, 1);
    finish(exporter);
    assert_int_equal(sink.send_count, 3);
    assert_int_equal(report_count, 0);
    sink_done(&sink);
}

static void a_stop_does_not_retry_and_drops_the_rest(void **state)
{
    (void)state;
    struct trace_sink sink = { .script_count = 1 };
    sink.script[0].result = OUTLET_RETRY;
    sink.script[0].answer.retry_after_ms = 3000;
    struct span span;
    plain_span(&span);
    struct exporter *exporter = exporter_of(sink_outlet(&sink), 10, 2);
    exporter_submit(exporter, &span);
    int64_t before_ms = clock_monotonic_ms();
    struct exporter_counts counts = finish(exporter);
    assert_true(clock_monotonic_ms() - before_ms < 2500);
    assert_int_equal(counts.dropped[DROP_FAILED], 1);
    assert_int_equal(counts.exported, 0);
    sink_done(&sink);
}

static void a_refused_batch_is_dropped_reported_once_and_so_is_the_recovery(void **state)
{
    (void)state;
    struct trace_sink sink = { .script_count = 2 };
    for (int i = 0; i < 2; i++) {
        sink.script[i].result = OUTLET_FAILED;
        snprintf(sink.script[i].answer.message, sizeof sink.script[i].answer.message, "HTTP 400");
    }
    struct span span;
    plain_span(&span);
    struct exporter *exporter = exporter_of(sink_outlet(&sink), 10, 1);
    struct exporter_counts counts = { 0 };
    for (uint64_t sent = 1; sent <= 4; sent++) {
        exporter_submit(exporter, &span);
        for (int i = 0; i < 500 && counts.dropped[DROP_FAILED] + counts.exported < sent; i++) {
            poll(NULL, 0, 10);
            exporter_counts_get(exporter, &counts);
        }
    }
    finish(exporter);
    assert_int_equal(counts.dropped[DROP_FAILED], 2);
    assert_int_equal(counts.exported, 2);
    assert_int_equal(report_count, 2);
    assert_non_null(strstr(reports[0], "HTTP 400"));
    assert_non_null(strstr(reports[1], "2 were lost"));
    sink_done(&sink);
}

static void rejected_spans_are_counted_and_never_sent_again(void **state)
{
    (void)state;
    struct trace_sink sink = { .script_count = 1 };
    sink.script[0].result = OUTLET_SENT;
    sink.script[0].answer.rejected = 2;
    struct span span;
    plain_span(&span);
    struct exporter *exporter = exporter_of(sink_outlet(&sink), 10, 10);
    for (int i = 0; i < 5; i++)
        exporter_submit(exporter, &span);
    struct exporter_counts counts = finish(exporter);
    assert_int_equal(counts.exported, 3);
    assert_int_equal(counts.dropped[DROP_REJECTED], 2);
    assert_int_equal(sink.send_count, 1);
    sink_done(&sink);
}

static void a_span_after_the_stop_is_counted_as_dropped(void **state)
{
    (void)state;
    struct trace_sink sink = { 0 };
    struct span span;
    plain_span(&span);
    struct exporter *exporter = exporter_of(sink_outlet(&sink), 10, 10);
    exporter_stop(exporter, 1000);
    exporter_submit(exporter, &span);
    struct exporter_counts counts = finish(exporter);
    assert_int_equal(counts.dropped[DROP_STOPPED], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_sends_what_is_queued_in_order_and_in_batches),
        cmocka_unit_test(nothing_is_sent_when_there_is_nothing),
        cmocka_unit_test(a_full_queue_drops_and_counts_and_the_caller_does_not_wait),
        cmocka_unit_test(a_queue_that_fills_leaves_out_the_same_traces_in_every_process),
        cmocka_unit_test(a_root_goes_at_once_and_takes_the_others_along),
        cmocka_unit_test(a_full_queue_still_has_a_place_for_roots),
        cmocka_unit_test(a_full_batch_is_sent_before_the_schedule),
        cmocka_unit_test(a_retry_sends_the_same_batch_again),
        cmocka_unit_test(a_stop_does_not_retry_and_drops_the_rest),
        cmocka_unit_test(a_refused_batch_is_dropped_reported_once_and_so_is_the_recovery),
        cmocka_unit_test(rejected_spans_are_counted_and_never_sent_again),
        cmocka_unit_test(a_span_after_the_stop_is_counted_as_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
