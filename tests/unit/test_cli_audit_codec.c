/* Stored documents as an audit reads them, by the names of their fields alone; what cannot be read
 * is a fact too. */
#include "audit/audit_codec.h"
#include "common/saga/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/stored_damage.h"

typedef void decode_function(struct audit_facts *facts, const struct record *record,
                             int64_t schema_newest);

static struct audit_facts facts;

static int set_up(void **state)
{
    (void)state;
    audit_facts_start(&facts);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    audit_facts_done(&facts);
    return 0;
}

static void decode_bson(decode_function *decode, const char *id, const bson_t *body)
{
    struct record record = { .version = 7,
                             .due_at_ms = 11,
                             .owed_at_ms = 13,
                             .body = bson_get_data(body),
                             .body_length = body->len };
    snprintf(record.id, sizeof record.id, "%s", id);
    decode(&facts, &record, SCHEMA_FIRST);
}

/* Whole numbers are 64 bits long in the stores. */
static bson_t *bson_of(const char *json)
{
    bson_error_t error;
    char text[4096];
    size_t length = 0;
    for (const char *at = json; *at != '\0';) {
        size_t digits = strspn(at, "0123456789");
        if (digits > 0 && at[-1] == ':')
            length += (size_t)snprintf(text + length, sizeof text - length,
                                       "{\"$numberLong\":\"%.*s\"}", (int)digits, at);
        else
            length += (size_t)snprintf(text + length, sizeof text - length, "%.*s",
                                       (int)(digits > 0 ? digits : 1), at);
        at += digits > 0 ? digits : 1;
    }
    bson_t *body = bson_new_from_json((const uint8_t *)text, -1, &error);
    if (body == NULL)
        fail_msg("%s", error.message);
    return body;
}

static void read_json(decode_function *decode, const char *id, const char *json)
{
    bson_t *body = bson_of(json);
    decode_bson(decode, id, body);
    bson_destroy(body);
}

#define BOOKING                                                                                    \
    "{\"state\":{\"state\":\"cancelled\",\"intent\":{\"userId\":\"ann\",\"amount\":1200,"          \
    "\"currency\":\"EUR\"},\"payments\":[{\"paymentId\":\"P1\",\"userId\":\"ann\",\"amount\":"     \
    "1200,"                                                                                        \
    "\"currency\":\"EUR\",\"disposition\":\"refunded_by_outcome\"},{\"paymentId\":\"P2\","         \
    "\"userId\":\"bob\",\"amount\":5,\"currency\":\"USD\",\"disposition\":\"refunded_by_"          \
    "request\"}"                                                                                   \
    "],\"firstSeenAt\":17,\"outcome\":{\"at\":19}},\"history\":["                                  \
    "{\"from\":\"none\",\"to\":\"pending\"},{\"from\":\"pending\",\"to\":\"confirmed\"},"          \
    "{\"from\":\"confirmed\",\"to\":\"confirmed\"},{\"from\":\"confirmed\",\"to\":\"cancelled\"}]" \
    "}"

static void a_booking_is_read_with_its_payments_and_its_outcomes(void **state)
{
    (void)state;
    read_json(audit_decode_booking, "B1", BOOKING);
    const struct audit_booking *booking = audit_booking_of(&facts, "B1");
    assert_false(booking->own.is_damaged);
    assert_int_equal(booking->own.version, 7);
    assert_int_equal(booking->own.due_at_ms, 11);
    assert_int_equal(booking->own.owed_at_ms, 13);
    assert_int_equal(booking->own.first_seen_ms, 17);
    assert_int_equal(booking->own.outcome_at_ms, 19);
    assert_int_equal(booking->own.state, AUDIT_BOOKING_CANCELLED);
    assert_true(booking->own.has_intent);
    assert_string_equal(booking->own.intent.user, "ann");
    assert_int_equal(booking->own.intent.amount, 1200);
    assert_string_equal(booking->own.intent.currency, "EUR");
    assert_int_equal(booking->own.confirmed_times, 1);
    assert_int_equal(booking->own.ended_times, 1);
    assert_int_equal(booking->own.listing_count, 2);
    const struct audit_listing *second =
        audit_listing_find(audit_payment_of(&facts, "P2"), booking);
    assert_non_null(second);
    assert_int_equal(second->disposition, AUDIT_BACK_BY_REQUEST);
    assert_int_equal(second->money.amount, 5);
    assert_string_equal(second->money.currency, "USD");
    assert_string_equal(second->money.user, "bob");
    assert_int_equal(booking->view.version, 0);
}

