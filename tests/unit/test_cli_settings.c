/* Where the system is: the file that ./run leaves, and the environment, which wins. */
#include "booking/service.h"
#include "cli/sources/settings.h"
#include "gateway/service.h"
#include "provider/service.h"
#include "tests/unit/settings_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/cli-settings-XXXXXX");
    static const char *const names[] = { "ROUNDTRIP_ENV", "ROUNDTRIP_GATEWAY_URL",
                                         "ROUNDTRIP_JAEGER_URL", "ROUNDTRIP_AMQP_URL",
                                         "ROUNDTRIP_TRACE_FILE" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    return mkdtemp(folder) != NULL && chdir(folder) == 0 && mkdir("var", 0755) == 0 &&
                   mkdir("var/run", 0755) == 0 && mkdir("deep", 0755) == 0 &&
                   mkdir("deep/er", 0755) == 0
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const files[] = { "var/run/env", "other" };
    static const char *const folders[] = { "var/run", "var", "deep/er", "deep" };
    if (chdir(folder) != 0)
        return -1;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(files[i]);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        rmdir(folders[i]);
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void the_file_is_found_from_below(void **state)
{
    (void)state;
    struct settings settings;
    struct error error;
    write_file("var/run/env", "ROUNDTRIP_GATEWAY_URL=http://127.0.0.1:4000\n# a note\n\n"
                              "ROUNDTRIP_JAEGER_URL=''\nSOMETHING_ELSE=x\n");
    assert_int_equal(chdir("deep/er"), 0);
    assert_true(settings_read(&settings, &error));
    assert_string_equal(place_of(&settings, &gateway_service)->url, "http://127.0.0.1:4000");
    assert_string_equal(settings.jaeger_url, "");
    assert_string_equal(place_of(&settings, &provider_service)->url, "http://127.0.0.1:3009");
    assert_non_null(strstr(settings.path, "/var/run/env"));
    settings_done(&settings);
}

static void the_environment_wins_unless_it_is_empty(void **state)
{
    (void)state;
    struct settings settings;
    struct error error;
    write_file("var/run/env",
               "ROUNDTRIP_GATEWAY_URL=http://file/\nROUNDTRIP_AMQP_URL=amqp://file/\n");
    setenv("ROUNDTRIP_GATEWAY_URL", "http://environment/", 1);
    setenv("ROUNDTRIP_AMQP_URL", "", 1);
    assert_true(settings_read(&settings, &error));
    assert_string_equal(place_of(&settings, &gateway_service)->url, "http://environment/");
    assert_string_equal(settings.amqp_url, "amqp://file/");
    settings_done(&settings);
}

static void a_file_that_is_named_must_be_there(void **state)
{
    (void)state;
    struct settings settings;
    struct error error;
    setenv("ROUNDTRIP_ENV", "other", 1);
    assert_false(settings_read(&settings, &error));
    assert_non_null(strstr(error.message, "other"));
    assert_non_null(strstr(error.message, "./run"));
    settings_done(&settings);
    write_file("other", "ROUNDTRIP_GATEWAY_URL=http://other/\n");
    assert_true(settings_read(&settings, &error));
    assert_string_equal(place_of(&settings, &gateway_service)->url, "http://other/");
    settings_done(&settings);
}

static void a_line_that_is_none_is_refused(void **state)
{
    (void)state;
    struct settings settings;
    struct error error;
    write_file("var/run/env", "ROUNDTRIP_GATEWAY_URL\n");
    assert_false(settings_read(&settings, &error));
    settings_done(&settings);
    write_file("var/run/env", "ROUNDTRIP_GATEWAY_URL='http://\n");
    assert_false(settings_read(&settings, &error));
    assert_non_null(strstr(error.message, "ROUNDTRIP_GATEWAY_URL"));
    settings_done(&settings);
}

static void a_file_without_end_is_refused(void **state)
{
    (void)state;
    struct settings settings;
    struct error error;
    FILE *file = fopen("var/run/env", "w");
    for (int i = 0; i < 20000; i++)
        fputs("#####\n", file);
    fclose(file);
    assert_false(settings_read(&settings, &error));
    settings_done(&settings);
}

static void without_a_file_the_usual_ports_are_meant(void **state)
{
    (void)state;
    struct settings settings;
    struct error error;
    assert_true(settings_read(&settings, &error));
    assert_string_equal(place_of(&settings, &gateway_service)->url, "http://127.0.0.1:3000");
    assert_string_equal(place_of(&settings, &booking_service)->ops_url, "http://127.0.0.1:3101");
    assert_string_equal(place_of(&settings, &provider_service)->ops_url, "http://127.0.0.1:3009");
    assert_string_equal(place_of(&settings, &booking_service)->store, "");
    assert_string_equal(settings.path, "");
    settings_done(&settings);
}

static void the_shells_quotes_are_undone(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "plain", "plain" },
        { "", "" },
        { "''", "" },
        { "a\\ b\\&c", "a b&c" },
        { "mongodb://h/db\\?w=1\\&x=2", "mongodb://h/db?w=1&x=2" },
        { "'a b'c", "a bc" },
        { "$'it\\'s'", "it's" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s", cases[i][0]);
        assert_true(settings_unquote(text));
        assert_string_equal(text, cases[i][1]);
    }
}

static void what_the_shell_would_not_end_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = { "'a", "a\\", "$'a", "$'a\\", "$'\\n'" };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s", cases[i]);
        assert_false(settings_unquote(text));
    }
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(the_file_is_found_from_below),
        IN_A_FOLDER(the_environment_wins_unless_it_is_empty),
        IN_A_FOLDER(a_file_that_is_named_must_be_there),
        IN_A_FOLDER(a_line_that_is_none_is_refused),
        IN_A_FOLDER(a_file_without_end_is_refused),
        IN_A_FOLDER(without_a_file_the_usual_ports_are_meant),
        cmocka_unit_test(the_shells_quotes_are_undone),
        cmocka_unit_test(what_the_shell_would_not_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
