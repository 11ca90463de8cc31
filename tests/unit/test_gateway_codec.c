/* The gateway's documents and the events that it reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/bson_case.h"
#include "tests/unit/gateway_cases.h"
#include "tests/unit/stored_damage.h"

#include <bson.h>

/* A view that uses every field. */
static void full_view(struct gateway_view *ret_view)
{
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_PENDING);
    struct input inputs[] = {
        case_cancel("u1"),
        case_confirmed("p1"),
        case_ended(GATEWAY_BOOKING_CANCELLED, "p1"),
        case_refund(GATEWAY_PAYMENT_REFUNDED, "p1", 4),
        case_refund(GATEWAY_REFUND_STUCK, "p2", 0),
    };
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++)
        case_decide(&subject, &inputs[i]);
    memcpy(ret_view, &subject.view, sizeof *ret_view);
}

static void a_view_comes_back_from_the_store_byte_by_byte(void **context)
{
    (void)context;
    struct gateway_view view;
    struct gateway_view loaded;
    struct error error;
    full_view(&view);
    struct arena arena = { 0 };
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    assert_true(gateway_encode(&view, &output, &error));
    memset(&loaded, 0, sizeof loaded);
    struct bson_fields fields = case_written(&output);
    assert_true(gateway_decode(&fields, &loaded, &error));
    assert_memory_equal(&view, &loaded, sizeof view);
    arena_done(&arena);
}

static void a_stored_view_is_readable_to_people(void **context)
{
    (void)context;
    struct gateway_view view;
    struct error error;
    full_view(&view);
    struct arena arena = { 0 };
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    assert_true(gateway_encode(&view, &output, &error));
    struct bson_fields fields = case_written(&output);
    bson_t document;
    assert_true(bson_init_static(&document, fields.bytes, fields.length));
    char *text = bson_as_relaxed_extended_json(&document, NULL);
    assert_non_null(strstr(text, "\"outcome\" : { \"state\" : \"cancelled\""));
    assert_non_null(strstr(text, "\"status\" : \"refunded\""));
    assert_non_null(strstr(text, "\"status\" : \"stuck\""));
    assert_non_null(
        strstr(text, "\"userId\" : \"u1\", \"amount\" : 12345, \"currency\" : \"EUR\""));
    bson_free(text);
    arena_done(&arena);
}

static void a_view_of_which_nothing_is_known_can_be_stored(void **context)
{
    (void)context;
    struct gateway_view empty = { .booking_id = "" };
    struct gateway_view loaded = { .booking_id = "" };
    struct error error;
    struct arena arena = { 0 };
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    assert_true(gateway_encode(&empty, &output, &error));
    struct bson_fields fields = case_written(&output);
    assert_true(gateway_decode(&fields, &loaded, &error));
    assert_memory_equal(&empty, &loaded, sizeof loaded);
    arena_done(&arena);
}

static void set_amount(struct gateway_view *view)
{
    view->intent.amount = 0;
}
static void set_user(struct gateway_view *view)
{
    view->intent.user_id[0] = '$';
}
static void set_version(struct gateway_view *view)
{
    view->cancel.announced.version = 0;
}
static void set_reason(struct gateway_view *view)
{
    view->end.reason[0] = 'x';
}
static void set_count(struct gateway_view *view)
{
    view->refund_count = BOOKING_PAYMENTS_MAX + 1;
}
static void set_twice(struct gateway_view *view)
{
    memcpy(&view->refunds[1], &view->refunds[0], sizeof view->refunds[0]);
}
static void set_refund_id(struct gateway_view *view)
{
    view->refunds[0].refund_id[0] = '\0';
}
static void set_due(struct gateway_view *view)
{
    view->due_at_ms = 1;
}
static void set_currency(struct gateway_view *view)
{
    memcpy(view->refunds[0].payment.currency, "EURO", CURRENCY_SIZE);
}

static void a_view_that_breaks_an_invariant_is_never_saved(void **context)
{
    (void)context;
    void (*const breaks[])(struct gateway_view *) = {
        set_amount, set_user,      set_version, set_reason,   set_count,
        set_twice,  set_refund_id, set_due,     set_currency,
    };
    for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        struct gateway_view view;
        struct error error = { .code = ERROR_NONE };
        struct arena arena = { 0 };
        struct bson_output output;
        bson_write_begin(&output, &arena, CASE_ROOM);
        full_view(&view);
        breaks[i](&view);
        assert_false(gateway_encode(&view, &output, &error));
        assert_int_equal(error.code, ERROR_BUG);
        assert_true(error.message[0] != '\0');
        arena_done(&arena);
    }
}

