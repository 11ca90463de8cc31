/* What the environment sets, what is said of each bad or unknown variable, and that no secret is
 * printed. */
#include "common/base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct settings {
    const char *store;
    int64_t prefetch;
    const char *secret;
    const char *topology;
    const char *level;
};

static const struct config_option common_options[] = {
    { "ROUNDTRIP_STORE", CONFIG_URL, offsetof(struct settings, store), NULL, 0, 0, NULL,
      "address of the database", NULL },
    { "ROUNDTRIP_PREFETCH", CONFIG_INT, offsetof(struct settings, prefetch), "100", -1, 1000, NULL,
      "messages in hand", NULL },
    { "LOG_LEVEL", CONFIG_TEXT, offsetof(struct settings, level), "info", 0, 0, NULL, "how much",
      NULL },
    { 0 },
};

static const struct config_option own_options[] = {
    { "ROUNDTRIP_WEBHOOK_SECRET", CONFIG_SECRET, offsetof(struct settings, secret), "", 0, 0, NULL,
      "signs webhooks", NULL },
    { "ROUNDTRIP_TOPOLOGY", CONFIG_CHOICE, offsetof(struct settings, topology), "declare", 0, 0,
      "declare|verify", "who makes the queues", NULL },
    { 0 },
};

static const struct config_option *const tables[] = { common_options, own_options, NULL };

struct run {
    struct settings settings;
    bool is_good;
    char *messages;
    char *printed;
    size_t size;
};

static void run_read(struct run *run)
{
    memset(run, 0, sizeof *run);
    FILE *messages = open_memstream(&run->messages, &run->size);
    assert_non_null(messages);
    run->is_good = config_read(tables, &run->settings, messages);
    fclose(messages);
    if (!run->is_good)
        return;
    FILE *out = open_memstream(&run->printed, &run->size);
    assert_non_null(out);
    config_print(tables, &run->settings, out);
    fclose(out);
}

static void run_done(struct run *run)
{
    free(run->messages);
    free(run->printed);
}

static int environment_start(void **state)
{
    (void)state;
    for (char **at = environ; *at != NULL;) { /* not all of it: cmocka reads its own */
        if (strncmp(*at, "ROUNDTRIP", 9) != 0) {
            at++;
            continue;
        }
        char name[4096];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*at, "="), *at);
        if (unsetenv(name) != 0)
            return -1;
    }
    unsetenv("LOG_LEVEL");
    return setenv("ROUNDTRIP_STORE", "sqlite:/var/lib/b.db", 1);
}

static void defaults_fill_what_is_not_set_or_empty(void **state)
{
    (void)state;
    setenv("ROUNDTRIP_PREFETCH", "", 1);
    struct run run;
    run_read(&run);
    assert_true(run.is_good);
    assert_string_equal(run.messages, "");
    assert_string_equal(run.settings.store, "sqlite:/var/lib/b.db");
    assert_int_equal(run.settings.prefetch, 100);
    assert_string_equal(run.settings.secret, "");
    assert_string_equal(run.settings.topology, "declare");
    assert_string_equal(run.settings.level, "info");
    run_done(&run);
}

static void the_environment_wins_over_defaults(void **state)
{
    (void)state;
    setenv("ROUNDTRIP_PREFETCH", "-1", 1);
    setenv("ROUNDTRIP_TOPOLOGY", "verify", 1);
    setenv("LOG_LEVEL", "debug", 1);
    struct run run;
    run_read(&run);
    assert_true(run.is_good);
    assert_int_equal(run.settings.prefetch, -1);
    assert_string_equal(run.settings.topology, "verify");
    assert_string_equal(run.settings.level, "debug");
    run_done(&run);
}

static void every_bad_value_is_reported_in_one_go_with_the_way_out(void **state)
{
    (void)state;
    unsetenv("ROUNDTRIP_STORE");
    setenv("ROUNDTRIP_PREFETCH", "many", 1);
    setenv("ROUNDTRIP_TOPOLOGY", "decl", 1);
    struct run run;
    run_read(&run);
    assert_false(run.is_good);
    assert_string_equal(run.messages,
                        "ROUNDTRIP_STORE is not set: address of the database\n"
                        "ROUNDTRIP_PREFETCH is \"many\": must be an integer from -1 to 1000\n"
                        "ROUNDTRIP_TOPOLOGY is \"decl\": must be one of declare|verify\n");
    run_done(&run);
}

static void integers_are_read_strictly(void **state)
{
    (void)state;
    static const char *const bad[] = { "1001",
                                       "-2",
                                       "1.0",
                                       "1e2",
                                       " 1",
                                       "1 ",
                                       "+1",
                                       "0x10",
                                       "0100",
                                       "-",
                                       "--1",
                                       "-0",
                                       "1,0",
                                       "10s",
                                       "",
                                       "9223372036854775808",
                                       "99999999999999999999" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setenv("ROUNDTRIP_PREFETCH", bad[i], 1);
        struct run run;
        run_read(&run);
        if (run.is_good != (bad[i][0] == '\0'))
            fail_msg("\"%s\"", bad[i]);
        run_done(&run);
    }
    setenv("ROUNDTRIP_PREFETCH", "1000", 1);
    struct run run;
    run_read(&run);
    assert_int_equal(run.settings.prefetch, 1000);
    run_done(&run);
}

static void choices_are_whole_words(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "declare|verify", "|", "verif", "verifyy", "VERIFY", "clare"
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setenv("ROUNDTRIP_TOPOLOGY", bad[i], 1);
        struct run run;
        run_read(&run);
        assert_false(run.is_good);
        run_done(&run);
    }
}

