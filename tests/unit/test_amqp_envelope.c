/* What goes out as properties and headers is read back; what a stranger sends is malformed only
 * where it does not say which message it is. */
#include "common/rabbitmq/amqp_envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EXCHANGE "events"
#define KEY      "payment.captured"

static struct message message;
static amqp_table_entry_t headers[ENVELOPE_HEADERS_MAX];
static amqp_basic_properties_t properties;
static struct delivery delivery;

static int write_one(void **state)
{
    (void)state;
    message = (struct message){
        .id = "payment:p1:1:0",
        .type = KEY,
        .correlation_id = "b1",
        .app_id = "payment",
        .timestamp_ms = 1700000000123,
        .schema_version = 1,
        .is_repeat = true,
        .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        .tracestate = "a=b",
    };
    envelope_write(&message, headers, &properties);
    delivery = (struct delivery){ 0 };
    return 0;
}

static void read(void)
{
    envelope_read(&properties, EXCHANGE, KEY, 10, &delivery);
}

static void read_refuses(const char *reason)
{
    read();
    assert_string_equal(delivery.malformed, reason);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    read();
    assert_string_equal(delivery.malformed, "");
    assert_string_equal(delivery.message.id, message.id);
    assert_string_equal(delivery.message.type, message.type);
    assert_string_equal(delivery.message.correlation_id, message.correlation_id);
    assert_string_equal(delivery.message.app_id, message.app_id);
    assert_string_equal(delivery.message.traceparent, message.traceparent);
    assert_string_equal(delivery.message.tracestate, message.tracestate);
    assert_int_equal(delivery.message.timestamp_ms, 1700000000123);
    assert_int_equal(delivery.message.schema_version, 1);
    assert_true(delivery.message.is_repeat);
    assert_int_equal(delivery.delivery_count, 0);
}

/* The property holds whole seconds; the rest is in a header, and is not believed where it says
 * something else. */
static void a_time_of_other_clients_is_in_seconds(void **state)
{
    (void)state;
    amqp_table_entry_t *exact = &headers[properties.headers.num_entries - 1];
    exact->value.value.i64 = 1700000001000;
    read();
    assert_int_equal(delivery.message.timestamp_ms, 1700000000000);
    properties.headers.num_entries--;
    read();
    assert_int_equal(delivery.message.timestamp_ms, 1700000000000);
}

static void what_is_published_is_persistent_json(void **state)
{
    (void)state;
    assert_int_equal(properties.delivery_mode, 2);
    assert_memory_equal(properties.content_type.bytes, "application/json", 16);
    assert_int_equal(headers[0].value.kind, AMQP_FIELD_KIND_UTF8);
}

static void a_message_without_trace_or_repeat_has_no_such_header(void **state)
{
    (void)state;
    message.traceparent[0] = message.tracestate[0] = '\0';
    message.is_repeat = false;
    envelope_write(&message, headers, &properties);
    assert_int_equal(properties.headers.num_entries, 2);
    read();
    assert_string_equal(delivery.malformed, "");
    assert_string_equal(delivery.message.traceparent, "");
    assert_false(delivery.message.is_repeat);
}

static void text_headers_may_be_byte_arrays(void **state)
{
    (void)state;
    headers[0].value.kind = AMQP_FIELD_KIND_BYTES;
    read();
    assert_string_equal(delivery.message.traceparent, message.traceparent);
}

static void a_broken_traceparent_is_left_out(void **state)
{
    (void)state;
    static char longer[TRACEPARENT_SIZE + 1];
    memset(longer, '0', TRACEPARENT_SIZE);
    headers[0].value.value.bytes = amqp_cstring_bytes(longer);
    read();
    assert_string_equal(delivery.malformed, "");
    assert_string_equal(delivery.message.traceparent, "");
    headers[0].value = (amqp_field_value_t){ .kind = AMQP_FIELD_KIND_I32, .value.i32 = 7 };
    read();
    assert_string_equal(delivery.message.traceparent, "");
    headers[0].value = (amqp_field_value_t){ .kind = AMQP_FIELD_KIND_UTF8,
                                             .value.bytes = amqp_cstring_bytes("00-\n") };
    read();
    assert_string_equal(delivery.malformed, "");
    assert_string_equal(delivery.message.traceparent, "");
}

