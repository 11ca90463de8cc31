/* Fields read by a table, from text that the scan has taken. */
#include "common/json/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array_variable) (sizeof(array_variable) / sizeof(array_variable)[0])
#define NOTE_SIZE             9

struct order {
    char id[IDENT_SIZE];
    int64_t amount;
    char currency[CURRENCY_SIZE];
    char note[NOTE_SIZE];
    int64_t at_ms;
    bool is_test;
    struct json_span items;
};

static const struct json_field fields[] = {
    { "id", JSON_FIELD_IDENT, true, offsetof(struct order, id), 0 },
    { "amount", JSON_FIELD_AMOUNT, true, offsetof(struct order, amount), 0 },
    { "currency", JSON_FIELD_CURRENCY, false, offsetof(struct order, currency), 0 },
    { "note", JSON_FIELD_TEXT, false, offsetof(struct order, note), NOTE_SIZE },
    { "at", JSON_FIELD_INT, false, offsetof(struct order, at_ms), 0 },
    { "test", JSON_FIELD_BOOL, false, offsetof(struct order, is_test), 0 },
    { "items", JSON_FIELD_SPAN, false, offsetof(struct order, items), 0 },
};

static bool read_order(const char *text, struct order *order, struct json_problem *problem)
{
    return json_read(text, strlen(text), fields, COUNT(fields), JSON_UNKNOWN_REFUSED, order,
                     problem);
}

/* Reads {"id":"B1","amount":1,"<name>":<value>}, without the double where name is one of these. */
static bool read_with(const char *name, const char *value, struct order *order,
                      struct json_problem *problem)
{
    char text[512];
    int length = snprintf(text, sizeof text, "{%s%s\"%s\":%s}",
                          strcmp(name, "id") != 0 ? "\"id\":\"B1\"," : "",
                          strcmp(name, "amount") != 0 ? "\"amount\":1," : "", name, value);
    assert_true(length > 0 && (size_t)length < sizeof text);
    return read_order(text, order, problem);
}

static void assert_refused(const char *name, const char *const *values, size_t count)
{
    char pointer[32];
    snprintf(pointer, sizeof pointer, "/%s", name);
    for (size_t i = 0; i < count; i++) {
        struct order order = { 0 };
        struct json_problem problem;
        if (read_with(name, values[i], &order, &problem))
            fail_msg("%s %s was taken", name, values[i]);
        if (problem.is_syntax)
            fail_msg("%s %s: %s", name, values[i], problem.detail);
        assert_false(problem.is_unknown_field);
        assert_string_equal(problem.pointer, pointer);
        assert_memory_equal(problem.detail, "must be ", 8);
    }
}

static void every_type_of_field_is_read(void **state)
{
    (void)state;
    struct order order = { 0 };
    struct json_problem problem;
    assert_true(read_order("{\"id\":\"B-1.x:_\",\"amount\":12345,\"currency\":\"EUR\",\"note\":"
                           "\"\\u20ac\\u00e9/x\",\"at\":-5,\"test\":true,\"items\":[1, 2]}",
                           &order, &problem));
    assert_string_equal(order.id, "B-1.x:_");
    assert_int_equal(order.amount, 12345);
    assert_string_equal(order.currency, "EUR");
    assert_string_equal(order.note, "\xe2\x82\xac\xc3\xa9/x");
    assert_int_equal(order.at_ms, -5);
    assert_true(order.is_test);
    assert_int_equal(order.items.kind, JSON_ARRAY);
    assert_memory_equal(order.items.at, "[1, 2]", order.items.length);
}

static void an_absent_optional_field_leaves_the_target_as_it_was(void **state)
{
    (void)state;
    struct order order = { .currency = "USD", .at_ms = 77, .is_test = true };
    struct json_problem problem;
    assert_true(read_order("{\"id\":\"B1\",\"amount\":1}", &order, &problem));
    assert_string_equal(order.currency, "USD");
    assert_int_equal(order.at_ms, 77);
    assert_true(order.is_test);
}

static void an_amount_may_be_a_number_or_a_string_of_digits(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t amount;
    } cases[] = {
        { "1", 1 },
        { "\"1\"", 1 },
        { "999999999999999", MONEY_AMOUNT_MAX },
        { "\"999999999999999\"", MONEY_AMOUNT_MAX },
        { "\"\\u0031\\u0032\"", 12 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct order order = { 0 };
        struct json_problem problem;
        assert_true(read_with("amount", cases[i].value, &order, &problem));
        assert_int_equal(order.amount, cases[i].amount);
    }
}

