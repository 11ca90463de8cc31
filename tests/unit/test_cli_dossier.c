/* What is told of a booking: the gateway's answer read back, its timeline, and why it waits. */
#include "cli/commands/timeline.h"
#include "cli/commands/why.h"
#include "cli/sources/dossier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795260678000)

static struct dossier dossier;
static struct booking booking;
static struct payment payment;
static struct document booking_document, payment_document, gateway_document;
static struct history_entry booking_history[8], payment_history[8], gateway_history[8];

static int set_up(void **state)
{
    (void)state;
    memset(&dossier, 0, sizeof dossier);
    memset(&booking, 0, sizeof booking);
    memset(&payment, 0, sizeof payment);
    booking_document = (struct document){ .id = "B1", .state = &booking };
    payment_document = (struct document){ .id = "P1", .state = &payment };
    gateway_document = (struct document){ .id = "B1" };
    booking_document.history = booking_history;
    payment_document.history = payment_history;
    gateway_document.history = gateway_history;
    snprintf(booking.id, sizeof booking.id, "B1");
    snprintf(payment.id, sizeof payment.id, "P1");
    snprintf(dossier.booking_id, sizeof dossier.booking_id, "B1");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dossier_done(&dossier);
    return 0;
}

static void booking_is(enum booking_state state)
{
    booking.state = state;
    dossier.booking = &booking_document;
}

static void gateway_shows(enum gateway_outcome outcome)
{
    dossier.is_seen = true;
    snprintf(dossier.seen.booking_id, IDENT_SIZE, "B1");
    dossier.seen.intent.is_present = true;
    dossier.seen.end.outcome = outcome;
}

static void payment_is(enum payment_state state)
{
    payment.state = state;
    dossier.payment_count = 1;
    snprintf(dossier.payments[0].id, IDENT_SIZE, "P1");
    dossier.payments[0].document = &payment_document;
}

static void assert_why(const char *wanted)
{
    char text[WHY_SIZE];
    why_write(&dossier, NOW_MS, text);
    if (strstr(text, wanted) == NULL || (wanted[0] == '\0' && text[0] != '\0'))
        fail_msg("'%s' does not say: %s", text, wanted);
}

static void a_pending_booking_waits_for_its_payment(void **state)
{
    (void)state;
    booking_is(BOOKING_PENDING);
    gateway_shows(GATEWAY_END_NONE);
    booking.waiting_since_ms = NOW_MS - 30000;
    booking.due_at_ms = NOW_MS + 570000;
    assert_why("waits for its payment since 30.0 s; fails in 9 min 30 s (payment_timeout)");
    assert_why("roundtrip pay B1");
    booking.due_at_ms = NOW_MS - 5;
    assert_why("any moment now");
    assert_false(dossier_is_over(&dossier));
}

static void a_payment_that_came_first_waits_for_the_intent(void **state)
{
    (void)state;
    booking_is(BOOKING_PAYMENT_FIRST);
    payment_is(PAYMENT_CAPTURED);
    booking.waiting_since_ms = NOW_MS - 1000;
    booking.due_at_ms = NOW_MS + 1000;
    assert_why("waits for its intent since 1.0 s; refunded in 1.0 s (intent_timeout)");
    assert_why("roundtrip book --id B1");
}

static void an_intent_that_nobody_has_taken_waits_in_the_queue(void **state)
{
    (void)state;
    gateway_shows(GATEWAY_END_NONE);
    assert_why("has not reached the booking service");
    assert_why("roundtrip doctor");
}

static void what_could_not_be_asked_is_not_guessed(void **state)
{
    (void)state;
    gateway_shows(GATEWAY_END_NONE);
    dossier.note_count = 1;
    assert_why("not all could be asked");
}

static void an_outcome_that_the_gateway_has_not_heard_is_on_its_way(void **state)
{
    (void)state;
    booking_is(BOOKING_CONFIRMED);
    gateway_shows(GATEWAY_END_NONE);
    assert_why("the outcome (confirmed) has not reached the gateway");
    assert_false(dossier_is_over(&dossier));
}

static void a_refund_under_way_tells_its_last_error(void **state)
{
    (void)state;
    booking_is(BOOKING_FAILED);
    gateway_shows(GATEWAY_END_FAILED);
    payment_is(PAYMENT_REFUNDING);
    payment.attempts = 3;
    payment.due_at_ms = NOW_MS + 4000;
    snprintf(payment.last_error, sizeof payment.last_error, "http_503");
    assert_why(
        "payment P1 is on its way back: attempts so far 3, last error http_503, looked at again in "
        "4.0 s");
    assert_false(dossier_is_over(&dossier));
}

