/* trace_batch.h - for tests: an observer over a sink in memory, and short words to play the engine.
 */
#pragma once

#include "common/base/clock.h"
#include "common/saga/document.h"
#include "tests/unit/trace_sink.h"
#include "tracing/booking_trace.h"
#include "tracing/observer_state.h"
#include "tracing/w3c.h"

#include <stdio.h>

#define BOOKING     "0190a1b2-c3d4-7e5f-8a6b-0123456789ab"
#define TRACE       "0190a1b2c3d47e5f8a6b0123456789ab"
#define OTHER       "0190a1b2-c3d4-7e5f-8a6b-0123456789ac"
#define OTHER_TRACE "0190a1b2c3d47e5f8a6b0123456789ac"
#define CALLER      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define IN_TRACE    "00-" TRACE "-b7ad6b7169203331-01"

#define NOW_MS clock_wall_ms()

static struct trace_sink sink;
static struct tracing *tracing;
static struct tracing_observer *observer;
static const struct observer_port *port;
static struct daemon_tracing hooks;

static struct document document; /* of whose messages the tests tell */

struct test_state {
    bool is_failed;
};

static struct tracing_facts told; /* what the service tells of each decision */

static inline void tell_of(const struct tracing_story *story, struct tracing_facts *ret_facts)
{
    (void)story;
    *ret_facts = told;
}

static inline void root_of(const void *state, struct tracing_root *ret_root)
{
    const struct test_state *test = state;
    *ret_root = (struct tracing_root){ 0 };
    if (test == NULL)
        return;
    *ret_root = (struct tracing_root){ .booking_id = BOOKING,
                                       .state = test->is_failed ? "failed" : "confirmed",
                                       .reason = test->is_failed ? "payment_timeout" : "",
                                       .amount = 1200,
                                       .currency = "EUR",
                                       .started_ms = 1700000000000,
                                       .decided_ms = 1700000002500,
                                       .payments = 2,
                                       .is_failed = test->is_failed };
}

/* What the messages of these tests belong to. */
static inline void document_set(struct test_state *state, int64_t started_at_ms)
{
    document = (struct document){ .state = state, .started_at_ms = started_at_ms };
}

static inline void start(double ratio, bool is_on)
{
    static struct tracing_environment environment;
    struct outlet outlet = sink_outlet(&sink);
    sink_environment(&environment);
    environment.sampler = sampler_of_ratio(ratio);
    tracing = tracing_new(&environment, is_on ? &outlet : NULL, "booking", "instance-1");
    struct tracing_setup setup = { .tracing = tracing,
                                   .service = "booking",
                                   .queue = "booking-events",
                                   .collection = "bookings",
                                   .store_system = "mongodb",
                                   .store_namespace = "booking",
                                   .broker_url = "amqp://u:p@rabbit.example/v",
                                   .tell = tell_of,
                                   .http_port = 3000,
                                   .root = root_of };
    observer = tracing_observer_new(&setup);
    hooks = tracing_for_daemon(observer);
    port = hooks.engine_observer;
}

static inline int begin(void **state)
{
    (void)state;
    start(1.0, true);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    document = (struct document){ 0 };
    told = (struct tracing_facts){ 0 };
    observer = tracing_observer_free(observer);
    tracing = tracing_stop(tracing);
    sink_done(&sink);
    return 0;
}

static inline void flush(void)
{
    hooks.shutdown(hooks.self);
}

static inline struct input input_from(enum input_source source, const char *type, const char *id,
                                      const char *traceparent)
{
    struct input input = { .source = source, .type_name = type };
    snprintf(input.id, sizeof input.id, "%s", id);
    snprintf(input.document_id, sizeof input.document_id, "%s", BOOKING);
    snprintf(input.correlation_id, sizeof input.correlation_id, "%s", BOOKING);
    snprintf(input.traceparent, sizeof input.traceparent, "%s", traceparent);
    return input;
}

static inline struct message message_with(const char *id)
{
    struct message message = { 0 };
    snprintf(message.id, sizeof message.id, "%s", id);
    snprintf(message.type, sizeof message.type, "booking.confirmed");
    snprintf(message.correlation_id, sizeof message.correlation_id, "%s", BOOKING);
    return message;
}

static inline void stage(enum engine_stage which, size_t items, const char *result)
{
    port->stage_begin(port->self, which);
    port->stage_end(port->self, which, items, result);
}

static inline void published(const struct input *cause, const struct message *message,
                             enum publish_result result, bool is_again)
{
    port->message_published(port->self, &document, cause, message, result, is_again);
}

static inline struct decided decision(const struct input *input, const char *verdict)
{
    return (struct decided){ .input = input,
                             .document = &document,
                             .verdict = verdict,
                             .state_from = "pending",
                             .state_to = "confirmed",
                             .outcome = OUTCOME_APPLIED };
}

/* A batch in which each input is decided; deliveries are acked. */
static inline void batch_run(struct input **inputs, size_t count, const char *verdict)
{
    port->batch_begin(port->self, inputs, count, NOW_MS);
    stage(STAGE_LOAD, count, NULL);
    stage(STAGE_SAVE, count, NULL);
    for (size_t i = 0; i < count; i++) {
        struct decided decided = decision(inputs[i], verdict);
        port->decided(port->self, &decided);
    }
    stage(STAGE_ACK, count, NULL);
    port->batch_end(port->self);
}

static inline void hex_of(const uint8_t *id, size_t length, char *ret_hex)
{
    for (size_t i = 0; i < length; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", id[i]);
}

static inline const char *root_hex(void)
{
    static char hex[17];
    uint8_t id[8];
    tracing_booking_root_id(BOOKING, id);
    hex_of(id, 8, hex);
    return hex;
}

static inline const cJSON *span_named(const char *name)
{
    const cJSON *span = sink_span(&sink, name, 0);
    if (span == NULL)
        print_error("no span %s\n", name);
    assert_non_null(span);
    return span;
}

#define OBSERVER_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
