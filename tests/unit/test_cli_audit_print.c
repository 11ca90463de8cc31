/* What an audit tells people: the verdict, the sums, and each list with what to do about it. */
#include "cli/commands/audit_print.h"
#include "cli/screen/json.h"
#include "tests/unit/audit_case.h"

#include <stdlib.h>

static char text[8192];
static struct audit_report report;

static int begin(void **state)
{
    memset(&report, 0, sizeof report);
    report.at_ms = NOW_MS;
    return set_up(state);
}

static int end(void **state)
{
    audit_report_done(&report);
    return tear_down(state);
}

static const char *printed(size_t limit)
{
    memset(text, 0, sizeof text);
    struct cli cli = { .out = fmemopen(text, sizeof text - 1, "w") };
    assert_non_null(cli.out);
    audit_report_print(&cli, &report, limit);
    fclose(cli.out);
    return text;
}

static void count_payment(enum audit_verdict verdict, const char *kind)
{
    struct audit_opinion opinion = { .verdict = verdict, .kind = kind, .since_ms = OLD_MS };
    snprintf(opinion.detail, sizeof opinion.detail, "because");
    audit_report_payment(&report, payment, &opinion);
}

static void count_booking(enum audit_verdict verdict, const char *kind)
{
    struct audit_opinion opinion = { .verdict = verdict, .kind = kind, .since_ms = OLD_MS };
    audit_report_booking(&report, booking, &opinion);
}

static void a_clean_audit_has_sums_and_no_lists(void **state)
{
    (void)state;
    is_applied();
    count_payment(AUDIT_IS_APPLIED, "");
    count_booking(AUDIT_IS_APPLIED, "");
    assert_string_equal(printed(10),
                        "clean\n"
                        "1 payment captured: 1 applied, 0 refunded, 0 resolved by hand, 0 in "
                        "flight, 0 stuck, 0 wrong\n"
                        "1 booking accepted: 1 confirmed, 0 failed, 0 cancelled, 0 waiting, 0 "
                        "wrong\n"
                        "\n"
                        "sums   captured    applied  refunded    byHand  inFlight     stuck     "
                        "wrong\n"
                        "EUR   10.00 EUR  10.00 EUR  0.00 EUR  0.00 EUR  0.00 EUR  0.00 EUR  0.00 "
                        "EUR\n");
    report.is_listening = true;
    report.events = 7;
    assert_non_null(strstr(printed(10), "wrong\n7 events heard\n\n"));
}

static void every_list_says_what_to_do_and_how_old_it_is(void **state)
{
    (void)state;
    is_applied();
    count_payment(AUDIT_IS_WRONG, "refund_missing");
    count_payment(AUDIT_IS_STUCK, "refund_stuck");
    count_payment(AUDIT_IS_IN_FLIGHT, "refund_due");
    count_booking(AUDIT_IS_WRONG, "view_contradicts");
    booking_is(AUDIT_BOOKING_PENDING);
    count_booking(AUDIT_IS_IN_FLIGHT, "waits_for_payment");
    printed(10);
    assert_memory_equal(text, "wrong\n3 payments captured: ", 26);
    assert_non_null(strstr(text, "0 applied, 0 refunded, 0 resolved by hand, 1 in flight, 1 stuck, "
                                 "1 wrong\n"));
    assert_non_null(strstr(text, "2 bookings accepted: 1 confirmed, 0 failed, 0 cancelled, 1 "
                                 "waiting, 1 wrong\n"));
    const char *wrong = strstr(text, "\n2 wrong: roundtrip show BOOKING tells its life\nwhat ");
    const char *stuck = strstr(text, "\n1 stuck: roundtrip show BOOKING tells why, ");
    const char *in_flight = strstr(text, "\n2 in flight\n");
    assert_true(wrong != NULL && stuck > wrong && in_flight > stuck);
    assert_non_null(strstr(wrong, "refund_missing    P1       B1       10.00 EUR  1 h  because\n"));
    assert_non_null(strstr(wrong, "view_contradicts  -        B1               -  1 h  \n"));
    assert_null(strstr(text, "more (--limit"));
}

static void scripts_get_all_of_it(void **state)
{
    (void)state;
    is_applied();
    count_payment(AUDIT_IS_APPLIED, "");
    count_payment(AUDIT_IS_STUCK, "refund_stuck");
    count_booking(AUDIT_IS_WRONG, "view_contradicts");
    memset(text, 0, sizeof text);
    struct cli cli = { .out = fmemopen(text, sizeof text - 1, "w") };
    assert_non_null(cli.out);
    audit_report_print_json(&cli, &report);
    fclose(cli.out);
    cJSON *json = cJSON_Parse(text);
    char *printed = cJSON_PrintUnformatted(json);
    static const char *const members[] = {
        "{\"verdict\":\"wrong\",\"at\":\"2026-11-21T11:31:18.000Z\",",
        "\"payments\":{\"captured\":2,\"applied\":1,\"refunded\":0,\"resolvedByHand\":0,"
        "\"inFlight\":0,\"stuck\":1,\"wrong\":0},",
        "\"bookings\":{\"accepted\":1,\"pending\":0,\"paymentReceivedFirst\":0,\"confirmed\":1,"
        "\"failed\":0,\"cancelled\":0,\"inFlight\":0,\"stuck\":0,\"wrong\":1},",
        "\"currencies\":[{\"currency\":\"EUR\",\"captured\":2000,\"applied\":1000,\"refunded\":0,"
        "\"resolvedByHand\":0,\"inFlight\":0,\"stuck\":1000,\"wrong\":0}],",
        "\"findings\":[{\"kind\":\"view_contradicts\",\"paymentId\":null,\"bookingId\":\"B1\",",
        "\"stuck\":[{\"kind\":\"refund_stuck\",\"paymentId\":\"P1\",\"bookingId\":\"B1\","
        "\"detail\":\"because\",\"since\":\"2026-11-21T10:31:18.000Z\",\"amount\":1000,"
        "\"currency\":\"EUR\"}],",
        "\"inFlight\":[],\"events\":null}",
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strstr(printed, members[i]) == NULL)
            fail_msg("%s is not in %s", members[i], printed);
    cJSON_free(printed);
    cJSON_Delete(json);
}

static void a_list_is_cut_at_the_limit_and_says_so(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        audit_report_other(&report, "event_rewritten", NULL, "two bodies");
    assert_non_null(strstr(printed(5), "\n5 wrong"));
    assert_null(strstr(text, "more (--limit"));
    assert_non_null(strstr(printed(3), "and 2 more (--limit, or -o json for all)\n"));
    size_t rows = 0;
    for (const char *at = text; (at = strstr(at, "event_rewritten")) != NULL; at++)
        rows++;
    assert_int_equal(rows, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_clean_audit_has_sums_and_no_lists),
        TEST(every_list_says_what_to_do_and_how_old_it_is),
        TEST(scripts_get_all_of_it),
        TEST(a_list_is_cut_at_the_limit_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
