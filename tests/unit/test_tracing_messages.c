/* The spans of messages, waits and roots: made again they are the same, byte by byte. */
#include "tests/unit/trace_batch.h"

static struct input the_input(const char *traceparent)
{
    return input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", traceparent);
}

static void an_owed_message_gets_the_same_context_each_time(void **state)
{
    (void)state;
    struct input input = the_input(CALLER), again = the_input("");
    struct input *inputs[] = { &input, &again };
    struct message first = message_with("booking:b:1:0"), second = first;
    uint8_t span_id[8];
    char expected[17];
    port->batch_begin(port->self, inputs, 2, NOW_MS);
    port->message_owed(port->self, &input, &first);
    port->message_owed(port->self, &again, &second);
    port->batch_end(port->self);
    assert_string_equal(first.traceparent, second.traceparent);
    assert_memory_equal(first.traceparent, "00-" TRACE "-", 36);
    tracing_message_span_id("booking:b:1:0", span_id);
    hex_of(span_id, 8, expected);
    assert_memory_equal(first.traceparent + 36, expected, 16);
    assert_string_equal(first.traceparent + 52, "-01");
    assert_string_equal(first.tracestate, "");
}

static void tracestate_goes_on_with_its_trace_but_not_with_a_repeat(void **state)
{
    (void)state;
    struct input input = the_input(IN_TRACE);
    struct input *inputs[] = { &input };
    struct message message = message_with("booking:b:1:0"), repeat = message;
    repeat.is_repeat = true;
    snprintf(input.tracestate, sizeof input.tracestate, "a=1");
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    port->message_owed(port->self, &input, &message);
    port->message_owed(port->self, &input, &repeat);
    port->batch_end(port->self);
    assert_string_equal(message.tracestate, "a=1");
    assert_string_equal(repeat.tracestate, "");
}

static void a_message_without_a_booking_goes_on_with_what_caused_it(void **state)
{
    (void)state;
    struct input input = the_input(CALLER);
    struct input *inputs[] = { &input };
    struct message message = message_with("booking:b:1:0");
    input.correlation_id[0] = '\0';
    message.correlation_id[0] = '\0';
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    port->message_owed(port->self, &input, &message);
    port->batch_end(port->self);
    assert_memory_equal(message.traceparent, CALLER, 35);
}

/* Owes and publishes one message in one batch. */
static void publish(struct message *message, enum publish_result result, char ret_parent[17])
{
    struct input input = the_input("");
    struct input *inputs[] = { &input };
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    port->message_owed(port->self, &input, message);
    struct decided decided = decision(&input, "confirm");
    port->decided(port->self, &decided);
    port->stage_begin(port->self, STAGE_PUBLISH);
    published(&input, message, result, false);
    port->stage_end(port->self, STAGE_PUBLISH, 1, NULL);
    port->batch_end(port->self);
    hex_of(input.span_id, 8, ret_parent);
}

static void publish_again(const struct message *message)
{
    port->batch_begin(port->self, NULL, 0, NOW_MS);
    port->stage_begin(port->self, STAGE_PUBLISH);
    published(NULL, message, PUBLISH_CONFIRMED, true);
    port->stage_end(port->self, STAGE_PUBLISH, 1, NULL);
    port->batch_end(port->self);
}

static void the_first_publish_is_the_span_that_the_message_names(void **state)
{
    (void)state;
    char parent[17];
    struct message message = message_with("booking:b:1:0");
    publish(&message, PUBLISH_CONFIRMED, parent);
    flush();
    const cJSON *span = span_named("publish events:booking.confirmed");
    assert_number(span, "kind", SPAN_PRODUCER);
    assert_text(span, "traceId", TRACE);
    assert_memory_equal(json_at(span, "spanId")->valuestring, message.traceparent + 36, 16);
    assert_text(span, "parentSpanId", parent);
    assert_attribute(span, "messaging.operation.name", "publish");
    assert_attribute(span, "messaging.operation.type", "send");
    assert_attribute(span, "messaging.destination.name", "events:booking.confirmed");
    assert_attribute(span, "messaging.rabbitmq.destination.routing_key", "booking.confirmed");
    assert_attribute(span, "messaging.message.id", "booking:b:1:0");
    assert_attribute(span, "messaging.message.conversation_id", BOOKING);
    assert_attribute(span, "booking.id", BOOKING);
    assert_null(cJSON_GetObjectItem(span, "links"));
    assert_null(cJSON_GetObjectItem(span, "status"));
}

