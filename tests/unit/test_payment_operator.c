/* The way back from stuck: a person tries a refund again, or settles it by hand. */
#include "tests/unit/bson_case.h"
#include "tests/unit/payment_fixture.h"
#include "tests/unit/stored_damage.h"

static struct input operate(enum payment_input_type type, const char *reason)
{
    struct input input = make(type, "", 0);
    struct operator_payload said = { 0 };
    snprintf(said.reason, sizeof said.reason, "%s", reason);
    memcpy(input.payload, &said, sizeof said);
    input.source = INPUT_FROM_REQUEST;
    return input;
}

static struct payment stuck(void)
{
    struct payment payment = refund_due();
    struct input refused = result(REFUND_REFUSED);
    struct refund_result *answer = (struct refund_result *)(void *)refused.payload;
    answer->call_number = payment.call_number;
    snprintf(answer->reason, sizeof answer->reason, "http_422_charge_disputed");
    feed(&payment, refused);
    assert_int_equal(payment.state, PAYMENT_STUCK);
    return payment;
}

static const struct refund_effect *call_asked(void)
{
    return (const struct refund_effect *)(const void *)decision.effect.payload;
}

static void a_stuck_refund_is_tried_again_under_a_key_that_was_not_refused(void **test)
{
    (void)test;
    struct payment payment = stuck();
    feed(&payment, operate(INPUT_RETRY, "the dispute is over"));
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
    assert_int_equal(decision.reply, REPLY_OK);
    assert_int_equal(payment.attempts, 0);
    struct input due = make(INPUT_DEADLINE, "", 0);
    memset(due.payload, 0, sizeof due.payload);
    feed_at(&payment, due, payment.due_at_ms);
    assert_int_equal(decision.effect.type, EFFECT_LOOKUP); /* asked before it is called */
    assert_string_not_equal(call_asked()->key, "P1");
    assert_int_equal(call_asked()->amount, 1200);
}

static void money_settled_by_hand_is_announced_as_refunded_by_an_operator(void **test)
{
    (void)test;
    struct payment payment = stuck();
    feed(&payment, operate(INPUT_RESOLVE, "bank transfer 4711"));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
    assert_int_equal(decision.reply, REPLY_OK);
    assert_int_equal(payment.resolved_amount, 1200);
    assert_string_equal(payment.resolved_reason, "bank transfer 4711");
    assert_int_equal(payment_missing(&payment), 0);
    assert_true(owes(EVENT_PAYMENT_REFUNDED));
    char body[512];
    snprintf(body, sizeof body, "%.*s", (int)decision.messages[0].body_length,
             decision.messages[0].body);
    assert_non_null(strstr(body, "\"by\":\"operator\""));
    assert_non_null(strstr(body, "\"refundId\":\"" REFUND_ID_BY_HAND "\""));
    struct error error;
    assert_true(payment_check(&payment, &error));
}

static void what_is_settled_by_hand_is_not_tried_again(void **test)
{
    (void)test;
    struct payment payment = stuck();
    feed(&payment, operate(INPUT_RESOLVE, "cash"));
    const enum payment_input_type types[] = { INPUT_RETRY, INPUT_RESOLVE };
    for (size_t i = 0; i < 2; i++) {
        feed(&payment, operate(types[i], "again"));
        assert_int_equal(decision.reply, REPLY_CONFLICT);
        assert_false(decision.is_changed);
        assert_false(decision.effect.is_wanted);
        assert_string_equal(payment.resolved_reason, "cash");
    }
}

static void only_what_is_stuck_waits_for_a_person(void **test)
{
    (void)test;
    struct payment nothing = { 0 };
    struct payment payments[] = { nothing, refund_due(), refunded() };
    for (size_t i = 0; i < sizeof payments / sizeof payments[0]; i++) {
        enum payment_state before = payments[i].state;
        feed(&payments[i], operate(INPUT_RESOLVE, "why"));
        assert_int_equal(decision.reply, before == PAYMENT_NONE ? REPLY_NOT_FOUND : REPLY_CONFLICT);
        feed(&payments[i], operate(INPUT_RETRY, "why"));
        assert_int_equal(payments[i].state, before);
        assert_int_equal(decision.message_count, 0);
        assert_false(decision.is_changed);
    }
}

/* Returned twice: by hand, and by the provider after all. */
static void a_refund_reported_after_it_was_settled_by_hand_is_an_alert(void **test)
{
    (void)test;
    struct payment payment = stuck();
    feed(&payment, operate(INPUT_RESOLVE, "cash"));
    feed(&payment, make(INPUT_REPORTED, "B1", 1200));
    assert_true(decision.is_alert);
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
}

static void only_what_is_missing_is_settled_by_hand(void **test)
{
    (void)test;
    struct payment payment = stuck();
    feed(&payment, make(INPUT_REPORTED, "B1", 200)); /* a part came back at the provider */
    while (payment.state != PAYMENT_STUCK) {
        struct input refused = result(REFUND_REFUSED);
        ((struct refund_result *)(void *)refused.payload)->call_number = payment.call_number;
        struct input due = make(INPUT_DEADLINE, "", 0);
        memset(due.payload, 0, sizeof due.payload);
        feed_at(&payment, due, payment.due_at_ms);
        ((struct refund_result *)(void *)refused.payload)->call_number = payment.call_number;
        feed_at(&payment, refused, payment.due_at_ms - 1);
    }
    feed(&payment, operate(INPUT_RESOLVE, "cash"));
    assert_int_equal(payment.resolved_amount, 1000);
    assert_int_equal(payment_back(&payment), 1200);
}

static void what_was_settled_by_hand_comes_back_from_the_store(void **test)
{
    (void)test;
    struct payment payment = stuck();
    feed(&payment, operate(INPUT_RESOLVE, "bank transfer 4711"));
    struct payment back = { 0 };
    struct error error;
    struct arena arena = { 0 };
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    assert_true(payment_encode(&payment, &output, &error));
    struct bson_fields fields = case_written(&output);
    assert_true(payment_decode(&fields, &back, &error));
    assert_memory_equal(&payment, &back, sizeof back);
    arena_done(&arena);
}

static void no_field_of_a_stored_payment_is_made_up(void **test)
{
    (void)test;
    static const char *const may_lack[] = { "conflicts", "resolvedAmount", "isFinal",
                                            "askedAt",   "refunds",        NULL };
    struct participant participant = payment_participant(&rules);
    struct payment payment = stuck();
    feed(&payment, make(INPUT_CAPTURED, "B1", 1300)); /* contradicts the first */
    assert_int_equal(payment.conflict_count, 1);
    assert_no_damage_is_taken(&participant, &payment, may_lack);
    feed(&payment, operate(INPUT_RESOLVE, "bank transfer 4711"));
    feed(&payment, report_of("R7", 100, STANDING_PENDING));
    assert_no_damage_is_taken(&participant, &payment, may_lack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stuck_refund_is_tried_again_under_a_key_that_was_not_refused),
        cmocka_unit_test(money_settled_by_hand_is_announced_as_refunded_by_an_operator),
        cmocka_unit_test(what_is_settled_by_hand_is_not_tried_again),
        cmocka_unit_test(only_what_is_stuck_waits_for_a_person),
        cmocka_unit_test(a_refund_reported_after_it_was_settled_by_hand_is_an_alert),
        cmocka_unit_test(only_what_is_missing_is_settled_by_hand),
        cmocka_unit_test(what_was_settled_by_hand_comes_back_from_the_store),
        cmocka_unit_test(no_field_of_a_stored_payment_is_made_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