static void any_other_amount_is_refused_with_the_way_out(void **state)
{
    (void)state;
    static const char *const values[] = {
        "0",
        "-0",
        "-1",
        "1.0",
        "1.5",
        "1e5",
        "1E2",
        "0100",
        "1.",
        "+5",
        "-",
        "00",
        "1e400",
        "1000000000000000",
        "9007199254740993",
        "9223372036854775808",
        "18446744073709551617",
        "1111111111111111111111111111111111111111111111111111111111111111111111",
        "\"\"",
        "\"0\"",
        "\"-1\"",
        "\"+5\"",
        "\"12 \"",
        "\" 12\"",
        "\"1.5\"",
        "\"1e5\"",
        "\"abc\"",
        "\"0100\"",
        "\"1000000000000000\"",
        "\"9007199254740993\"",
        "\"9223372036854775808\"",
        "\"1111111111111111111111111111111111111111111111111111111111111111111111\"",
        "\"\\u0661\"",
        "true",
        "false",
        "null",
        "{}",
        "[]",
        "[1]",
        "{\"$gt\":1}",
    };
    assert_refused("amount", values, COUNT(values));
    struct order order;
    struct json_problem problem;
    assert_false(read_with("amount", "0100", &order, &problem));
    assert_string_equal(problem.detail, "must be an integer in minor units, 1 to 999999999999999, "
                                        "as a number or a string of digits");
}

static void ids_are_strings_of_the_listed_characters(void **state)
{
    (void)state;
    static const char *const values[] = {
        "\"\"",
        "1",
        "null",
        "true",
        "[]",
        "{\"$ne\":null}",
        "\"$where\"",
        "\"a b\"",
        "\"a/b\"",
        "\"a\\u0009\"",
        "\"\\u00e9\"",
        "\"caf\xc3\xa9\"",
        "-",
        "01",
        "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", /* 65 */
    };
    assert_refused("id", values, COUNT(values));
    struct order order;
    struct json_problem problem;
    assert_true(read_with("id",
                          "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
                          &order, &problem));
    assert_int_equal(strlen(order.id), IDENT_BYTES_MAX);
    assert_true(read_with("id", "\"\\u0042\\u0031\"", &order, &problem));
    assert_string_equal(order.id, "B1");
}

static void currencies_are_those_of_the_standard(void **state)
{
    (void)state;
    static const char *const values[] = { "\"\"",     "\"eur\"", "\"EURO\"",   "\"EU\"", "\"XXX\"",
                                          "\"ABC\"",  "1",       "null",       "[]",     "{}",
                                          "\"EUR \"", "true",    "\"\\u20ac\"" };
    assert_refused("currency", values, COUNT(values));
}

static void texts_have_a_length_and_no_control_characters(void **state)
{
    (void)state;
    static const char *const values[] = {
        "\"\"",          "1",
        "null",          "[\"a\"]",
        "\"123456789\"", "\"1234567\\u00e9\"", /* nine bytes */
        "\"a\\n\"",      "\"\\u001b[31m\"",
        "\"\x7f\"",      "\"\\u007f\"",
        "\"\\u0085\"",   "\"\xc2\x9b\"",
    };
    assert_refused("note", values, COUNT(values));
    struct order order;
    struct json_problem problem;
    assert_true(read_with("note", "\"12345678\"", &order, &problem));
    assert_true(read_with("note", "\"\xc2\xa0\"", &order, &problem));
}

static void integers_reach_from_end_to_end_of_64_bits(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t number;
    } cases[] = { { "0", 0 },
                  { "-0", 0 },
                  { "-1", -1 },
                  { "9223372036854775807", INT64_MAX },
                  { "-9223372036854775808", INT64_MIN },
                  { "9007199254740993", INT64_C(9007199254740993) } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct order order = { 0 };
        struct json_problem problem;
        assert_true(read_with("at", cases[i].value, &order, &problem));
        assert_true(order.at_ms == cases[i].number);
    }
    static const char *const values[] = { "9223372036854775808",
                                          "-9223372036854775809",
                                          "1.0",
                                          "99999999999999999999",
                                          "1e2",
                                          "\"1\"",
                                          "null",
                                          "true",
                                          "01" };
    assert_refused("at", values, COUNT(values));
}