static void publishing_again_is_a_span_of_its_own_linked_to_the_message(void **state)
{
    (void)state;
    char parent[17];
    struct message message = message_with("booking:b:1:0");
    publish(&message, PUBLISH_CONFIRMED, parent);
    publish_again(&message);
    flush();
    const cJSON *span = sink_span(&sink, "publish events:booking.confirmed", 1);
    assert_number(span, "kind", SPAN_CLIENT);
    assert_text(span, "parentSpanId", root_hex());
    assert_memory_not_equal(json_at(span, "spanId")->valuestring, message.traceparent + 36, 16);
    const cJSON *link = cJSON_GetArrayItem(json_at(span, "links"), 0);
    assert_memory_equal(json_at(link, "traceId")->valuestring, TRACE, 32);
    assert_memory_equal(json_at(link, "spanId")->valuestring, message.traceparent + 36, 16);
}

static void a_repeat_or_a_second_first_publish_does_not_send_the_span_twice(void **state)
{
    (void)state;
    char parent[17];
    struct message message = message_with("booking:b:1:0");
    publish(&message, PUBLISH_RETURNED, parent);
    publish(&message, PUBLISH_CONFIRMED, parent);
    message.is_repeat = true;
    publish(&message, PUBLISH_CONFIRMED, parent);
    struct message repeat = message_with("booking:b:2:0"); /* of an earlier process */
    repeat.is_repeat = true;
    publish(&repeat, PUBLISH_CONFIRMED, parent);
    flush();
    int producers = 0;
    for (size_t i = 0; i < 4; i++)
        if (json_at(sink_span(&sink, "publish events:booking.confirmed", i), "kind")->valueint ==
            SPAN_PRODUCER)
            producers++;
    assert_int_equal(producers, 1);
}

static void a_publish_that_failed_is_an_error_with_its_type(void **state)
{
    (void)state;
    static const struct {
        enum publish_result result;
        const char *error_type, *id;
    } cases[] = { { PUBLISH_RETURNED, "returned", "1" },
                  { PUBLISH_NACKED, "nacked", "2" },
                  { PUBLISH_UNKNOWN, "unconfirmed", "3" } };
    char parent[17];
    for (size_t i = 0; i < 3; i++) {
        struct message message = message_with(cases[i].id);
        publish(&message, cases[i].result, parent);
    }
    flush();
    for (size_t i = 0; i < 3; i++) {
        const cJSON *span = sink_span(&sink, "publish events:booking.confirmed", i);
        assert_attribute(span, "error.type", cases[i].error_type);
        assert_number(json_at(span, "status"), "code", 2);
    }
}

static void a_message_with_a_broken_context_is_published_without_a_span(void **state)
{
    (void)state;
    struct message message = message_with("booking:b:1:0");
    publish_again(&message);
    flush();
    assert_int_equal(sink.send_count, 0);
}

/* ---- waits and the root ---- */

static void decide_with_notes(struct input *input, const struct note *notes, int count)
{
    struct input *inputs[] = { input };
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    struct decided decided = decision(input, "confirm");
    decided.notes = notes;
    decided.note_count = count;
    port->decided(port->self, &decided);
    port->batch_end(port->self);
}

