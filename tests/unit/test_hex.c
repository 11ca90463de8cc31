/* Hexadecimal digits: bytes as text and back, and what is no digit. */
#include "common/base/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void it_is_written_in_lower_case_and_ended(void **state)
{
    (void)state;
    char text[9] = "????????";
    hex_write((const uint8_t[]){ 0x00, 0x9f, 0xa5, 0xff }, 4, text);
    assert_string_equal(text, "009fa5ff");
    hex_write(NULL, 0, text);
    assert_string_equal(text, "");
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    uint8_t bytes[256], again[256];
    char text[513];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    hex_write(bytes, sizeof bytes, text);
    assert_true(hex_read(text, sizeof again, again));
    assert_memory_equal(bytes, again, sizeof bytes);
}

static void only_lower_case_digits_are_read_and_nothing_behind_another(void **state)
{
    (void)state;
    uint8_t bytes[2];
    static const char *const wrong[] = { "", "0", "00F0", "0g00", "000", "00 0", "00\n0" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(hex_read(wrong[i], 2, bytes));
    assert_true(hex_read("00f0??", 2, bytes));
    assert_int_equal(bytes[1], 0xf0);
    assert_true(hex_read("", 0, bytes));
}

static void a_hexadecimal_digit_has_a_value_and_nothing_else_has(void **state)
{
    (void)state;
    static const char digits[] = "0123456789abcdefABCDEF";
    int count = 0;
    for (int c = -128; c < 128; c++) {
        const char *at = c != 0 ? strchr(digits, c) : NULL;
        int expected = at == NULL                ? -1
                       : (int)(at - digits) < 16 ? (int)(at - digits)
                                                 : (int)(at - digits) - 6;
        assert_int_equal(hex_digit((char)c), expected);
        count += at != NULL;
    }
    assert_int_equal(count, 22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_written_in_lower_case_and_ended),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(only_lower_case_digits_are_read_and_nothing_behind_another),
        cmocka_unit_test(a_hexadecimal_digit_has_a_value_and_nothing_else_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
