/* A booking as it is printed, for people and for scripts. */
#include "cli/commands/show.h"
#include "cli/screen/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795260678000)

static struct dossier dossier;
static struct booking booking;
static struct payment payment;
static struct document booking_document, payment_document;
static struct timeline timeline;
static struct step steps[2];
static struct history_entry entries[2];
static struct cli cli;
static char text[4096];

static int set_up(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    memset(&dossier, 0, sizeof dossier);
    memset(&booking, 0, sizeof booking);
    memset(&payment, 0, sizeof payment);
    booking_document = (struct document){ .id = "B1", .state = &booking };
    payment_document = (struct document){ .id = "P1", .state = &payment };
    timeline = (struct timeline){ .count = 0 };
    snprintf(dossier.booking_id, sizeof dossier.booking_id, "B1");
    snprintf(dossier.trace_id, sizeof dossier.trace_id, "0123456789abcdef0123456789abcdef");
    cli = (struct cli){ .settings = { .jaeger_url = "" } };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dossier_done(&dossier);
    return 0;
}

/* Failed for too little; its payment is on the way back. */
static void is_failed(void)
{
    dossier.booking = &booking_document;
    booking.state = BOOKING_FAILED;
    booking.reason = REASON_AMOUNT_MISMATCH;
    booking.has_intent = true;
    booking.amount = 12900;
    snprintf(booking.user_id, sizeof booking.user_id, "ann");
    snprintf(booking.currency, sizeof booking.currency, "EUR");
    booking.payment_count = 1;
    booking.payments[0] = (struct booking_payment){ .amount = 1200,
                                                    .disposition = PAYMENT_REFUNDED_BY_OUTCOME,
                                                    .refund_reason = REASON_AMOUNT_MISMATCH,
                                                    .payment_id = "P1",
                                                    .user_id = "ann",
                                                    .currency = "EUR" };
    dossier.payment_count = 1;
    dossier.payments[0] = (struct dossier_payment){ .id = "P1",
                                                    .document = &payment_document,
                                                    .in_the_booking = &booking.payments[0] };
    payment.state = PAYMENT_REFUND_DUE;
    payment.amount = 1200;
    payment.attempts = 2;
    payment.due_at_ms = NOW_MS + 4000;
    payment.captured_at_ms = NOW_MS - 5000;
    snprintf(payment.user_id, sizeof payment.user_id, "ann");
    snprintf(payment.currency, sizeof payment.currency, "EUR");
    snprintf(payment.refund_reason, sizeof payment.refund_reason, "amount_mismatch");
    snprintf(payment.last_error, sizeof payment.last_error, "http_500");
}

static void has_a_timeline(void)
{
    for (size_t i = 0; i < 2; i++) {
        snprintf(entries[i].input_type, sizeof entries[i].input_type, "%s",
                 i == 0 ? "booking.intent" : "payment.captured");
        snprintf(entries[i].verdict, sizeof entries[i].verdict, "%s", i == 0 ? "wait" : "fail");
        snprintf(entries[i].state_from, sizeof entries[i].state_from, "%s",
                 i == 0 ? "none" : "pending");
        snprintf(entries[i].state_to, sizeof entries[i].state_to, "%s",
                 i == 0 ? "pending" : "failed");
        snprintf(entries[i].input_id, sizeof entries[i].input_id, "m%zu", i + 1);
        steps[i] = (struct step){ .at_ms = NOW_MS - 10000 + 2500 * (int64_t)i,
                                  .last_ms = NOW_MS - 10000 + 2500 * (int64_t)i,
                                  .times = 1,
                                  .service = "booking",
                                  .document_id = "B1",
                                  .entry = &entries[i] };
    }
    steps[1].times = 3;
    steps[1].last_ms = NOW_MS;
    timeline = (struct timeline){ .steps = steps, .count = 2, .not_remembered = 7 };
}

static const char *shown(void)
{
    memset(text, 0, sizeof text);
    cli.out = fmemopen(text, sizeof text - 1, "w");
    assert_non_null(cli.out);
    show_text(&cli, &dossier, &timeline, NOW_MS);
    fclose(cli.out);
    return text;
}

static void a_failed_booking_is_told_from_its_state_to_its_last_step(void **state)
{
    (void)state;
    is_failed();
    has_a_timeline();
    dossier.note_count = 1;
    snprintf(dossier.notes[0], sizeof dossier.notes[0], "the gateway could not be asked");
    shown();
    static const char *const lines[] = {
        "booking   B1\n",
        "state     failed (amount_mismatch); the gateway shows ",
        "intent    129.00 EUR by ann\n",
        "trace     0123456789abcdef0123456789abcdef  (roundtrip trace B1)\n",
        "note      the gateway could not be asked\n",
        "why       ",
        "\npayment     amount  user  in the booking",
        "\nP1       12.00 EUR  ann   ",
        "refund_due  amount_mismatch, 2 attempts, http_500\n",
        "\n2026-11-21\n",
        "11:31:08.000  +0 ms",
        " booking  booking.intent             wait       none → pending\n",
        "11:31:10.500  +2.5 s",
        " booking  payment.captured           fail       pending → failed  ×3, last +10.0 s\n",
        "and 7 more that were only counted\n",
    };
    const char *at = text;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *found = strstr(at, lines[i]);
        if (found == NULL)
            fail_msg("'%s' is not, or not in its place, in:\n%s", lines[i], text);
        at = found;
    }
}

