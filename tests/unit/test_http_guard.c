/* Requests that two parsers could read in two ways: none gets through, and each is told why. */
#include "common/http/http_guard.h"
#include "common/http/http_seams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define FIELDS_MAX 80

struct asked {
    struct http_field fields[FIELDS_MAX];
    struct http_head head;
    struct http_framing framing;
    struct http_problem refusal;
};

/* A POST to /orders with a Host, and these fields after it. */
static void ask(struct asked *asked, const struct http_field *fields, size_t count)
{
    memset(asked, 0, sizeof *asked);
    asked->fields[0] = (struct http_field){ "Host", "x" };
    for (size_t i = 0; i < count; i++)
        asked->fields[i + 1] = fields[i];
    asked->head = (struct http_head){ "POST", "/orders", "1.1", asked->fields, count + 1 };
}

static int head_status(struct asked *asked)
{
    if (http_guard_head(&asked->head, &asked->framing, &asked->refusal))
        return 200;
    assert_non_null(asked->refusal.type);
    assert_non_null(asked->refusal.detail);
    return asked->refusal.status;
}

static int length_status(const char *length)
{
    struct asked asked;
    ask(&asked, &(struct http_field){ "content-length", length }, 1);
    return head_status(&asked);
}

static void a_length_is_digits_and_nothing_else(void **state)
{
    (void)state;
    static const char *const bad[] = { "",     " ",   "+2",   "-2",  "2abc", "abc", "0x10",
                                       "2, 2", "2 2", "\t+2", "2.0", "1e1",  "2;",  "\xb2" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(length_status(bad[i]), 400);
    assert_int_equal(length_status("0"), 200);
    assert_int_equal(length_status("16384"), 200);
    assert_int_equal(length_status("5 \t"), 200);
}

static size_t length_of(const char *text)
{
    struct asked asked;
    ask(&asked, &(struct http_field){ "Content-Length", text }, 1);
    assert_int_equal(head_status(&asked), 200);
    assert_true(asked.framing.has_length);
    return asked.framing.body_length;
}

static void a_length_beyond_all_numbers_stays_beyond_the_limit(void **state)
{
    (void)state;
    assert_true(length_of("00000000000000000000000000007") == 7);
    assert_true(length_of("999999999999999999") == 999999999999999999);
    assert_true(length_of("1000000000000000000") == SIZE_MAX);
    assert_true(length_of("18446744073709551617") == SIZE_MAX); /* 2^64 + 1 */
    assert_true(length_of("100000000000000000000") == SIZE_MAX);
}

static void two_ways_to_tell_the_length_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct http_field fields[2];
        size_t count;
        int status;
    } cases[] = {
        { { { "Content-Length", "4" }, { "content-LENGTH", "4" } }, 2, 400 },
        { { { "Content-Length", "4" }, { "Transfer-Encoding", "chunked" } }, 2, 400 },
        { { { "transfer-encoding", "" }, { "Content-Length", "4" } }, 2, 400 },
        { { { "Transfer-Encoding", "chunked" } }, 1, 411 },
        { { { "Transfer-Encoding", "identity" } }, 1, 411 },
        { { { "Transfer-Encoding", "gzip" }, { "Transfer-Encoding", "chunked" } }, 2, 411 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct asked asked;
        ask(&asked, cases[i].fields, cases[i].count);
        assert_int_equal(head_status(&asked), cases[i].status);
    }
}

static void the_sixty_fourth_header_is_one_too_many(void **state)
{
    (void)state;
    struct http_field fields[FIELDS_MAX - 1];
    struct asked asked;
    for (size_t i = 0; i < FIELDS_MAX - 1; i++)
        fields[i] = (struct http_field){ "X-Filler", "y" };
    ask(&asked, fields, 62);
    assert_int_equal(head_status(&asked), 200);
    ask(&asked, fields, 63);
    assert_int_equal(head_status(&asked), 431);
}

static void http_1_1_names_exactly_one_host(void **state)
{
    (void)state;
    struct asked asked;
    ask(&asked, &(struct http_field){ "host", "y" }, 1);
    assert_int_equal(head_status(&asked), 400);
    ask(&asked, NULL, 0);
    asked.head.field_count = 0;
    assert_int_equal(head_status(&asked), 400);
    asked.head.version = "1.0";
    assert_int_equal(head_status(&asked), 200);
    assert_true(asked.framing.wants_close);
}

static void close_and_continue_are_understood(void **state)
{
    (void)state;
    struct asked asked;
    ask(&asked, NULL, 0);
    assert_int_equal(head_status(&asked), 200);
    assert_false(asked.framing.wants_close);
    assert_false(asked.framing.expects_continue);
    ask(&asked, &(struct http_field){ "Connection", "TE, Close" }, 1);
    assert_int_equal(head_status(&asked), 200);
    assert_true(asked.framing.wants_close);
    ask(&asked, &(struct http_field){ "Expect", "100-Continue" }, 1);
    assert_int_equal(head_status(&asked), 200);
    assert_true(asked.framing.expects_continue);
    ask(&asked, &(struct http_field){ "Expect", "a miracle" }, 1);
    assert_int_equal(head_status(&asked), 417);
}

static int path_status(const char *path)
{
    struct asked asked;
    ask(&asked, NULL, 0);
    asked.head.path = path;
    return head_status(&asked);
}

