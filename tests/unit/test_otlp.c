/* Spans as OTLP JSON, read by another parser: shapes, bounds, and the bytes that Jaeger compares.
 * */
#include "tests/unit/trace_sink.h"

static char text_buffer[262144];
static cJSON *document;

static const struct span_place place = {
    .trace_id = { 0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c,
                  0x80, 0x31, 0x9c },
    .span_id = { 0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31 },
    .parent_id = { 1, 2, 3, 4, 5, 6, 7, 8 },
    .flags = 1,
};

static void request_parse(const struct otlp_resource *resource, const struct span *span,
                          int64_t limit)
{
    const struct otlp_limits limits = { limit, limit, limit };
    struct json_writer writer;
    json_write_init(&writer, text_buffer, sizeof text_buffer);
    otlp_request_begin(&writer, resource);
    otlp_span_write(&writer, span, &limits);
    otlp_span_write(&writer, span, &limits);
    assert_true(otlp_request_end(&writer) > 0);
    cJSON_Delete(document);
    document = cJSON_Parse(text_buffer);
    assert_non_null(document);
    assert_int_equal(cJSON_GetArraySize(request_spans(document)), 2);
}

/* The span as it leaves. */
static const cJSON *written(const struct span *span, int64_t limit)
{
    static const struct environment_attribute extra = { "host.type", "h\"1" };
    const struct otlp_resource resource = {
        .service_name = "booking", .instance_id = "i-1", .extra = &extra, .extra_count = 1
    };
    request_parse(&resource, span, limit);
    return cJSON_GetArrayItem(request_spans(document), 1);
}

static struct span *plain_span(struct span *span)
{
    span_begin(span, &place, SPAN_PRODUCER, INT64_C(1700000000123456789));
    span_name_add(span, "publish ");
    span_name_add(span, "events:x");
    span_end(span, INT64_C(1700000000123456790));
    return span;
}

static void the_envelope_names_resource_scope_and_schema(void **state)
{
    (void)state;
    struct span span;
    written(plain_span(&span), 128);
    const cJSON *resource_spans = cJSON_GetArrayItem(json_at(document, "resourceSpans"), 0);
    const cJSON *resource = json_at(resource_spans, "resource");
    assert_attribute(resource, "service.name", "booking");
    assert_attribute(resource, "service.namespace", "roundtrip");
    assert_attribute(resource, "service.instance.id", "i-1");
    assert_attribute(resource, "service.version", ROUNDTRIP_VERSION);
    assert_attribute(resource, "telemetry.sdk.language", "c");
    assert_attribute(resource, "telemetry.sdk.name", "roundtrip");
    assert_attribute(resource, "host.type", "h\"1");
    const cJSON *scope_spans = cJSON_GetArrayItem(json_at(resource_spans, "scopeSpans"), 0);
    assert_text(scope_spans, "schemaUrl", "https://opentelemetry.io/schemas/1.44.0");
    assert_text(json_at(scope_spans, "scope"), "name", "roundtrip");
}

/* Jaeger keeps one of two spans only where every byte is the same, those of the resource too. */
static void a_shared_resource_says_nothing_of_the_process_its_host_or_its_release(void **state)
{
    (void)state;
    struct span span;
    const struct environment_attribute extra[] = { { "k8s.pod.name", "booking-7" },
                                                   { "ip", "10.0.0.7" },
                                                   { "deployment.environment.name", "prod" } };
    const struct otlp_resource saga = { .service_name = "saga",
                                        .instance_id = "i-1",
                                        .extra = extra,
                                        .extra_count = 3,
                                        .is_shared = true };
    request_parse(&saga, plain_span(&span), 128);
    const cJSON *resource_spans = cJSON_GetArrayItem(json_at(document, "resourceSpans"), 0);
    const cJSON *resource = json_at(resource_spans, "resource");
    assert_attribute(resource, "service.name", "saga");
    assert_attribute(resource, "deployment.environment.name", "prod");
    assert_attribute(resource, "ip", "127.0.0.1");
    assert_null(strstr(text_buffer, "i-1"));
    assert_null(strstr(text_buffer, "booking-7"));
    assert_null(strstr(text_buffer, "host.name"));
    assert_null(strstr(text_buffer, "version"));
}

/* Jaeger compares the clocks of all that have another one, or none. */
static void every_service_has_the_same_ip_unless_it_is_told_another(void **state)
{
    (void)state;
    struct span span;
    const struct environment_attribute extra = { "ip", "10.0.0.7" };
    struct otlp_resource told = { .service_name = "booking", .instance_id = "i-1" };
    request_parse(&told, plain_span(&span), 128);
    const cJSON *resource_spans = cJSON_GetArrayItem(json_at(document, "resourceSpans"), 0);
    assert_attribute(json_at(resource_spans, "resource"), "ip", "127.0.0.1");
    told.extra = &extra;
    told.extra_count = 1;
    request_parse(&told, plain_span(&span), 128);
    resource_spans = cJSON_GetArrayItem(json_at(document, "resourceSpans"), 0);
    assert_attribute(json_at(resource_spans, "resource"), "ip", "10.0.0.7");
}

