/* Each byte that may stand in an id or a user's name, and each that may not. */
#include "common/base/ident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool is_valid(const char *text)
{
    return ident_is_valid(text, strlen(text));
}

static void ids_that_callers_use_are_valid(void **state)
{
    (void)state;
    assert_true(is_valid("a"));
    assert_true(is_valid("B1"));
    assert_true(is_valid("pi_3Mtw-BwL.kdIw:2"));
    assert_true(is_valid("018f4e1c-7a3b-7c4d-8e5f-0123456789ab"));
}

static void exactly_64_bytes_are_the_limit(void **state)
{
    (void)state;
    char text[IDENT_BYTES_MAX + 1];
    memset(text, 'x', sizeof text);
    assert_true(ident_is_valid(text, IDENT_BYTES_MAX));
    assert_false(ident_is_valid(text, IDENT_BYTES_MAX + 1));
    assert_false(ident_is_valid("", 0));
}

static void just_the_listed_bytes_are_allowed(void **state)
{
    (void)state;
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
    for (int byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        bool is_listed = memchr(allowed, byte, sizeof allowed - 1) != NULL;
        assert_int_equal(ident_is_valid(&text, 1), is_listed);
    }
}

static void a_forbidden_byte_is_found_anywhere(void **state)
{
    (void)state;
    assert_false(is_valid(" a"));
    assert_false(is_valid("a "));
    assert_false(is_valid("a/b"));
    assert_false(is_valid("$where"));
    assert_false(is_valid("caf\xc3\xa9"));
    assert_false(ident_is_valid("a\0b", 3));
    assert_false(ident_is_valid("a\n", 2));
}

static void users_may_be_what_identity_providers_make(void **state)
{
    (void)state;
    static const char *const users[] = { "ann.lee+travel@example.org",
                                         "auth0|5f7c8ec7c33c6c004bbafe82", "google-oauth2|1034",
                                         "arn:aws:iam::1:user/ann", "u" };
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++)
        assert_true(user_is_valid(users[i], strlen(users[i])));
    char text[USER_BYTES_MAX + 1];
    memset(text, '@', sizeof text);
    assert_true(user_is_valid(text, USER_BYTES_MAX));
    assert_false(user_is_valid(text, USER_BYTES_MAX + 1));
    assert_false(user_is_valid("", 0));
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@+|/-";
    for (int byte = 0; byte < 256; byte++) {
        char one = (char)byte;
        assert_int_equal(user_is_valid(&one, 1), one != '\0' && strchr(allowed, one) != NULL);
    }
}

static void a_client_resolves_dots_before_it_asks(void **state)
{
    (void)state;
    assert_true(ident_is_dots("."));
    assert_true(ident_is_dots(".."));
    assert_false(ident_is_dots(""));
    assert_false(ident_is_dots("..."));
    assert_false(ident_is_dots(".a"));
    assert_false(ident_is_dots("a."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_that_callers_use_are_valid),
        cmocka_unit_test(exactly_64_bytes_are_the_limit),
        cmocka_unit_test(just_the_listed_bytes_are_allowed),
        cmocka_unit_test(a_forbidden_byte_is_found_anywhere),
        cmocka_unit_test(users_may_be_what_identity_providers_make),
        cmocka_unit_test(a_client_resolves_dots_before_it_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
