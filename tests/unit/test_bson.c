/* What bson_write writes is what libbson writes, and bson_read trusts no byte of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/saga/announcement.h"
#include "common/saga/decision.h"
#include "tests/unit/bson_case.h"

#include <bson.h>
#include <string.h>

static struct arena arena;

static int world_end(void **test)
{
    (void)test;
    arena_done(&arena);
    return 0;
}

/* A bit of everything that can be written. */
static struct bson_fields sample(void)
{
    static const struct announcement announced = { .version = 3, .position = 1, .at_ms = 1790 };
    struct bson_output output;
    size_t length;
    bson_write_begin(&output, &arena, CASE_ROOM);
    bson_write_text(&output, "id", "b1");
    bson_write_text_bytes(&output, "body", "{\"a\":1}tail", 7);
    bson_write_text(&output, "none", "");
    bson_write_int(&output, "due", -INT64_C(0x0102030405060708));
    bson_write_bool(&output, "repeat", true);
    announcement_write(&output, "outcome", &announced);
    bson_write_array_begin(&output, "payments");
    for (size_t i = 0; i < 101; i++) {
        bson_write_element_begin(&output, i);
        bson_write_int(&output, "amount", (int64_t)i);
        bson_write_end(&output);
    }
    bson_write_end(&output);
    const uint8_t *bytes = bson_write_finish(&output, &length);
    struct bson_fields fields;
    assert_true(bson_read_open(&fields, bytes, length));
    return fields;
}

static void the_bytes_are_those_that_libbson_writes(void **test)
{
    (void)test;
    struct bson_fields written = sample();
    bson_t expected = BSON_INITIALIZER;
    bson_t part;
    bson_t entry;
    BSON_APPEND_UTF8(&expected, "id", "b1");
    BSON_APPEND_UTF8(&expected, "body", "{\"a\":1}");
    BSON_APPEND_UTF8(&expected, "none", "");
    BSON_APPEND_INT64(&expected, "due", -INT64_C(0x0102030405060708));
    BSON_APPEND_BOOL(&expected, "repeat", true);
    BSON_APPEND_DOCUMENT_BEGIN(&expected, "outcome", &part);
    BSON_APPEND_INT64(&part, "version", 3);
    BSON_APPEND_INT64(&part, "position", 1);
    BSON_APPEND_INT64(&part, "at", 1790);
    bson_append_document_end(&expected, &part);
    BSON_APPEND_ARRAY_BEGIN(&expected, "payments", &part);
    for (uint32_t i = 0; i < 101; i++) {
        char buffer[16];
        const char *key;
        bson_uint32_to_string(i, &key, buffer, sizeof buffer);
        BSON_APPEND_DOCUMENT_BEGIN(&part, key, &entry);
        BSON_APPEND_INT64(&entry, "amount", (int64_t)i);
        bson_append_document_end(&part, &entry);
    }
    bson_append_array_end(&expected, &part);
    assert_int_equal(written.length, expected.len);
    assert_memory_equal(written.bytes, bson_get_data(&expected), expected.len);
    bson_destroy(&expected);
}

static void elements_are_copied_under_the_keys_that_they_have(void **test)
{
    (void)test;
    struct bson_fields one = sample();
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    bson_write_elements(&output, one.bytes, one.length);
    struct bson_fields other = case_written(&output);
    assert_int_equal(one.length, other.length);
    assert_memory_equal(one.bytes, other.bytes, one.length);
    bson_write_begin(&output, &arena, CASE_ROOM);
    bson_write_document(&output, "all", one.bytes, one.length);
    struct bson_fields outer = case_written(&output);
    assert_true(bson_read_document(&outer, "all", &other));
    assert_int_equal(one.length, other.length);
    assert_memory_equal(one.bytes, other.bytes, one.length);
}

static void fields_are_found_in_any_order(void **test)
{
    (void)test;
    struct bson_fields fields = sample();
    char text[8];
    int64_t due;
    bool repeat = false;
    for (int round = 0; round < 2; round++) {
        struct announcement announced;
        assert_true(announcement_read(&fields, "outcome", &announced));
        assert_int_equal(announced.version, 3);
        assert_true(bson_read_int(&fields, "due", &due));
        assert_int_equal(due, -INT64_C(0x0102030405060708));
        assert_true(bson_read_has(&fields, "id"));
        assert_false(bson_read_has(&fields, "i"));
        assert_false(bson_read_has(&fields, "idd"));
        assert_true(bson_read_text(&fields, "id", text, sizeof text));
        assert_string_equal(text, "b1");
        assert_true(bson_read_text(&fields, "body", text, sizeof text));
        assert_string_equal(text, "{\"a\":1}");
        assert_true(bson_read_bool(&fields, "repeat", &repeat) && repeat);
        assert_true(bson_read_text(&fields, "none", text, sizeof text));
        assert_string_equal(text, "");
    }
}

