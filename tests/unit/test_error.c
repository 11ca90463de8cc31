/* An error's message reads from the outside in, and is cut where it does not fit. */
#include "common/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void setting_an_error_returns_false_and_keeps_code_and_message(void **state)
{
    (void)state;
    struct error error = { 0 };
    assert_false(error_set(&error, ERROR_RETRY, "mongodb: %s", "not primary"));
    assert_int_equal(error.code, ERROR_RETRY);
    assert_string_equal(error.message, "mongodb: not primary");
}

static void wrapping_puts_the_context_in_front_and_keeps_the_code(void **state)
{
    (void)state;
    struct error error;
    error_set(&error, ERROR_CONFLICT, "version moved on");
    assert_false(error_wrap(&error, "save booking %s", "7f3"));
    assert_string_equal(error.message, "save booking 7f3: version moved on");
    assert_int_equal(error.code, ERROR_CONFLICT);
}

static void a_message_may_be_wrapped_into_itself(void **state)
{
    (void)state;
    struct error error;
    error_set(&error, ERROR_BUG, "inner");
    error_wrap(&error, "again %s", error.message);
    assert_string_equal(error.message, "again inner: inner");
}

static void too_long_a_message_is_cut_and_ended(void **state)
{
    (void)state;
    struct error error;
    char text[2 * ERROR_MESSAGE_BYTES];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(&error, ERROR_REJECT, "%s", text);
    assert_int_equal(strlen(error.message), ERROR_MESSAGE_BYTES - 1);
    error_wrap(&error, "context %s", text);
    assert_int_equal(strlen(error.message), ERROR_MESSAGE_BYTES - 1);
    assert_memory_equal(error.message, "context xxx", 11);
    assert_non_null(strstr(error.message, ": x"));
}

static void every_code_has_its_own_text(void **state)
{
    (void)state;
    for (int one = ERROR_NONE; one < ERROR_CODE_COUNT; one++)
        for (int other = ERROR_NONE; other < one; other++)
            assert_string_not_equal(error_code_text((enum error_code)one),
                                    error_code_text((enum error_code)other));
    assert_string_equal(error_code_text(ERROR_NOT_FOUND), "not found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_an_error_returns_false_and_keeps_code_and_message),
        cmocka_unit_test(wrapping_puts_the_context_in_front_and_keeps_the_code),
        cmocka_unit_test(a_message_may_be_wrapped_into_itself),
        cmocka_unit_test(too_long_a_message_is_cut_and_ended),
        cmocka_unit_test(every_code_has_its_own_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
