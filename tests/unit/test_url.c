#include "common/base/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_machine_is_known_by_each_of_its_names),
        cmocka_unit_test(what_leads_elsewhere_is_not_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
