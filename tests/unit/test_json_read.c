/* The scan: what is a JSON object for us and what is not. Fields are in test_json_fields.c. */
#include "common/json/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_SIZE ((size_t)256 * 1024)

/* Scans a copy that ends at the end of its memory, so that ASan sees a step beyond it. */
static bool scan(const char *text, size_t length, struct json_problem *problem)
{
    char *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    struct json_object object;
    bool is_good = json_object_scan(copy, length, &object, problem);
    free(copy);
    return is_good;
}

struct text {
    const char *at;
    size_t length;
};
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
#define COUNT(array_variable) (sizeof(array_variable) / sizeof(array_variable)[0])

static void assert_all_good(const struct text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct json_problem problem;
        if (!scan(texts[i].at, texts[i].length, &problem))
            fail_msg("%s was refused: %s", texts[i].at, problem.detail);
    }
}

static void assert_all_broken(const struct text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct json_problem problem;
        if (scan(texts[i].at, texts[i].length, &problem))
            fail_msg("%s was taken", texts[i].at);
        if (!problem.is_syntax || problem.is_unknown_field)
            fail_msg("%s is broken, but the problem is: %s", texts[i].at, problem.detail);
        assert_true(problem.detail[0] != '\0');
    }
}

static void what_the_rfc_allows_is_taken(void **state)
{
    (void)state;
    static const struct text texts[] = {
        TEXT("{}"),
        TEXT(" \t\r\n{ \t\r\n} \t\r\n"),
        TEXT("{\"a\":1,\"b\":-0,\"c\":0.5,\"d\":1e5,\"e\":1E+5,\"f\":-12.25e-3,\"g\":1e400}"),
        TEXT("{\"a\":true,\"b\":false,\"c\":null,\"d\":\"\",\"e\":[],\"f\":{}}"),
        TEXT("{ \"a\" : [ 1 , \"x\" , [ ] , { \"b\" : [ { } , { } ] } ] }"),
        TEXT("{\"\":\"the empty key\"}"),
        TEXT("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20aC\"}"),
        TEXT("{\"a\":\"\\ud83d\\ude00\"}"),
        TEXT("{\"a\":\"\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 "
             "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\"}"),
        TEXT("{\"a\":{\"x\":1},\"b\":{\"x\":1}}"),
        TEXT("{\"\xc3\xa9\":1,\"\xc3\x89\":2}"), /* only ASCII letters have case here */
    };
    assert_all_good(texts, COUNT(texts));
}

static void broken_structure_is_refused(void **state)
{
    (void)state;
    static const struct text texts[] = {
        TEXT(""),
        TEXT(" "),
        TEXT("[]"),
        TEXT("1"),
        TEXT("\"a\""),
        TEXT("null"),
        TEXT("{"),
        TEXT("}"),
        TEXT("{}}"),
        TEXT("{}{}"),
        TEXT("{} x"),
        TEXT("{},"),
        TEXT("{\"a\":1"),
        TEXT("{\"a\":1,}"),
        TEXT("{,\"a\":1}"),
        TEXT("{\"a\":1,,\"b\":2}"),
        TEXT("{\"a\" 1}"),
        TEXT("{\"a\":}"),
        TEXT("{\"a\"}"),
        TEXT("{\"a"),
        TEXT("{\"a\""),
        TEXT("{\"a\":"),
        TEXT("{a:1}"),
        TEXT("{'a':1}"),
        TEXT("{1:1}"),
        TEXT("{null:1}"),
        TEXT("{\"a\":[1,]}"),
        TEXT("{\"a\":[,1]}"),
        TEXT("{\"a\":[1 2]}"),
        TEXT("{\"a\":[1}}"),
        TEXT("{\"a\":{\"b\":1]}"),
        TEXT("{\"a\":[\"b\":1]}"),
        TEXT("{\"a\":[1]"),
        TEXT("{\"a\":1 \"b\":2}"),
        TEXT("{\"a\":1}/**/"),
        TEXT("{/**/\"a\":1}"),
        TEXT("{\"a\":tru}"),
        TEXT("{\"a\":truex}"),
        TEXT("{\"a\":TRUE}"),
        TEXT("{\"a\":nul"),
        TEXT("{\"a\":undefined}"),
        TEXT("\xef\xbb\xbf{}"),
        TEXT("\xff\xfe{\0}\0"),
        TEXT("{}\0"),
        TEXT("\0{}"),
        TEXT("{\"a\":1\0}"),
        TEXT("{\v}"),
        TEXT("{\xc2\xa0}"),
        TEXT("\x1e{}"),
    };
    assert_all_broken(texts, COUNT(texts));
}

