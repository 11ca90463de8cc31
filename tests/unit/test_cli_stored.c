/* Commands that read stored documents, from stores or a file: what they say where something is
 * missing. */
#include "tests/unit/command_case.h"

/* ---- show ---- */

static void a_booking_is_shown_by_whoever_can_be_asked(void **state)
{
    (void)state;
    assert_int_equal(
        run(&command_show, "B1",
            http_peer_answer("200 OK",
                             "{\"intentId\":\"B1\",\"state\":\"pending\",\"userId\":\"ann\","
                             "\"amount\":1200,\"currency\":\"EUR\",\"refunds\":[]}"),
            NULL, NULL),
        EXIT_OK);
    assert_asked(0, "GET /booking/B1 ", NULL);
    assert_memory_equal(out, "booking   B1\nstate     pending\nintent    12.00 EUR by ann\n", 57);
    assert_non_null(strstr(out, "ROUNDTRIP_STORE_BOOKING is not set"));
    assert_non_null(strstr(out, "/nowhere/gateway.db is not there"));
    assert_int_equal(run(&command_show, "B1", http_peer_answer("404 No", "{}"), NULL, NULL),
                     EXIT_NOT_FOUND);
    assert_string_equal(out, "");
}

/* The stores have not heard of a booking that the gateway may know. */
static void without_the_gateway_nobody_says_that_there_is_no_booking(void **state)
{
    static const char *const answers[] = { "", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" };
    (void)state;
    store_make(store_booking);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        assert_int_equal(run(&command_show, "B1", answers[i], NULL, NULL), EXIT_UNAVAILABLE);
        assert_non_null(strstr(said, "it is not known whether there is a booking B1"));
        assert_null(strstr(said, "nothing is known"));
        assert_string_equal(out, "");
    }
    assert_int_equal(run(&command_show, "B1", http_peer_answer("404 No", "{}"), NULL, NULL),
                     EXIT_NOT_FOUND);
    assert_non_null(strstr(said, "nothing is known of booking B1"));
    store_remove(store_booking);
}

static void what_no_url_can_name_is_not_asked_of_the_gateway(void **state)
{
    (void)state;
    assert_int_equal(run(&command_show, "..", NULL, NULL, NULL), EXIT_UNAVAILABLE);
    assert_string_equal(said, "roundtrip: it is not known whether there is a booking .., as the "
                              "stores cannot be read: roundtrip doctor says why\n");
    store_make(store_gateway);
    store_make(store_booking);
    assert_int_equal(run(&command_show, ".", NULL, NULL, NULL), EXIT_NOT_FOUND);
    assert_non_null(strstr(said, "nothing is known of booking ."));
    snprintf(store_gateway, sizeof store_gateway, "%s", GATEWAY_NOWHERE);
    store_remove(store_gateway);
    store_remove(store_booking);
    snprintf(store_gateway, sizeof store_gateway, "%s", GATEWAY_NOWHERE);
}

/* ---- replay ---- */

static void a_file_without_a_document_is_refused(void **state)
{
    (void)state;
    assert_int_equal(run(&command_replay, "--against /dev/null", NULL, NULL, NULL), EXIT_USAGE);
    assert_string_equal(said, "roundtrip: /dev/null holds no document; make it again with "
                              "roundtrip replay --export\n");
    assert_string_equal(out, "");
}

/* The gateway's view of a booking of which nothing is decided, as an export has it. */
#define EXPORTED                                                                                   \
    "{\"service\":\"gateway\",\"id\":\"B1\",\"version\":{\"$numberLong\":\"1\"},"                  \
    "\"createdAt\":{\"$numberLong\":\"1\"},\"dueAt\":{\"$numberLong\":\"0\"},"                     \
    "\"owedAt\":{\"$numberLong\":\"0\"},\"document\":{}}\n"
#define COUNTED(n) "{ \"documents\" : { \"$numberLong\" : \"" n "\" } }\n"

static enum exit_status against(const char *lines)
{
    char path[] = "/tmp/roundtrip-commands-XXXXXX";
    char line[64];
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, lines, strlen(lines)), strlen(lines));
    close(file);
    snprintf(line, sizeof line, "--against %s", path);
    enum exit_status status = run(&command_replay, line, NULL, NULL, NULL);
    unlink(path);
    return status;
}

static void a_file_that_was_cut_is_no_export(void **state)
{
    (void)state;
    assert_int_equal(against(EXPORTED COUNTED("1")), EXIT_WRONG); /* it has no history */
    assert_string_equal(said, "");
    assert_int_equal(against(EXPORTED COUNTED("1") EXPORTED COUNTED("1")), EXIT_WRONG);
    assert_string_equal(said, "");
    assert_int_equal(against(EXPORTED COUNTED("2")), EXIT_USAGE);
    assert_non_null(strstr(said, "was cut or altered: it has 1 documents, and counts 2;"));
    assert_int_equal(against(EXPORTED COUNTED("1") EXPORTED), EXIT_USAGE);
    assert_non_null(strstr(said, "it has 2 documents, and counts 1 before its end;"));
    assert_int_equal(against(EXPORTED), EXIT_WRONG);
    assert_non_null(strstr(said, "does not end with the number of its documents"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_booking_is_shown_by_whoever_can_be_asked),
        cmocka_unit_test(without_the_gateway_nobody_says_that_there_is_no_booking),
        cmocka_unit_test(what_no_url_can_name_is_not_asked_of_the_gateway),
        cmocka_unit_test(a_file_without_a_document_is_refused),
        cmocka_unit_test(a_file_that_was_cut_is_no_export),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