static void a_message_without_an_id_is_malformed(void **state)
{
    (void)state;
    properties._flags &= ~(amqp_flags_t)AMQP_BASIC_MESSAGE_ID_FLAG;
    read_refuses(
        "message_id is missing: the producer names each message, and repeats the name with "
        "the message");
    assert_string_equal(delivery.message.type, KEY); /* what is readable is there */
}

static void an_id_that_is_too_long_or_unprintable_is_malformed(void **state)
{
    (void)state;
    static char longer[MESSAGE_ID_SIZE + 1];
    memset(longer, 'x', MESSAGE_ID_SIZE);
    properties.message_id = amqp_cstring_bytes(longer);
    read_refuses("message_id is longer than 127 bytes or not printable ASCII");
    delivery = (struct delivery){ 0 };
    properties.message_id = (amqp_bytes_t){ .len = 3, .bytes = longer };
    longer[1] = '\0';
    read_refuses("message_id is longer than 127 bytes or not printable ASCII");
}

static void a_type_that_differs_from_the_routing_key_is_malformed(void **state)
{
    (void)state;
    properties.type = amqp_cstring_bytes("payment.declined");
    read_refuses("type differs from the routing key");
}

static void a_missing_type_is_the_routing_key(void **state)
{
    (void)state;
    properties._flags &= ~(amqp_flags_t)AMQP_BASIC_TYPE_FLAG;
    read();
    assert_string_equal(delivery.malformed, "");
    assert_string_equal(delivery.message.type, KEY);
}

static void what_was_put_into_the_queue_directly_needs_its_type(void **state)
{
    (void)state;
    envelope_read(&properties, "", "payment-events", 10, &delivery);
    assert_string_equal(delivery.malformed, "");
    assert_string_equal(delivery.message.type, KEY);
    delivery = (struct delivery){ 0 };
    properties._flags &= ~(amqp_flags_t)AMQP_BASIC_TYPE_FLAG;
    envelope_read(&properties, "", "payment-events", 10, &delivery);
    assert_string_equal(delivery.malformed, "type is missing");
}

static void other_content_is_malformed(void **state)
{
    (void)state;
    properties.content_type = amqp_cstring_bytes("Application/JSON; charset=utf-8");
    read();
    assert_string_equal(delivery.malformed, "");
    properties.content_type = amqp_cstring_bytes("application/jsonp");
    read_refuses("content_type is not application/json");
    delivery = (struct delivery){ 0 };
    properties.content_type = amqp_cstring_bytes("application/json");
    properties._flags |= AMQP_BASIC_CONTENT_ENCODING_FLAG;
    properties.content_encoding = amqp_cstring_bytes("gzip");
    read_refuses("content_encoding is not supported");
}

static void a_body_above_the_bound_is_malformed(void **state)
{
    (void)state;
    envelope_read(&properties, EXCHANGE, KEY, MESSAGE_BODY_BYTES_MAX, &delivery);
    assert_string_equal(delivery.malformed, "");
    envelope_read(&properties, EXCHANGE, KEY, MESSAGE_BODY_BYTES_MAX + 1, &delivery);
    assert_string_equal(delivery.malformed, "body of 65537 bytes is larger than 65536");
}

static void a_correlation_id_that_is_no_identifier_is_malformed(void **state)
{
    (void)state;
    properties.correlation_id = amqp_cstring_bytes("a b");
    read_refuses("correlation_id is not an identifier");
    assert_string_equal(delivery.message.correlation_id, "");
}

