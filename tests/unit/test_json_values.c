/* Values taken out of text that the scan has passed: elements of arrays, strings. */
#include "common/json/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array_variable) (sizeof(array_variable) / sizeof(array_variable)[0])

static void array_elements_are_given_one_by_one(void **state)
{
    (void)state;
    static const char text[] = "{\"l\":[ 1 , \"a]\\\",b\" ,[2,[\"]\"]],{\"x\":\"}]\",\"y\":[ ]},tru"
                               "e,null ,-1.5e3]}";
    static const struct {
        const char *text;
        enum json_kind kind;
    } expected[] = { { "1", JSON_NUMBER },          { "a]\\\",b", JSON_STRING },
                     { "[2,[\"]\"]]", JSON_ARRAY }, { "{\"x\":\"}]\",\"y\":[ ]}", JSON_OBJECT },
                     { "true", JSON_BOOL },         { "null", JSON_NULL },
                     { "-1.5e3", JSON_NUMBER } };
    struct json_object object;
    struct json_problem problem;
    assert_true(json_object_scan(text, sizeof text - 1, &object, &problem));
    const char *cursor = NULL;
    struct json_span element;
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_true(json_array_next(&object.members[0].value, &cursor, &element));
        assert_int_equal(element.kind, expected[i].kind);
        assert_int_equal(element.length, strlen(expected[i].text));
        assert_memory_equal(element.at, expected[i].text, element.length);
    }
    assert_false(json_array_next(&object.members[0].value, &cursor, &element));
    assert_false(json_array_next(&object.members[0].value, &cursor, &element));
}

static void what_is_empty_or_no_array_has_no_elements(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[],\"b\":[ ],\"c\":{},\"d\":\"[1]\",\"e\":1}";
    struct json_object object;
    struct json_problem problem;
    assert_true(json_object_scan(text, sizeof text - 1, &object, &problem));
    for (size_t i = 0; i < object.count; i++) {
        const char *cursor = NULL;
        struct json_span element;
        assert_false(json_array_next(&object.members[i].value, &cursor, &element));
    }
}

static void a_string_is_copied_unescaped_or_not_at_all(void **state)
{
    (void)state;
    static const char text[] =
        "{\"s\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude0"
        "0\",\"n\":1}";
    static const char expected[] = "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    struct json_object object;
    struct json_problem problem;
    assert_true(json_object_scan(text, sizeof text - 1, &object, &problem));
    char buffer[sizeof expected];
    assert_true(json_string_copy(&object.members[0].value, buffer, sizeof buffer));
    assert_string_equal(buffer, expected);
    for (size_t size = 1; size < sizeof expected; size++) {
        assert_false(json_string_copy(&object.members[0].value, buffer, size));
        assert_string_equal(buffer, "");
    }
    assert_false(json_string_copy(&object.members[1].value, buffer, sizeof buffer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(array_elements_are_given_one_by_one),
        cmocka_unit_test(what_is_empty_or_no_array_has_no_elements),
        cmocka_unit_test(a_string_is_copied_unescaped_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