/* Each stored document is the good one with one text changed. */
static void a_damaged_document_is_refused_with_a_text(void **context)
{
    (void)context;
    const char *const changes[][2] = {
        { "\"bookingId\"", "\"x\"" },
        { "\"cancelled\"", "\"celled\"" },
        { "\"cancelled\"", "\"none\"" },
        { "\"status\" : \"stuck\"", "\"status\" : \"gone\"" },
        { "\"amount\" : { \"$numberLong\" : \"12345\" }", "\"amount\" : \"12345\"" },
        { "\"amount\" : { \"$numberLong\" : \"12345\" }",
          "\"amount\" : { \"$numberLong\" : \"-1\" }" },
        { "\"userId\" : \"u1\"", "\"userId\" : \"a b\"" },
        { "\"refunds\"", "\"refund\"" },
        { "\"EUR\"", "\"EU\"" },
        { "\"announced\"", "\"renounced\"" },
        { "\"outcome\"", "\"income\"" },
        { "\"dueAt\" : { \"$numberLong\" : \"0\" }", "\"dueAt\" : { \"$numberLong\" : \"7\" }" },
    };
    struct gateway_view view;
    struct error error;
    struct arena arena = { 0 };
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    full_view(&view);
    assert_true(gateway_encode(&view, &output, &error));
    struct bson_fields fields = case_written(&output);
    bson_t document;
    assert_true(bson_init_static(&document, fields.bytes, fields.length));
    char *text = bson_as_canonical_extended_json(&document, NULL);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char changed[8192];
        const char *at = strstr(text, changes[i][0]);
        if (at == NULL)
            fail_msg("%s is not in %s", changes[i][0], text);
        snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, changes[i][1],
                 at + strlen(changes[i][0]));
        bson_error_t bson_error;
        bson_t *damaged = bson_new_from_json((const uint8_t *)changed, -1, &bson_error);
        assert_non_null(damaged);
        struct gateway_view loaded = { .booking_id = "" };
        error.code = ERROR_NONE;
        assert_true(bson_read_open(&fields, bson_get_data(damaged), damaged->len));
        if (gateway_decode(&fields, &loaded, &error))
            fail_msg("%s was accepted", changes[i][1]);
        assert_int_equal(error.code, ERROR_BUG);
        bson_destroy(damaged);
    }
    bson_free(text);
    arena_done(&arena);
}

static void no_field_of_a_view_is_made_up(void **context)
{
    (void)context;
    static const char *const may_lack[] = { "intent",
                                            "cancel",
                                            "outcome",
                                            "waitsUntil",
                                            "outcome.reason",
                                            "outcome.paymentId",
                                            "refunds.0.refundId",
                                            "refunds.1.refundId",
                                            "refunds.1.reason",
                                            NULL };
    struct gateway_view view;
    struct participant participant = gateway_participant(&case_config);
    full_view(&view);
    assert_no_damage_is_taken(&participant, &view, may_lack);
}

static bool parse(const char *type, const char *id, const char *body, struct input *ret_inputs,
                  size_t *ret_count, struct error *error)
{
    struct message message = { .body = body, .body_length = strlen(body) };
    snprintf(message.type, sizeof message.type, "%s", type);
    snprintf(message.id, sizeof message.id, "%s", id);
    return gateway_parse(&case_config, &message, ret_inputs, ret_count, error);
}

