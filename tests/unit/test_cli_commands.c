/* Commands that ask a service over HTTP: what they ask, what they print, how they end. The service
 * is this test's own. */
#include "booking/service.h"
#include "cli/commands/command.h"
#include "gateway/service.h"
#include "payment/service.h"
#include "tests/unit/http_peer.h"
#include "tests/unit/settings_case.h"
#include "tests/unit/stderr_text.h"

#include <stdlib.h>

static char out[8192];
static char said[1024];
static struct http_peer peer;
#define STORE_SIZE      64
#define STORE_SCHEME    "sqlite:"
#define GATEWAY_NOWHERE STORE_SCHEME "/nowhere/gateway.db"
static char store_gateway[STORE_SIZE] = GATEWAY_NOWHERE;
static char store_booking[STORE_SIZE]; /* "" = none is set */

/* One with nothing in it. */
static void store_make(char store[STORE_SIZE])
{
    char path[] = "/tmp/roundtrip-commands-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    snprintf(store, STORE_SIZE, STORE_SCHEME "%s", path);
}

static void store_remove(char store[STORE_SIZE])
{
    unlink(store + sizeof STORE_SCHEME - 1);
    store[0] = '\0';
}

/* An answer of the service, with the length that it has. */
static const char *answer(const char *status, const char *body)
{
    static char texts[4][2048];
    static int next;
    char *text = texts[next++ % 4];
    snprintf(text, sizeof texts[0], "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status,
             strlen(body), body);
    return text;
}

/* Runs a command whose words are parted by blanks; answers as many as there are. */
static enum exit_status run(const struct command *command, const char *line, const char *first,
                            const char *second, const char *third)
{
    static volatile sig_atomic_t is_stopped;
    const char *answers[] = { first, second, third };
    char text[256];
    char url[64];
    char *words[16];
    int count = 0;
    char *rest = text;
    struct stderr_text heard;
    peer = (struct http_peer){ .listener = -1 };
    while (peer.answer_count < 3 && answers[peer.answer_count] != NULL) {
        peer.answers[peer.answer_count] = answers[peer.answer_count];
        peer.answer_count++;
    }
    http_peer_start(&peer);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", peer.port);
    struct cli cli = { .settings = { .jaeger_url = "", .trace_file = "/dev/null" },
                       .is_stopped = &is_stopped };
    places_set(&cli.settings, url);
    place_of(&cli.settings, &gateway_service)->store = store_gateway;
    place_of(&cli.settings, &booking_service)->store = store_booking;
    place_of(&cli.settings, &payment_service)->url = "http://127.0.0.1:9";
    snprintf(text, sizeof text, "%s", line);
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " "))
        if (word[0] != '\0')
            words[count++] = word;
    void *options = calloc(1, command->options_size);
    memset(out, 0, sizeof out);
    cli.out = fmemopen(out, sizeof out - 1, "w");
    assert_true(cli.out != NULL && options != NULL);
    assert_true(arguments_read(command->arguments, count, words, options, stderr));
    stderr_text_begin(&heard);
    enum exit_status status = command->run(&cli, options);
    stderr_text_end(&heard, said, sizeof said);
    fclose(cli.out);
    free(options);
    shutdown(peer.listener, SHUT_RDWR); /* for a question that never came */
    pthread_join(peer.thread, NULL);
    close(peer.listener);
    return status;
}

static void assert_asked(size_t number, const char *line, const char *body)
{
    if (strncmp(peer.received[number], line, strlen(line)) != 0)
        fail_msg("asked was %s", peer.received[number]);
    if (body != NULL && strstr(peer.received[number], body) == NULL)
        fail_msg("%s is not in %s", body, peer.received[number]);
}

/* ---- book and cancel ---- */

static void a_booking_is_asked_for_with_what_was_said(void **state)
{
    (void)state;
    const char *taken = "{\"intentId\":\"B1\",\"state\":\"pending\"}";
    assert_int_equal(
        run(&command_book, "-u ann -a 1200 -c USD --id B1", answer("202 OK", taken), NULL, NULL),
        EXIT_OK);
    assert_asked(0, "POST /booking/intent ",
                 "{\"userId\":\"ann\",\"amount\":1200,\"currency\":\"USD\",\"intentId\":\"B1\"}");
    assert_string_equal(out, "B1  pending\n");
    assert_int_equal(
        run(&command_book, "-u ann -a 1200 -o json", answer("202 OK", taken), NULL, NULL), EXIT_OK);
    assert_asked(0, "POST /booking/intent ", "\r\n\r\n{\"userId\":\"ann\",\"amount\":1200}");
    assert_non_null(strstr(out, "\"intentId\":"));
}