static void a_trace_is_where_jaeger_shows_it(void **state)
{
    (void)state;
    is_failed();
    cli.settings.jaeger_url = "http://jaeger";
    assert_non_null(strstr(
        shown(), "0123456789abcdef0123456789abcdef  http://jaeger/trace/0123456789abcdef0123"));
    assert_null(strstr(text, "roundtrip trace"));
    cJSON *json = show_json(&cli, &dossier, &timeline, NOW_MS);
    assert_string_equal(json_text(json, "traceUrl"),
                        "http://jaeger/trace/0123456789abcdef0123456789abcdef");
    cJSON_Delete(json);
}

static void what_only_the_gateway_knows_is_told_as_well(void **state)
{
    (void)state;
    dossier.is_seen = true;
    dossier.seen.end.outcome = GATEWAY_END_FAILED;
    snprintf(dossier.seen.end.reason, sizeof dossier.seen.end.reason, "payment_timeout");
    shown();
    assert_non_null(strstr(text, "state     failed (payment_timeout)\n"));
    assert_non_null(strstr(text, "intent    none has been seen\n"));
    assert_null(strstr(text, "\npayment "));
    cJSON *json = show_json(&cli, &dossier, &timeline, NOW_MS);
    assert_string_equal(json_text(json, "reason"), "payment_timeout");
    assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, "intent")));
    cJSON_Delete(json);

    dossier.seen.intent.is_present = true;
    dossier.seen.intent.amount = 500;
    snprintf(dossier.seen.intent.user_id, sizeof dossier.seen.intent.user_id, "bob");
    snprintf(dossier.seen.intent.currency, sizeof dossier.seen.intent.currency, "JPY");
    assert_non_null(strstr(shown(), "intent    500 JPY by bob\n"));
}

static void scripts_get_every_member_with_its_value(void **state)
{
    (void)state;
    is_failed();
    has_a_timeline();
    cJSON *json = show_json(&cli, &dossier, &timeline, NOW_MS);
    char *printed = cJSON_PrintUnformatted(json);
    static const char *const members[] = {
        "{\"bookingId\":\"B1\",\"state\":\"failed\",\"reason\":\"amount_mismatch\",",
        "\"isOver\":false,",
        "\"dueAt\":null,",
        "\"intent\":{\"userId\":\"ann\",\"amount\":12900,\"currency\":\"EUR\"},",
        "\"payments\":[{\"paymentId\":\"P1\",\"state\":\"refund_due\",\"disposition\":",
        "\"userId\":\"ann\",\"amount\":1200,\"currency\":\"EUR\",",
        "\"capturedAt\":\"2026-11-21T11:31:13.000Z\",\"refundReason\":\"amount_mismatch\",",
        "\"attempts\":2,\"lastError\":\"http_500\",\"nextLookAt\":\"2026-11-21T11:31:22.000Z\","
        "\"refunds\":[]}]",
        "\"timeline\":[{\"at\":\"2026-11-21T11:31:08.000Z\",\"service\":\"booking\",\"document\":"
        "\"B1\",\"input\":\"booking.intent\",\"inputId\":\"m1\",\"verdict\":\"wait\",\"from\":"
        "\"none\",\"to\":\"pending\",\"times\":1,",
        "\"times\":3,\"lastAt\":\"2026-11-21T11:31:18.000Z\"}],\"notRemembered\":7,",
        "\"traceId\":\"0123456789abcdef0123456789abcdef\",\"traceUrl\":null,\"notes\":[]}",
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strstr(printed, members[i]) == NULL)
            fail_msg("%s is not in %s", members[i], printed);
    cJSON_free(printed);
    cJSON_Delete(json);
}

static void has_a_refund(const char *id, int64_t amount, enum standing standing)
{
    struct payment_refund *refund = &payment.refunds.list[payment.refunds.count++];
    *refund = (struct payment_refund){ .amount = amount, .standing = standing, .currency = "EUR" };
    snprintf(refund->id, sizeof refund->id, "%s", id);
}

static void what_came_back_of_a_payment_that_is_applied_is_listed(void **state)
{
    (void)state;
    is_failed();
    booking.state = BOOKING_CONFIRMED;
    booking.payments[0].disposition = PAYMENT_APPLIED;
    payment.state = PAYMENT_SETTLED;
    has_a_refund("RF1", 700, STANDING_SUCCEEDED);
    assert_non_null(strstr(shown(), "\nRF1     P1       7.00 EUR  succeeded\n"));
    has_a_refund("RF2", 0, STANDING_FAILED);
    assert_non_null(strstr(shown(), "\nRF2     P1              -  failed\n"));
    cJSON *json = show_json(&cli, &dossier, &timeline, NOW_MS);
    char *printed = cJSON_PrintUnformatted(json);
    assert_non_null(strstr(
        printed, "\"refunds\":[{\"refundId\":\"RF1\",\"amount\":700,\"currency\":\"EUR\",\"state\":"
                 "\"succeeded\"},{\"refundId\":\"RF2\","));
    cJSON_free(printed);
    cJSON_Delete(json);
}

static void the_one_refund_of_a_payment_is_told_beside_it_only(void **state)
{
    (void)state;
    is_failed();
    payment.state = PAYMENT_REFUNDED;
    snprintf(payment.refund_id, sizeof payment.refund_id, "RF1");
    has_a_refund("RF1", 1200, STANDING_SUCCEEDED);
    assert_non_null(strstr(shown(), "amount_mismatch, RF1\n"));
    assert_null(strstr(text, "succeeded"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_failed_booking_is_told_from_its_state_to_its_last_step),
        TEST(a_trace_is_where_jaeger_shows_it),
        TEST(what_only_the_gateway_knows_is_told_as_well),
        TEST(scripts_get_every_member_with_its_value),
        TEST(what_came_back_of_a_payment_that_is_applied_is_listed),
        TEST(the_one_refund_of_a_payment_is_told_beside_it_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
