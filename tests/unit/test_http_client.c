/* What a call makes of answers that are cut, absurd or in no hurry, and that it reaches this
 * machine past any proxy. */
#include "common/http/http_client.h"
#include "tests/unit/http_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define TIMEOUT_MS 3000

/* One GET; false where no complete answer came. */
static bool ask(const char *raw_answer, struct http_reply *ret_reply)
{
    struct http_peer peer = { .answers = { raw_answer }, .answer_count = 1 };
    http_peer_start(&peer);
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/x", peer.port);
    struct error error;
    struct http_client *client = http_client_new();
    assert_non_null(client);
    const struct http_call call = { .method = "GET", .url = url, .timeout_ms = TIMEOUT_MS };
    bool is_answered = http_client_call(client, &call, ret_reply, &error);
    (void)shutdown(peer.listener, SHUT_RDWR); /* for a call that never came */
    pthread_join(peer.thread, NULL);
    close(peer.listener);
    http_client_free(client);
    return is_answered;
}

static void a_proxy_of_the_environment_gets_no_call_to_this_machine(void **state)
{
    (void)state;
    struct http_reply reply;
    setenv("http_proxy", "http://127.0.0.1:9", 1); /* nothing listens there */
    assert_true(ask("HTTP/1.1 204 No\r\n\r\n", &reply));
    assert_int_equal(reply.status, 204);
    unsetenv("http_proxy");
}

static long retry_after(const char *value)
{
    char answer[256];
    struct http_reply reply;
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 503 No\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", value);
    assert_true(ask(answer, &reply));
    assert_int_equal(reply.status, 503);
    return reply.retry_after_s;
}

static void nobody_can_make_us_wait_for_more_than_a_day(void **state)
{
    (void)state;
    assert_int_equal(retry_after("7"), 7);
    assert_int_equal(retry_after("86401"), HTTP_RETRY_AFTER_S_MAX);
    assert_int_equal(retry_after("9223372036854775807"), HTTP_RETRY_AFTER_S_MAX);
    assert_in_range(retry_after("Fri, 31 Dec 9999 23:59:59 GMT"), 1, HTTP_RETRY_AFTER_S_MAX);
    assert_int_equal(retry_after("-5"), -1);
    assert_int_equal(retry_after("soon"), -1);
    assert_int_equal(retry_after("0x7fffffff"), -1);
}

static void an_answer_without_sense_is_a_failure_or_a_status(void **state)
{
    (void)state;
    struct http_reply reply;
    static const char *const senseless[] = {
        "HTTP/1.1 99999999999 x\r\n\r\n",
        "HTTP/9.9 200 x\r\n\r\n",
        "\x16\x03\x01 no HTTP at all\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n",
    };
    for (size_t i = 0; i < sizeof senseless / sizeof senseless[0]; i++)
        if (ask(senseless[i], &reply))
            assert_in_range(reply.status, 100, 999);
}

static void an_address_that_is_none_is_not_called(void **state)
{
    (void)state;
    struct error error;
    struct http_reply reply;
    struct http_client *client = http_client_new();
    size_t length = (size_t)9 << 20; /* more than libcurl takes */
    char *url = malloc(length + 1);
    assert_true(client != NULL && url != NULL);
    memset(url, 'x', length);
    url[length] = '\0';
    const struct http_call call = { .method = "GET", .url = url, .timeout_ms = TIMEOUT_MS };
    assert_false(http_client_call(client, &call, &reply, &error));
    assert_non_null(strstr(error.message, "a bad address"));
    free(url);
    http_client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proxy_of_the_environment_gets_no_call_to_this_machine),
        cmocka_unit_test(nobody_can_make_us_wait_for_more_than_a_day),
        cmocka_unit_test(an_answer_without_sense_is_a_failure_or_a_status),
        cmocka_unit_test(an_address_that_is_none_is_not_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
