/* What becomes of a connection when the process runs out of descriptors. */
#include "common/base/clock.h"
#include "common/http/http_accept.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define RESERVED      16
#define PAUSE_MS      100
#define FAR_BEYOND_MS 10000

static struct rlimit limit;
static int listener, client;
static int64_t took_ms;

static int port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

/* A listener with one client that waits to be accepted. */
static int set_up(void **state)
{
    (void)state;
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    http_accept_prefer(0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    address.sin_port = htons((uint16_t)port_of(listener));
    return connect(client, (struct sockaddr *)&address, sizeof address);
}

static int tear_down(void **state)
{
    (void)state;
    close(client);
    close(listener);
    return 0;
}

/* Accepts while that many descriptors are left, counted from the next one. */
static int accept_with(int left)
{
    int next = dup(listener);
    close(next);
    struct rlimit tight = { .rlim_cur = (rlim_t)(next + left), .rlim_max = limit.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int64_t began_ms = clock_monotonic_ms();
    int fd = accept(listener, NULL, NULL);
    int kept = errno;
    took_ms = clock_monotonic_ms() - began_ms;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    errno = kept;
    return fd;
}

static bool is_closed_at_the_client(void)
{
    char byte;
    return recv(client, &byte, 1, MSG_DONTWAIT) == 0;
}

static uint64_t refused(int64_t *ret_since_ms)
{
    struct http_accept_status status;
    http_accept_status_get(&status);
    *ret_since_ms = status.since_ms;
    return status.refused;
}

static void with_descriptors_left_everybody_is_accepted(void **state)
{
    (void)state;
    int64_t since_ms;
    assert_int_equal(refused(&since_ms), 0);
    assert_true(since_ms == INT64_MAX);
    int fd = accept_with(RESERVED + 1);
    assert_true(fd >= 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_false(is_closed_at_the_client());
    assert_int_equal(refused(&since_ms), 0);
    close(fd);
}

static void the_last_ones_are_not_for_clients(void **state)
{
    (void)state;
    int64_t since_ms;
    assert_int_equal(accept_with(RESERVED), -1);
    assert_int_equal(errno, EAGAIN);
    assert_in_range(took_ms, PAUSE_MS, FAR_BEYOND_MS); /* civetweb would try again at once */
    assert_true(is_closed_at_the_client());
    assert_int_equal(refused(&since_ms), 1);
    assert_in_range(since_ms, PAUSE_MS, FAR_BEYOND_MS);
}

static void operators_may_have_them(void **state)
{
    (void)state;
    int64_t since_ms;
    http_accept_prefer(port_of(listener));
    int fd = accept_with(1);
    assert_true(fd >= 0);
    assert_int_equal(refused(&since_ms), 1);
    close(fd);
}

static void without_any_the_client_waits_in_the_kernel(void **state)
{
    (void)state;
    int64_t since_ms;
    http_accept_prefer(port_of(listener));
    assert_int_equal(accept_with(0), -1);
    assert_int_equal(errno, EAGAIN);
    assert_in_range(took_ms, PAUSE_MS, FAR_BEYOND_MS);
    assert_int_equal(refused(&since_ms), 2);
    assert_false(is_closed_at_the_client());
    int fd = accept_with(RESERVED + 1);
    assert_true(fd >= 0);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(with_descriptors_left_everybody_is_accepted),
        TEST(the_last_ones_are_not_for_clients),
        TEST(operators_may_have_them),
        TEST(without_any_the_client_waits_in_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
