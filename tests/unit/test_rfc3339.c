/* Moments as text: what each clock can tell, and what is none. */
#include "common/base/rfc3339.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

static int64_t read_of(const char *text)
{
    int64_t at_ms = -1;
    bool is_read = rfc3339_read_ms(text, strlen(text), &at_ms);
    assert_true(is_read == (at_ms >= 0)); /* untouched where it is none */
    return at_ms;
}

static void what_was_written_is_read_again(void **state)
{
    (void)state;
    char text[RFC3339_SIZE];
    for (size_t i = 0; i < MOMENTS; i++)
        assert_int_equal(read_of(moments[i].text), moments[i].at_ms);
    for (int64_t at_ms = 0; at_ms < INT64_C(253402300800000); at_ms += INT64_C(86399999) * 17) {
        rfc3339_write_ms(at_ms, text);
        assert_int_equal(read_of(text), at_ms);
    }
    assert_int_equal(read_of("9999-12-31T23:59:59.999Z"), RFC3339_MS_MAX);
}

static void others_write_moments_in_other_ways(void **state)
{
    (void)state;
    assert_int_equal(read_of("2026-11-21T11:31:18Z"), 1795260678000);
    assert_int_equal(read_of("2026-11-21t11:31:18.5z"), 1795260678500);
    assert_int_equal(read_of("2026-11-21T11:31:18.123999999Z"), 1795260678123);
    assert_int_equal(read_of("2026-11-21T13:31:18+02:00"), 1795260678000);
    assert_int_equal(read_of("2026-11-21T07:01:18-04:30"), 1795260678000);
    assert_int_equal(read_of("2026-11-21T11:31:18-00:00"), 1795260678000);
    assert_int_equal(read_of("2016-12-31T23:59:60Z"), 1483228800000);
    assert_int_equal(read_of("2000-02-29T00:00:00Z"), 951782400000);
}

static void what_is_no_moment_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {
        "",
        "yesterday",
        "2026-11-21",
        "2026-11-21T11:31:18",
        "2026-11-21T11:31Z",
        "2026-11-21 11:31:18Z",
        "2026-13-21T11:31:18Z",
        "2026-00-21T11:31:18Z",
        "2026-11-00T11:31:18Z",
        "2026-11-31T11:31:18Z",
        "2026-02-29T11:31:18Z",
        "2100-02-29T11:31:18Z",
        "2026-11-21T24:31:18Z",
        "2026-11-21T11:60:18Z",
        "2026-11-21T11:31:61Z",
        "2026-11-21T11:31:18.Z",
        "2026-11-21T11:31:18.1",
        "2026-11-21T11:31:18+2:00",
        "2026-11-21T11:31:18+0200",
        "2026-11-21T11:31:18+24:00",
        "2026-11-21T11:31:18Z ",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:59:59+01:00",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-00:01",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(read_of(texts[i]), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_written_in_utc_with_milliseconds),
        cmocka_unit_test(nanoseconds_have_nine_digits),
        cmocka_unit_test(the_last_year_that_fits_a_number_has_room),
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(others_write_moments_in_other_ways),
        cmocka_unit_test(what_is_no_moment_is_refused),
    };
    setenv("TZ", "UTC-2", 1); /* which must not matter */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
