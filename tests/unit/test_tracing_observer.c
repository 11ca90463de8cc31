/* The span of an input, by where it came from: a message, a deadline, a request, an effect's
 * result. */
#include "tests/unit/trace_batch.h"

static void a_delivery_in_the_trace_hangs_under_its_message_and_links_to_it(void **state)
{
    (void)state;
    struct input input = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", IN_TRACE);
    struct input *inputs[] = { &input };
    struct delivery delivery = { .tag = 42 };
    snprintf(delivery.message.type, sizeof delivery.message.type, "payment.captured");
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    struct decided decided = decision(&input, "confirm");
    decided.delivery = &delivery;
    decided.reason = "matched";
    port->decided(port->self, &decided);
    memset(&delivery, 0xff, sizeof delivery); /* acked: the bus reuses it */
    port->batch_end(port->self);
    flush();
    const cJSON *span = span_named("process events:payment.captured:booking-events");
    assert_number(span, "kind", SPAN_CONSUMER);
    assert_text(span, "traceId", TRACE);
    assert_text(span, "parentSpanId", "b7ad6b7169203331");
    assert_number(span, "flags", 769);
    const cJSON *link = cJSON_GetArrayItem(json_at(span, "links"), 0);
    assert_text(link, "traceId", TRACE);
    assert_text(link, "spanId", "b7ad6b7169203331");
    assert_attribute(link, "opentracing.ref_type", "child_of"); /* else Jaeger forgets the parent */
    assert_attribute(span, "messaging.system", "rabbitmq");
    assert_attribute(span, "messaging.operation.name", "process");
    assert_attribute(span, "messaging.operation.type", "process");
    assert_attribute(span, "messaging.destination.name", "events:payment.captured:booking-events");
    assert_attribute(span, "messaging.rabbitmq.destination.routing_key", "payment.captured");
    assert_attribute(span, "messaging.rabbitmq.message.delivery_tag", "42");
    assert_attribute(span, "messaging.message.id", "m1");
    assert_attribute(span, "messaging.message.conversation_id", BOOKING);
    assert_attribute(span, "messaging.client.id", "instance-1");
    assert_attribute(span, "server.address", "rabbit.example");
    assert_attribute(span, "server.port", "5672");
    assert_attribute(span, "booking.id", BOOKING);
    assert_attribute(span, "decision", "confirm");
    assert_attribute(span, "decision.reason", "matched");
    assert_attribute(span, "state.from", "pending");
    assert_attribute(span, "state.to", "confirmed");
    assert_attribute(span, "input.type", "payment.captured");
    assert_attribute(span, "input.id", "m1");
    assert_null(cJSON_GetObjectItem(span, "status"));
    assert_null(cJSON_GetObjectItem(span, "droppedAttributesCount"));
}

static void a_span_says_what_the_service_tells_of_its_decision(void **state)
{
    (void)state;
    struct input input = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", IN_TRACE);
    struct input *inputs[] = { &input };
    told = (struct tracing_facts){ .payment_id = "P1",
                                   .paid = { 900, "EUR" },
                                   .refund_id = "R1",
                                   .returned = { 10, "EUR" },
                                   .price = { 1200, "USD" },
                                   .waits_for = "payment",
                                   .waits_until_ms = 1700000000123 };
    input.sent_at_ms = clock_wall_ms() - 4000;
    batch_run(inputs, 1, "confirm");
    flush();
    const cJSON *span = span_named("process events:payment.captured:booking-events");
    assert_attribute(span, "payment.id", "P1");
    assert_attribute(span, "payment.amount", "900");
    assert_attribute(span, "payment.currency", "EUR");
    assert_attribute(span, "refund.id", "R1");
    assert_attribute(span, "refund.amount", "10");
    assert_attribute(span, "booking.amount", "1200");
    assert_attribute(span, "booking.currency", "USD");
    assert_attribute(span, "waiting.for", "payment");
    assert_attribute(span, "waiting.until", "2023-11-14T22:13:20.123Z");
    assert_in_range(strtoll(attribute_of(span, "message.age_ms"), NULL, 10), 3900, 30000);
    assert_null(cJSON_GetObjectItem(span, "droppedAttributesCount"));
}