static void a_path_that_means_two_things_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",       "a",      "*",       "http://h/a", "//a",    "/a//b",  "/a/../b",     "/..",
        "/.",     "/a/%2e", "/%2E%2e", "/.%2e/a",    "/a%00",  "/a%0d",  "/a%0D%0aX:y", "/a%2fb",
        "/a%5cb", "/a\\b",  "/a b",    "/a%20b",     "/a\x7f", "/a\x80", "/a%ff",       "/a%7f",
        "/a%",    "/a%2",   "/a%zz",   "/a%2g",      "/a\tb",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(path_status(bad[i]), 400);
    static const char *const good[] = { "/", "/a", "/a/", "/a..b", "/...", "/a%3Ab", "/.a/b.c" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(path_status(good[i]), 200);
}

static void a_path_has_a_bound(void **state)
{
    (void)state;
    char path[HTTP_PATH_BYTES + 2];
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[HTTP_PATH_BYTES - 1] = '\0';
    assert_int_equal(path_status(path), 200);
    path[HTTP_PATH_BYTES - 1] = 'a';
    path[HTTP_PATH_BYTES] = '\0';
    assert_int_equal(path_status(path), 400);
}

static int body_status(const char *method, const char *length, const char *type, const char *again)
{
    struct http_field fields[3];
    size_t count = 0;
    struct asked asked;
    if (length != NULL)
        fields[count++] = (struct http_field){ "Content-Length", length };
    if (type != NULL)
        fields[count++] = (struct http_field){ "Content-Type", type };
    if (again != NULL)
        fields[count++] = (struct http_field){ "content-type", again };
    ask(&asked, fields, count);
    asked.head.method = method;
    assert_int_equal(head_status(&asked), 200);
    bool needs_json = strcmp(method, "POST") == 0;
    return http_guard_body(&asked.head, &asked.framing, needs_json, &asked.refusal)
               ? 200
               : asked.refusal.status;
}

static void a_post_has_a_length_within_the_limit(void **state)
{
    (void)state;
    assert_int_equal(body_status("POST", NULL, "application/json", NULL), 411);
    assert_int_equal(body_status("POST", "16384", "application/json", NULL), 200);
    assert_int_equal(body_status("POST", "16385", "application/json", NULL), 413);
    assert_int_equal(body_status("POST", "100000000000000000000", "application/json", NULL), 413);
    assert_int_equal(body_status("GET", NULL, NULL, NULL), 200);
    assert_int_equal(body_status("GET", "0", NULL, NULL), 200);
    assert_int_equal(body_status("GET", "1", NULL, NULL), 400);
}

static void a_json_body_says_so_exactly_once(void **state)
{
    (void)state;
    static const char *const good[] = { "application/json", "Application/JSON",
                                        "application/json; charset=utf-8", "application/json ;x",
                                        "application/json " };
    static const char *const bad[] = { "",
                                       "text/plain",
                                       "application/jsonx",
                                       "application/json, text/plain",
                                       "application/json x",
                                       "application",
                                       "application/problem+json" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(body_status("POST", "2", good[i], NULL), 200);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(body_status("POST", "2", bad[i], NULL), 415);
    assert_int_equal(body_status("POST", "2", NULL, NULL), 415);
    assert_int_equal(body_status("POST", "2", good[0], good[0]), 415);
}

/* ---- seams: the bytes as civetweb leaves them; ~ stands for a NUL ---- */

static bool seams(const char *picture, const size_t *names, const size_t *values, size_t count)
{
    static char bytes[128];
    struct http_field fields[4];
    memset(bytes, '!', sizeof bytes);
    for (size_t i = 0; picture[i] != '\0'; i++)
        bytes[i] = picture[i] == '~' ? '\0' : picture[i];
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct http_field){ bytes + names[i], bytes + values[i] };
    return http_seams_are_plain(fields, count);
}

static void only_a_head_that_was_read_whole_has_plain_seams(void **state)
{
    (void)state;
    const size_t names[] = { 0, 6 }, values[] = { 3, 8 };
    assert_true(seams("A~ b~~C~d~~\r~", names, values, 2));
    assert_false(seams("A~ b~~C~d~~ folded: x\r\n\r~", names, values, 2));
    assert_false(seams("A~ b~~C~d~~: no name\r\n\r~", names, values, 2));
    assert_false(seams("A~~b~~C~d~~\r~", names, values, 2)); /* was "A :b" */
    assert_false(seams("A~ b~\nC~d~~\r~", names, values, 2));
    assert_false(seams("A~ b~~C~d~x~\r~", names, values, 2)); /* a NUL within the value */
    assert_false(seams("A~ b~~C~d~~", names, values, 2));
    assert_true(seams("A~ b~~\r~", names, values, 1));
    assert_false(seams("A~ b~~C:d\r\n\r~", names, values, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_length_is_digits_and_nothing_else),
        cmocka_unit_test(a_length_beyond_all_numbers_stays_beyond_the_limit),
        cmocka_unit_test(two_ways_to_tell_the_length_are_refused),
        cmocka_unit_test(the_sixty_fourth_header_is_one_too_many),
        cmocka_unit_test(http_1_1_names_exactly_one_host),
        cmocka_unit_test(close_and_continue_are_understood),
        cmocka_unit_test(a_path_that_means_two_things_is_refused),
        cmocka_unit_test(a_path_has_a_bound),
        cmocka_unit_test(a_post_has_a_length_within_the_limit),
        cmocka_unit_test(a_json_body_says_so_exactly_once),
        cmocka_unit_test(only_a_head_that_was_read_whole_has_plain_seams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
