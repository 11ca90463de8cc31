/* Checks that need more than one value or a list: two options that must not cross, currencies,
 * addresses, and the ports of a service. */
#include "common/base/config.h"
#include "common/daemon/daemon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct pair {
    int64_t first_ms, longest_ms;
    const char *currency, *address, *provider;
};

static const struct config_option pair_options[] = {
    { .name = "ROUNDTRIP_FIRST_MS",
      .type = CONFIG_INT,
      .offset = offsetof(struct pair, first_ms),
      .default_value = "10",
      .maximum = 1000,
      .meaning = "first" },
    { .name = "ROUNDTRIP_LONGEST_MS",
      .type = CONFIG_INT,
      .offset = offsetof(struct pair, longest_ms),
      .default_value = "20",
      .maximum = 1000,
      .meaning = "longest",
      .not_below = "ROUNDTRIP_FIRST_MS" },
    { .name = "ROUNDTRIP_CURRENCY",
      .type = CONFIG_CURRENCY,
      .offset = offsetof(struct pair, currency),
      .default_value = "EUR",
      .meaning = "currency" },
    { .name = "ROUNDTRIP_HTTP_BIND",
      .type = CONFIG_ADDRESS,
      .offset = offsetof(struct pair, address),
      .default_value = "127.0.0.1",
      .meaning = "address" },
    { .name = "ROUNDTRIP_PROVIDER_URL",
      .type = CONFIG_HTTP,
      .offset = offsetof(struct pair, provider),
      .default_value = "http://127.0.0.1:3009",
      .meaning = "provider" },
    { 0 },
};

/* Sets the variable, reads, and says what was wrong; "" = nothing. Unsets it again. */
static void pair_read(const char *name, const char *value, char ret_message[256])
{
    const struct config_option *const pair_tables[] = { pair_options, NULL };
    struct pair pair;
    FILE *messages = fmemopen(ret_message, 256, "w");
    assert_non_null(messages);
    ret_message[0] = '\0';
    setenv(name, value, 1);
    bool is_good = config_read(pair_tables, &pair, messages);
    unsetenv(name);
    fclose(messages);
    assert_int_equal(is_good, ret_message[0] == '\0');
}

static void two_values_that_contradict_each_other_are_told_with_both_names(void **state)
{
    (void)state;
    char message[256];
    pair_read("ROUNDTRIP_FIRST_MS", "20", message);
    assert_string_equal(message, "");
    pair_read("ROUNDTRIP_FIRST_MS", "21", message);
    assert_non_null(
        strstr(message, "ROUNDTRIP_LONGEST_MS (20) is less than ROUNDTRIP_FIRST_MS (21)"));
    pair_read("ROUNDTRIP_LONGEST_MS", "9", message);
    assert_non_null(strstr(message, "ROUNDTRIP_LONGEST_MS (9)"));
}

static void currencies_and_addresses_are_checked_as_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *way_out;
    } bad[] = {
        { "ROUNDTRIP_CURRENCY", "eur", "capital letters" },
        { "ROUNDTRIP_CURRENCY", "XYZ", "ISO 4217" },
        { "ROUNDTRIP_HTTP_BIND", "localhost", "0.0.0.0" },
        { "ROUNDTRIP_HTTP_BIND", "::1", "IPv4" },
        { "ROUNDTRIP_PROVIDER_URL", "127.0.0.1:3009", "https://host" },
        { "ROUNDTRIP_PROVIDER_URL", "ftp://x", "https://host" },
    };
    char message[256];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        pair_read(bad[i].name, bad[i].value, message);
        assert_non_null(strstr(message, bad[i].name));
        assert_non_null(strstr(message, bad[i].way_out));
    }
    pair_read("ROUNDTRIP_HTTP_BIND", "0.0.0.0", message);
    assert_string_equal(message, "");
}

/* What the check of every service says of these ports; "" = nothing. */
static void ports_check(int64_t http_port, int64_t ops_port, char ret_message[256])
{
    const struct daemon_options options = { .store_url = "sqlite:gateway.db",
                                            .amqp_url = "amqp://127.0.0.1/",
                                            .http_port = http_port,
                                            .ops_port = ops_port };
    FILE *messages = fmemopen(ret_message, 256, "w");
    assert_non_null(messages);
    ret_message[0] = '\0';
    bool is_good = daemon_options_check(&options, messages);
    fclose(messages);
    assert_int_equal(is_good, ret_message[0] == '\0');
}

static void an_operators_port_that_cannot_be_derived_must_be_set(void **state)
{
    (void)state;
    char message[256];
    ports_check(65435, -1, message);
    assert_string_equal(message, "");
    ports_check(65436, -1, message);
    assert_string_equal(message, "ROUNDTRIP_OPS_PORT must be set: there is no port 65536\n");
    ports_check(65436, 65535, message);
    assert_string_equal(message, "");
    ports_check(0, -1, message);
    assert_string_equal(message, "");
}

int main(void)
{
    const char *output = getenv("CMOCKA_MESSAGE_OUTPUT"); /* or nobody could read what we say */
    char kept[16] = "";
    if (output != NULL)
        (void)snprintf(kept, sizeof kept, "%s", output);
    clearenv(); /* what nobody knows is told too */
    if (kept[0] != '\0')
        setenv("CMOCKA_MESSAGE_OUTPUT", kept, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_values_that_contradict_each_other_are_told_with_both_names),
        cmocka_unit_test(currencies_and_addresses_are_checked_as_what_they_are),
        cmocka_unit_test(an_operators_port_that_cannot_be_derived_must_be_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