static void what_somebody_must_look_at_is_an_error_and_named_by_what_happened(void **state)
{
    (void)state;
    struct input input = input_from(INPUT_FROM_DEADLINE, "deadline", "deadline:1", "");
    struct input *inputs[] = { &input };
    told = (struct tracing_facts){ .title = "retry refund", .problem = "refund_stuck" };
    batch_run(inputs, 1, "fail");
    flush();
    const cJSON *span = span_named("retry refund");
    assert_attribute(span, "error.type", "refund_stuck");
    assert_number(json_at(span, "status"), "code", 2);
}

/* A repeat that finds nothing new, at both ends; the state stays as it was. */
static struct decided idle_decision(const struct input *input, const char *verdict,
                                    enum outcome outcome)
{
    struct decided decided = decision(input, verdict);
    decided.state_to = decided.state_from;
    decided.outcome = outcome;
    return decided;
}

static void a_repeat_that_changes_nothing_is_counted_and_has_no_spans(void **state)
{
    (void)state;
    struct input asked = input_from(INPUT_FROM_DEADLINE, "deadline", "deadline:1", "");
    struct input heard = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", IN_TRACE);
    struct input *inputs[] = { &asked, &heard };
    struct message message = message_with("booking:b:1:0");
    char metrics[4096] = "";
    size_t length = 0;
    message.is_repeat = heard.is_repeat = true;
    port->batch_begin(port->self, inputs, 2, NOW_MS);
    stage(STAGE_LOAD, 2, NULL);
    port->message_owed(port->self, &asked, &message);
    struct decided first = idle_decision(&asked, "repeat", OUTCOME_APPLIED);
    struct decided second = idle_decision(&heard, "duplicate", OUTCOME_DUPLICATE);
    port->decided(port->self, &first);
    port->decided(port->self, &second);
    published(&asked, &message, PUBLISH_CONFIRMED, false);
    stage(STAGE_ACK, 1, NULL);
    port->batch_end(port->self);
    struct input news = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m2", IN_TRACE);
    batch_run((struct input *[]){ &news }, 1, "confirm");
    hooks.metrics(hooks.self, metrics, sizeof metrics, &length);
    flush();
    assert_non_null(strstr(metrics, "\nroundtrip_trace_repeats_total 2\n"));
    assert_int_equal(sink_span_count(&sink), 4); /* all of them the news' */
    const cJSON *span = span_named("process events:payment.captured:booking-events");
    const cJSON *event = cJSON_GetArrayItem(json_at(span, "events"), 0);
    assert_text(event, "name", "booking.repeats");
    assert_attribute(event, "count", "2");
}

static void a_repeat_that_brings_something_to_light_has_spans(void **state)
{
    (void)state;
    struct input input = input_from(INPUT_FROM_DELIVERY, "booking.intent.created", "m1", IN_TRACE);
    struct input *inputs[] = { &input };
    struct message answer = message_with("booking:b:1:0");
    input.is_repeat = true;
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    port->message_owed(port->self, &input, &answer); /* said for the first time */
    struct decided decided = idle_decision(&input, "duplicate", OUTCOME_DUPLICATE);
    port->decided(port->self, &decided);
    port->batch_end(port->self);
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    decided = decision(&input, "confirm");
    port->decided(port->self, &decided);
    port->batch_end(port->self);
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    decided = idle_decision(&input, "reject", OUTCOME_REJECTED);
    port->decided(port->self, &decided);
    port->batch_end(port->self);
    input.is_repeat = false; /* delivered again, because a process died */
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    decided = idle_decision(&input, "duplicate", OUTCOME_DUPLICATE);
    port->decided(port->self, &decided);
    port->batch_end(port->self);
    flush();
    assert_int_equal(sink_span_count(&sink), 4);
}

static void a_delivery_from_a_foreign_trace_hangs_under_the_root_and_links_out(void **state)
{
    (void)state;
    struct input input = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", CALLER);
    struct input *inputs[] = { &input };
    batch_run(inputs, 1, "confirm");
    flush();
    const cJSON *span = span_named("process events:payment.captured:booking-events");
    assert_text(span, "traceId", TRACE);
    assert_text(span, "parentSpanId", root_hex());
    assert_number(span, "flags", 257);
    const cJSON *link = cJSON_GetArrayItem(json_at(span, "links"), 0);
    assert_text(link, "traceId", "0af7651916cd43dd8448eb211c80319c");
    assert_null(cJSON_GetObjectItem(link, "attributes"));
}