static void a_stuck_refund_asks_for_somebody(void **state)
{
    (void)state;
    booking_is(BOOKING_FAILED);
    gateway_shows(GATEWAY_END_FAILED);
    payment_is(PAYMENT_STUCK);
    payment.attempts = 500;
    assert_why("stuck after 500 attempts (no reason is known): somebody must");
    assert_why("roundtrip ledger P1");
    assert_true(dossier_is_over(&dossier)); /* nothing more comes by itself */
}

static void a_stuck_one_is_told_before_one_that_is_under_way(void **state)
{
    (void)state;
    static struct payment stuck;
    static struct document stuck_document = { .id = "P2", .state = &stuck };
    booking_is(BOOKING_FAILED);
    gateway_shows(GATEWAY_END_FAILED);
    payment_is(PAYMENT_REFUNDING);
    stuck = (struct payment){ .id = "P2", .state = PAYMENT_STUCK };
    dossier.payments[1].document = &stuck_document;
    dossier.payment_count = 2;
    assert_why("the refund of payment P2 is stuck");
}

static void what_is_over_waits_for_nothing(void **state)
{
    (void)state;
    booking_is(BOOKING_CONFIRMED);
    gateway_shows(GATEWAY_END_CONFIRMED);
    payment_is(PAYMENT_SETTLED);
    assert_why("");
    assert_true(dossier_is_over(&dossier));
}

static void a_refund_that_the_gateway_has_not_heard_of_is_named(void **state)
{
    (void)state;
    booking_is(BOOKING_FAILED);
    gateway_shows(GATEWAY_END_FAILED);
    payment_is(PAYMENT_REFUNDED);
    dossier.seen.refund_count = 1;
    snprintf(dossier.seen.refunds[0].payment.payment_id, IDENT_SIZE, "P1");
    assert_why("the gateway has not heard yet that payment P1 is refunded");
    dossier.seen.refunds[0].status = GATEWAY_STATUS_REFUNDED;
    assert_why("");
}

static void note(struct document *document, int64_t at_ms, const char *input, const char *verdict,
                 const char *from, const char *to)
{
    struct history_entry *entry = &document->history[document->history_count++];
    memset(entry, 0, sizeof *entry);
    entry->at_ms = at_ms;
    snprintf(entry->input_type, sizeof entry->input_type, "%s", input);
    snprintf(entry->verdict, sizeof entry->verdict, "%s", verdict);
    snprintf(entry->state_from, sizeof entry->state_from, "%s", from);
    snprintf(entry->state_to, sizeof entry->state_to, "%s", to);
}