static void a_schema_version_may_have_any_width_but_is_an_integer(void **state)
{
    (void)state;
    headers[2].value = (amqp_field_value_t){ .kind = AMQP_FIELD_KIND_I8, .value.i8 = 2 };
    read();
    assert_int_equal(delivery.message.schema_version, 2);
    headers[2].value = (amqp_field_value_t){ .kind = AMQP_FIELD_KIND_UTF8,
                                             .value.bytes = amqp_cstring_bytes("1") };
    read_refuses("header schema-version is not an integer");
}

static void the_delivery_count_is_read(void **state)
{
    (void)state;
    headers[3] = (amqp_table_entry_t){ .key = amqp_cstring_bytes("x-delivery-count"),
                                       .value = { .kind = AMQP_FIELD_KIND_I64, .value.i64 = 3 } };
    read();
    assert_int_equal(delivery.delivery_count, 3);
    assert_false(delivery.message.is_repeat);
    headers[3].value.value.i64 = -1;
    read();
    assert_int_equal(delivery.delivery_count, 0);
}

static const amqp_field_value_t *header_of(const amqp_basic_properties_t *of, const char *name,
                                           int *ret_times)
{
    const amqp_field_value_t *value = NULL;
    *ret_times = 0;
    for (int i = 0; i < of->headers.num_entries; i++) {
        const amqp_table_entry_t *entry = &of->headers.entries[i];
        if (entry->key.len == strlen(name) && memcmp(entry->key.bytes, name, entry->key.len) == 0) {
            value = &entry->value;
            (*ret_times)++;
        }
    }
    return value;
}

static void a_dead_letter_keeps_what_it_had_but_what_would_lead_it_astray(void **state)
{
    (void)state;
    amqp_table_entry_t entries[] = {
        headers[0],
        { .key = amqp_cstring_bytes("roundtrip-reason"),
          .value = { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes("old") } },
        { .key = amqp_cstring_bytes("CC"), .value = { .kind = AMQP_FIELD_KIND_VOID } },
        { .key = amqp_cstring_bytes("x-delivery-count"),
          .value = { .kind = AMQP_FIELD_KIND_I64, .value.i64 = 3 } },
    };
    properties.headers = (amqp_table_t){ .num_entries = 4, .entries = entries };
    properties._flags |= AMQP_BASIC_EXPIRATION_FLAG | AMQP_BASIC_USER_ID_FLAG;
    properties.expiration = amqp_cstring_bytes("1000");
    properties.user_id = amqp_cstring_bytes("somebody");
    properties.delivery_mode = 1;
    char encoded[1024];
    int length = amqp_encode_properties(AMQP_BASIC_CLASS, &properties,
                                        (amqp_bytes_t){ sizeof encoded, encoded });
    assert_true(length > 0);
    struct envelope_letter letter = { .reason = "new", .routing_key = KEY, .service = "booking" };
    struct error error = { 0 };
    amqp_basic_properties_t copy;
    amqp_pool_t pool;
    init_amqp_pool(&pool, 4096);
    assert_true(
        envelope_copy((amqp_bytes_t){ (size_t)length, encoded }, &letter, &pool, &copy, &error));
    int times;
    assert_memory_equal(header_of(&copy, "roundtrip-reason", &times)->value.bytes.bytes, "new", 3);
    assert_int_equal(times, 1);
    assert_non_null(header_of(&copy, "traceparent", &times));
    assert_non_null(header_of(&copy, "roundtrip-routing-key", &times));
    assert_non_null(header_of(&copy, "roundtrip-service", &times));
    assert_null(header_of(&copy, "CC", &times));
    assert_null(header_of(&copy, "x-delivery-count", &times));
    assert_int_equal(copy._flags & (AMQP_BASIC_EXPIRATION_FLAG | AMQP_BASIC_USER_ID_FLAG), 0);
    assert_int_equal(copy.delivery_mode, 2);
    assert_memory_equal(copy.message_id.bytes, message.id, copy.message_id.len);
    empty_amqp_pool(&pool);
}