#define VIEW                                                                                       \
    "{\"state\":{\"intent\":{\"userId\":\"ann\",\"amount\":1200,\"currency\":\"EUR\","             \
    "\"createdAt\":23},\"outcome\":{\"state\":\"confirmed\",\"paymentId\":\"P1\"}}}"

static void the_gateways_view_is_kept_beside_it(void **state)
{
    (void)state;
    read_json(audit_decode_view, "B1", VIEW);
    const struct audit_booking *booking = audit_booking_of(&facts, "B1");
    assert_false(booking->view.is_damaged);
    assert_int_equal(booking->view.version, 7);
    assert_int_equal(booking->view.due_at_ms, 11);
    assert_int_equal(booking->view.owed_at_ms, 13);
    assert_int_equal(booking->view.asked_at_ms, 23);
    assert_int_equal(booking->view.outcome, AUDIT_BOOKING_CONFIRMED);
    assert_string_equal(booking->view.payment, "P1");
    assert_int_equal(booking->view.intent.amount, 1200);
    assert_int_equal(booking->own.version, 0);

    read_json(audit_decode_view, "B2", "{\"state\":{}}"); /* somebody tried to cancel it */
    assert_false(audit_booking_of(&facts, "B2")->view.is_damaged);
    assert_false(audit_booking_of(&facts, "B2")->view.has_intent);
    assert_int_equal(audit_booking_of(&facts, "B2")->view.outcome, AUDIT_BOOKING_ABSENT);
    read_json(audit_decode_view, "B3", "{\"state\":{\"outcome\":{\"state\":\"pending\"}}}");
    assert_true(audit_booking_of(&facts, "B3")->view.is_damaged); /* that is no outcome */
}

#define PAYMENT                                                                                    \
    "{\"state\":{\"state\":\"refund_stuck\",\"intentId\":\"B1\",\"userId\":\"ann\",\"amount\":"    \
    "1200,"                                                                                        \
    "\"currency\":\"EUR\",\"lastError\":\"account_closed\",\"capturedAt\":29,\"attempts\":3,"      \
    "\"resolvedAmount\":400,\"conflicts\":[{\"intentId\":\"B9\",\"userId\":\"bob\",\"amount\":5,"  \
    "\"currency\":\"USD\"},{\"intentId\":\"B8\",\"userId\":\"eve\",\"amount\":6,\"currency\":"     \
    "\"USD\"}],\"refundsBeyond\":2,\"refunds\":["                                                  \
    "{\"amount\":100,\"currency\":\"EUR\",\"status\":\"succeeded\"},"                              \
    "{\"amount\":200,\"currency\":\"EUR\",\"status\":\"failed\"},"                                 \
    "{\"amount\":300,\"currency\":\"USD\",\"status\":\"succeeded\"},"                              \
    "{\"amount\":50,\"currency\":\"EUR\",\"status\":\"succeeded\"}]}}"

static void a_payment_is_read_with_what_came_back_of_it(void **state)
{
    (void)state;
    read_json(audit_decode_payment, "P1", PAYMENT);
    const struct audit_payment *payment = audit_payment_of(&facts, "P1");
    assert_false(payment->own.is_damaged);
    assert_int_equal(payment->own.version, 7);
    assert_int_equal(payment->own.due_at_ms, 11);
    assert_int_equal(payment->own.owed_at_ms, 13);
    assert_int_equal(payment->own.state, AUDIT_PAYMENT_STUCK);
    assert_ptr_equal(payment->own.booking, audit_booking_of(&facts, "B1"));
    assert_string_equal(payment->own.money.user, "ann");
    assert_int_equal(payment->own.money.amount, 1200);
    assert_string_equal(payment->own.last_error, "account_closed");
    assert_int_equal(payment->own.captured_at_ms, 29);
    assert_int_equal(payment->own.attempts, 3);
    assert_int_equal(payment->own.resolved, 400);
    assert_int_equal(payment->own.refunds_back, 150); /* of its currency, and not failed */
    assert_int_equal(payment->own.refunds_beyond, 2);
    assert_int_equal(payment->own.conflict_count, 2);
    assert_string_equal(payment->own.conflict_booking, "B9"); /* the first one */
    assert_int_equal(payment->own.conflict.amount, 5);
    assert_string_equal(payment->own.conflict.user, "bob");
}