static void a_deadline_and_an_effects_result_are_internal_spans(void **state)
{
    (void)state;
    struct input deadline = input_from(INPUT_FROM_DEADLINE, "deadline", "deadline:1", "");
    struct input result = input_from(INPUT_FROM_EFFECT, "refund.done", "r1", IN_TRACE);
    struct input *inputs[] = { &deadline, &result };
    batch_run(inputs, 2, "noop");
    flush();
    const cJSON *span = span_named("deadline booking");
    assert_number(span, "kind", SPAN_INTERNAL);
    assert_text(span, "parentSpanId", root_hex());
    assert_attribute(span, "input.type", "deadline");
    assert_attribute(span, "input.id", "deadline:1");
    assert_null(attribute_of(span, "messaging.system"));
    span = span_named("result booking");
    assert_text(span, "parentSpanId", "b7ad6b7169203331");
    assert_number(span, "flags", 257);
    assert_null(cJSON_GetObjectItem(span, "links"));
    assert_null(sink_span(&sink, "ack events:deadline:booking-events", 0));
}

static void a_deadline_whose_booking_is_known_only_after_the_load_is_in_its_trace(void **state)
{
    (void)state;
    struct input input = input_from(INPUT_FROM_DEADLINE, "deadline", "deadline:1", "");
    struct input *inputs[] = { &input };
    input.correlation_id[0] = '\0';
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    stage(STAGE_LOAD, 1, NULL);
    snprintf(input.correlation_id, sizeof input.correlation_id, "%s", BOOKING);
    struct decided decided = decision(&input, "fail");
    port->decided(port->self, &decided);
    port->batch_end(port->self);
    flush();
    assert_text(span_named("deadline booking"), "traceId", TRACE);
    assert_text(span_named("find bookings"), "traceId", TRACE);
}

static void a_request_keeps_the_span_that_the_http_side_gave_it(void **state)
{
    (void)state;
    struct input input = input_from(INPUT_FROM_REQUEST, "intent", "r1", IN_TRACE);
    struct input *inputs[] = { &input };
    memset(input.span_id, 0xab, sizeof input.span_id);
    batch_run(inputs, 1, "wait");
    flush();
    assert_int_equal(input.span_id[0], 0xab);
    assert_int_equal(sink_span_count(&sink), 2); /* load and save; the SERVER span is not ours */
    assert_text(span_named("find bookings"), "parentSpanId", "abababababababab");
    assert_text(span_named("update bookings"), "parentSpanId", "abababababababab");
}

static void a_request_without_a_span_gets_one(void **state)
{
    (void)state;
    struct input input = input_from(INPUT_FROM_REQUEST, "intent", "r1", "");
    struct input *inputs[] = { &input };
    batch_run(inputs, 1, "wait");
    flush();
    assert_attribute(span_named("request booking"), "decision", "wait");
}

static void an_input_carries_its_own_context_from_then_on(void **state)
{
    (void)state;
    struct trace_context context;
    struct input input = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", CALLER);
    struct input *inputs[] = { &input };
    snprintf(input.tracestate, sizeof input.tracestate, "foreign=1");
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    assert_true(w3c_traceparent_parse(input.traceparent, 55, &context));
    assert_memory_equal(context.span_id, input.span_id, 8);
    assert_int_equal(context.trace_id[0], 0x01);
    assert_string_equal(input.tracestate, ""); /* it belongs to the other trace */
    port->batch_end(port->self);
    input = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", IN_TRACE);
    snprintf(input.tracestate, sizeof input.tracestate, " a=1, b=2");
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    assert_string_equal(input.tracestate, "a=1,b=2");
    port->batch_end(port->self);
}