static void ids_are_hex_kinds_are_numbers_and_times_are_strings(void **state)
{
    (void)state;
    struct span span;
    const cJSON *json = written(plain_span(&span), 128);
    assert_text(json, "traceId", "0af7651916cd43dd8448eb211c80319c");
    assert_text(json, "spanId", "b7ad6b7169203331");
    assert_text(json, "parentSpanId", "0102030405060708");
    assert_text(json, "name", "publish events:x");
    assert_number(json, "kind", 4);
    assert_text(json, "startTimeUnixNano", "1700000000123456789");
    assert_text(json, "endTimeUnixNano", "1700000000123456790");
}

static void what_is_empty_is_left_out(void **state)
{
    (void)state;
    struct span span;
    struct span_place root = place;
    memset(root.parent_id, 0, sizeof root.parent_id);
    span_begin(&span, &root, SPAN_INTERNAL, 1);
    span_name_add(&span, "booking");
    span_text(&span, KEY_BOOKING_REASON, "");
    span_text(&span, KEY_BOOKING_STATE, NULL);
    const cJSON *json = written(&span, 128);
    static const char *const keys[] = { "parentSpanId",
                                        "attributes",
                                        "events",
                                        "links",
                                        "status",
                                        "droppedAttributesCount",
                                        "droppedEventsCount",
                                        "droppedLinksCount",
                                        "traceState" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_null(cJSON_GetObjectItem(json, keys[i]));
    assert_null(strstr(text_buffer, "[]"));
    assert_null(strstr(text_buffer, "0000000000000000"));
}

static void flags_tell_sampled_and_remote(void **state)
{
    (void)state;
    struct span span;
    assert_number(written(plain_span(&span), 128), "flags", 257);
    span.place.is_parent_remote = true;
    assert_number(written(&span, 128), "flags", 769);
}

static void attributes_are_text_or_decimal_strings(void **state)
{
    (void)state;
    struct span span;
    plain_span(&span);
    span_text_of_name(&span, KEY_MESSAGING_DESTINATION, 8);
    span_text(&span, KEY_BOOKING_ID, "b \"1\"\n\x01");
    span_lasting(&span, KEY_MESSAGING_SYSTEM, "rabbitmq");
    span_int(&span, KEY_MESSAGING_DELIVERY_TAG, INT64_MAX);
    span_int(&span, KEY_SERVER_PORT, INT64_MIN);
    span_int(&span, KEY_BOOKING_PAYMENTS, 0);
    const cJSON *json = written(&span, 128);
    assert_attribute(json, "messaging.destination.name", "events:x");
    assert_attribute(json, "booking.id", "b \"1\"\n\x01");
    assert_attribute(json, "messaging.system", "rabbitmq");
    assert_attribute(json, "messaging.rabbitmq.message.delivery_tag", "9223372036854775807");
    assert_attribute(json, "server.port", "-9223372036854775808");
    assert_attribute(json, "booking.payments", "0");
    assert_non_null(
        strstr(text_buffer, "{\"key\":\"booking.payments\",\"value\":{\"intValue\":\"0\"}}"));
}

static void text_that_is_no_utf8_does_not_spoil_the_request(void **state)
{
    (void)state;
    struct span span;
    plain_span(&span);
    span_text(&span, KEY_BOOKING_ID, "a\xff\xc3(");
    written(&span, 128);
    assert_null(strchr(text_buffer, '\xff'));
}

static void events_and_links_have_their_own_shape(void **state)
{
    (void)state;
    struct span span;
    struct trace_context target = { .trace_id = { 9 }, .span_id = { 8 }, .flags = 1 };
    plain_span(&span);
    span_event(&span, "booking.parked", 77, -1);
    span_event(&span, "booking.matched", 78, 1500);
    span_link(&span, &target, true);
    const cJSON *json = written(&span, 128);
    const cJSON *parked = cJSON_GetArrayItem(json_at(json, "events"), 0);
    assert_text(parked, "name", "booking.parked");
    assert_text(parked, "timeUnixNano", "77");
    assert_null(cJSON_GetObjectItem(parked, "attributes"));
    assert_attribute(cJSON_GetArrayItem(json_at(json, "events"), 1), "booking.wait_ms", "1500");
    const cJSON *link = cJSON_GetArrayItem(json_at(json, "links"), 0);
    assert_text(link, "traceId", "09000000000000000000000000000000");
    assert_text(link, "spanId", "0800000000000000");
    assert_number(link, "flags", 769);
}

static void an_error_has_code_2_and_a_message_only_where_one_is_given(void **state)
{
    (void)state;
    struct span span;
    plain_span(&span);
    span_fail(&span, NULL);
    const cJSON *status = json_at(written(&span, 128), "status");
    assert_number(status, "code", 2);
    assert_null(cJSON_GetObjectItem(status, "message"));
    span_fail(&span, "payment_timeout");
    status = json_at(written(&span, 128), "status");
    assert_text(status, "message", "payment_timeout");
}

static void what_does_not_fit_is_counted(void **state)
{
    (void)state;
    struct span span;
    char long_text[SPAN_TEXT_BYTES + 1];
    memset(long_text, 'x', sizeof long_text);
    long_text[SPAN_TEXT_BYTES] = '\0';
    plain_span(&span);
    span_text(&span, KEY_URL_PATH, long_text);
    for (int i = 0; i < SPAN_ATTRIBUTES_MAX + 2; i++)
        span_int(&span, KEY_SERVER_PORT, i);
    for (int i = 0; i < SPAN_EVENTS_MAX + 1; i++)
        span_event(&span, "e", 1, -1);
    const cJSON *json = written(&span, 128);
    assert_int_equal(cJSON_GetArraySize(json_at(json, "attributes")), SPAN_ATTRIBUTES_MAX);
    assert_number(json, "droppedAttributesCount", 3);
    assert_number(json, "droppedEventsCount", 1);
}

static void the_count_limits_of_the_environment_hold(void **state)
{
    (void)state;
    struct span span;
    plain_span(&span);
    span_text(&span, KEY_BOOKING_ID, "b1");
    span_text(&span, KEY_INPUT_ID, "i1");
    span_event(&span, "e", 1, -1);
    const cJSON *json = written(&span, 1);
    assert_int_equal(cJSON_GetArraySize(json_at(json, "attributes")), 1);
    assert_number(json, "droppedAttributesCount", 1);
    assert_int_equal(cJSON_GetArraySize(json_at(json, "events")), 1);
    json = written(&span, 0);
    assert_null(cJSON_GetObjectItem(json, "attributes"));
    assert_number(json, "droppedEventsCount", 1);
}

static void an_end_before_the_start_becomes_the_start(void **state)
{
    (void)state;
    struct span span;
    plain_span(&span);
    span_end(&span, 5);
    assert_text(written(&span, 128), "endTimeUnixNano", "1700000000123456789");
}

static void the_largest_span_fits_its_bound(void **state)
{
    (void)state;
    struct span span;
    char lasting[OTLP_LASTING_MAX + 1], rest[SPAN_TEXT_BYTES + 1];
    memset(lasting, 1, sizeof lasting);
    lasting[OTLP_LASTING_MAX] = '\0';
    span_begin(&span, &place, SPAN_SERVER, 1);
    memset(rest, 1, sizeof rest);
    rest[SPAN_TEXT_BYTES / 2] = '\0';
    span_name_add(&span, rest);
    for (int i = 0; i < SPAN_ATTRIBUTES_MAX; i++)
        span_lasting(&span, KEY_MESSAGING_DELIVERY_TAG, lasting);
    span_fail(&span, rest);
    for (int i = 0; i < SPAN_EVENTS_MAX; i++)
        span_event(&span, lasting, INT64_MIN, INT64_MAX);
    for (int i = 0; i < SPAN_LINKS_MAX; i++)
        span_link(&span, &(struct trace_context){ .trace_id = { 1 } }, true);
    struct json_writer writer;
    json_write_init(&writer, text_buffer, sizeof text_buffer);
    const struct otlp_limits limits = { 128, 128, 128 };
    otlp_span_write(&writer, &span, &limits);
    assert_false(writer.failed);
    assert_in_range(writer.length, OTLP_SPAN_BYTES_MAX / 2, OTLP_SPAN_BYTES_MAX);
}

static int document_free(void **state)
{
    (void)state;
    cJSON_Delete(document);
    document = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_envelope_names_resource_scope_and_schema),
        cmocka_unit_test(a_shared_resource_says_nothing_of_the_process_its_host_or_its_release),
        cmocka_unit_test(every_service_has_the_same_ip_unless_it_is_told_another),
        cmocka_unit_test(ids_are_hex_kinds_are_numbers_and_times_are_strings),
        cmocka_unit_test(what_is_empty_is_left_out),
        cmocka_unit_test(flags_tell_sampled_and_remote),
        cmocka_unit_test(attributes_are_text_or_decimal_strings),
        cmocka_unit_test(text_that_is_no_utf8_does_not_spoil_the_request),
        cmocka_unit_test(events_and_links_have_their_own_shape),
        cmocka_unit_test(an_error_has_code_2_and_a_message_only_where_one_is_given),
        cmocka_unit_test(what_does_not_fit_is_counted),
        cmocka_unit_test(the_count_limits_of_the_environment_hold),
        cmocka_unit_test(an_end_before_the_start_becomes_the_start),
        cmocka_unit_test(the_largest_span_fits_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, document_free);
}
