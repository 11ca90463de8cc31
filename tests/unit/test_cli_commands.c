/* Commands that ask a service over HTTP: what they ask, what they print, how they end. */
#include "tests/unit/command_case.h"

/* ---- book and cancel ---- */

static void a_booking_is_asked_for_with_what_was_said(void **state)
{
    (void)state;
    const char *taken = "{\"intentId\":\"B1\",\"state\":\"pending\"}";
    assert_int_equal(run(&command_book, "-u ann -a 1200 -c USD --id B1",
                         http_peer_answer("202 OK", taken), NULL, NULL),
                     EXIT_OK);
    assert_asked(0, "POST /booking/intent ",
                 "{\"userId\":\"ann\",\"amount\":1200,\"currency\":\"USD\",\"intentId\":\"B1\"}");
    assert_string_equal(out, "B1  pending\n");
    assert_int_equal(
        run(&command_book, "-u ann -a 1200 -o json", http_peer_answer("202 OK", taken), NULL, NULL),
        EXIT_OK);
    assert_asked(0, "POST /booking/intent ", "\r\n\r\n{\"userId\":\"ann\",\"amount\":1200}");
    assert_non_null(strstr(out, "\"intentId\":"));
}

static void who_waits_for_a_booking_gets_its_outcome_as_status(void **state)
{
    (void)state;
    const char *taken = http_peer_answer("202 OK", "{\"intentId\":\"B1\",\"state\":\"pending\"}");
    assert_int_equal(
        run(&command_book, "-u ann -a 5 --wait 20", taken,
            http_peer_answer("200 OK", "{\"intentId\":\"B1\",\"state\":\"confirmed\"}"), NULL),
        EXIT_OK);
    assert_asked(1, "GET /booking/B1 ", "Prefer: wait=");
    assert_string_equal(out, "B1  confirmed\n");
    assert_int_equal(
        run(&command_book, "-u ann -a 5 --wait 20", taken,
            http_peer_answer("200 OK",
                             "{\"intentId\":\"B1\",\"state\":\"failed\",\"reason\":\"x\"}"),
            NULL),
        EXIT_WRONG);
    assert_memory_equal(out, "B1  failed", 10);
    assert_int_equal(run(&command_book, "-u ann -a 5 --wait 20", taken,
                         http_peer_answer("404 No", "{\"detail\":\"gone\"}"), NULL),
                     EXIT_NOT_FOUND);
    assert_string_equal(out, "");
}

static void a_cancel_names_its_user_only_if_told(void **state)
{
    (void)state;
    const char *taken = http_peer_answer("202 OK", "{\"intentId\":\"B1\",\"state\":\"cancelled\"}");
    assert_int_equal(run(&command_cancel, "B1", taken, NULL, NULL), EXIT_OK);
    assert_asked(0, "POST /booking/B1/cancel ", "\r\n\r\n{}");
    assert_int_equal(run(&command_cancel, "B1 -u ann", taken, NULL, NULL), EXIT_OK);
    assert_asked(0, "POST /booking/B1/cancel ", "{\"userId\":\"ann\"}");
    assert_int_equal(run(&command_cancel, "B1",
                         http_peer_answer("409 No", "{\"detail\":\"it has failed\"}"), NULL, NULL),
                     EXIT_WRONG);
    assert_non_null(strstr(said, "it has failed"));
}

/* ---- pay ---- */