static void the_timeline_merges_all_histories_by_time(void **state)
{
    (void)state;
    struct timeline timeline;
    booking_is(BOOKING_CONFIRMED);
    payment_is(PAYMENT_SETTLED);
    dossier.gateway = &gateway_document;
    note(&gateway_document, 10, "request.intent", "accept", "none", "pending");
    note(&gateway_document, 60, "booking.confirmed", "confirm", "pending", "confirmed");
    note(&booking_document, 20, "booking.intent.created", "wait", "none", "pending");
    note(&booking_document, 40, "payment.captured", "confirm", "pending", "confirmed");
    note(&payment_document, 30, "webhook.captured", "wait", "none", "captured");
    booking_document.history_dropped = 2;
    payment_document.history_dropped = 1;
    timeline_make(&dossier, &timeline);
    /* by role: as the history above has them */
    static const char *const names[] = { "gateway", "booking", "payment", "booking", "gateway" };
    assert_int_equal(timeline.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(timeline.steps[i].service, names[i]);
    assert_string_equal(timeline.steps[2].document_id, "P1");
    assert_int_equal(timeline.not_remembered, 3);
}

static void repetitions_that_change_nothing_are_folded(void **state)
{
    (void)state;
    struct timeline timeline;
    booking_is(BOOKING_CONFIRMED);
    note(&booking_document, 10, "payment.captured", "confirm", "pending", "confirmed");
    note(&booking_document, 15, "payment.captured", "confirm", "confirmed", "confirmed");
    note(&booking_document, 20, "payment.captured", "duplicate", "confirmed", "confirmed");
    note(&booking_document, 30, "payment.captured", "duplicate", "confirmed", "confirmed");
    note(&booking_document, 40, "payment.captured", "refund", "confirmed", "confirmed");
    timeline_make(&dossier, &timeline);
    assert_int_equal(timeline.count, 4);
    assert_int_equal(timeline.steps[0].times, 1); /* a change, which is no repetition */
    assert_int_equal(timeline.steps[2].times, 2);
    assert_int_equal(timeline.steps[2].at_ms, 20);
    assert_int_equal(timeline.steps[2].last_ms, 30);
    assert_string_equal(timeline.steps[3].entry->verdict, "refund");
}

/* ---- the gateway's answer ---- */

static bool view_read(const char *text, struct gateway_view *view)
{
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    bool is_read = dossier_view_read(json, view);
    cJSON_Delete(json);
    return is_read;
}

static void the_gateways_answer_becomes_a_view(void **state)
{
    (void)state;
    struct gateway_view view;
    assert_true(view_read(
        "{\"intentId\":\"B1\",\"userId\":\"ann\",\"amount\":999999999999999,\"currency\":\"EUR\","
        "\"state\":\"failed\",\"reason\":\"amount_mismatch\",\"cancelRequested\":true,\"refunds\":["
        "{\"paymentId\":\"P1\",\"amount\":5,\"currency\":\"EUR\",\"status\":\"refunded\","
        "\"refundId\":\"re_1\"},{\"paymentId\":\"P2\",\"amount\":6,\"currency\":\"EUR\","
        "\"status\":\"stuck\",\"reason\":\"refused\"}]}",
        &view));
    assert_int_equal(gateway_state(&view), GATEWAY_FAILED);
    assert_string_equal(view.end.reason, "amount_mismatch");
    assert_true(view.intent.amount == INT64_C(999999999999999));
    assert_true(view.cancel.is_requested);
    assert_int_equal(view.refund_count, 2);
    assert_string_equal(view.refunds[0].refund_id, "re_1");
    assert_int_equal(view.refunds[1].status, GATEWAY_STATUS_STUCK);
}

static void an_answer_without_an_intent_is_read_too(void **state)
{
    (void)state;
    struct gateway_view view;
    assert_true(view_read("{\"intentId\":\"B1\",\"state\":\"failed\",\"refunds\":[]}", &view));
    assert_false(view.intent.is_present);
}

#define LONG_ID_ANSWER                                                                             \
    "{\"intentId\":\"00000000000000000000000000000000000000000000000000000000000000000\","         \
    "\"state\":\"pending\"}"

static void an_answer_that_is_none_of_the_gateways_is_refused(void **state)
{
    (void)state;
    struct gateway_view view;
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"intentId\":\"B1\"}",
        "{\"intentId\":\"B1\",\"state\":\"lost\"}",
        "{\"intentId\":\"\",\"state\":\"pending\"}",
        "{\"intentId\":\"B1\",\"state\":\"pending\",\"currency\":\"EURO\"}",
        "{\"intentId\":\"B1\",\"state\":\"failed\",\"refunds\":[{\"status\":\"lost\"}]}",
        LONG_ID_ANSWER,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(view_read(texts[i], &view));
}

static void more_refunds_than_there_can_be_are_refused(void **state)
{
    (void)state;
    struct gateway_view view;
    char text[4096] = "{\"intentId\":\"B1\",\"state\":\"failed\",\"refunds\":[";
    for (int i = 0; i <= BOOKING_PAYMENTS_MAX; i++) {
        size_t length = strlen(text);
        snprintf(
            text + length, sizeof text - length,
            "%s{\"paymentId\":\"P%d\",\"amount\":5,\"currency\":\"EUR\",\"status\":\"waiting\"}",
            i > 0 ? "," : "", i);
    }
    size_t length = strlen(text);
    snprintf(text + length, sizeof text - length, "]}");
    assert_false(view_read(text, &view));
}

#define WITH_DOSSIER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DOSSIER(a_pending_booking_waits_for_its_payment),
        WITH_DOSSIER(a_payment_that_came_first_waits_for_the_intent),
        WITH_DOSSIER(an_intent_that_nobody_has_taken_waits_in_the_queue),
        WITH_DOSSIER(what_could_not_be_asked_is_not_guessed),
        WITH_DOSSIER(an_outcome_that_the_gateway_has_not_heard_is_on_its_way),
        WITH_DOSSIER(a_refund_under_way_tells_its_last_error),
        WITH_DOSSIER(a_stuck_refund_asks_for_somebody),
        WITH_DOSSIER(a_stuck_one_is_told_before_one_that_is_under_way),
        WITH_DOSSIER(what_is_over_waits_for_nothing),
        WITH_DOSSIER(a_refund_that_the_gateway_has_not_heard_of_is_named),
        WITH_DOSSIER(the_timeline_merges_all_histories_by_time),
        WITH_DOSSIER(repetitions_that_change_nothing_are_folded),
        cmocka_unit_test(the_gateways_answer_becomes_a_view),
        cmocka_unit_test(an_answer_without_an_intent_is_read_too),
        cmocka_unit_test(an_answer_that_is_none_of_the_gateways_is_refused),
        cmocka_unit_test(more_refunds_than_there_can_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