static void booleans_are_just_true_and_false(void **state)
{
    (void)state;
    static const char *const values[] = { "1", "0", "\"true\"", "null", "[]" };
    assert_refused("test", values, COUNT(values));
    struct order order = { .is_test = true };
    struct json_problem problem;
    assert_true(read_with("test", "false", &order, &problem));
    assert_false(order.is_test);
}

static void a_missing_required_field_is_pointed_to(void **state)
{
    (void)state;
    struct order order;
    struct json_problem problem;
    assert_false(read_order("{\"id\":\"B1\"}", &order, &problem));
    assert_false(problem.is_syntax);
    assert_false(problem.is_unknown_field);
    assert_string_equal(problem.pointer, "/amount");
    assert_memory_equal(problem.detail, "is missing; must be an integer", 30);
}

static void an_unknown_field_is_refused_and_named_or_ignored(void **state)
{
    (void)state;
    static const char text[] = "{\"id\":\"B1\",\"amount\":1,\"am/ou~nt\\u00e9\":{\"x\":[]}}";
    struct order order;
    struct json_problem problem;
    assert_false(read_order(text, &order, &problem));
    assert_true(problem.is_unknown_field);
    assert_false(problem.is_syntax);
    assert_string_equal(problem.pointer, "/am~1ou~0nt\xc3\xa9");
    assert_true(json_read(text, sizeof text - 1, fields, COUNT(fields), JSON_UNKNOWN_IGNORED,
                          &order, &problem));
}

static void names_are_compared_unescaped_and_with_their_case(void **state)
{
    (void)state;
    struct order order;
    struct json_problem problem;
    assert_true(read_order("{\"\\u0069d\":\"B1\",\"amoun\\u0074\":7}", &order, &problem));
    assert_int_equal(order.amount, 7);
    assert_false(read_order("{\"id\":\"B1\",\"Amount\":7}", &order, &problem));
    assert_true(problem.is_unknown_field);
    assert_string_equal(problem.pointer, "/Amount");
}

static void a_name_that_begins_like_a_field_is_another_name(void **state)
{
    (void)state;
    struct order order;
    struct json_problem problem;
    assert_false(read_order("{\"id\":\"B1\",\"amount\":7,\"amounts\":1}", &order, &problem));
    assert_string_equal(problem.pointer, "/amounts");
    assert_false(read_order("{\"id\":\"B1\",\"amount\":7,\"curr\":1}", &order, &problem));
    assert_string_equal(problem.pointer, "/curr");
}

static void a_pointer_to_a_long_name_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t length = JSON_POINTER_SIZE - 8; length < JSON_POINTER_SIZE + 8; length++) {
        static const char *const tails[] = { "\xf0\x9f\x98\x80", "~", "/", "~~" };
        for (size_t i = 0; i < COUNT(tails); i++) {
            char text[2 * JSON_POINTER_SIZE] = "{\"";
            memset(text + 2, 'x', length);
            snprintf(text + 2 + length, sizeof text - 2 - length, "%s\":1}", tails[i]);
            struct order order;
            struct json_problem problem;
            assert_false(read_order(text, &order, &problem));
            size_t x_count = strspn(problem.pointer + 1, "x");
            assert_true(x_count == length || x_count == JSON_POINTER_SIZE - 2);
            const char *rest = problem.pointer + 1 + x_count;
            assert_true(rest[0] == '\0' || strlen(rest) % 2 == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_field_is_read),
        cmocka_unit_test(an_absent_optional_field_leaves_the_target_as_it_was),
        cmocka_unit_test(an_amount_may_be_a_number_or_a_string_of_digits),
        cmocka_unit_test(any_other_amount_is_refused_with_the_way_out),
        cmocka_unit_test(ids_are_strings_of_the_listed_characters),
        cmocka_unit_test(currencies_are_those_of_the_standard),
        cmocka_unit_test(texts_have_a_length_and_no_control_characters),
        cmocka_unit_test(integers_reach_from_end_to_end_of_64_bits),
        cmocka_unit_test(booleans_are_just_true_and_false),
        cmocka_unit_test(a_missing_required_field_is_pointed_to),
        cmocka_unit_test(an_unknown_field_is_refused_and_named_or_ignored),
        cmocka_unit_test(names_are_compared_unescaped_and_with_their_case),
        cmocka_unit_test(a_name_that_begins_like_a_field_is_another_name),
        cmocka_unit_test(a_pointer_to_a_long_name_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