static void what_is_missing_is_missed_wherever_the_search_begins(void **test)
{
    (void)test;
    struct bson_fields fields = sample();
    struct bson_fields array;
    assert_false(bson_read_has(&fields, "absent"));
    assert_true(bson_read_has(&fields, "due"));
    assert_false(bson_read_has(&fields, "absent"));
    assert_true(bson_read_array(&fields, "payments", &array)); /* the last one */
    assert_false(bson_read_has(&fields, "absent"));
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    struct bson_fields empty = case_written(&output);
    assert_false(bson_read_has(&empty, "absent"));
}

/* Wherever a search in vain has left off. */
static void what_is_there_is_found_after_any_miss(void **test)
{
    (void)test;
    static const char *const names[] = { "id",     "body",    "none",    "due",
                                         "repeat", "outcome", "payments" };
    static const char *const others[] = { "",      "i",     "ie",       "idd",      "xd",
                                          "bodyx", "nonee", "paymentt", "paymentsx" };
    for (size_t missing = 0; missing < sizeof others / sizeof others[0]; missing++) {
        for (size_t first = 0; first < sizeof names / sizeof names[0]; first++) {
            struct bson_fields fields = sample();
            assert_true(bson_read_has(&fields, names[first]));
            assert_false(bson_read_has(&fields, others[missing]));
            assert_false(bson_read_has(&fields, others[missing]));
            for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                assert_true(bson_read_has(&fields, names[i]));
            arena_clear(&arena);
        }
    }
}

static void what_is_of_another_type_or_too_long_is_not_read(void **test)
{
    (void)test;
    struct bson_fields fields = sample();
    struct bson_fields part;
    char text[7] = "before";
    int64_t number;
    bool flag;
    assert_false(bson_read_text(&fields, "body", text, sizeof text)); /* no room for its NUL */
    assert_string_equal(text, "before");
    assert_false(bson_read_text(&fields, "due", text, sizeof text));
    assert_false(bson_read_int(&fields, "id", &number));
    assert_false(bson_read_bool(&fields, "due", &flag));
    assert_false(bson_read_document(&fields, "payments", &part));
    assert_false(bson_read_array(&fields, "outcome", &part));
    assert_true(bson_read_int(&fields, "due", &number)); /* and nothing was lost by it */
}

static void an_array_is_read_to_its_end(void **test)
{
    (void)test;
    struct bson_fields fields = sample();
    struct bson_fields array;
    struct bson_fields entry;
    int64_t amount;
    int64_t count = 0;
    assert_true(bson_read_array(&fields, "payments", &array));
    while (bson_read_has_next(&array)) {
        assert_true(bson_read_next(&array, &entry));
        assert_true(bson_read_int(&entry, "amount", &amount));
        assert_int_equal(amount, count++);
    }
    assert_int_equal(count, 101);
    assert_false(bson_read_next(&array, &entry));
}

static void read_everything(struct bson_fields *fields)
{
    static const char *const keys[] = { "id", "body", "none", "due", "repeat", "outcome", "x" };
    char text[8];
    int64_t number;
    bool flag;
    struct announcement announced;
    struct bson_fields array;
    struct bson_fields entry;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        (void)bson_read_text(fields, keys[i], text, sizeof text);
        (void)bson_read_int(fields, keys[i], &number);
        (void)bson_read_bool(fields, keys[i], &flag);
        (void)announcement_read(fields, keys[i], &announced);
    }
    if (bson_read_array(fields, "payments", &array))
        while (bson_read_has_next(&array) && bson_read_next(&array, &entry))
            (void)bson_read_int(&entry, "amount", &number);
}

/* Each byte damaged, each length cut: what is read stays inside. The copy on the heap lets a
 * sanitizer see a step beyond it. */
static void no_damage_leads_outside(void **test)
{
    (void)test;
    static const uint8_t values[] = { 0x00, 0x01, 0x02, 0x04, 0x7f, 0x80, 0xff };
    struct bson_fields good = sample();
    struct bson_fields fields;
    for (size_t at = 0; at < good.length; at++) {
        for (size_t i = 0; i < sizeof values; i++) {
            uint8_t *bytes = malloc(good.length);
            memcpy(bytes, good.bytes, good.length);
            bytes[at] = values[i];
            if (bson_read_open(&fields, bytes, good.length))
                read_everything(&fields);
            else
                assert_true(at < 4 || at == good.length - 1);
            free(bytes);
        }
        assert_false(bson_read_open(&fields, good.bytes, at));
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_bytes_are_those_that_libbson_writes),
        TEST(elements_are_copied_under_the_keys_that_they_have),
        TEST(fields_are_found_in_any_order),
        TEST(what_is_missing_is_missed_wherever_the_search_begins),
        TEST(what_is_there_is_found_after_any_miss),
        TEST(what_is_of_another_type_or_too_long_is_not_read),
        TEST(an_array_is_read_to_its_end),
        TEST(no_damage_leads_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
