/* Where requests of spans go: a file that is moved or full, a collector that refuses, hangs or goes
 * away. */
#include "common/base/clock.h"
#include "tests/unit/http_peer.h"
#include "tests/unit/trace_sink.h"

#include <stdio.h>
#include <unistd.h>

static void success_may_be_partial(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int rejected;
        const char *message;
    } cases[] = {
        { "{}", 0, "" },
        { "{\"partialSuccess\":{}}", 0, "" },
        { "{\"partialSuccess\":{\"rejectedSpans\":\"5\",\"errorMessage\":\"bad \\\"id\\\"\"}}", 5,
          "bad \"id\"" },
        { "{\"partialSuccess\":{\"rejectedSpans\":3}}", 3, "" },
        { "{\"partialSuccess\":{\"rejectedSpans\":0,\"errorMessage\":\"careful\"}}", 0, "careful" },
        { "{\"partialSuccess\":{\"rejectedSpans\":\"-1\"}}", 0, "" },
        { "{\"partialSuccess\":null}", 0, "" },
        { "no json", 0, "" },
        { "", 0, "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outlet_answer answer = { 0 };
        assert_int_equal(outlet_answer_read(200, cases[i].body, strlen(cases[i].body), &answer),
                         OUTLET_SENT);
        assert_int_equal(answer.rejected, cases[i].rejected);
        assert_string_equal(answer.message, cases[i].message);
    }
}

static void only_429_502_503_and_504_are_tried_again(void **state)
{
    (void)state;
    for (int status = 300; status < 600; status++) {
        struct outlet_answer answer = { 0 };
        bool may_retry = status == 429 || status == 502 || status == 503 || status == 504;
        assert_int_equal(outlet_answer_read(status, "", 0, &answer),
                         may_retry ? OUTLET_RETRY : OUTLET_FAILED);
    }
}

static void several_outlets_share_a_file_line_by_line(void **state)
{
    (void)state;
    char path[] = "/tmp/test-otlp-XXXXXX", lines[256];
    struct outlet one, other;
    struct outlet_answer answer = { 0 };
    struct error error;
    close(mkstemp(path));
    assert_true(outlet_file_open(path, &one, &error));
    assert_true(outlet_file_open(path, &other, &error));
    assert_int_equal(one.send(one.self, "{\"a\":1}", 7, &answer), OUTLET_SENT);
    assert_int_equal(other.send(other.self, "{\"b\":2}", 7, &answer), OUTLET_SENT);
    assert_int_equal(one.send(one.self, "{\"c\":3}", 7, &answer), OUTLET_SENT);
    one.free(one.self);
    other.free(other.self);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t length = fread(lines, 1, sizeof lines - 1, file);
    lines[length] = '\0';
    fclose(file);
    unlink(path);
    assert_string_equal(lines, "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
}

static void file_is(const char *path, const char *wanted)
{
    char text[256];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, wanted);
}

static void a_file_that_was_moved_is_opened_again(void **state)
{
    (void)state;
    char path[] = "/tmp/test_outlet_XXXXXX", moved[sizeof path + 2];
    struct outlet outlet;
    struct outlet_answer answer = { 0 };
    struct error error;
    close(mkstemp(path));
    snprintf(moved, sizeof moved, "%s.1", path);
    assert_true(outlet_file_open(path, &outlet, &error));
    for (int i = 0; i < 2; i++) { /* logrotate comes again */
        assert_int_equal(outlet.send(outlet.self, "{\"a\":1}", 7, &answer), OUTLET_SENT);
        assert_int_equal(rename(path, moved), 0);
        assert_int_equal(outlet.send(outlet.self, "{\"b\":2}", 7, &answer), OUTLET_SENT);
        file_is(moved, i == 0 ? "{\"a\":1}\n" : "{\"b\":2}\n{\"a\":1}\n");
        file_is(path, "{\"b\":2}\n");
    }
    outlet.free(outlet.self);
    unlink(path);
    unlink(moved);
}

static void a_full_disk_fails_and_does_not_block(void **state)
{
    (void)state;
    struct outlet outlet;
    struct outlet_answer answer = { 0 };
    struct error error;
    assert_true(outlet_file_open("/dev/full", &outlet, &error));
    assert_int_equal(outlet.send(outlet.self, "{}", 2, &answer), OUTLET_FAILED);
    assert_string_not_equal(answer.message, "");
    outlet.free(outlet.self);
    assert_false(outlet_file_open("/nonexistent/file", &outlet, &error));
    assert_non_null(strstr(error.message, "/nonexistent/file"));
}

static struct outlet http_outlet(int port)
{
    static struct tracing_environment environment;
    struct outlet outlet;
    struct error error;
    sink_environment(&environment);
    environment.timeout_ms = 5000;
    environment.headers[0] = "api-key: k1";
    environment.header_count = 1;
    snprintf(environment.endpoint, sizeof environment.endpoint, "http://127.0.0.1:%d/v1/traces",
             port);
    assert_true(outlet_http_open(&environment, &outlet, &error));
    return outlet;
}