static void only_what_is_expected_may_be_for_no_booking(void **state)
{
    (void)state;
    static const char form[] =
        "{\"state\":{\"state\":\"%s\",\"intentId\":\"\",\"userId\":\"\",\"amount\":0,\"currency\":"
        "\"\",\"lastError\":\"\",\"capturedAt\":0,\"attempts\":0}}";
    char json[512];
    snprintf(json, sizeof json, form, "expected");
    read_json(audit_decode_payment, "P1", json);
    assert_false(audit_payment_of(&facts, "P1")->own.is_damaged);
    assert_null(audit_payment_of(&facts, "P1")->own.booking);
    assert_null(audit_payment_of(&facts, "P1")->own.last_error);
    snprintf(json, sizeof json, form, "captured");
    read_json(audit_decode_payment, "P2", json);
    assert_true(audit_payment_of(&facts, "P2")->own.is_damaged);
    snprintf(json, sizeof json, form, "none");
    read_json(audit_decode_payment, "P3", json);
    assert_true(audit_payment_of(&facts, "P3")->own.is_damaged);
}

/* Each reading of a version gives the same fingerprint, and of another one another. */
static void what_has_changed_shows_in_the_versions(void **state)
{
    (void)state;
    bson_t *body = bson_of(BOOKING);
    uint64_t seen[3];
    for (int i = 0; i < 3; i++) {
        struct record record = { .id = "B1",
                                 .version = 7,
                                 .owed_at_ms = i,
                                 .body = bson_get_data(body),
                                 .body_length = body->len };
        audit_facts_done(&facts);
        audit_facts_start(&facts);
        audit_decode_booking(&facts, &record, SCHEMA_FIRST);
        seen[i] = facts.versions;
        audit_facts_done(&facts);
        audit_facts_start(&facts);
        audit_decode_booking(&facts, &record, SCHEMA_FIRST);
        assert_true(facts.versions == seen[i]);
        for (int k = 0; k < i; k++)
            assert_true(seen[k] != seen[i]);
    }
    bson_destroy(body);
}

static bool is_damaged(decode_function *decode)
{
    return decode == audit_decode_payment   ? audit_payment_of(&facts, "X1")->own.is_damaged
           : decode == audit_decode_booking ? audit_booking_of(&facts, "X1")->own.is_damaged
                                            : audit_booking_of(&facts, "X1")->view.is_damaged;
}

static void assert_damage_is_seen(decode_function *decode, const char *json,
                                  const char *const *may_lack)
{
    bson_t *whole = bson_of(json);
    struct damage damage;
    int i = 0;
    do {
        bson_t *damaged = bson_new(); /* the stack of a sanitized build aligns it too little */
        bson_iter_t from;
        damage = (struct damage){ .at = i / 2, .is_left_out = i % 2 == 0 };
        assert_true(bson_iter_init(&from, whole));
        damaged_copy(damaged, &from, &damage, "", false);
        audit_facts_done(&facts);
        audit_facts_start(&facts);
        decode_bson(decode, "X1", damaged);
        bson_destroy(damaged);
        bool may_be = damage.seen <= damage.at;
        for (const char *const *name = may_lack; *name != NULL; name++)
            may_be = may_be || strcmp(damage.path, *name) == 0;
        if (!is_damaged(decode) && !may_be)
            fail_msg("\"%s\" is %s, and nobody minds", damage.path,
                     damage.is_left_out ? "not there" : "of another type");
        i++;
    } while (damage.seen > damage.at);
    bson_destroy(whole);
}

static void no_damage_goes_unseen(void **state)
{
    (void)state;
    static const char *const of_booking[] = {
        "state.intent",   "history.0.from", "history.0.to",   "history.1.from", "history.1.to",
        "history.2.from", "history.2.to",   "history.3.from", "history.3.to",   NULL
    };
    static const char *const of_view[] = { "state.intent", "state.outcome",
                                           "state.outcome.paymentId", NULL };
    static const char *const of_payment[] = { "state.resolvedAmount",
                                              "state.conflicts",
                                              "state.refunds",
                                              "state.conflicts.1.intentId",
                                              "state.conflicts.1.userId",
                                              "state.conflicts.1.amount",
                                              "state.conflicts.1.currency",
                                              NULL };
    assert_damage_is_seen(audit_decode_booking, BOOKING, of_booking);
    assert_damage_is_seen(audit_decode_view, VIEW, of_view);
    assert_damage_is_seen(audit_decode_payment, PAYMENT, of_payment);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_booking_is_read_with_its_payments_and_its_outcomes),
        TEST(the_gateways_view_is_kept_beside_it),
        TEST(a_payment_is_read_with_what_came_back_of_it),
        TEST(only_what_is_expected_may_be_for_no_booking),
        TEST(what_has_changed_shows_in_the_versions),
        TEST(no_damage_goes_unseen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
