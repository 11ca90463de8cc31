/* One question of the command line to a service: what is asked, what is told, and with which exit
 * status it ends. */
#include "cli/sources/fetch.h"
#include "common/base/exit_status.h"
#include "gateway/service.h"
#include "tests/unit/http_peer.h"
#include "tests/unit/settings_case.h"
#include "tests/unit/stderr_text.h"

#define JSON(status, body, length)                                                                 \
    "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nContent-Length: " length             \
    "\r\n\r\n" body

static char said[1024];
static char asked[2048];
static int status;
static cJSON *json;

/* The gateway's answer to one question. */
static enum exit_status ask(const char *raw_answer, const struct question *question, bool is_any)
{
    struct http_peer peer = { .answers = { raw_answer }, .answer_count = 1 };
    struct stderr_text heard;
    char url[64];
    http_peer_start(&peer);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", peer.port);
    struct cli cli = { 0 };
    places_set(&cli.settings, url);
    cJSON_Delete(json);
    json = NULL;
    stderr_text_begin(&heard);
    enum exit_status result =
        is_any ? fetch_any(&cli, question, &status, &json) : fetch(&cli, question, &json);
    stderr_text_end(&heard, said, sizeof said);
    pthread_join(peer.thread, NULL);
    close(peer.listener);
    memcpy(asked, peer.received[0], sizeof asked);
    return result;
}

static const struct question look = { .service = &gateway_service,
                                      .method = "GET",
                                      .path = "/booking/B1" };

static void an_answer_in_json_is_handed_on(void **state)
{
    (void)state;
    assert_int_equal(ask(JSON("200 OK", "{\"a\":17}", "8"), &look, false), EXIT_OK);
    assert_int_equal(json_int(json, "a", 0), 17);
    assert_string_equal(said, "");
    assert_memory_equal(asked, "GET /booking/B1 HTTP/1.1\r\n", 26);
    assert_non_null(strstr(asked, "Accept: application/json\r\n"));
    assert_null(strstr(asked, "Content-Type"));
}

static void a_body_and_a_header_go_along(void **state)
{
    (void)state;
    cJSON *body = cJSON_Parse("{\"userId\":\"ann\"}");
    const struct question question = { .service = &gateway_service,
                                       .method = "POST",
                                       .is_ops = true,
                                       .path = "/booking/intent",
                                       .header = "Idempotency-Key: k1",
                                       .body = body };
    assert_int_equal(ask(JSON("202 Accepted", "{}", "2"), &question, false), EXIT_OK);
    assert_memory_equal(asked, "POST /booking/intent HTTP/1.1\r\n", 31);
    assert_non_null(strstr(asked, "Idempotency-Key: k1\r\n"));
    assert_non_null(strstr(asked, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(asked, "\r\n\r\n{\"userId\":\"ann\"}"));
    cJSON_Delete(body);
}

static void a_header_goes_along_without_a_body_too(void **state)
{
    (void)state;
    struct question question = look;
    question.header = "Prefer: wait=5";
    assert_int_equal(ask(JSON("200 OK", "{}", "2"), &question, false), EXIT_OK);
    assert_non_null(strstr(asked, "Prefer: wait=5\r\n"));
}

static void the_exit_status_says_what_a_script_can_do(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum exit_status status;
    } cases[] = {
        { JSON("200 OK", "{}", "2"), EXIT_OK },
        { JSON("299 Odd", "{}", "2"), EXIT_OK },
        { JSON("199 Odd", "{}", "2"), EXIT_WRONG },
        { JSON("300 Many", "{}", "2"), EXIT_WRONG },
        { JSON("400 Bad", "{}", "2"), EXIT_WRONG },
        { JSON("404 No", "{}", "2"), EXIT_NOT_FOUND },
        { JSON("409 No", "{}", "2"), EXIT_WRONG },
        { JSON("500 Bad", "{}", "2"), EXIT_WRONG },
        { JSON("501 Bad", "{}", "2"), EXIT_WRONG },
        { JSON("502 Bad", "{}", "2"), EXIT_UNAVAILABLE },
        { JSON("503 Busy", "{}", "2"), EXIT_UNAVAILABLE },
        { JSON("504 Late", "{}", "2"), EXIT_UNAVAILABLE },
    };
    for (size_t i = 3; i < sizeof cases / sizeof cases[0]; i++) {
        enum exit_status result = ask(cases[i].answer, &look, false);
        if (result != cases[i].status)
            fail_msg("%.20s: %d", cases[i].answer, (int)result);
        assert_null(json);
        assert_true(said[0] != '\0');
    }
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(ask(cases[i].answer, &look, false), EXIT_OK);
}