static void broken_strings_are_refused(void **state)
{
    (void)state;
    static const struct text texts[] = {
        TEXT("{\"a\":\"x}"),
        TEXT("{\"a\":\"\\"),
        TEXT("{\"a\":\"\\\"}"),
        TEXT("{\"a\":\"\\x41\"}"),
        TEXT("{\"a\":\"\\'\"}"),
        TEXT("{\"a\":\"\\\0\"}"),
        TEXT("{\"a\":\"\\u12\"}"),
        TEXT("{\"a\":\"\\u12g4\"}"),
        TEXT("{\"a\":\"\\u 123\"}"),
        TEXT("{\"a\":\"\\U0041\"}"),
        TEXT("{\"a\":\"tab\there\"}"),
        TEXT("{\"a\":\"line\nfeed\"}"),
        TEXT("{\"a\":\"nul\0\"}"),
        TEXT("{\"a\":\"\x1f\"}"),
        TEXT("{\"amount\0x\":1}"),
        TEXT("{\"a\":\"\\u0000\"}"),
        TEXT("{\"amount\\u0000x\":1}"),
        TEXT("{\"a\":[{\"b\":\"\\u0000\"}]}"),
    };
    assert_all_broken(texts, COUNT(texts));
}

static void a_lone_surrogate_is_refused(void **state)
{
    (void)state;
    static const struct text texts[] = {
        TEXT("{\"a\":\"\\ud83d\"}"),        TEXT("{\"a\":\"\\ude00\"}"),
        TEXT("{\"a\":\"\\ude00\\ud83d\"}"), TEXT("{\"a\":\"\\ud83d\\ud83d\"}"),
        TEXT("{\"a\":\"\\ud83dx\"}"),       TEXT("{\"a\":\"\\ud83d\\n\"}"),
        TEXT("{\"a\":\"\\ud83d\\u0041\"}"), TEXT("{\"a\":\"\\udbff\\ue000\"}"),
        TEXT("{\"a\":\"\\ud83d\\ude0"),     TEXT("{\"\\ud83d\":1}"),
    };
    assert_all_broken(texts, COUNT(texts));
}

static void malformed_utf8_is_refused(void **state)
{
    (void)state;
    static const struct text texts[] = {
        TEXT("{\"a\":\"\x80\"}"), /* a continuation alone */
        TEXT("{\"a\":\"\xff\"}"),
        TEXT("{\"a\":\"\xfe\"}"),
        TEXT("{\"a\":\"\xc3\"}"), /* cut off */
        TEXT("{\"a\":\"\xe2\x82\"}"),
        TEXT("{\"a\":\"\xf0\x9f\x98\"}"),
        TEXT("{\"a\":\"\xf0\x9f\x98"),
        TEXT("{\"a\":\"\xc0\x80\"}"), /* overlong */
        TEXT("{\"a\":\"\xc1\xbf\"}"),
        TEXT("{\"a\":\"\xe0\x80\xaf\"}"),
        TEXT("{\"a\":\"\xe0\x9f\xbf\"}"),
        TEXT("{\"a\":\"\xf0\x80\x80\xaf\"}"),
        TEXT("{\"a\":\"\xf0\x8f\xbf\xbf\"}"),
        TEXT("{\"a\":\"\xed\xa0\x80\"}"), /* surrogates */
        TEXT("{\"a\":\"\xed\xbf\xbf\"}"),
        TEXT("{\"a\":\"\xed\xa0\xbd\xed\xb8\x80\"}"),
        TEXT("{\"a\":\"\xf4\x90\x80\x80\"}"), /* above U+10FFFF */
        TEXT("{\"a\":\"\xf5\x80\x80\x80\"}"),
        TEXT("{\"a\":\"\xf8\x88\x80\x80\x80\"}"),
        TEXT("{\"\xc3(\":1}"),
    };
    assert_all_broken(texts, COUNT(texts));
}