static void http_posts_json_on_one_connection_and_reads_the_answers(void **state)
{
    (void)state;
    struct http_peer collector = {
        .answers = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                     "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"
                     "{\"partialSuccess\":{\"rejectedSpans\":\"1\"}}",
                     "HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n",
                     "HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n"
                     "Content-Length: 0\r\n\r\n",
                     "HTTP/1.1 503 Busy\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n",
                     "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n" },
        .answer_count = 6,
    };
    http_peer_start(&collector);
    struct outlet outlet = http_outlet(collector.port);
    struct outlet_answer answer = { 0 };
    assert_int_equal(outlet.send(outlet.self, "{\"x\":1}", 7, &answer), OUTLET_SENT);
    answer = (struct outlet_answer){ 0 };
    assert_int_equal(outlet.send(outlet.self, "{}", 2, &answer), OUTLET_SENT);
    assert_int_equal(answer.rejected, 1);
    assert_int_equal(outlet.send(outlet.self, "{}", 2, &answer), OUTLET_RETRY);
    assert_int_equal(answer.retry_after_ms, 3000);
    assert_int_equal(outlet.send(outlet.self, "{}", 2, &answer), OUTLET_RETRY);
    assert_int_equal(answer.retry_after_ms, 24 * 3600 * 1000); /* nobody makes it wait longer */
    assert_int_equal(outlet.send(outlet.self, "{}", 2, &answer), OUTLET_RETRY);
    assert_int_equal(answer.retry_after_ms, -1);
    assert_int_equal(outlet.send(outlet.self, "{}", 2, &answer), OUTLET_FAILED);
    assert_int_equal(answer.retry_after_ms, -1);
    pthread_join(collector.thread, NULL);
    assert_int_equal(collector.connections, 1);
    const char *first = collector.received[0];
    assert_non_null(strstr(first, "POST /v1/traces HTTP/1.1\r\n"));
    assert_non_null(strstr(first, "Content-Type: application/json\r\n"));
    assert_non_null(
        strstr(first, "User-Agent: roundtrip/" ROUNDTRIP_VERSION " OTel-OTLP-Exporter-C/"));
    assert_non_null(strstr(first, "api-key: k1\r\n"));
    assert_null(strstr(first, "Expect"));
    assert_non_null(strstr(first, "\r\n\r\n{\"x\":1}"));
    outlet.free(outlet.self);
    close(collector.listener);
}

/* From a megabyte on curl would ask for permission first, and wait for it. */
static void a_large_body_is_sent_without_asking(void **state)
{
    (void)state;
    size_t length = (size_t)2 << 20;
    char *body = malloc(length);
    struct http_peer collector = { .answers = { "" }, .answer_count = 1 };
    struct outlet_answer answer = { 0 };
    assert_non_null(body);
    memset(body, ' ', length);
    http_peer_start(&collector);
    struct outlet outlet = http_outlet(collector.port);
    assert_int_equal(outlet.send(outlet.self, body, length, &answer), OUTLET_RETRY);
    shutdown(collector.listener, SHUT_RDWR);
    pthread_join(collector.thread, NULL);
    assert_non_null(strstr(collector.received[0], "Content-Length: 2097152\r\n"));
    assert_null(strstr(collector.received[0], "Expect"));
    outlet.free(outlet.self);
    close(collector.listener);
    free(body);
}

static void a_lost_connection_and_a_closed_port_may_be_tried_again(void **state)
{
    (void)state;
    struct http_peer collector = { .answers = { "" }, .answer_count = 1 };
    struct outlet_answer answer = { 0 };
    http_peer_start(&collector);
    struct outlet outlet = http_outlet(collector.port);
    assert_int_equal(outlet.send(outlet.self, "{}", 2, &answer), OUTLET_RETRY);
    pthread_join(collector.thread, NULL);
    close(collector.listener);
    assert_int_equal(outlet.send(outlet.self, "{}", 2, &answer), OUTLET_RETRY);
    assert_string_not_equal(answer.message, "");
    outlet.free(outlet.self);
}

static void a_collector_that_never_answers_is_left_when_it_is_hurried(void **state)
{
    (void)state;
    struct http_peer collector = { .answer_count = 0 };
    http_peer_start(&collector); /* its thread ends at once; the kernel still accepts */
    pthread_join(collector.thread, NULL);
    struct outlet outlet = http_outlet(collector.port);
    struct outlet_answer answer = { 0 };
    int64_t before_ms = clock_monotonic_ms();
    outlet.hurry(outlet.self, before_ms + 100);
    assert_int_not_equal(outlet.send(outlet.self, "{}", 2, &answer), OUTLET_SENT);
    assert_true(clock_monotonic_ms() - before_ms < 3000);
    outlet.free(outlet.self);
    close(collector.listener);
}

int main(void)
{
    /* A proxy that nothing listens at: no call of these tests may ask it. */
    setenv("http_proxy", "http://127.0.0.1:9", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_may_be_partial),
        cmocka_unit_test(only_429_502_503_and_504_are_tried_again),
        cmocka_unit_test(several_outlets_share_a_file_line_by_line),
        cmocka_unit_test(a_file_that_was_moved_is_opened_again),
        cmocka_unit_test(a_full_disk_fails_and_does_not_block),
        cmocka_unit_test(http_posts_json_on_one_connection_and_reads_the_answers),
        cmocka_unit_test(a_large_body_is_sent_without_asking),
        cmocka_unit_test(a_lost_connection_and_a_closed_port_may_be_tried_again),
        cmocka_unit_test(a_collector_that_never_answers_is_left_when_it_is_hurried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