static void every_event_that_the_gateway_listens_to_becomes_an_input(void **context)
{
    (void)context;
    const struct {
        const char *type;
        int input;
        const char *body;
    } events[] = {
        { EVENT_BOOKING_CONFIRMED, GATEWAY_BOOKING_CONFIRMED,
          "{\"intentId\":\"b-1\",\"paymentId\":\"p1\",\"amount\":5,\"currency\":\"EUR\",\"new\":"
          "0}" },
        { EVENT_BOOKING_FAILED, GATEWAY_BOOKING_FAILED,
          "{\"intentId\":\"b-1\",\"reason\":\"payment_timeout\",\"payments\":[]}" },
        { EVENT_BOOKING_CANCELLED, GATEWAY_BOOKING_CANCELLED,
          "{\"intentId\":\"b-1\",\"payments\":[]}" },
        { EVENT_PAYMENT_REFUNDED, GATEWAY_PAYMENT_REFUNDED,
          "{\"intentId\":\"b-1\",\"paymentId\":\"p1\",\"refundId\":\"re-1\",\"amount\":5,"
          "\"currency\":\"EUR\"}" },
        { EVENT_REFUND_STUCK, GATEWAY_REFUND_STUCK,
          "{\"intentId\":\"b-1\",\"paymentId\":\"p1\",\"reason\":\"closed\",\"amount\":5,"
          "\"currency\":\"EUR\"}" },
        { EVENT_BOOKING_PENDING, GATEWAY_BOOKING_PENDING,
          "{\"intentId\":\"b-1\",\"waitsFor\":\"payment\",\"until\":7,\"remainingMs\":5}" },
        { EVENT_PAYMENT_DECLINED, GATEWAY_PAYMENT_DECLINED,
          "{\"intentId\":\"b-1\",\"paymentId\":\"p1\"}" },
    };
    size_t bound = 0;
    for (size_t i = 0; i < event_binding_count; i++)
        bound += strcmp(event_bindings[i].queue, QUEUE_GATEWAY) == 0;
    assert_int_equal(bound, sizeof events / sizeof events[0]);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct input inputs[INPUTS_PER_DELIVERY_MAX];
        struct error error;
        size_t count = 0;
        assert_true(parse(events[i].type, "m1", events[i].body, inputs, &count, &error));
        assert_int_equal(count, 1);
        assert_int_equal(inputs[0].type, events[i].input);
        assert_string_equal(inputs[0].type_name, events[i].type);
        assert_string_equal(inputs[0].document_id, "b-1");
        assert_string_equal(inputs[0].correlation_id, "b-1");
    }
}

static size_t listing_write(char *body, size_t size, int payments)
{
    size_t length = (size_t)snprintf(
        body, size, "{\"intentId\":\"b-1\",\"reason\":\"amount_mismatch\",\"payments\":[");
    for (int i = 0; i < payments; i++)
        length += (size_t)snprintf(
            body + length, size - length,
            "%s{\"paymentId\":\"p%d\",\"amount\":\"%d\",\"currency\":\"EUR\",\"more\":[{}]}",
            i > 0 ? " , " : "", i, i + 1);
    return length + (size_t)snprintf(body + length, size - length, "]}");
}

static void all_payments_of_an_outcome_arrive_in_the_view(void **context)
{
    (void)context;
    for (int payments = 0; payments <= BOOKING_PAYMENTS_MAX; payments++) {
        char body[8192];
        struct input inputs[INPUTS_PER_DELIVERY_MAX];
        struct error error;
        size_t count = 0;
        listing_write(body, sizeof body, payments);
        assert_true(parse(EVENT_BOOKING_FAILED, "m1", body, inputs, &count, &error));
        struct gateway_case subject;
        case_reach(&subject, GATEWAY_PENDING);
        for (size_t i = 0; i < count; i++) {
            const struct decision *decision = case_decide(&subject, &inputs[i]);
            assert_int_equal(decision->outcome, OUTCOME_APPLIED);
        }
        assert_int_equal(subject.view.refund_count, payments);
        for (int i = 0; i < payments; i++) {
            char payment_id[16];
            snprintf(payment_id, sizeof payment_id, "p%d", i);
            const struct gateway_refund *refund = gateway_refund_find(&subject.view, payment_id);
            assert_non_null(refund);
            assert_int_equal(refund->payment.amount, i + 1);
        }
        for (size_t i = 0; i < count; i++)
            assert_false(case_decide(&subject, &inputs[i])->is_changed);
    }
}