static void an_address_has_a_scheme_and_is_not_repeated_when_it_is_bad(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "b.db", ":x", "sqlite:", "amqp://u:hunter2@h h", "Amqp://h", "sqlite:a\nb", "sqlite://h/a b"
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setenv("ROUNDTRIP_STORE", bad[i], 1);
        struct run run;
        run_read(&run);
        assert_false(run.is_good);
        assert_null(strstr(run.messages, "hunter2"));
        assert_non_null(strstr(run.messages, "ROUNDTRIP_STORE is not an address"));
        run_done(&run);
    }
}

static void the_path_of_a_file_may_have_blanks(void **state)
{
    (void)state;
    static const char *const good[] = { "sqlite:my files/b.db", "sqlite:/srv/my files/b.db",
                                        "sqlite:///srv/my files/b.db" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        setenv("ROUNDTRIP_STORE", good[i], 1);
        struct run run;
        run_read(&run);
        assert_true(run.is_good);
        run_done(&run);
    }
}

static void an_unknown_variable_is_told_with_the_nearest_known_name(void **state)
{
    (void)state;
    setenv("ROUNDTRIP_PREFTECH", "5", 1);
    setenv("ROUNDTRIP_TOPOLOGIE", "5", 1);
    setenv("ROUNDTRIP_EMPTY", "", 1);
    setenv("ROUNDTRIPS", "5", 1);
    struct run run;
    run_read(&run);
    assert_true(run.is_good);
    assert_int_equal(run.settings.prefetch, 100);
    assert_string_equal(run.messages,
                        "ROUNDTRIP_PREFTECH is not known and ignored; the nearest known name is "
                        "ROUNDTRIP_PREFETCH\n"
                        "ROUNDTRIP_TOPOLOGIE is not known and ignored; the nearest known name is "
                        "ROUNDTRIP_TOPOLOGY\n");
    run_done(&run);
}

static void a_very_long_unknown_name_is_told_too(void **state)
{
    (void)state;
    char name[2048] = "ROUNDTRIP_";
    memset(name + 10, 'X', sizeof name - 11);
    name[sizeof name - 1] = '\0';
    setenv(name, "1", 1);
    struct run run;
    run_read(&run);
    assert_true(run.is_good);
    assert_memory_equal(run.messages, "ROUNDTRIP_XXX", 13);
    run_done(&run);
}

static void secrets_are_masked_when_printed(void **state)
{
    (void)state;
    setenv("ROUNDTRIP_WEBHOOK_SECRET", "hunter2", 1);
    struct run run;
    run_read(&run);
    assert_string_equal(run.printed, "ROUNDTRIP_STORE=sqlite:/var/lib/b.db\n"
                                     "ROUNDTRIP_PREFETCH=100\n"
                                     "LOG_LEVEL=info\n"
                                     "ROUNDTRIP_WEBHOOK_SECRET=***\n"
                                     "ROUNDTRIP_TOPOLOGY=declare\n");
    run_done(&run);
    setenv("ROUNDTRIP_WEBHOOK_SECRET", "", 1);
    run_read(&run);
    assert_non_null(strstr(run.printed, "ROUNDTRIP_WEBHOOK_SECRET=\n"));
    run_done(&run);
}

static void the_password_of_an_address_is_masked_when_printed(void **state)
{
    (void)state;
    static const struct {
        const char *url, *printed;
    } cases[] = {
        { "amqp://user:pw@host:5672/v", "amqp://user:***@host:5672/v" },
        { "amqp://user@host:5672/", "amqp://user@host:5672/" },
        { "amqp://:pw@host", "amqp://:***@host" },
        { "mongodb://u:p%40w@a:1,b:2/db?replicaSet=rs0",
          "mongodb://u:***@a:1,b:2/db?replicaSet=rs0" },
        { "amqp://u:p/w@x@host/v", "amqp://u:***@host/v" },
        { "mongodb://u:p?w@host/v", "mongodb://u:***@host/v" },
        { "mongodb://h:1/?a=1&tlsCertificateKeyFilePassword=pw&b=2",
          "mongodb://h:1/?a=1&tlsCertificateKeyFilePassword=***&b=2" },
        { "http://h:80/v1/traces", "http://h:80/v1/traces" },
        { "sqlite:file.db", "sqlite:file.db" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setenv("ROUNDTRIP_STORE", cases[i].url, 1);
        struct run run;
        run_read(&run);
        assert_true(run.is_good);
        *strchr(run.printed, '\n') = '\0';
        assert_string_equal(run.printed + strlen("ROUNDTRIP_STORE="), cases[i].printed);
        run_done(&run);
    }
}

static void help_tells_meaning_bounds_and_default(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    config_print_help(tables, out);
    fclose(out);
    assert_non_null(strstr(text, "ROUNDTRIP_STORE\n      address of the database; must be set\n"));
    assert_non_null(strstr(text, "messages in hand (-1 to 1000); default 100\n"));
    assert_non_null(strstr(text, "who makes the queues (declare|verify); default declare\n"));
    free(text);
}

#define TEST(name) cmocka_unit_test_setup(name, environment_start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_fill_what_is_not_set_or_empty),
        TEST(the_environment_wins_over_defaults),
        TEST(every_bad_value_is_reported_in_one_go_with_the_way_out),
        TEST(integers_are_read_strictly),
        TEST(choices_are_whole_words),
        TEST(an_address_has_a_scheme_and_is_not_repeated_when_it_is_bad),
        TEST(the_path_of_a_file_may_have_blanks),
        TEST(an_unknown_variable_is_told_with_the_nearest_known_name),
        TEST(a_very_long_unknown_name_is_told_too),
        TEST(secrets_are_masked_when_printed),
        TEST(the_password_of_an_address_is_masked_when_printed),
        TEST(help_tells_meaning_bounds_and_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
