/* A message's properties as text, and a dead one made ready to be sent again. */
#include "cli/sources/amqp_letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static amqp_table_entry_t text_entry(const char *key, const char *value)
{
    return (amqp_table_entry_t){
        .key = amqp_cstring_bytes(key),
        .value = { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(value) },
    };
}

static amqp_message_t message_of(amqp_table_entry_t *headers, int count)
{
    amqp_message_t message = { .body = amqp_cstring_bytes("{}") };
    message.properties = (amqp_basic_properties_t){
        ._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG,
        .type = amqp_cstring_bytes("payment.captured"),
        .message_id = amqp_cstring_bytes("m1"),
        .headers = { .num_entries = count, .entries = headers },
    };
    return message;
}

static struct letter letter_of(const amqp_message_t *message, const char *routing_key)
{
    struct letter letter;
    letter_read(message, amqp_empty_bytes, amqp_cstring_bytes(routing_key), &letter);
    return letter;
}

static void the_services_own_note_says_why_and_where_from(void **state)
{
    (void)state;
    amqp_table_entry_t headers[] = {
        text_entry("roundtrip-reason", "unknown event type"),
        text_entry("roundtrip-routing-key", "payment.captured"),
        text_entry("roundtrip-service", "booking"),
    };
    amqp_message_t message = message_of(headers, 3);
    struct letter letter = letter_of(&message, "booking-events.dead");
    assert_string_equal(letter.reason, "unknown event type");
    assert_string_equal(letter.service, "booking");
    assert_string_equal(letter.first_key, "payment.captured");
    assert_string_equal(letter.first_exchange, "events");
    assert_string_equal(letter.id, "m1");
    assert_int_equal(letter.body_length, 2);
}

static void what_was_put_into_the_queue_itself_came_by_no_exchange(void **state)
{
    (void)state;
    amqp_table_entry_t headers[] = { text_entry("roundtrip-routing-key", "booking-events") };
    amqp_message_t message = message_of(headers, 1);
    struct letter letter = letter_of(&message, "booking-events.dead");
    assert_string_equal(letter.first_exchange, "");
    assert_string_equal(letter.first_key, "booking-events");
}

static void an_empty_note_of_the_broker_says_nothing(void **state)
{
    (void)state;
    amqp_table_entry_t headers[] = {
        text_entry("roundtrip-routing-key", "payment.captured"),
        { .key = amqp_cstring_bytes("x-death"),
          .value = { .kind = AMQP_FIELD_KIND_ARRAY, .value.array = { 0, NULL } } },
    };
    amqp_message_t message = message_of(headers, 2);
    struct letter letter = letter_of(&message, "booking-events.dead");
    assert_string_equal(letter.first_exchange, "events");
    assert_string_equal(letter.first_key, "payment.captured");
}

static void the_brokers_note_counts_where_no_service_left_one(void **state)
{
    (void)state;
    amqp_field_value_t keys[] = { { .kind = AMQP_FIELD_KIND_UTF8,
                                    .value.bytes = amqp_cstring_bytes("booking.failed") } };
    amqp_table_entry_t first_death[] = {
        text_entry("reason", "delivery_limit"),
        text_entry("exchange", "events"),
        { .key = amqp_cstring_bytes("routing-keys"),
          .value = { .kind = AMQP_FIELD_KIND_ARRAY, .value.array = { 1, keys } } },
    };
    amqp_table_entry_t later_death[] = { text_entry("reason", "rejected") };
    amqp_field_value_t deaths[] = {
        { .kind = AMQP_FIELD_KIND_TABLE, .value.table = { 1, later_death } },
        { .kind = AMQP_FIELD_KIND_TABLE, .value.table = { 3, first_death } },
    };
    amqp_table_entry_t headers[] = {
        { .key = amqp_cstring_bytes("x-death"),
          .value = { .kind = AMQP_FIELD_KIND_ARRAY, .value.array = { 2, deaths } } },
    };
    amqp_message_t message = message_of(headers, 1);
    struct letter letter = letter_of(&message, "payment-events.dead");
    assert_string_equal(letter.reason, "delivery_limit");
    assert_string_equal(letter.first_exchange, "events");
    assert_string_equal(letter.first_key, "booking.failed");
}