static void what_is_no_event_of_ours_is_refused_with_a_reason(void **context)
{
    (void)context;
    const char *const refused[][2] = {
        { "booking.exploded", "{\"intentId\":\"b-1\"}" },
        { EVENT_INTENT_CREATED, "{\"intentId\":\"b-1\"}" },
        { EVENT_BOOKING_CONFIRMED, "" },
        { EVENT_BOOKING_CONFIRMED, "[]" },
        { EVENT_BOOKING_CONFIRMED, "{\"intentId\":\"b-1\"}" },
        { EVENT_BOOKING_CONFIRMED,
          "{\"intentId\":\"$where\",\"paymentId\":\"p\",\"amount\":1,\"currency\":\"EUR\"}" },
        { EVENT_BOOKING_CONFIRMED,
          "{\"intentId\":\"b-1\",\"paymentId\":\"p\",\"amount\":1.5,\"currency\":\"EUR\"}" },
        { EVENT_BOOKING_FAILED, "{\"intentId\":\"b-1\",\"reason\":\"x\"}" },
        { EVENT_BOOKING_FAILED, "{\"intentId\":\"b-1\",\"reason\":\"x\",\"payments\":{}}" },
        { EVENT_BOOKING_FAILED, "{\"intentId\":\"b-1\",\"reason\":\"x\",\"payments\":\"ab\"}" },
        { EVENT_BOOKING_FAILED, "{\"intentId\":\"b-1\",\"reason\":\"x\",\"payments\":[1]}" },
        { EVENT_BOOKING_FAILED, "{\"intentId\":\"b-1\",\"reason\":\"x\",\"payments\":[{}]}" },
        { EVENT_BOOKING_FAILED, "{\"intentId\":\"b-1\",\"reason\":\"\",\"payments\":[]}" },
        { EVENT_PAYMENT_REFUNDED,
          "{\"intentId\":\"b-1\",\"paymentId\":\"p\",\"amount\":1,\"currency\":\"EUR\"}" },
    };
    char too_many[8192];
    struct input inputs[INPUTS_PER_DELIVERY_MAX];
    struct error error;
    size_t count = 0;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        memset(&error, 0, sizeof error);
        if (parse(refused[i][0], "m1", refused[i][1], inputs, &count, &error))
            fail_msg("%s was accepted", refused[i][1]);
        assert_int_equal(error.code, i < 2 ? ERROR_NEWER : ERROR_REJECT);
        assert_true(error.message[0] != '\0');
    }
    listing_write(too_many, sizeof too_many, BOOKING_PAYMENTS_MAX + 1);
    assert_false(parse(EVENT_BOOKING_FAILED, "m1", too_many, inputs, &count, &error));
    assert_non_null(strstr(error.message, "16"));
}

static void the_order_of_reports_is_read_from_their_message_ids(void **context)
{
    (void)context;
    const struct {
        const char *id;
        int64_t order;
    } ids[] = {
        { "payment:p:1:7:0", 7 * 65536 },
        { "payment:p:1:12:3", 12 * 65536 + 3 },
        { "payment:p:2:7:0", 0 },
        { "evt_1", 0 },
        { "payment:p:1:x:0", 0 },
        { "payment:p:1:7", 0 },
        { "booking:p:1:7:0", 0 },
        { "payment:p:1:1e3:0", 0 },
        { "", 0 },
        { "payment:p:1::0", 0 },
        { "payment:p:1:-7:0", 0 },
        { "payment:p:1:9999999999999999999999:0", 0 },
    };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct input input;
        struct error error;
        size_t count = 0;
        assert_true(parse(EVENT_PAYMENT_REFUNDED, ids[i].id,
                          "{\"intentId\":\"b-1\",\"paymentId\":\"p:1\",\"refundId\":\"re\","
                          "\"amount\":1,\"currency\":\"EUR\"}",
                          &input, &count, &error));
        struct gateway_refund_report report;
        memcpy(&report, input.payload, sizeof report);
        assert_int_equal(report.reported_order, ids[i].order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_comes_back_from_the_store_byte_by_byte),
        cmocka_unit_test(a_stored_view_is_readable_to_people),
        cmocka_unit_test(a_view_of_which_nothing_is_known_can_be_stored),
        cmocka_unit_test(a_view_that_breaks_an_invariant_is_never_saved),
        cmocka_unit_test(a_damaged_document_is_refused_with_a_text),
        cmocka_unit_test(no_field_of_a_view_is_made_up),
        cmocka_unit_test(every_event_that_the_gateway_listens_to_becomes_an_input),
        cmocka_unit_test(all_payments_of_an_outcome_arrive_in_the_view),
        cmocka_unit_test(what_is_no_event_of_ours_is_refused_with_a_reason),
        cmocka_unit_test(the_order_of_reports_is_read_from_their_message_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
