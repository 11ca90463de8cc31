/* The broker's URL, and the TLS socket that is made from it. */
#include "common/rabbitmq/amqp_bus.h"
#include "common/rabbitmq/amqp_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Whether a socket can be made; nothing is connected. */
static bool has_socket(const char *url, struct error *error)
{
    struct amqp_address address;
    amqp_connection_state_t state = amqp_new_connection();
    assert_true(amqp_address_init(&address, url, error));
    assert_non_null(state);
    bool is_made = bus_tls_socket_new(&address, state, error) != NULL;
    amqp_destroy_connection(state);
    amqp_address_done(&address);
    return is_made;
}

static void tls_trusts_the_authorities_of_the_system_or_those_named(void **test)
{
    (void)test;
    struct error error = { 0 };
    if (!has_socket("amqps://broker", &error))
        fail_msg("%s", error.message);
    assert_false(has_socket("amqps://broker?cacertfile=/nowhere/ca.pem", &error));
    assert_int_equal(error.code, ERROR_REJECT);
    assert_non_null(strstr(error.message, "/nowhere/ca.pem"));
    assert_false(has_socket("amqps://broker?certfile=/nowhere/c.pem&keyfile=/k.pem", &error));
    assert_int_equal(error.code, ERROR_REJECT);
    assert_non_null(strstr(error.message, "/nowhere/c.pem"));
}

static void what_is_no_broker_is_refused_without_its_password(void **test)
{
    (void)test;
    static const char *const bad[] = {
        "",
        "http://u:secret@broker",
        "amqp://u:secret@broker:port",
        "amqps://u:secret@broker?certfile=/c.pem",
        "amqps://u:secret@broker?keyfile=/k.pem",
        "amqps://u:secret@broker?cacertfile=",
        "amqps://u:secret@broker?cacertfiles=/c.pem",
        "amqps://u:secret@broker?verify=none",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error error = { 0 };
        if (amqp_bus_url_check(bad[i], &error))
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(error.code, ERROR_REJECT);
        assert_null(strstr(error.message, "secret"));
    }
}

static void an_address_has_the_defaults_of_amqp(void **test)
{
    (void)test;
    struct amqp_address address;
    struct error error;
    assert_true(amqp_address_init(&address, "amqps://broker/", &error));
    assert_string_equal(address.info.vhost, "/");
    assert_int_equal(address.info.port, 5671);
    assert_int_equal(address.info.ssl, 1);
    amqp_address_done(&address);
    assert_true(amqp_address_init(
        &address, "amqp://u:p@broker:99/v?cacertfile=/a&certfile=/c&keyfile=/k", &error));
    assert_string_equal(address.info.vhost, "v");
    assert_string_equal(address.info.host, "broker");
    assert_int_equal(address.info.port, 99);
    assert_string_equal(address.ca_file, "/a");
    assert_string_equal(address.certificate_file, "/c");
    assert_string_equal(address.key_file, "/k");
    amqp_address_done(&address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_trusts_the_authorities_of_the_system_or_those_named),
        cmocka_unit_test(what_is_no_broker_is_refused_without_its_password),
        cmocka_unit_test(an_address_has_the_defaults_of_amqp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