static void a_note_is_an_event_and_a_wait_is_a_span_that_covers_the_gap(void **state)
{
    (void)state;
    struct input input = the_input(IN_TRACE);
    int64_t since_ms = clock_wall_ms() - 1500;
    const struct note notes[] = {
        { .event_name = "booking.parked" },
        { .event_name = "booking.matched", .span_name = "wait for intent", .since_ms = since_ms }
    };
    decide_with_notes(&input, notes, 2);
    flush();
    const cJSON *span = span_named("process events:payment.captured:booking-events");
    const cJSON *parked = cJSON_GetArrayItem(json_at(span, "events"), 0);
    assert_text(parked, "name", "booking.parked");
    assert_null(cJSON_GetObjectItem(parked, "attributes"));
    const cJSON *matched = cJSON_GetArrayItem(json_at(span, "events"), 1);
    assert_text(matched, "name", "booking.matched");
    assert_in_range(strtoll(attribute_of(matched, "booking.wait_ms"), NULL, 10), 1500, 30000);
    const cJSON *wait = span_named("wait for intent");
    assert_number(wait, "kind", SPAN_INTERNAL);
    assert_text(wait, "traceId", TRACE);
    assert_text(wait, "parentSpanId", root_hex());
    char started[32];
    snprintf(started, sizeof started, "%lld000000", (long long)since_ms);
    assert_text(wait, "startTimeUnixNano", started);
    assert_text(wait, "endTimeUnixNano", json_at(span, "startTimeUnixNano")->valuestring);
    assert_string_equal(sink_service_of(&sink, wait), "saga");
}

#define STARTED_MS                                                                                 \
    1699999996000 /* of its first message; the booking was seen four seconds later                 \
                   */

static void decide_the_outcome(bool is_failed)
{
    struct input input = the_input("");
    struct input *inputs[] = { &input };
    static struct test_state test;
    test.is_failed = is_failed;
    document_set(&test, STARTED_MS);
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    struct decided decided = decision(&input, is_failed ? "fail" : "confirm");
    decided.is_first_outcome = true;
    port->decided(port->self, &decided);
    port->batch_end(port->self);
}

static void the_first_outcome_exports_the_root(void **state)
{
    (void)state;
    decide_the_outcome(false);
    flush();
    const cJSON *root = span_named("booking confirmed");
    assert_string_equal(sink_service_of(&sink, root), "saga");
    assert_null(attribute_of(sink_resource_of(&sink, root), "service.instance.id"));
    assert_null(attribute_of(sink_resource_of(&sink, root), "service.version"));
    assert_number(root, "kind", SPAN_INTERNAL);
    assert_text(root, "traceId", TRACE);
    assert_text(root, "spanId", root_hex());
    assert_null(cJSON_GetObjectItem(root, "parentSpanId"));
    assert_null(cJSON_GetObjectItem(root, "links"));
    assert_null(cJSON_GetObjectItem(root, "status"));
    assert_number(root, "flags", 257);
    assert_text(root, "startTimeUnixNano", "1699999996000000000");
    assert_text(root, "endTimeUnixNano", "1700000002501000000"); /* once that millisecond is over */
    assert_attribute(root, "booking.id", BOOKING);
    assert_attribute(root, "booking.state", "confirmed");
    assert_attribute(root, "booking.payments", "2");
    assert_attribute(root, "booking.amount", "1200");
    assert_attribute(root, "booking.currency", "EUR");
    assert_null(attribute_of(root, "booking.reason"));
    assert_text(span_named("process events:payment.captured:booking-events"), "parentSpanId",
                root_hex());
}

#define FAILED "booking failed: payment_timeout"