static void a_duplicate_is_no_error_and_a_quarantined_input_is(void **state)
{
    (void)state;
    struct input first = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", "");
    struct input second = input_from(INPUT_FROM_DELIVERY, "payment.declined", "m2", "");
    struct input *inputs[] = { &first, &second };
    struct delivery delivery = { .tag = 2 };
    snprintf(delivery.message.id, sizeof delivery.message.id, "m2");
    snprintf(delivery.message.type, sizeof delivery.message.type, "payment.declined");
    port->batch_begin(port->self, inputs, 2, NOW_MS);
    struct decided decided = decision(&first, "duplicate");
    decided.outcome = OUTCOME_DUPLICATE;
    port->decided(port->self, &decided);
    port->quarantined(port->self, &delivery, "the stored document is damaged");
    port->batch_end(port->self);
    flush();
    const cJSON *span = span_named("process events:payment.captured:booking-events");
    assert_attribute(span, "decision", "duplicate");
    assert_null(cJSON_GetObjectItem(span, "status"));
    span = span_named("process events:payment.declined:booking-events");
    assert_attribute(span, "decision", "quarantine");
    assert_attribute(span, "decision.reason", "the stored document is damaged");
    assert_attribute(span, "error.type", "quarantined");
    assert_number(json_at(span, "status"), "code", 2);
    assert_int_equal(sink_span_count(&sink), 2);
}

static void a_delivery_that_never_became_an_input_has_a_span_without_its_type(void **state)
{
    (void)state;
    struct delivery delivery = { .tag = 2 };
    delivery.message = message_with("m2");
    snprintf(delivery.message.type, sizeof delivery.message.type, "random.%d", 12345);
    port->batch_begin(port->self, NULL, 0, NOW_MS);
    port->quarantined(port->self, &delivery, "unknown type");
    port->batch_end(port->self);
    snprintf(delivery.message.correlation_id, IDENT_SIZE, "no/ident");
    port->quarantined(port->self, &delivery, "unknown type");
    flush();
    const cJSON *span = span_named("process events:booking-events");
    assert_text(span, "traceId", TRACE);
    assert_text(span, "parentSpanId", root_hex());
    assert_attribute(span, "messaging.rabbitmq.destination.routing_key", "random.12345");
    assert_attribute(span, "decision", "quarantine");
    span = sink_span(&sink, "process events:booking-events", 1);
    assert_null(attribute_of(span, "booking.id"));
    assert_null(cJSON_GetObjectItem(span, "parentSpanId"));
}

static void a_delivery_that_concerns_nothing_here_has_a_span_and_its_repeat_has_none(void **state)
{
    (void)state;
    struct delivery delivery = { .tag = 3 };
    delivery.message = message_with("m3");
    snprintf(delivery.message.type, sizeof delivery.message.type, "booking.cancelled");
    port->batch_begin(port->self, NULL, 0, NOW_MS);
    port->unconcerned(port->self, &delivery);
    delivery.message.is_repeat = true;
    port->unconcerned(port->self, &delivery);
    port->batch_end(port->self);
    flush();
    const cJSON *span = span_named("process events:booking.cancelled:booking-events");
    assert_text(span, "traceId", TRACE);
    assert_attribute(span, "messaging.message.id", "m3");
    assert_attribute(span, "decision", "ignore");
    assert_int_equal(sink_span_count(&sink), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OBSERVER_TEST(a_delivery_in_the_trace_hangs_under_its_message_and_links_to_it),
        OBSERVER_TEST(a_span_says_what_the_service_tells_of_its_decision),
        OBSERVER_TEST(what_somebody_must_look_at_is_an_error_and_named_by_what_happened),
        OBSERVER_TEST(a_repeat_that_changes_nothing_is_counted_and_has_no_spans),
        OBSERVER_TEST(a_repeat_that_brings_something_to_light_has_spans),
        OBSERVER_TEST(a_delivery_from_a_foreign_trace_hangs_under_the_root_and_links_out),
        OBSERVER_TEST(a_deadline_and_an_effects_result_are_internal_spans),
        OBSERVER_TEST(a_deadline_whose_booking_is_known_only_after_the_load_is_in_its_trace),
        OBSERVER_TEST(a_request_keeps_the_span_that_the_http_side_gave_it),
        OBSERVER_TEST(a_request_without_a_span_gets_one),
        OBSERVER_TEST(an_input_carries_its_own_context_from_then_on),
        OBSERVER_TEST(a_duplicate_is_no_error_and_a_quarantined_input_is),
        OBSERVER_TEST(a_delivery_that_concerns_nothing_here_has_a_span_and_its_repeat_has_none),
        OBSERVER_TEST(a_delivery_that_never_became_an_input_has_a_span_without_its_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
