/* What is written is JSON, whatever the text and however small the buffer. */
#include "common/json/json_write.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BUFFER_SIZE 512

static void objects_and_arrays_nest_with_commas_where_they_belong(void **state)
{
    (void)state;
    char buffer[BUFFER_SIZE];
    struct json_writer writer;
    json_write_init(&writer, buffer, sizeof buffer);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "a", "x");
    json_write_object_begin(&writer, "empty");
    json_write_object_end(&writer);
    json_write_array_begin(&writer, "list");
    json_write_int(&writer, NULL, 1);
    json_write_object_begin(&writer, NULL);
    json_write_bool(&writer, "yes", true);
    json_write_bool(&writer, "no", false);
    json_write_object_end(&writer);
    json_write_array_begin(&writer, NULL);
    json_write_array_end(&writer);
    json_write_string(&writer, NULL, NULL);
    json_write_array_end(&writer);
    json_write_raw(&writer, "raw", "{\"b\":2}", 7);
    json_write_object_end(&writer);
    size_t length = json_write_finish(&writer);
    assert_string_equal(buffer, "{\"a\":\"x\",\"empty\":{},\"list\":[1,{\"yes\":true,\"no\":false},"
                                "[],null],\"raw\":{\"b\":2}}");
    assert_int_equal(length, strlen(buffer));
}

static void assert_written_as(const char *text, size_t length, const char *expected)
{
    char buffer[BUFFER_SIZE];
    struct json_writer writer;
    json_write_init(&writer, buffer, sizeof buffer);
    json_write_string_bytes(&writer, NULL, text, length);
    assert_int_equal(json_write_finish(&writer), strlen(expected));
    assert_string_equal(buffer, expected);
}

static void what_json_reserves_is_escaped(void **state)
{
    (void)state;
    assert_written_as("", 0, "\"\"");
    assert_written_as("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
    assert_written_as("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
    assert_written_as("\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\\u007f\"");
}

static void utf8_is_kept_and_anything_else_is_replaced(void **state)
{
    (void)state;
    assert_written_as("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9,
                      "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    assert_written_as("a\xff"
                      "b",
                      3,
                      "\"a\xef\xbf\xbd"
                      "b\"");
    assert_written_as("\xc0\x80", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_written_as("\xe2\x82\xac", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void keys_are_escaped_too(void **state)
{
    (void)state;
    char buffer[BUFFER_SIZE];
    struct json_writer writer;
    json_write_init(&writer, buffer, sizeof buffer);
    json_write_object_begin(&writer, NULL);
    json_write_int(&writer, "a\"\n", 1);
    json_write_object_end(&writer);
    assert_true(json_write_finish(&writer) > 0);
    assert_string_equal(buffer, "{\"a\\\"\\n\":1}");
}

static void integers_are_exact_at_both_ends(void **state)
{
    (void)state;
    char buffer[BUFFER_SIZE];
    struct json_writer writer;
    json_write_init(&writer, buffer, sizeof buffer);
    json_write_array_begin(&writer, NULL);
    json_write_int(&writer, NULL, INT64_MIN);
    json_write_int(&writer, NULL, INT64_MAX);
    json_write_int_as_string(&writer, NULL, INT64_MIN);
    json_write_array_end(&writer);
    json_write_finish(&writer);
    assert_string_equal(buffer, "[-9223372036854775808,9223372036854775807,"
                                "\"-9223372036854775808\"]");
}

static void doubles_are_short_and_read_back_the_same(void **state)
{
    (void)state;
    char buffer[BUFFER_SIZE];
    struct json_writer writer;
    json_write_init(&writer, buffer, sizeof buffer);
    json_write_array_begin(&writer, NULL);
    json_write_double(&writer, NULL, 0.1);
    json_write_double(&writer, NULL, 1.0 / 3);
    json_write_double(&writer, NULL, -2.5e-9);
    json_write_double(&writer, NULL, (double)NAN);
    json_write_double(&writer, NULL, -(double)INFINITY);
    json_write_array_end(&writer);
    json_write_finish(&writer);
    assert_string_equal(buffer, "[0.1,0.33333333333333331,-2.5e-09,null,null]");
}

static size_t write_example(char *buffer, size_t size)
{
    struct json_writer writer;
    json_write_init(&writer, buffer, size);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "name", "a\nb");
    json_write_array_begin(&writer, "list");
    json_write_int(&writer, NULL, -5);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    return json_write_finish(&writer);
}

static void a_buffer_that_is_too_small_by_any_number_of_bytes_fails_and_is_not_overrun(void **state)
{
    (void)state;
    static const char expected[] = "{\"name\":\"a\\nb\",\"list\":[-5]}";
    for (size_t size = 0; size < sizeof expected; size++) {
        char buffer[sizeof expected + 1];
        memset(buffer, '#', sizeof buffer);
        assert_int_equal(write_example(buffer, size), 0);
        assert_int_equal(buffer[size], '#');
        if (size > 0)
            assert_string_equal(buffer, "");
    }
    char buffer[sizeof expected];
    assert_int_equal(write_example(buffer, sizeof buffer), sizeof expected - 1);
    assert_string_equal(buffer, expected);
}

static void a_failure_sticks(void **state)
{
    (void)state;
    char buffer[8];
    struct json_writer writer;
    json_write_init(&writer, buffer, sizeof buffer);
    json_write_string(&writer, NULL, "much too long");
    assert_true(writer.failed);
    json_write_int(&writer, NULL, 1);
    assert_int_equal(json_write_finish(&writer), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_and_arrays_nest_with_commas_where_they_belong),
        cmocka_unit_test(what_json_reserves_is_escaped),
        cmocka_unit_test(utf8_is_kept_and_anything_else_is_replaced),
        cmocka_unit_test(keys_are_escaped_too),
        cmocka_unit_test(integers_are_exact_at_both_ends),
        cmocka_unit_test(doubles_are_short_and_read_back_the_same),
        cmocka_unit_test(
            a_buffer_that_is_too_small_by_any_number_of_bytes_fails_and_is_not_overrun),
        cmocka_unit_test(a_failure_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