static void who_waits_for_a_booking_gets_its_outcome_as_status(void **state)
{
    (void)state;
    const char *taken = answer("202 OK", "{\"intentId\":\"B1\",\"state\":\"pending\"}");
    assert_int_equal(run(&command_book, "-u ann -a 5 --wait 20", taken,
                         answer("200 OK", "{\"intentId\":\"B1\",\"state\":\"confirmed\"}"), NULL),
                     EXIT_OK);
    assert_asked(1, "GET /booking/B1 ", "Prefer: wait=");
    assert_string_equal(out, "B1  confirmed\n");
    assert_int_equal(
        run(&command_book, "-u ann -a 5 --wait 20", taken,
            answer("200 OK", "{\"intentId\":\"B1\",\"state\":\"failed\",\"reason\":\"x\"}"), NULL),
        EXIT_WRONG);
    assert_memory_equal(out, "B1  failed", 10);
    assert_int_equal(run(&command_book, "-u ann -a 5 --wait 20", taken,
                         answer("404 No", "{\"detail\":\"gone\"}"), NULL),
                     EXIT_NOT_FOUND);
    assert_string_equal(out, "");
}

static void a_cancel_names_its_user_only_if_told(void **state)
{
    (void)state;
    const char *taken = answer("202 OK", "{\"intentId\":\"B1\",\"state\":\"cancelled\"}");
    assert_int_equal(run(&command_cancel, "B1", taken, NULL, NULL), EXIT_OK);
    assert_asked(0, "POST /booking/B1/cancel ", "\r\n\r\n{}");
    assert_int_equal(run(&command_cancel, "B1 -u ann", taken, NULL, NULL), EXIT_OK);
    assert_asked(0, "POST /booking/B1/cancel ", "{\"userId\":\"ann\"}");
    assert_int_equal(
        run(&command_cancel, "B1", answer("409 No", "{\"detail\":\"it has failed\"}"), NULL, NULL),
        EXIT_WRONG);
    assert_non_null(strstr(said, "it has failed"));
}

/* ---- pay ---- */

static void what_is_not_said_of_a_payment_is_the_bookings_own(void **state)
{
    (void)state;
    const char *booking =
        answer("200 OK", "{\"userId\":\"ann\",\"amount\":1200,\"currency\":\"EUR\"}");
    const char *charge =
        answer("200 OK", "{\"paymentId\":\"P1\",\"status\":\"captured\",\"amount\":1200,"
                         "\"currency\":\"EUR\",\"intentId\":\"B1\"}");
    assert_int_equal(run(&command_pay, "B1", booking, charge, NULL), EXIT_OK);
    assert_asked(0, "GET /booking/B1 ", NULL);
    assert_asked(1, "POST /charges ",
                 "{\"intentId\":\"B1\",\"userId\":\"ann\",\"amount\":1200,\"currency\":\"EUR\"}");
    assert_string_equal(out, "P1  captured  12.00 EUR for B1\n");
    assert_int_equal(run(&command_pay, "B1 -a 7 -u bob -p P9 --decline", charge, NULL, NULL),
                     EXIT_OK);
    assert_asked(0, "POST /charges ",
                 "{\"intentId\":\"B1\",\"userId\":\"bob\",\"amount\":7,\"paymentId\":\"P9\","
                 "\"declined\":true}");
    assert_int_equal(run(&command_pay, "B1 -a 7", booking, charge, NULL), EXIT_OK);
    assert_asked(1, "POST /charges ", "\"userId\":\"ann\",\"amount\":7,\"currency\":\"EUR\"}");
    assert_int_equal(run(&command_pay, "B1", answer("404 No", "{}"), NULL, NULL), EXIT_NOT_FOUND);
    assert_non_null(strstr(said, "--amount and --user"));
}

/* ---- list ---- */