static void a_refusal_is_told_in_the_services_words(void **state)
{
    (void)state;
    (void)ask(JSON("409 No", "{\"title\":\"Conflict\",\"detail\":\"it has failed already\"}", "53"),
              &look, false);
    assert_non_null(
        strstr(said, "the gateway answers 409 to GET /booking/B1: it has failed already"));
    (void)ask(JSON("409 No", "{\"title\":\"Conflict\"}", "20"), &look, false);
    assert_non_null(strstr(said, ": Conflict"));
    (void)ask(JSON("422 No",
                   "{\"detail\":\"bad\",\"errors\":[{\"pointer\":\"/amount\",\"detail\":\"a\\u001b"
                   "mount\"}]}",
                   "73"),
              &look, false);
    assert_non_null(strstr(said, ": bad: /amount a.mount"));
    (void)ask("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", &look, false);
    assert_non_null(strstr(said, "no reason is given"));
}

static void what_is_no_json_is_wrong(void **state)
{
    (void)state;
    assert_int_equal(ask(JSON("200 OK", "<html>", "6"), &look, false), EXIT_WRONG);
    assert_non_null(strstr(said, "something that is no JSON"));
}

static void any_answer_will_do_where_its_status_is_looked_at(void **state)
{
    (void)state;
    assert_int_equal(ask(JSON("503 Busy", "{\"a\":1}", "7"), &look, true), EXIT_OK);
    assert_int_equal(status, 503);
    assert_int_equal(json_int(json, "a", 0), 1);
    assert_int_equal(ask(JSON("204 None", "", "0"), &look, true), EXIT_OK);
    assert_int_equal(status, 204);
    assert_null(json);
    assert_string_equal(said, "");
}

static void who_does_not_answer_is_named_with_what_to_do(void **state)
{
    (void)state;
    assert_int_equal(ask("", &look, false), EXIT_UNAVAILABLE);
    assert_non_null(strstr(said, "the gateway does not answer at http://127.0.0.1:"));
    assert_non_null(strstr(said, "roundtrip doctor"));
    const struct cli cli = { .settings = { .jaeger_url = "http://127.0.0.1:9" } };
    const struct question question = { .service = NULL, .method = "GET", .path = "/" };
    struct stderr_text heard;
    stderr_text_begin(&heard);
    enum exit_status result = fetch(&cli, &question, &json);
    stderr_text_end(&heard, said, sizeof said);
    assert_int_equal(result, EXIT_UNAVAILABLE);
    assert_non_null(strstr(said, "Jaeger does not answer at http://127.0.0.1:9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_in_json_is_handed_on),
        cmocka_unit_test(a_body_and_a_header_go_along),
        cmocka_unit_test(a_header_goes_along_without_a_body_too),
        cmocka_unit_test(the_exit_status_says_what_a_script_can_do),
        cmocka_unit_test(a_refusal_is_told_in_the_services_words),
        cmocka_unit_test(what_is_no_json_is_wrong),
        cmocka_unit_test(any_answer_will_do_where_its_status_is_looked_at),
        cmocka_unit_test(who_does_not_answer_is_named_with_what_to_do),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cJSON_Delete(json);
    return failed;
}