static void a_key_may_stand_once_whatever_its_case_or_escapes(void **state)
{
    (void)state;
    static const struct text texts[] = {
        TEXT("{\"a\":1,\"a\":1}"),
        TEXT("{\"a\":1,\"b\":2,\"a\":3}"),
        TEXT("{\"amount\":1,\"Amount\":2}"),
        TEXT("{\"AMOUNT\":1,\"amount\":2}"),
        TEXT("{\"amount\":1,\"\\u0061mount\":2}"),
        TEXT("{\"amount\":1,\"\\u0041mount\":2}"),
        TEXT("{\"\xe2\x82\xac\":1,\"\\u20ac\":2}"),
        TEXT("{\"\xf0\x9f\x98\x80\":1,\"\\uD83D\\uDE00\":2}"),
        TEXT("{\"a/b\":1,\"a\\/b\":2}"),
        TEXT("{\"\":1,\"\":2}"),
        TEXT("{\"x\":{\"a\":1,\"A\":2}}"),
        TEXT("{\"x\":[{\"y\":[{\"a\":1,\"\\u0061\":2}]}]}"),
    };
    assert_all_broken(texts, COUNT(texts));
    static const struct text different[] = {
        TEXT("{\"a\":1,\"ab\":2,\"\":3,\"b\":4}"),
        TEXT("{\"a@\":1,\"a`\":2,\"[\":3,\"{\":4}"), /* 32 apart, and no letters */
        TEXT("{\"a\\\\u0061\":1,\"aa\":2}"),
    };
    assert_all_good(different, COUNT(different));
}

static void a_repeated_key_is_named(void **state)
{
    (void)state;
    struct json_problem problem;
    assert_false(scan("{\"amount\":1,\"\\u0041mount\":2}", 29, &problem));
    assert_string_equal(problem.pointer, "/Amount");
    assert_true(problem.is_syntax);
}

static size_t nest(char *text, size_t depth, char open, char close)
{
    size_t length = (size_t)snprintf(text, TEXT_SIZE, "{\"a\":");
    memset(text + length, open, depth - 1);
    length += depth - 1;
    memset(text + length, close, depth - 1);
    length += depth - 1;
    text[length++] = '}';
    return length;
}

static void depth_16_is_taken_and_more_is_refused_without_recursion(void **state)
{
    (void)state;
    char *text = malloc(TEXT_SIZE);
    assert_non_null(text);
    struct json_problem problem;
    assert_true(scan(text, nest(text, JSON_DEPTH_MAX, '[', ']'), &problem));
    static const size_t depths[] = { JSON_DEPTH_MAX + 1, 900, 100000 };
    for (size_t i = 0; i < COUNT(depths); i++) {
        assert_false(scan(text, nest(text, depths[i], '[', ']'), &problem));
        assert_true(problem.is_syntax);
        assert_non_null(strstr(problem.detail, "too deep"));
    }
    size_t length = 0;
    for (int i = 0; i < 10000; i++, length += 5)
        memcpy(text + length, "{\"a\":", 5);
    assert_false(scan(text, length, &problem));
    assert_non_null(strstr(problem.detail, "too deep"));
    free(text);
}

static size_t members_write(char *text, size_t count)
{
    size_t length = (size_t)snprintf(text, TEXT_SIZE, "{");
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, TEXT_SIZE - length, "%s\"k%zu\":%zu",
                                   i > 0 ? "," : "", i, i);
    text[length++] = '}';
    text[length] = '\0';
    return length;
}

static void sixty_four_members_are_taken_and_one_more_is_not(void **state)
{
    (void)state;
    char *text = malloc(TEXT_SIZE);
    char *nested = malloc(TEXT_SIZE + 16);
    assert_non_null(text);
    assert_non_null(nested);
    struct json_problem problem;
    struct json_object object;
    assert_true(json_object_scan(text, members_write(text, JSON_MEMBERS_MAX), &object, &problem));
    assert_int_equal(object.count, JSON_MEMBERS_MAX);
    int length = snprintf(nested, TEXT_SIZE, "{\"x\":[%s,%s]}", text, text);
    assert_true(scan(nested, (size_t)length, &problem));
    assert_false(scan(text, members_write(text, JSON_MEMBERS_MAX + 1), &problem));
    assert_true(problem.is_syntax);
    length = snprintf(nested, TEXT_SIZE, "{\"x\":%s}", text);
    assert_false(scan(nested, (size_t)length, &problem));
    assert_true(problem.is_syntax);
    free(nested);
    free(text);
}

