/* Problem details as they leave, and that no caller's text escapes from its string or its header.
 * */
#include "common/http/http_server.h"
#include "common/http/http_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int answer_make(void **state)
{
    struct http_answer *answer = calloc(1, sizeof *answer);
    assert_non_null(answer);
    answer->body = malloc(HTTP_ANSWER_BYTES_MAX);
    assert_non_null(answer->body);
    *state = answer;
    return 0;
}

static int answer_drop(void **state)
{
    struct http_answer *answer = *state;
    free(answer->body);
    free(answer);
    return 0;
}

static void assert_body(const struct http_answer *answer, const char *expected)
{
    assert_int_equal(answer->body_length, strlen(expected));
    assert_memory_equal(answer->body, expected, answer->body_length);
}

static void a_problem_names_its_type_status_and_detail(void **state)
{
    struct http_answer *answer = *state;
    const struct http_problem problem = { 404, "not-found", "no such booking", NULL, "B1", "t1" };
    http_answer_problem(answer, &problem);
    assert_int_equal(answer->status, 404);
    assert_string_equal(answer->content_type, "application/problem+json");
    assert_string_equal(answer->headers, "");
    assert_body(answer, "{\"type\":\"/problems/not-found\",\"title\":\"Not Found\",\"status\":404,"
                        "\"detail\":\"no such booking\",\"intentId\":\"B1\",\"traceId\":\"t1\","
                        "\"retryable\":false}");
}

static void a_problem_without_a_type_is_about_blank(void **state)
{
    struct http_answer *answer = *state;
    const struct http_problem problem = { .status = 500 };
    http_answer_problem(answer, &problem);
    assert_body(answer, "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\","
                        "\"status\":500,\"retryable\":false}");
}

static void only_what_may_be_retried_says_so_and_when(void **state)
{
    struct http_answer *answer = *state;
    static const int statuses[] = { 503, 429 };
    for (size_t i = 0; i < 2; i++) {
        const struct http_problem problem = { .status = statuses[i], .type = "unavailable" };
        answer->headers[0] = '\0';
        http_answer_problem(answer, &problem);
        assert_string_equal(answer->headers, "Retry-After: 1\r\n");
        assert_non_null(strstr(answer->body, "\"retryable\":true"));
    }
}

static void a_callers_text_cannot_leave_its_string(void **state)
{
    struct http_answer *answer = *state;
    const struct http_problem problem = {
        .status = 422, .type = "invalid-field", .detail = "\"}\r\n\xff", .pointer = "/a\"b"
    };
    http_answer_problem(answer, &problem);
    assert_non_null(strstr(answer->body, "\"detail\":\"\\\"}\\r\\n\xef\xbf\xbd\""));
    assert_non_null(strstr(answer->body, "\"pointer\":\"/a\\\"b\"}]"));
}

static void json_refused(struct http_answer *answer, const char *text)
{
    struct {
        int64_t amount;
    } target;
    static const struct json_field fields[] = { { "amount", JSON_FIELD_AMOUNT, true, 0, 0 } };
    struct json_problem problem;
    assert_false(json_read(text, strlen(text), fields, 1, JSON_UNKNOWN_REFUSED, &target, &problem));
    http_answer_json_problem(answer, &problem);
    assert_int_equal(answer->close, false);
}

static void broken_json_is_400_and_a_broken_value_422(void **state)
{
    struct http_answer *answer = *state;
    json_refused(answer, "{\"amount\":5");
    assert_int_equal(answer->status, 400);
    assert_non_null(strstr(answer->body, "/problems/malformed-json"));
    json_refused(answer, "{\"amount\":5,\"x\":1}");
    assert_int_equal(answer->status, 400);
    assert_non_null(strstr(answer->body, "/problems/unknown-field"));
    assert_non_null(strstr(answer->body, "\"pointer\":\"/x\""));
    json_refused(answer, "{\"amount\":-5}");
    assert_int_equal(answer->status, 422);
    assert_non_null(strstr(answer->body, "/problems/invalid-field"));
    assert_non_null(strstr(answer->body, "\"pointer\":\"/amount\""));
}

static void a_header_value_cannot_start_another_line(void **state)
{
    struct http_answer *answer = *state;
    http_answer_header(answer, "Location", "/a\r\nX-Injected: y");
    http_answer_header(answer, "X", "z");
    assert_string_equal(answer->headers, "Location: /a??X-Injected: y\r\nX: z\r\n");
}

static void a_header_that_finds_no_room_is_left_out_whole(void **state)
{
    struct http_answer *answer = *state;
    char value[HTTP_HEADERS_EXTRA_SIZE];
    memset(value, 'v', sizeof value);
    value[HTTP_HEADERS_EXTRA_SIZE - 6] = '\0'; /* "A: " and CR LF and NUL: just one too many */
    value[HTTP_HEADERS_EXTRA_SIZE - 5] = '\0';
    http_answer_header(answer, "AB", value);
    assert_string_equal(answer->headers, "");
    http_answer_header(answer, "A", value);
    assert_int_equal(strlen(answer->headers), HTTP_HEADERS_EXTRA_SIZE - 1);
    http_answer_header(answer, "B", "");
    assert_int_equal(strlen(answer->headers), HTTP_HEADERS_EXTRA_SIZE - 1);
}

static void every_status_has_the_words_of_the_rfc(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text;
    } cases[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 204, "No Content" },
        { 304, "Not Modified" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 402, "Payment Required" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 410, "Gone" },
        { 411, "Length Required" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 417, "Expectation Failed" },
        { 422, "Unprocessable Content" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(http_status_text(cases[i].status), cases[i].text);
    assert_string_equal(http_status_text(299), "Status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_problem_names_its_type_status_and_detail, answer_make,
                                        answer_drop),
        cmocka_unit_test_setup_teardown(a_problem_without_a_type_is_about_blank, answer_make,
                                        answer_drop),
        cmocka_unit_test_setup_teardown(only_what_may_be_retried_says_so_and_when, answer_make,
                                        answer_drop),
        cmocka_unit_test_setup_teardown(a_callers_text_cannot_leave_its_string, answer_make,
                                        answer_drop),
        cmocka_unit_test_setup_teardown(broken_json_is_400_and_a_broken_value_422, answer_make,
                                        answer_drop),
        cmocka_unit_test_setup_teardown(a_header_value_cannot_start_another_line, answer_make,
                                        answer_drop),
        cmocka_unit_test_setup_teardown(a_header_that_finds_no_room_is_left_out_whole, answer_make,
                                        answer_drop),
        cmocka_unit_test(every_status_has_the_words_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