static void what_is_not_said_of_a_payment_is_the_bookings_own(void **state)
{
    (void)state;
    const char *booking =
        http_peer_answer("200 OK", "{\"userId\":\"ann\",\"amount\":1200,\"currency\":\"EUR\"}");
    const char *charge =
        http_peer_answer("200 OK", "{\"paymentId\":\"P1\",\"status\":\"captured\",\"amount\":1200,"
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
    assert_int_equal(run(&command_pay, "B1", http_peer_answer("404 No", "{}"), NULL, NULL),
                     EXIT_NOT_FOUND);
    assert_non_null(strstr(said, "--amount and --user"));
}

/* ---- list ---- */

static void the_newest_bookings_are_listed_and_counted(void **state)
{
    (void)state;
    const char *first = http_peer_answer(
        "200 OK", "{\"data\":[{\"intentId\":\"B3\",\"state\":\"confirmed\",\"amount\":1200,"
                  "\"currency\":\"EUR\",\"userId\":\"ann\",\"createdAt\":\"then\"},"
                  "{\"intentId\":\"B2\",\"state\":\"failed\",\"reason\":\"payment_timeout\"}],"
                  "\"has_more\":true,\"next_cursor\":\"c1\"}");
    const char *second =
        http_peer_answer("200 OK", "{\"data\":[{\"intentId\":\"B1\",\"state\":\"confirmed\"}],"
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
    assert_int_equal(run(&command_list, "", http_peer_answer("503 Busy", "{}"), NULL, NULL),
                     EXIT_UNAVAILABLE);
    assert_string_equal(out, "");
}

/* ---- ledger ---- */

static void the_books_are_shown_with_their_sums(void **state)
{
    (void)state;
    const char *page = http_peer_answer(
        "200 OK",
        "{\"data\":[{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"userId\":\"ann\",\"status\":"
        "\"captured\",\"captured\":1200,\"currency\":\"EUR\",\"refunded\":200,\"refunds\":["
        "{\"refundId\":\"R1\"}]},{\"paymentId\":\"P2\",\"status\":\"declined\",\"currency\":"
        "\"EUR\"}],\"has_more\":false}");
    const char *summary = http_peer_answer(
        "200 OK", "{\"currencies\":{\"EUR\":{\"charges\":2,\"captured\":1200,\"refunded\":"
                  "200}},\"webhooks_pending\":3}");
    assert_int_equal(run(&command_ledger, "", page, summary, NULL), EXIT_OK);
    assert_asked(0, "GET /ledger?limit=50 ", NULL);
    assert_asked(1, "GET /ledger/summary ", NULL);
    assert_non_null(strstr(out, "P1       B1       ann   refunded  12.00 EUR  2.00 EUR  R1\n"));
    assert_non_null(strstr(out, "declined   0.00 EUR         -"));
    assert_non_null(strstr(out, "EUR          2  12.00 EUR  2.00 EUR  10.00 EUR\n"));
    assert_non_null(strstr(out, "3 webhooks have not been acknowledged yet\n"));
    assert_null(strstr(out, "and more"));
    assert_int_equal(run(&command_ledger, "P1",
                         http_peer_answer("200 OK", "{\"paymentId\":\"P1\"}"), NULL, NULL),
                     EXIT_OK);
    assert_asked(0, "GET /ledger/P1 ", NULL);
    assert_int_equal(
        run(&command_ledger, "-n 1",
            http_peer_answer("200 OK", "{\"data\":[{\"paymentId\":\"P1\"}],\"has_more\":true}"),
            http_peer_answer("200 OK", "{\"currencies\":{}}"), NULL),
        EXIT_OK);
    assert_non_null(strstr(out, "and more (--limit)\n\nthe books are empty\n"));
}

/* ---- stuck ---- */

static void a_stuck_refund_is_listed_and_settled(void **state)
{
    (void)state;
    const char *first = http_peer_answer(
        "200 OK", "{\"data\":[{\"paymentId\":\"P1\",\"state\":\"refund_stuck\",\"missing\":"
                  "1200,\"currency\":\"EUR\",\"intentId\":\"B1\",\"reason\":\"closed\"}],"
                  "\"next\":\"P1\"}");
    const char *none = http_peer_answer("200 OK", "{\"data\":[]}");
    const char *settled = http_peer_answer(
        "200 OK", "{\"paymentId\":\"P1\",\"state\":\"refunded\",\"resolvedByHand\":1200,"
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

/* ---- trace check ---- */

static void the_traces_of_decided_bookings_are_checked(void **state)
{
    (void)state;
    const char *first =
        http_peer_answer("200 OK", "{\"data\":[{\"intentId\":\"B1\",\"state\":\"pending\"}],"
                                   "\"has_more\":true,\"next_cursor\":\"c1\"}");
    const char *second = http_peer_answer(
        "200 OK", "{\"data\":[{\"intentId\":\"B2\",\"state\":\"confirmed\"},{\"intentId\":"
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
            http_peer_answer("200 OK", "{\"data\":[{\"intentId\":\"B1\",\"state\":\"pending\"}]}"),
            NULL, NULL),
        EXIT_NOT_FOUND);
    assert_non_null(strstr(said, "none of 1 bookings is decided"));
    assert_int_equal(run(&command_trace, "check", http_peer_answer("503 Busy", "{}"), NULL, NULL),
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
        cmocka_unit_test(the_traces_of_decided_bookings_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