static void a_malformed_number_of_a_member_is_the_fields_fault(void **state)
{
    (void)state;
    static const char *const numbers[] = { "0100", "00",  "-01",  "1.",    "+5",  "-",     ".5",
                                           "1.e5", "1e",  "1e+",  "--1",   "1-2", "1.2.3", "+",
                                           ".",    "-.5", "1ee5", "1e5.5", "5+" };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char text[64];
        int length = snprintf(text, sizeof text, "{\"a~b/\":%s, \"c\": 1}", numbers[i]);
        struct json_problem problem;
        if (scan(text, (size_t)length, &problem))
            fail_msg("%s was taken", numbers[i]);
        assert_false(problem.is_syntax);
        assert_string_equal(problem.pointer, "/a~0b~1");
    }
}

static void elsewhere_or_with_other_characters_it_is_broken_json(void **state)
{
    (void)state;
    static const struct text texts[] = {
        TEXT("{\"a\":[0100]}"),    TEXT("{\"a\":{\"b\":1.}}"),   TEXT("{\"a\":0x10}"),
        TEXT("{\"a\":1_000}"),     TEXT("{\"a\":12abc}"),        TEXT("{\"a\":NaN}"),
        TEXT("{\"a\":-Infinity}"), TEXT("{\"a\":0100"),          TEXT("{\"a\":0100,\"a\":1}"),
        TEXT("{\"a\":+5,\"b\":}"), TEXT("{\"a\":\xef\xbc\x91}"), TEXT("{\"a\":1 2}"),
    };
    assert_all_broken(texts, COUNT(texts));
}

static void members_are_given_as_they_stand_in_the_text(void **state)
{
    (void)state;
    static const char text[] = " { \"n\" : -1.5e3 , \"s\":\"a\\\"b\",\"l\":[1, 2] ,\"o\": "
                               "{\"x\":[]}, \"t\":true,\"z\":null}";
    struct json_object object;
    struct json_problem problem;
    assert_true(json_object_scan(text, sizeof text - 1, &object, &problem));
    static const struct {
        const char *key, *value;
        enum json_kind kind;
    } expected[] = { { "n", "-1.5e3", JSON_NUMBER }, { "s", "a\\\"b", JSON_STRING },
                     { "l", "[1, 2]", JSON_ARRAY },  { "o", "{\"x\":[]}", JSON_OBJECT },
                     { "t", "true", JSON_BOOL },     { "z", "null", JSON_NULL } };
    assert_int_equal(object.count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct json_member *member = &object.members[i];
        assert_int_equal(member->key.length, 1);
        assert_int_equal(member->key.at[0], expected[i].key[0]);
        assert_int_equal(member->value.kind, expected[i].kind);
        assert_int_equal(member->value.length, strlen(expected[i].value));
        assert_memory_equal(member->value.at, expected[i].value, member->value.length);
    }
}

static void the_place_of_the_fault_is_told(void **state)
{
    (void)state;
    struct json_problem problem;
    assert_false(scan("{\"a\":1,}", 8, &problem));
    assert_string_equal(problem.detail, "byte 8: a key in quotes is expected here");
    assert_string_equal(problem.pointer, "");
    assert_false(scan("", 0, &problem));
    assert_string_equal(problem.detail, "byte 1: a JSON object is expected, and there is nothing");
}

static void every_truncation_of_a_good_text_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,\"\\ud83d\\ude00\xf0\x9f\x98\x80\",{\"b\":tru"
                               "e}],\"c\":-1.5e+3,\"d\":null}";
    struct json_problem problem;
    for (size_t length = 0; length < sizeof text - 1; length++)
        assert_false(scan(text, length, &problem));
    assert_true(scan(text, sizeof text - 1, &problem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_rfc_allows_is_taken),
        cmocka_unit_test(broken_structure_is_refused),
        cmocka_unit_test(broken_strings_are_refused),
        cmocka_unit_test(a_lone_surrogate_is_refused),
        cmocka_unit_test(malformed_utf8_is_refused),
        cmocka_unit_test(a_key_may_stand_once_whatever_its_case_or_escapes),
        cmocka_unit_test(a_repeated_key_is_named),
        cmocka_unit_test(depth_16_is_taken_and_more_is_refused_without_recursion),
        cmocka_unit_test(sixty_four_members_are_taken_and_one_more_is_not),
        cmocka_unit_test(a_malformed_number_of_a_member_is_the_fields_fault),
        cmocka_unit_test(elsewhere_or_with_other_characters_it_is_broken_json),
        cmocka_unit_test(members_are_given_as_they_stand_in_the_text),
        cmocka_unit_test(the_place_of_the_fault_is_told),
        cmocka_unit_test(every_truncation_of_a_good_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
