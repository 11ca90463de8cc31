/* The spans of a whole batch: its round trips in each trace once, conflicts, a store that is away.
 * */
#include "tests/unit/trace_batch.h"

static void a_batchs_round_trips_are_in_each_trace_once_with_the_batch_size(void **state)
{
    (void)state;
    struct input one = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", "");
    struct input two = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m2", "");
    struct input three = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m3", "");
    snprintf(three.correlation_id, sizeof three.correlation_id, OTHER);
    struct input *inputs[] = { &one, &two, &three };
    batch_run(inputs, 3, "confirm");
    flush();
    assert_int_equal(sink_span_count(&sink), 3 + 3 * 2);
    const char *const names[] = { "find bookings", "update bookings",
                                  "ack events:payment.captured:booking-events" };
    for (size_t i = 0; i < 3; i++) {
        const cJSON *first = sink_span(&sink, names[i], 0), *second = sink_span(&sink, names[i], 1);
        assert_non_null(second);
        assert_null(sink_span(&sink, names[i], 2));
        assert_text(first, "traceId", TRACE);
        assert_text(second, "traceId", OTHER_TRACE);
        assert_number(first, "kind", SPAN_CLIENT);
        char parent[17];
        hex_of(one.span_id, 8, parent);
        assert_text(first, "parentSpanId", parent);
        hex_of(three.span_id, 8, parent);
        assert_text(second, "parentSpanId", parent);
        assert_text(second, "startTimeUnixNano", json_at(first, "startTimeUnixNano")->valuestring);
        assert_text(second, "endTimeUnixNano", json_at(first, "endTimeUnixNano")->valuestring);
    }
    const cJSON *find = span_named("find bookings");
    assert_attribute(find, "db.system.name", "mongodb");
    assert_attribute(find, "db.namespace", "booking");
    assert_attribute(find, "db.collection.name", "bookings");
    assert_attribute(find, "db.operation.name", "find");
    assert_attribute(find, "db.operation.batch.size", "3");
    assert_attribute(span_named("update bookings"), "db.operation.name", "update");
    const cJSON *ack = span_named(names[2]);
    assert_attribute(ack, "messaging.operation.type", "settle");
    assert_attribute(ack, "messaging.batch.message_count", "3");
}

static void a_batch_of_one_names_no_size(void **state)
{
    (void)state;
    struct input one = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", "");
    struct input *inputs[] = { &one };
    batch_run(inputs, 1, "confirm");
    flush();
    assert_null(attribute_of(span_named("find bookings"), "db.operation.batch.size"));
    assert_null(attribute_of(span_named("ack events:payment.captured:booking-events"),
                             "messaging.batch.message_count"));
}

static void a_conflict_is_no_error_but_shows_its_code(void **state)
{
    (void)state;
    struct input one = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", "");
    struct input *inputs[] = { &one };
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    stage(STAGE_SAVE, 1, "conflict");
    stage(STAGE_SAVE, 1, NULL);
    struct decided decided = decision(&one, "confirm");
    port->decided(port->self, &decided);
    port->batch_end(port->self);
    flush();
    const cJSON *span = sink_span(&sink, "update bookings", 0);
    assert_attribute(span, "db.response.status_code", "11000");
    assert_attribute(span, "error.type", "11000");
    assert_null(cJSON_GetObjectItem(span, "status"));
    assert_null(attribute_of(sink_span(&sink, "update bookings", 1), "error.type"));
}

static void a_store_that_is_away_is_an_error_of_the_whole_batch(void **state)
{
    (void)state;
    struct input one = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", "");
    struct input *inputs[] = { &one };
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    stage(STAGE_LOAD, 1, "retry");
    port->batch_end(port->self);
    flush();
    const cJSON *span = span_named("process events:payment.captured:booking-events");
    assert_attribute(span, "error.type", "retry");
    assert_number(json_at(span, "status"), "code", 2);
    assert_null(attribute_of(span, "decision"));
    assert_number(json_at(span_named("find bookings"), "status"), "code", 2);
}

