/* What people read: money, durations, tables, and nothing that a terminal would obey. */
#include "cli/screen/text.h"
#include "cli/sources/clock_skew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void money_has_its_currencys_decimals(void **state)
{
    (void)state;
    static const struct {
        int64_t amount;
        const char *currency, *text;
    } cases[] = {
        { 12900, "EUR", "129.00 EUR" },
        { 5, "EUR", "0.05 EUR" },
        { 1500, "JPY", "1500 JPY" },
        { 1234, "KWD", "1.234 KWD" },
        { 0, "EUR", "0.00 EUR" },
        { -250, "EUR", "-2.50 EUR" },
        { INT64_MIN, "JPY", "-9223372036854775808 JPY" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TEXT_MONEY_SIZE];
        text_money(cases[i].amount, cases[i].currency, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void durations_have_two_units_at_most(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        { 0, "0 ms" },       { 999, "999 ms" },        { 4250, "4.2 s" },
        { 60000, "1 min" },  { 570000, "9 min 30 s" }, { 7500000, "2 h 5 min" },
        { 86400000, "1 d" }, { 273600000, "3 d 4 h" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TEXT_DURATION_SIZE];
        text_duration(cases[i].ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void times_are_written_with_milliseconds(void **state)
{
    (void)state;
    char text[TEXT_TIME_SIZE];
    setenv("TZ", "UTC-2", 1);
    text_time(1795260678265, text);
    assert_string_equal(text, "2026-11-21 13:31:18.265");
    text_time_of_day(1795260678265, text);
    assert_string_equal(text, "13:31:18.265");
    text_time(0, text);
    assert_string_equal(text, "-");
    text_time_of_day(-5, text);
    assert_string_equal(text, "-");
}

static void control_characters_do_not_reach_a_terminal(void **state)
{
    (void)state;
    char text[] = "a\033[31mb\nc\x7f\xc2\x9b"
                  "dé";
    assert_string_equal(text_clean(text), "a.[31mb.c...dé");
}

static void a_table_is_as_wide_as_its_cells(void **state)
{
    (void)state;
    static const char *const heads[] = { "id", "#n", "!state" };
    char text[256] = "";
    struct table table;
    table_start(&table, heads, 3);
    table_add(&table, "%s", "é");
    table_add(&table, "%d", 7);
    table_add(&table, "%s", "failed");
    table_add(&table, "%s", "long\033");
    table_add(&table, "%d", 1234);
    FILE *out = fmemopen(text, sizeof text, "w");
    table_print(&table, out, false);
    fclose(out);
    table_done(&table);
    assert_string_equal(text, "id        n  state\n"
                              "é         7  failed\n"
                              "long.  1234  \n");
}

static void colours_come_only_where_they_are_wanted(void **state)
{
    (void)state;
    char text[64] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    text_print(out, true, COLOUR_BAD, "%s", "x");
    text_print(out, false, COLOUR_BAD, "%s", "y");
    text_print(out, true, text_state_colour("whatever"), "%s", "z");
    assert_false(text_has_colours(out));
    fclose(out);
    assert_string_equal(text, "\033[31mx\033[0myz");
}

/* A Date says only the second in which the answer was made. */
static void a_clock_that_may_agree_has_no_skew(void **state)
{
    (void)state;
    assert_int_equal(clock_skew_of(100, 100000, 100000), 0);
    assert_int_equal(clock_skew_of(100, 100999, 101500), 0);
    assert_int_equal(clock_skew_of(100, 99500, 100010), 0);
    assert_int_equal(clock_skew_of(105, 100000, 100100), 4900);
    assert_int_equal(clock_skew_of(100, 105000, 105100), -4001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_has_its_currencys_decimals),
        cmocka_unit_test(durations_have_two_units_at_most),
        cmocka_unit_test(times_are_written_with_milliseconds),
        cmocka_unit_test(control_characters_do_not_reach_a_terminal),
        cmocka_unit_test(a_table_is_as_wide_as_its_cells),
        cmocka_unit_test(colours_come_only_where_they_are_wanted),
        cmocka_unit_test(a_clock_that_may_agree_has_no_skew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