static void the_newest_bookings_are_listed_and_counted(void **state)
{
    (void)state;
    const char *first = answer(
        "200 OK", "{\"data\":[{\"intentId\":\"B3\",\"state\":\"confirmed\",\"amount\":1200,"
                  "\"currency\":\"EUR\",\"userId\":\"ann\",\"createdAt\":\"then\"},"
                  "{\"intentId\":\"B2\",\"state\":\"failed\",\"reason\":\"payment_timeout\"}],"
                  "\"has_more\":true,\"next_cursor\":\"c1\"}");
    const char *second =
        answer("200 OK", "{\"data\":[{\"intentId\":\"B1\",\"state\":\"confirmed\"}],"
                         "\"has_more\":false}");
    assert_int_equal(run(&command_list, "", first, second, NULL), EXIT_OK);
    assert_asked(0, "GET /bookings?limit=20 ", NULL);
    assert_asked(1, "GET /bookings?limit=18&starting_after=c1 ", NULL);
    assert_non_null(strstr(out, "B3       confirmed                   12.00 EUR  ann   then"));
    assert_non_null(strstr(out, "B2       failed     payment_timeout          -"));
    assert_non_null(strstr(out, "\n3 bookings: 2 confirmed, 1 failed\n"));
    assert_int_equal(run(&command_list, "-s confirmed", first, second, NULL), EXIT_OK);
    assert_asked(0, "GET /bookings?limit=100 ", NULL);
    assert_non_null(strstr(out, "\n2 confirmed of 3 bookings: 2 confirmed, 1 failed\n"));
    assert_int_equal(run(&command_list, "-n 1", first, NULL, NULL), EXIT_OK);
    assert_asked(0, "GET /bookings?limit=1 ", NULL);
    assert_non_null(strstr(out, "\n1 booking: 1 confirmed; there are older ones (--limit)\n"));
    assert_int_equal(run(&command_list, "-o json", first, second, NULL), EXIT_OK);
    assert_non_null(strstr(out, "\"lookedAt\":\t3"));
    assert_non_null(strstr(out, "\"hasMore\":\tfalse"));
    assert_int_equal(run(&command_list, "", answer("503 Busy", "{}"), NULL, NULL),
                     EXIT_UNAVAILABLE);
    assert_string_equal(out, "");
}

/* ---- ledger ---- */

static void the_books_are_shown_with_their_sums(void **state)
{
    (void)state;
    const char *page =
        answer("200 OK",
               "{\"data\":[{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"userId\":\"ann\",\"status\":"
               "\"captured\",\"captured\":1200,\"currency\":\"EUR\",\"refunded\":200,\"refunds\":["
               "{\"refundId\":\"R1\"}]},{\"paymentId\":\"P2\",\"status\":\"declined\",\"currency\":"
               "\"EUR\"}],\"has_more\":false}");
    const char *summary =
        answer("200 OK", "{\"currencies\":{\"EUR\":{\"charges\":2,\"captured\":1200,\"refunded\":"
                         "200}},\"webhooks_pending\":3}");
    assert_int_equal(run(&command_ledger, "", page, summary, NULL), EXIT_OK);
    assert_asked(0, "GET /ledger?limit=50 ", NULL);
    assert_asked(1, "GET /ledger/summary ", NULL);
    assert_non_null(strstr(out, "P1       B1       ann   refunded  12.00 EUR  2.00 EUR  R1\n"));
    assert_non_null(strstr(out, "declined   0.00 EUR         -"));
    assert_non_null(strstr(out, "EUR          2  12.00 EUR  2.00 EUR  10.00 EUR\n"));
    assert_non_null(strstr(out, "3 webhooks have not been acknowledged yet\n"));
    assert_null(strstr(out, "and more"));
    assert_int_equal(
        run(&command_ledger, "P1", answer("200 OK", "{\"paymentId\":\"P1\"}"), NULL, NULL),
        EXIT_OK);
    assert_asked(0, "GET /ledger/P1 ", NULL);
    assert_int_equal(run(&command_ledger, "-n 1",
                         answer("200 OK", "{\"data\":[{\"paymentId\":\"P1\"}],\"has_more\":true}"),
                         answer("200 OK", "{\"currencies\":{}}"), NULL),
                     EXIT_OK);
    assert_non_null(strstr(out, "and more (--limit)\n\nthe books are empty\n"));
}

/* ---- stuck ---- */

static void a_stuck_refund_is_listed_and_settled(void **state)
{
    (void)state;
    const char *first =
        answer("200 OK", "{\"data\":[{\"paymentId\":\"P1\",\"state\":\"refund_stuck\",\"missing\":"
                         "1200,\"currency\":\"EUR\",\"intentId\":\"B1\",\"reason\":\"closed\"}],"
                         "\"next\":\"P1\"}");
    const char *none = answer("200 OK", "{\"data\":[]}");
    const char *settled =
        answer("200 OK", "{\"paymentId\":\"P1\",\"state\":\"refunded\",\"resolvedByHand\":1200,"
                         "\"resolvedReason\":\"bank\",\"currency\":\"EUR\",\"intentId\":\"B1\"}");
    assert_int_equal(run(&command_stuck, "", first, none, NULL), EXIT_OK);
    assert_asked(0, "GET /stuck ", NULL);
    assert_asked(1, "GET /stuck?after=P1 ", NULL);
    assert_string_equal(out, "P1  refund_stuck  12.00 EUR missing  of B1  closed\n");
    assert_int_equal(run(&command_stuck, "list", none, NULL, NULL), EXIT_OK);
    assert_string_equal(out, "no refund is stuck\n");
    assert_int_equal(run(&command_stuck, "resolve P1 --reason bank", settled, NULL, NULL), EXIT_OK);
    assert_asked(0, "POST /stuck/P1/resolve ", "{\"reason\":\"bank\"}");
    assert_string_equal(out, "P1  refunded  12.00 EUR by hand (bank)  of B1\n");
    assert_int_equal(run(&command_stuck, "show P1", settled, NULL, NULL), EXIT_OK);
    assert_asked(0, "GET /stuck/P1 ", NULL);
    assert_int_equal(run(&command_stuck, "retry P1", NULL, NULL, NULL), EXIT_USAGE);
    assert_non_null(strstr(said, "--reason"));
    assert_int_equal(run(&command_stuck, "show", NULL, NULL, NULL), EXIT_USAGE);
}