static void what_only_lost_a_race_is_put_off_and_no_error(void **state)
{
    (void)state;
    struct input one = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", "");
    struct input *inputs[] = { &one };
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    stage(STAGE_SAVE, 1, "conflict");
    port->batch_end(port->self);
    flush();
    assert_int_equal(sink.send_count, 0);
}

static void what_is_put_off_or_not_acked_yet_has_no_such_span(void **state)
{
    (void)state;
    struct input one = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", "");
    struct input two = input_from(INPUT_FROM_DELIVERY, "payment.declined", "m2", "");
    snprintf(two.correlation_id, sizeof two.correlation_id, OTHER);
    struct input *inputs[] = { &one, &two };
    struct message message = message_with("booking:b:1:0");
    port->batch_begin(port->self, inputs, 2, NOW_MS);
    struct decided decided = decision(&one, "confirm");
    port->decided(port->self, &decided);
    port->message_owed(port->self, &one, &message);
    port->stage_begin(port->self, STAGE_PUBLISH);
    published(&one, &message, PUBLISH_RETURNED, false);
    port->stage_end(port->self, STAGE_PUBLISH, 1, "not confirmed");
    stage(STAGE_ACK, 1, NULL);
    port->batch_end(port->self);
    flush();
    assert_null(sink_span(&sink, "process events:payment.declined:booking-events", 0));
    assert_null(sink_span(&sink, "ack events:payment.captured:booking-events", 0));
    assert_non_null(sink_span(&sink, "process events:payment.captured:booking-events", 0));
}

static void a_batch_larger_than_the_bounds_still_works(void **state)
{
    (void)state;
    enum { COUNT = OBSERVER_INPUTS_MAX + 10 };
    struct input *all = calloc(COUNT, sizeof *all), *inputs[COUNT];
    assert_non_null(all);
    for (size_t i = 0; i < COUNT; i++) {
        char id[32];
        snprintf(id, sizeof id, "b-%zu", i);
        all[i] = input_from(INPUT_FROM_DELIVERY, "payment.captured", id, "");
        snprintf(all[i].correlation_id, sizeof all[i].correlation_id, "%s", id);
        inputs[i] = &all[i];
    }
    port->batch_begin(port->self, inputs, COUNT, NOW_MS);
    stage(STAGE_LOAD, COUNT, NULL);
    for (int i = 0; i < 2 * OBSERVER_STAGES_MAX; i++)
        stage(STAGE_CLEAR, 1, NULL);
    for (size_t i = 0; i < COUNT; i++) {
        struct decided decided = decision(inputs[i], "confirm");
        port->decided(port->self, &decided);
    }
    port->batch_end(port->self);
    flush();
    /* Each with its own load: what came late in a large batch is no worse traced than the first. */
    assert_int_equal(sink_span_count(&sink), 2 * OBSERVER_INPUTS_MAX);
    free(all);
}

