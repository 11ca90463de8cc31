/* UUIDs against the example of RFC 9562, their order, and the one form that is read. */
#include "common/base/uuid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* RFC 9562, appendix A.6. */
static void version_7_gives_the_example_of_the_rfc(void **state)
{
    (void)state;
    static const uint8_t random[10] = {
        0xcc, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f
    };
    char text[UUID_TEXT_SIZE];
    uuid_v7_make(INT64_C(0x017f22e279b0), random, text);
    assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void version_7_sorts_by_time(void **state)
{
    (void)state;
    static const uint8_t high[10] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
    static const uint8_t low[10] = { 0 };
    char earlier[UUID_TEXT_SIZE];
    char later[UUID_TEXT_SIZE];
    for (int64_t now_ms = 1; now_ms < INT64_C(1) << 47; now_ms *= 2) {
        uuid_v7_make(now_ms - 1, high, earlier);
        uuid_v7_make(now_ms, low, later);
        assert_true(strcmp(earlier, later) < 0);
    }
}

static void version_8_is_the_same_for_the_same_bytes_only(void **state)
{
    (void)state;
    char one[UUID_TEXT_SIZE];
    char same[UUID_TEXT_SIZE];
    char other[UUID_TEXT_SIZE];
    uuid_v8_derive("abc", 3, one);
    uuid_v8_derive("abc", 3, same);
    uuid_v8_derive("abd", 3, other);
    assert_string_equal(one, "ba7816bf-8f01-8fea-8141-40de5dae2223");
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
}

static void what_is_made_is_parsed_back(void **state)
{
    (void)state;
    uint8_t bytes[16];
    assert_true(uuid_parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f", bytes));
    assert_memory_equal(bytes, "\x01\x7f\x22\xe2\x79\xb0\x7c\xc3\x98\xc4\xdc\x0c\x0c\x07\x39\x8f",
                        16);
}

static void only_the_canonical_form_is_parsed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "017f22e2",
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
        "017f22e279b07cc398c4dc0c0c07398f",
        "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2-79b0-7cc3-98c4 dc0c0c07398f",
        "017f22e-279b0-7cc3-98c4-dc0c0c07398f",
        " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint8_t bytes[16] = { 7 };
        if (uuid_parse(texts[i], bytes))
            fail_msg("\"%s\" was taken", texts[i]);
        assert_int_equal(bytes[0], 7);
    }
}

static void random_bytes_fill_all_of_the_buffer(void **state)
{
    (void)state;
    uint8_t seen[64] = { 0 };
    for (int round = 0; round < 16; round++) { /* each byte stays zero with 256^-16 */
        uint8_t bytes[65] = { 0 };
        uuid_random_bytes(bytes, 64);
        assert_int_equal(bytes[64], 0);
        for (size_t i = 0; i < sizeof seen; i++)
            seen[i] |= bytes[i];
    }
    for (size_t i = 0; i < sizeof seen; i++)
        assert_int_not_equal(seen[i], 0);
    uint8_t one = 0;
    for (int round = 0; round < 16; round++) {
        uint8_t byte = 0;
        uuid_random_bytes(&byte, 1);
        one |= byte;
    }
    assert_int_not_equal(one, 0);
    uuid_random_bytes(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_7_gives_the_example_of_the_rfc),
        cmocka_unit_test(version_7_sorts_by_time),
        cmocka_unit_test(version_8_is_the_same_for_the_same_bytes_only),
        cmocka_unit_test(what_is_made_is_parsed_back),
        cmocka_unit_test(only_the_canonical_form_is_parsed),
        cmocka_unit_test(random_bytes_fill_all_of_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
