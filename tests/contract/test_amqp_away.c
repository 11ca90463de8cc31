/* The bus where there is no broker, or one that does not answer. */
#include "common/base/clock.h"
#include "tests/contract/amqp_rig.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PROMPT_MS 500
#define SILENT_MS 6000 /* longer than an attempt to connect */
#define CLOSE_MS  2000 /* both connections, each in the middle of an attempt */

static int reset(void **state)
{
    (void)state;
    broker_run("start", NULL);
    broker_reset();
    return 0;
}

static void a_broker_away_at_the_start_is_found_later(void **state)
{
    (void)state;
    broker_run("kill", NULL);
    struct amqp_bus_options options = rig_options();
    struct rig rig = rig_open(&options);
    int64_t begin_ms = clock_monotonic_ms();
    rig_service(&rig);
    assert_true(clock_monotonic_ms() - begin_ms < PROMPT_MS);
    assert_int_equal(rig.status.session, 0);
    assert_false(rig.status.can_consume);
    assert_non_null(strstr(rig.status.detail, "connect"));
    enum publish_result result;
    struct delivery *taken[1];
    struct error error;
    struct message message = rig_message(1, RIG_KEY);
    const struct message *list[] = { &message };
    begin_ms = clock_monotonic_ms();
    rig_publish_list(&rig, list, 1, &result);
    assert_true(clock_monotonic_ms() - begin_ms < PROMPT_MS);
    assert_int_equal(result, PUBLISH_UNKNOWN);
    assert_int_equal(rig.port.take(rig.port.self, 1, taken), 0);
    assert_false(rig.port.is_drained(rig.port.self));
    assert_false(rig.port.quarantine(rig.port.self, NULL, "none", &error));
    broker_run("start", NULL);
    rig_wait_connected(&rig);
    rig_publish(&rig, 1, 1);
    rig_close(&rig);
}

static int silent_listener(char *ret_url, size_t size)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(ret_url, size, "amqp://u:p@127.0.0.1:%d/v", ntohs(address.sin_port));
    return fd;
}

/* Its machine is there, or seems to be, and nobody answers. */
static void a_broker_that_never_lets_us_in_keeps_nobody_waiting(void **state)
{
    (void)state;
    char url[64];
    int listener = silent_listener(url, sizeof url);
    struct amqp_bus_options options = rig_options();
    options.url = url;
    struct rig rig = rig_open(&options);
    int64_t end_ms = clock_monotonic_ms() + SILENT_MS, slowest_ms = 0;
    bool is_named = false;
    while (clock_monotonic_ms() < end_ms) {
        int64_t begin_ms = clock_monotonic_ms();
        rig_service(&rig);
        int64_t took_ms = clock_monotonic_ms() - begin_ms;
        slowest_ms = took_ms > slowest_ms ? took_ms : slowest_ms;
        is_named = is_named || strstr(rig.status.detail, "log in") != NULL;
    }
    assert_true(slowest_ms < PROMPT_MS);
    assert_true(is_named);
    int64_t begin_ms = clock_monotonic_ms();
    rig_close(&rig);
    assert_true(clock_monotonic_ms() - begin_ms < CLOSE_MS);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_broker_away_at_the_start_is_found_later, reset),
        cmocka_unit_test(a_broker_that_never_lets_us_in_keeps_nobody_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