static void what_is_published_while_the_next_batch_is_made_hangs_under_its_own_input(void **state)
{
    (void)state;
    struct input one = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", "");
    struct input two = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m2", "");
    struct input *first[] = { &one }, *second[] = { &two };
    struct message message = message_with("booking:b:1:0");
    port->batch_begin(port->self, first, 1, NOW_MS);
    port->message_owed(port->self, &one, &message);
    struct decided decided = decision(&one, "confirm");
    port->decided(port->self, &decided);
    port->stage_begin(port->self, STAGE_PUBLISH);
    port->batch_begin(port->self, second, 1, NOW_MS);
    stage(STAGE_LOAD, 1, NULL);
    decided = decision(&two, "noop");
    port->decided(port->self, &decided);
    published(&one, &message, PUBLISH_CONFIRMED, false);
    port->stage_end(port->self, STAGE_PUBLISH, 1, NULL);
    stage(STAGE_ACK, 1, NULL);
    port->batch_end(port->self);
    stage(STAGE_ACK, 1, NULL);
    port->batch_end(port->self);
    flush();
    char parent[17];
    hex_of(one.span_id, 8, parent);
    const cJSON *publish = span_named("publish events:booking.confirmed");
    assert_text(publish, "parentSpanId", parent);
    assert_true(
        strtoull(json_at(publish, "startTimeUnixNano")->valuestring, NULL, 10) <=
        strtoull(json_at(span_named("find bookings"), "startTimeUnixNano")->valuestring, NULL, 10));
    const char *const ack = "ack events:payment.captured:booking-events";
    assert_text(sink_span(&sink, ack, 0), "parentSpanId", parent);
    hex_of(two.span_id, 8, parent);
    assert_text(sink_span(&sink, ack, 1), "parentSpanId", parent);
    assert_text(span_named("find bookings"), "parentSpanId", parent);
}

static void with_tracing_off_contexts_are_still_stamped(void **state)
{
    (void)state;
    end(NULL);
    start(1.0, false);
    static const uint8_t none[8];
    struct input input = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", IN_TRACE);
    struct input *inputs[] = { &input };
    struct message message = message_with("booking:b:1:0");
    struct test_state test = { false };
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    stage(STAGE_LOAD, 1, NULL);
    port->message_owed(port->self, &input, &message);
    struct decided decided = decision(&input, "confirm");
    decided.is_first_outcome = true;
    decided.state = &test;
    port->decided(port->self, &decided);
    published(&input, &message, PUBLISH_CONFIRMED, false);
    port->quarantined(port->self, &(struct delivery){ 0 }, "x");
    port->batch_end(port->self);
    flush();
    assert_memory_not_equal(input.span_id, none, 8);
    assert_memory_equal(message.traceparent, "00-" TRACE "-", 36);
    assert_int_equal(sink.send_count, 0);
}

static void a_trace_that_is_not_sampled_leaves_no_span_and_says_so(void **state)
{
    (void)state;
    end(NULL);
    start(0.0, true);
    struct input input = input_from(INPUT_FROM_DELIVERY, "payment.captured", "m1", IN_TRACE);
    struct input *inputs[] = { &input };
    struct message message = message_with("booking:b:1:0");
    struct test_state test = { false };
    struct decided decided = decision(&input, "confirm");
    decided.is_first_outcome = true;
    decided.state = &test;
    batch_run(inputs, 1, "confirm");
    port->batch_begin(port->self, inputs, 1, NOW_MS);
    port->message_owed(port->self, &input, &message);
    port->decided(port->self, &decided);
    published(&input, &message, PUBLISH_CONFIRMED, false);
    published(NULL, &message, PUBLISH_CONFIRMED, true);
    port->batch_end(port->self);
    flush();
    assert_string_equal(message.traceparent + 53, "00");
    assert_int_equal(sink.send_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OBSERVER_TEST(a_batchs_round_trips_are_in_each_trace_once_with_the_batch_size),
        OBSERVER_TEST(a_batch_of_one_names_no_size),
        OBSERVER_TEST(a_conflict_is_no_error_but_shows_its_code),
        OBSERVER_TEST(a_store_that_is_away_is_an_error_of_the_whole_batch),
        OBSERVER_TEST(what_only_lost_a_race_is_put_off_and_no_error),
        OBSERVER_TEST(what_is_put_off_or_not_acked_yet_has_no_such_span),
        OBSERVER_TEST(a_batch_larger_than_the_bounds_still_works),
        OBSERVER_TEST(what_is_published_while_the_next_batch_is_made_hangs_under_its_own_input),
        OBSERVER_TEST(with_tracing_off_contexts_are_still_stamped),
        OBSERVER_TEST(a_trace_that_is_not_sampled_leaves_no_span_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
