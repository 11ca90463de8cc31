/* Which hosts are this machine, and which addresses are http. */
#include "common/base/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void this_machine_is_known_by_each_of_its_names(void **state)
{
    (void)state;
    static const char *const here[] = {
        "http://127.0.0.1:3009", "http://127.8.9.1/x?y", "https://localhost/",
        "http://LocalHost:1",    "http://[::1]:3009/",   "http://user:p@ss@127.0.0.1:1/a@b",
        "http://127.0.0.1",      "http://127.0.0.1?x",   "http://127.0.0.1#x",
    };
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++)
        assert_true(url_is_loopback(here[i]));
}

static void what_leads_elsewhere_is_not_this_machine(void **state)
{
    (void)state;
    static const char *const elsewhere[] = {
        "",
        "127.0.0.1",
        "http://",
        "http://pay.example/127.0.0.1",
        "http://127.0.0.1@pay.example",
        "http://pay.example?@127.0.0.1",
        "http://localhost.example",
        "http://128.0.0.1",
        "http://127.0.0.1.example",
        "http://[::2]/",
        "http://[::1",
    };
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
        assert_false(url_is_loopback(elsewhere[i]));
}

static void an_http_address_has_a_host_and_no_blank(void **state)
{
    (void)state;
    assert_true(url_is_http("http://pay.example:80/x/"));
    assert_true(url_is_http("HTTPS://[::1]"));
    static const char *const bad[] = {
        "",           "pay.example", "ftp://x",  "http://",     "http:///x",
        "http://a b", "http",        "https:/x", "http://\t/x", "http://x/\r\nY: z"
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(url_is_http(bad[i]));
    char longest[URL_BYTES_MAX + 2] = "http://";
    memset(longest + 7, 'a', URL_BYTES_MAX + 1 - 7);
    assert_false(url_is_http(longest));
    longest[8] = '/';
    assert_false(url_is_http(longest));
    longest[URL_BYTES_MAX] = '\0';
    assert_true(url_is_http(longest));
}

static void a_slash_at_the_end_of_a_base_is_no_part_of_a_path(void **state)
{
    (void)state;
    char url[32];
    assert_true(url_join(url, sizeof url, "http://x", "/a"));
    assert_string_equal(url, "http://x/a");
    assert_true(url_join(url, sizeof url, "http://x/b//", "/a"));
    assert_string_equal(url, "http://x/b/a");
    assert_false(url_join(url, 10, "http://x", "/a"));
    assert_true(url_join(url, 11, "http://x", "/a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_machine_is_known_by_each_of_its_names),
        cmocka_unit_test(what_leads_elsewhere_is_not_this_machine),
        cmocka_unit_test(an_http_address_has_a_host_and_no_blank),
        cmocka_unit_test(a_slash_at_the_end_of_a_base_is_no_part_of_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