static void what_waits_for_later_keeps_its_type_and_since_when_and_no_earlier_death(void **state)
{
    (void)state;
    amqp_table_entry_t entries[] = {
        { .key = amqp_cstring_bytes("roundtrip-later-since"),
          .value = { .kind = AMQP_FIELD_KIND_I64, .value.i64 = 5 } },
        { .key = amqp_cstring_bytes("x-death"), .value = { .kind = AMQP_FIELD_KIND_VOID } },
        { .key = amqp_cstring_bytes("x-first-death-queue"),
          .value = { .kind = AMQP_FIELD_KIND_VOID } },
    };
    properties.headers = (amqp_table_t){ .num_entries = 3, .entries = entries };
    properties._flags &= ~(amqp_flags_t)AMQP_BASIC_TYPE_FLAG;
    char encoded[1024];
    int length = amqp_encode_properties(AMQP_BASIC_CLASS, &properties,
                                        (amqp_bytes_t){ sizeof encoded, encoded });
    struct envelope_letter letter = {
        .reason = "new", .routing_key = KEY, .service = "booking", .type = KEY, .later_since_ms = 7
    };
    struct error error = { 0 };
    amqp_basic_properties_t copy;
    amqp_pool_t pool;
    init_amqp_pool(&pool, 4096);
    assert_true(
        envelope_copy((amqp_bytes_t){ (size_t)length, encoded }, &letter, &pool, &copy, &error));
    int times;
    assert_null(header_of(&copy, "x-death", &times));
    assert_null(header_of(&copy, "x-first-death-queue", &times));
    assert_memory_equal(copy.type.bytes, KEY, copy.type.len);
    struct delivery back = { .tag = 1 };
    envelope_read(&copy, "", "booking-events", 2, &back);
    assert_string_equal(back.malformed, "");
    assert_int_equal(back.later_since_ms, 7);
    assert_string_equal(back.message.type, KEY);
    empty_amqp_pool(&pool);
}

static void properties_that_cannot_be_read_are_an_error(void **state)
{
    (void)state;
    char garbage[] = "\xff\xff\xff\xff\xff";
    struct envelope_letter letter = { .reason = "new", .routing_key = KEY, .service = "booking" };
    struct error error = { 0 };
    amqp_basic_properties_t copy;
    amqp_pool_t pool;
    init_amqp_pool(&pool, 4096);
    assert_false(envelope_copy((amqp_bytes_t){ 5, garbage }, &letter, &pool, &copy, &error));
    empty_amqp_pool(&pool);
}

#define SENTENCE(name) cmocka_unit_test_setup(name, write_one)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(what_is_written_is_read_back),
        SENTENCE(a_time_of_other_clients_is_in_seconds),
        SENTENCE(what_is_published_is_persistent_json),
        SENTENCE(a_message_without_trace_or_repeat_has_no_such_header),
        SENTENCE(text_headers_may_be_byte_arrays),
        SENTENCE(a_broken_traceparent_is_left_out),
        SENTENCE(a_message_without_an_id_is_malformed),
        SENTENCE(an_id_that_is_too_long_or_unprintable_is_malformed),
        SENTENCE(a_type_that_differs_from_the_routing_key_is_malformed),
        SENTENCE(a_missing_type_is_the_routing_key),
        SENTENCE(what_was_put_into_the_queue_directly_needs_its_type),
        SENTENCE(other_content_is_malformed),
        SENTENCE(a_body_above_the_bound_is_malformed),
        SENTENCE(a_correlation_id_that_is_no_identifier_is_malformed),
        SENTENCE(a_schema_version_may_have_any_width_but_is_an_integer),
        SENTENCE(the_delivery_count_is_read),
        SENTENCE(a_dead_letter_keeps_what_it_had_but_what_would_lead_it_astray),
        SENTENCE(what_waits_for_later_keeps_its_type_and_since_when_and_no_earlier_death),
        SENTENCE(properties_that_cannot_be_read_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