/* ---- show ---- */

static void a_booking_is_shown_by_whoever_can_be_asked(void **state)
{
    (void)state;
    assert_int_equal(
        run(&command_show, "B1",
            answer("200 OK", "{\"intentId\":\"B1\",\"state\":\"pending\",\"userId\":\"ann\","
                             "\"amount\":1200,\"currency\":\"EUR\",\"refunds\":[]}"),
            NULL, NULL),
        EXIT_OK);
    assert_asked(0, "GET /booking/B1 ", NULL);
    assert_memory_equal(out, "booking   B1\nstate     pending\nintent    12.00 EUR by ann\n", 57);
    assert_non_null(strstr(out, "ROUNDTRIP_STORE_BOOKING is not set"));
    assert_non_null(strstr(out, "/nowhere/gateway.db is not there"));
    assert_int_equal(run(&command_show, "B1", answer("404 No", "{}"), NULL, NULL), EXIT_NOT_FOUND);
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
    assert_int_equal(run(&command_show, "B1", answer("404 No", "{}"), NULL, NULL), EXIT_NOT_FOUND);
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

/* ---- trace check ---- */

static void the_traces_of_decided_bookings_are_checked(void **state)
{
    (void)state;
    const char *first = answer("200 OK", "{\"data\":[{\"intentId\":\"B1\",\"state\":\"pending\"}],"
                                         "\"has_more\":true,\"next_cursor\":\"c1\"}");
    const char *second =
        answer("200 OK", "{\"data\":[{\"intentId\":\"B2\",\"state\":\"confirmed\"},{\"intentId\":"
                         "\"B3\",\"state\":\"failed\"}],\"has_more\":false}");
    assert_int_equal(run(&command_trace, "check --export-delay-ms 1", first, second, NULL),
                     EXIT_WRONG);
    assert_asked(1, "GET /bookings?limit=", "&starting_after=c1 ");
    assert_memory_equal(out, "2 traces of 3 bookings: 0 roots, 0 whole\n2 flaws that no", 56);
    assert_int_equal(
        run(&command_trace, "check --export-delay-ms 1 --sample 1 -o json", second, NULL, NULL),
        EXIT_WRONG);
    assert_non_null(strstr(out, "\"traces\":\t1"));
    assert_non_null(strstr(out, "\"bookings\":\t2"));
    assert_int_equal(
        run(&command_trace, "check",
            answer("200 OK", "{\"data\":[{\"intentId\":\"B1\",\"state\":\"pending\"}]}"), NULL,
            NULL),
        EXIT_NOT_FOUND);
    assert_non_null(strstr(said, "none of 1 bookings is decided"));
    assert_int_equal(run(&command_trace, "check", answer("503 Busy", "{}"), NULL, NULL),
                     EXIT_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_booking_is_asked_for_with_what_was_said),
        cmocka_unit_test(who_waits_for_a_booking_gets_its_outcome_as_status),
        cmocka_unit_test(a_cancel_names_its_user_only_if_told),
        cmocka_unit_test(what_is_not_said_of_a_payment_is_the_bookings_own),
        cmocka_unit_test(the_newest_bookings_are_listed_and_counted),
        cmocka_unit_test(the_books_are_shown_with_their_sums),
        cmocka_unit_test(a_stuck_refund_is_listed_and_settled),
        cmocka_unit_test(a_booking_is_shown_by_whoever_can_be_asked),
        cmocka_unit_test(without_the_gateway_nobody_says_that_there_is_no_booking),
        cmocka_unit_test(what_no_url_can_name_is_not_asked_of_the_gateway),
        cmocka_unit_test(a_file_without_a_document_is_refused),
        cmocka_unit_test(a_file_that_was_cut_is_no_export),
        cmocka_unit_test(the_traces_of_decided_bookings_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
