/* Moments as text: what each clock can tell, and what is none. */
#include "common/base/rfc3339.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    int64_t at_ms;
    const char *text;
} moments[] = { { 0, "1970-01-01T00:00:00.000Z" },
                { 1, "1970-01-01T00:00:00.001Z" },
                { 1709164799999, "2024-02-28T23:59:59.999Z" },
                { 1709164800000, "2024-02-29T00:00:00.000Z" },
                { 1795260678065, "2026-11-21T11:31:18.065Z" },
                { 4102444800000, "2100-01-01T00:00:00.000Z" } };
#define MOMENTS (sizeof moments / sizeof moments[0])

static void a_moment_is_written_in_utc_with_milliseconds(void **state)
{
    (void)state;
    char text[RFC3339_SIZE];
    for (size_t i = 0; i < MOMENTS; i++) {
        rfc3339_write_ms(moments[i].at_ms, text);
        assert_string_equal(text, moments[i].text);
    }
}

static void nanoseconds_have_nine_digits(void **state)
{
    (void)state;
    char text[RFC3339_SIZE];
    rfc3339_write_ns(INT64_C(1795260678000000042), text);
    assert_string_equal(text, "2026-11-21T11:31:18.000000042Z");
    rfc3339_write_ns(INT64_MAX, text);
    assert_string_equal(text, "2262-04-11T23:47:16.854775807Z");
}

static void the_last_year_that_fits_a_number_has_room(void **state)
{
    (void)state;
    char text[RFC3339_SIZE];
    rfc3339_write_ms(INT64_MAX, text);
    assert_string_equal(text, "292278994-08-17T07:12:55.807Z");
}

static void what_was_written_is_read_to_the_second(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOMENTS; i++)
        assert_int_equal(rfc3339_read_ms(moments[i].text), moments[i].at_ms / 1000 * 1000);
    assert_int_equal(rfc3339_read_ms("2026-11-21T11:31:18Z"), 1795260678000);
}

static void what_is_no_moment_is_read_as_none(void **state)
{
    (void)state;
    const char *const texts[] = { "",
                                  "yesterday",
                                  "2026-11-21",
                                  "2026-13-21T11:31:18Z",
                                  "2026-11-21 10:31:18Z",
                                  "2026-11-21T25:31:18Z" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(rfc3339_read_ms(texts[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_written_in_utc_with_milliseconds),
        cmocka_unit_test(nanoseconds_have_nine_digits),
        cmocka_unit_test(the_last_year_that_fits_a_number_has_room),
        cmocka_unit_test(what_was_written_is_read_to_the_second),
        cmocka_unit_test(what_is_no_moment_is_read_as_none),
    };
    setenv("TZ", "UTC-2", 1); /* which must not matter */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