/* Every byte that Jaeger compares, and those around it. */
static void the_root_is_sent_again_byte_for_byte_whenever_its_outcome_is(void **state)
{
    (void)state;
    struct message message = message_with("booking:b:2:0");
    decide_the_outcome(true);
    port->batch_begin(port->self, NULL, 0, NOW_MS);
    port->message_owed(port->self, &(struct input){ 0 }, &message);
    published(NULL, &message, PUBLISH_NACKED, true);
    published(NULL, &message, PUBLISH_CONFIRMED, true);
    message.is_repeat = true;
    published(NULL, &message, PUBLISH_CONFIRMED, false);
    port->batch_end(port->self);
    tracing_root_export(observer, &document);
    flush();
    const cJSON *first = sink_span(&sink, FAILED, 0);
    char *one = cJSON_PrintUnformatted(first);
    for (size_t n = 1; n < 4; n++) {
        char *other = cJSON_PrintUnformatted(sink_span(&sink, FAILED, n));
        assert_string_equal(one, other);
        free(other);
    }
    free(one);
    assert_null(sink_span(&sink, FAILED, 4));
}

static void what_has_no_outcome_has_no_root_to_send_again(void **state)
{
    (void)state;
    struct message message = message_with("booking:b:2:0");
    port->batch_begin(port->self, NULL, 0, NOW_MS);
    port->message_owed(port->self, &(struct input){ 0 }, &message);
    published(NULL, &message, PUBLISH_CONFIRMED, true);
    port->batch_end(port->self);
    tracing_root_export(observer, &document);
    flush();
    assert_int_equal(sink_span_count(&sink), 1);
}

/* What comes first by the sender's clock and is decided in the same millisecond lasts, too. */
static void a_root_lasts_a_millisecond_at_least(void **state)
{
    (void)state;
    static struct test_state test;
    document_set(&test, 1700000009000);
    tracing_root_export(observer, &document);
    flush();
    const cJSON *root = span_named("booking confirmed");
    assert_text(root, "startTimeUnixNano", "1700000000000000000"); /* when it was first seen */
    assert_text(root, "endTimeUnixNano", "1700000002501000000");
}

static void the_root_of_a_failed_booking_is_an_error_with_its_reason(void **state)
{
    (void)state;
    decide_the_outcome(true);
    flush();
    const cJSON *root = span_named(FAILED);
    assert_attribute(root, "booking.reason", "payment_timeout");
    assert_number(json_at(root, "status"), "code", 2);
    assert_text(json_at(root, "status"), "message", "payment_timeout");
}

static void a_decision_that_is_not_the_first_outcome_exports_no_root(void **state)
{
    (void)state;
    struct input input = the_input("");
    decide_with_notes(&input, NULL, 0);
    flush();
    assert_null(sink_span(&sink, "booking confirmed", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OBSERVER_TEST(an_owed_message_gets_the_same_context_each_time),
        OBSERVER_TEST(tracestate_goes_on_with_its_trace_but_not_with_a_repeat),
        OBSERVER_TEST(a_message_without_a_booking_goes_on_with_what_caused_it),
        OBSERVER_TEST(the_first_publish_is_the_span_that_the_message_names),
        OBSERVER_TEST(publishing_again_is_a_span_of_its_own_linked_to_the_message),
        OBSERVER_TEST(a_repeat_or_a_second_first_publish_does_not_send_the_span_twice),
        OBSERVER_TEST(a_publish_that_failed_is_an_error_with_its_type),
        OBSERVER_TEST(a_message_with_a_broken_context_is_published_without_a_span),
        OBSERVER_TEST(a_note_is_an_event_and_a_wait_is_a_span_that_covers_the_gap),
        OBSERVER_TEST(the_first_outcome_exports_the_root),
        OBSERVER_TEST(the_root_is_sent_again_byte_for_byte_whenever_its_outcome_is),
        OBSERVER_TEST(what_has_no_outcome_has_no_root_to_send_again),
        OBSERVER_TEST(a_root_lasts_a_millisecond_at_least),
        OBSERVER_TEST(the_root_of_a_failed_booking_is_an_error_with_its_reason),
        OBSERVER_TEST(a_decision_that_is_not_the_first_outcome_exports_no_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