static void the_default_exchange_is_known_by_the_brokers_note(void **state)
{
    (void)state;
    amqp_table_entry_t death[] = { text_entry("exchange", "") };
    amqp_field_value_t deaths[] = {
        { .kind = AMQP_FIELD_KIND_TABLE, .value.table = { 1, death } },
    };
    amqp_table_entry_t headers[] = {
        text_entry("roundtrip-routing-key", "queue.with.dots"),
        { .key = amqp_cstring_bytes("x-death"),
          .value = { .kind = AMQP_FIELD_KIND_ARRAY, .value.array = { 1, deaths } } },
    };
    amqp_message_t message = message_of(headers, 2);
    struct letter letter = letter_of(&message, "q.dead");
    assert_string_equal(letter.first_exchange, "");
    assert_string_equal(letter.first_key, "queue.with.dots");
}

static void a_note_of_another_shape_is_left_alone(void **state)
{
    (void)state;
    amqp_field_value_t deaths[] = { { .kind = AMQP_FIELD_KIND_BOOLEAN } };
    amqp_table_entry_t headers[] = {
        { .key = amqp_cstring_bytes("x-death"),
          .value = { .kind = AMQP_FIELD_KIND_ARRAY, .value.array = { 1, deaths } } },
        { .key = amqp_cstring_bytes("roundtrip-reason"),
          .value = { .kind = AMQP_FIELD_KIND_I32, .value.i32 = 5 } },
    };
    amqp_message_t message = message_of(headers, 2);
    struct letter letter = letter_of(&message, "q.dead");
    assert_string_equal(letter.reason, "");
    assert_string_equal(letter.first_key, "payment.captured");
    message = message_of(NULL, 0);
    message.properties._flags = 0;
    letter = letter_of(&message, "q.dead");
    assert_string_equal(letter.type, "");
    assert_string_equal(letter.id, "");
}

static void text_is_cut_and_harmless(void **state)
{
    (void)state;
    char text[LETTER_TEXT_SIZE + 50];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    text[0] = '\033';
    amqp_table_entry_t headers[] = { text_entry("roundtrip-reason", text) };
    amqp_message_t message = message_of(headers, 1);
    struct letter letter = letter_of(&message, "q.dead");
    assert_int_equal(strlen(letter.reason), LETTER_TEXT_SIZE - 1);
    assert_int_equal(letter.reason[0], '.');
}

static void a_revived_one_has_lost_only_the_marks_of_its_death(void **state)
{
    (void)state;
    amqp_table_entry_t entries[] = {
        text_entry("traceparent", "t"),
        text_entry("x-death", "d"),
        text_entry("roundtrip-reason", "r"),
        text_entry("roundtrip-routing-key", "k"),
        text_entry("repeat", "y"),
        text_entry("x-first-death-queue", "q"),
        text_entry("roundtrip-service", "s"),
    };
    amqp_message_t message = message_of(entries, 7);
    message.properties._flags |= AMQP_BASIC_USER_ID_FLAG;
    amqp_basic_properties_t properties;
    amqp_table_entry_t *headers = letter_revive(&message.properties, &properties);
    assert_non_null(headers);
    assert_int_equal(properties.headers.num_entries, 2);
    assert_memory_equal(properties.headers.entries[0].key.bytes, "traceparent", 11);
    assert_memory_equal(properties.headers.entries[1].key.bytes, "repeat", 6);
    assert_memory_equal(properties.message_id.bytes, "m1", 2);
    assert_int_equal(properties.delivery_mode, AMQP_DELIVERY_PERSISTENT);
    assert_int_equal(properties._flags & AMQP_BASIC_USER_ID_FLAG, 0);
    assert_true((properties._flags & AMQP_BASIC_TYPE_FLAG) != 0);
    free(headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_services_own_note_says_why_and_where_from),
        cmocka_unit_test(what_was_put_into_the_queue_itself_came_by_no_exchange),
        cmocka_unit_test(an_empty_note_of_the_broker_says_nothing),
        cmocka_unit_test(the_brokers_note_counts_where_no_service_left_one),
        cmocka_unit_test(the_default_exchange_is_known_by_the_brokers_note),
        cmocka_unit_test(a_note_of_another_shape_is_left_alone),
        cmocka_unit_test(text_is_cut_and_harmless),
        cmocka_unit_test(a_revived_one_has_lost_only_the_marks_of_its_death),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
