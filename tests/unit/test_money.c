/* Amounts to the last digit, and the list of currencies against ISO 4217. */
#include "common/base/money.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void digits_are_read_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t amount;
    } cases[] = {
        { "1", 1 },
        { "10", 10 },
        { "12345", 12345 },
        { "9007199254740", INT64_C(9007199254740) },
        { "100000000000000", INT64_C(100000000000000) },
        { "999999999999999", MONEY_AMOUNT_MAX },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t amount = -1;
        assert_true(money_amount_parse(cases[i].text, strlen(cases[i].text), &amount));
        assert_int_equal(amount, cases[i].amount);
    }
}

static void everything_else_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "0",
        "00",
        "0100",
        "-0",
        "-1",
        "+5",
        "12 ",
        " 12",
        "1.5",
        "1.0",
        "1e5",
        "abc",
        "0x10",
        "1_000",
        "1,000",
        "1\n",
        "\xd9\xa1",
        "1000000000000000",
        "9007199254740993",
        "9223372036854775808",
        "99999999999999999999999999999999999999999999999999999999999999",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t amount = 77;
        if (money_amount_parse(texts[i], strlen(texts[i]), &amount))
            fail_msg("\"%s\" was taken as %lld", texts[i], (long long)amount);
        assert_int_equal(amount, 77);
    }
}

static void the_length_counts_and_not_a_final_nul(void **state)
{
    (void)state;
    int64_t amount;
    assert_true(money_amount_parse("12345", 2, &amount));
    assert_int_equal(amount, 12);
    assert_false(money_amount_parse("1\0", 2, &amount));
}

static void every_amount_survives_a_double(void **state)
{
    (void)state;
    double as_double = (double)MONEY_AMOUNT_MAX;
    assert_int_equal((int64_t)as_double, MONEY_AMOUNT_MAX);
    as_double = (double)(MONEY_AMOUNT_MAX - 1);
    assert_int_equal((int64_t)as_double, MONEY_AMOUNT_MAX - 1);
}

static void active_currencies_are_valid(void **state)
{
    (void)state;
    static const char *const codes[] = { "AED", "EUR", "USD", "JPY", "KWD", "CLF",
                                         "ZWG", "XOF", "XCG", "CHF", "VED", "ZAR" };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_true(money_currency_is_valid(codes[i], 3));
}

static void other_currencies_are_not(void **state)
{
    (void)state;
    static const char *const codes[] = { "",    "EU",  "EURO", "eur", "Eur", "EU1", "ABC", "ZZZ",
                                         "AAA", "DEM", "HRK",  "ZWL", "XXX", "XTS", "XAU", "E\0R" };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (money_currency_is_valid(codes[i], strlen(codes[i])))
            fail_msg("%s was taken", codes[i]);
    assert_false(money_currency_is_valid("EUR\0", 4));
}

/* Walks all combinations: a code out of order would be there and never be found. */
static void the_list_has_its_known_size_and_exponents(void **state)
{
    (void)state;
    int count = 0;
    int by_exponent[5] = { 0 };
    for (char a = 'A'; a <= 'Z'; a++) {
        for (char b = 'A'; b <= 'Z'; b++) {
            for (char c = 'A'; c <= 'Z'; c++) {
                char code[CURRENCY_SIZE] = { a, b, c, '\0' };
                if (!money_currency_is_valid(code, 3))
                    continue;
                count++;
                by_exponent[money_currency_exponent(code)]++;
            }
        }
    }
    assert_int_equal(count, 165);
    assert_int_equal(by_exponent[0], 17);
    assert_int_equal(by_exponent[3], 7);
    assert_int_equal(by_exponent[4], 2);
    assert_int_equal(by_exponent[2], 165 - 17 - 7 - 2);
}

static void exponents_are_those_of_the_standard(void **state)
{
    (void)state;
    assert_int_equal(money_currency_exponent("EUR"), 2);
    assert_int_equal(money_currency_exponent("JPY"), 0);
    assert_int_equal(money_currency_exponent("ISK"), 0);
    assert_int_equal(money_currency_exponent("UGX"), 0);
    assert_int_equal(money_currency_exponent("MGA"), 2);
    assert_int_equal(money_currency_exponent("KWD"), 3);
    assert_int_equal(money_currency_exponent("UYW"), 4);
    assert_int_equal(money_currency_exponent("???"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_read_exactly),
        cmocka_unit_test(everything_else_is_refused_and_changes_nothing),
        cmocka_unit_test(the_length_counts_and_not_a_final_nul),
        cmocka_unit_test(every_amount_survives_a_double),
        cmocka_unit_test(active_currencies_are_valid),
        cmocka_unit_test(other_currencies_are_not),
        cmocka_unit_test(the_list_has_its_known_size_and_exponents),
        cmocka_unit_test(exponents_are_those_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
