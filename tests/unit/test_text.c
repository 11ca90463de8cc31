/* Text where the room ends, and numbers as printf writes them. */
#include "common/base/text.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void a_copy_is_cut_where_the_room_ends(void **test)
{
    (void)test;
    char room[5] = "xxxx";
    assert_int_equal(text_copy(room, sizeof room, "abc"), 3);
    assert_string_equal(room, "abc");
    assert_int_equal(text_copy(room, sizeof room, "abcdef"), 4);
    assert_string_equal(room, "abcd");
    assert_int_equal(text_copy(room, sizeof room, ""), 0);
    assert_string_equal(room, "");
    char none[1] = "";
    assert_int_equal(text_copy(none, sizeof none, "abc"), 0);
    assert_string_equal(none, "");
}

static void parts_are_joined_and_cut_where_the_room_ends(void **test)
{
    (void)test;
    static const char *const parts[] = { "ab", ":", "", "cd" };
    char room[6];
    char less[4];
    text_join(room, sizeof room, parts, 4);
    assert_string_equal(room, "ab:cd");
    text_join(less, sizeof less, parts, 4);
    assert_string_equal(less, "ab:");
    text_join(room, sizeof room, parts, 0);
    assert_string_equal(room, "");
}

static void numbers_are_written_as_printf_writes_them(void **test)
{
    (void)test;
    static const int64_t numbers[] = { 0,  1,  9,   10,        -1,        -10,
                                       42, 99, 100, INT64_MAX, INT64_MIN, 1795266565934 };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char expected[32];
        char text[TEXT_INT_SIZE];
        snprintf(expected, sizeof expected, "%" PRId64, numbers[i]);
        assert_int_equal(text_int(text, numbers[i]), strlen(expected));
        assert_string_equal(text, expected);
    }
}

static void numbers_are_read_if_they_are_nothing_else(void **test)
{
    (void)test;
    static const char *const others[] = {
        "", "-", " 1", "1 ", "+1", "01", "1a", "-0x", "0x1", "--1", "9223372036854775808"
    };
    int64_t value = 7;
    assert_true(text_read_int("0", &value) && value == 0);
    assert_true(text_read_int("-12", &value) && value == -12);
    assert_true(text_read_int("9223372036854775807", &value) && value == INT64_MAX);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (text_read_int(others[i], &value))
            fail_msg("'%s' was read", others[i]);
    assert_int_equal(value, INT64_MAX);
}

static void a_choice_is_one_whole_word(void **test)
{
    (void)test;
    assert_true(text_is_choice("table|json", "table"));
    assert_true(text_is_choice("table|json", "json"));
    assert_false(text_is_choice("table|json", "tab"));
    assert_false(text_is_choice("table|json", "table|json"));
    assert_false(text_is_choice("table|json", ""));
    assert_false(text_is_choice("table|", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_cut_where_the_room_ends),
        cmocka_unit_test(parts_are_joined_and_cut_where_the_room_ends),
        cmocka_unit_test(numbers_are_written_as_printf_writes_them),
        cmocka_unit_test(numbers_are_read_if_they_are_nothing_else),
        cmocka_unit_test(a_choice_is_one_whole_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
