/* There is one base64url text for each value, and no other is read. */
#include "common/jwt/base64url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool decodes(const char *text)
{
    char bytes[64];
    size_t length;
    return base64url_decode(text, strlen(text), bytes, sizeof bytes, &length);
}

/* RFC 4648, section 10, without its padding; RFC 7515, appendix C. */
static void the_values_of_the_rfcs(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *text;
    } cases[] = {
        { "", "" },
        { "f", "Zg" },
        { "fo", "Zm8" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg" },
        { "fooba", "Zm9vYmE" },
        { "foobar", "Zm9vYmFy" },
        { "\x03\xec\xff\xe0\xc1", "A-z_4ME" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[16] = { 0 };
        char bytes[16] = { 0 };
        size_t length;
        size_t written = base64url_encode(cases[i].bytes, strlen(cases[i].bytes), text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(written, BASE64URL_LENGTH(strlen(cases[i].bytes)));
        assert_true(base64url_decode(text, written, bytes, sizeof bytes, &length));
        assert_int_equal(length, strlen(cases[i].bytes));
        assert_string_equal(bytes, cases[i].bytes);
    }
}

static void each_byte_at_each_place_comes_back(void **state)
{
    (void)state;
    for (size_t place = 0; place < 3; place++) {
        for (int value = 0; value < 256; value++) {
            uint8_t bytes[3] = { 0x5a, 0x5a, 0x5a };
            uint8_t again[3];
            char text[4];
            size_t length;
            bytes[place] = (uint8_t)value;
            for (size_t count = 1; count <= 3; count++) {
                size_t written = base64url_encode(bytes, count, text);
                assert_true(base64url_decode(text, written, again, sizeof again, &length));
                assert_int_equal(length, count);
                assert_memory_equal(again, bytes, count);
            }
        }
    }
}

/* Of the 256 bytes at each place, 64 are read. */
static void no_other_alphabet_is_read(void **state)
{
    (void)state;
    for (size_t place = 0; place < 4; place++) {
        int read = 0;
        for (int value = 0; value < 256; value++) {
            char text[4] = { 'A', 'A', 'A', 'A' };
            uint8_t bytes[3];
            size_t length;
            text[place] = (char)value;
            read += base64url_decode(text, sizeof text, bytes, sizeof bytes, &length);
        }
        assert_int_equal(read, 64);
    }
    assert_false(decodes("Zm9v+g"));
    assert_false(decodes("Zm9v/w"));
    assert_false(decodes("Zm 9v"));
    assert_false(decodes("Zm9v\n"));
}

static void padding_is_refused(void **state)
{
    (void)state;
    assert_false(decodes("Zg=="));
    assert_false(decodes("Zm8="));
    assert_false(decodes("===="));
    assert_false(decodes("Zm9v===="));
}

static void bits_left_over_must_be_zero(void **state)
{
    (void)state;
    assert_true(decodes("Zg"));
    assert_false(decodes("Zh"));
    assert_false(decodes("Zx"));
    assert_true(decodes("Zm8"));
    assert_false(decodes("Zm9"));
    assert_false(decodes("Zm-"));
}

static void a_lone_character_is_refused(void **state)
{
    (void)state;
    assert_false(decodes("Z"));
    assert_false(decodes("A"));
    assert_false(decodes("Zm9vA"));
}

static void what_is_longer_than_its_place_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[4] = { 0, 0, 0, 0xee };
    size_t length = 99;
    assert_false(base64url_decode("Zm9vYg", 6, bytes, 3, &length));
    assert_int_equal(length, 99);
    assert_int_equal(bytes[3], 0xee);
    assert_true(base64url_decode("Zm9v", 4, bytes, 3, &length));
    assert_int_equal(length, 3);
    assert_true(base64url_decode("", 0, bytes, 0, &length));
    assert_int_equal(length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_values_of_the_rfcs),
        cmocka_unit_test(each_byte_at_each_place_comes_back),
        cmocka_unit_test(no_other_alphabet_is_read),
        cmocka_unit_test(padding_is_refused),
        cmocka_unit_test(bits_left_over_must_be_zero),
        cmocka_unit_test(a_lone_character_is_refused),
        cmocka_unit_test(what_is_longer_than_its_place_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
