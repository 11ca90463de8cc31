/* The payment's transition table, walked in full, and the life of a refund. */
#include "tests/unit/bson_case.h"
#include "tests/unit/payment_fixture.h"

static void a_capture_is_announced_and_settled_by_its_booking(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    assert_true(owes(EVENT_PAYMENT_CAPTURED));
    assert_int_equal(decision.reply, REPLY_ACCEPTED);
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    assert_int_equal(decision.reply, REPLY_REPLAYED);
    assert_int_equal(decision.message_count, 0);
    feed(&payment, make(INPUT_CONFIRMED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_SETTLED);
    assert_int_equal(payment.due_at_ms, 0);
}

static void a_payment_id_stays_with_its_first_booking_and_amount(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    feed(&payment, make(INPUT_CAPTURED, "B2", 1200));
    assert_int_equal(decision.reply, REPLY_OK);
    assert_true(decision.is_security_event);
    feed(&payment, make(INPUT_CAPTURED, "B1", 1300));
    assert_int_equal(decision.reply, REPLY_OK);
    feed(&payment, make(INPUT_FAILED, "B2", 1200));
    assert_string_equal(decision.verdict, "reject");
    assert_int_equal(payment.state, PAYMENT_CAPTURED);
    assert_string_equal(payment.intent_id, "B1");
}

static void a_failed_booking_gets_one_refund_with_the_payment_id_as_key(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    const struct refund_effect *effect =
        (const struct refund_effect *)(const void *)decision.effect.payload;
    assert_true(decision.effect.is_wanted);
    assert_int_equal(decision.effect.type, EFFECT_REFUND);
    assert_string_equal(effect->payment_id, "P1");
    assert_int_equal(effect->amount, 1200);
    feed(&payment, make(INPUT_FAILED, "B1", 1200));
    assert_false(decision.effect.is_wanted);
    feed(&payment, make(INPUT_REQUESTED, "B1", 1200));
    assert_false(decision.effect.is_wanted);
    feed(&payment, result(REFUND_SUCCEEDED));
    assert_true(owes(EVENT_PAYMENT_REFUNDED));
    feed(&payment, result(REFUND_SUCCEEDED));
    assert_int_equal(decision.message_count, 0);
}

static void a_settled_payment_goes_back_only_by_a_cancellation(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    feed(&payment, make(INPUT_CONFIRMED, "B1", 1200));
    feed(&payment, make(INPUT_FAILED, "B1", 1200));
    assert_string_equal(decision.verdict, "reject");
    assert_true(decision.is_alert);
    feed(&payment, make(INPUT_REQUESTED, "B1", 1200));
    assert_string_equal(decision.verdict, "reject");
    feed(&payment, make(INPUT_CANCELLED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
}

static void a_provider_timeout_is_asked_about_by_key_before_the_next_call(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    feed(&payment, result(REFUND_UNKNOWN));
    assert_int_equal(payment.state, PAYMENT_REFUNDING);
    assert_false(decision.effect.is_wanted);
    feed_at(&payment, make(INPUT_DEADLINE, "", 0), payment.due_at_ms);
    assert_int_equal(decision.effect.type, EFFECT_LOOKUP);
    feed(&payment, result(REFUND_NOT_FOUND));
    assert_true(decision.effect.is_wanted);
    assert_int_equal(decision.effect.type, EFFECT_REFUND);
    feed(&payment, result(REFUND_ALREADY));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
    assert_string_equal(payment.refund_id, "R1");
}

/* A store restored from a backup may have forgotten a refund, and the provider its key. */
static void a_first_refund_long_after_the_capture_is_asked_about_before_it_is_called(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    struct payment late = payment;
    feed_at(&payment, make(INPUT_FAILED, "B1", 1200), NOW + REFUND_KEY_TRUSTED_MS - 1);
    assert_int_equal(decision.effect.type, EFFECT_REFUND);
    int64_t late_ms = NOW + REFUND_KEY_TRUSTED_MS;
    feed_at(&late, make(INPUT_FAILED, "B1", 1200), late_ms);
    assert_int_equal(late.state, PAYMENT_REFUND_DUE);
    assert_int_equal(decision.effect.type, EFFECT_LOOKUP);
    payment = late;
    feed_at(&late, result(REFUND_SUCCEEDED), late_ms);
    assert_int_equal(late.state, PAYMENT_REFUNDED);
    assert_false(decision.effect.is_wanted);
    feed_at(&payment, result(REFUND_NOT_FOUND), late_ms);
    assert_int_equal(payment.state, PAYMENT_REFUNDING);
    assert_int_equal(decision.effect.type, EFFECT_REFUND);
}

static void a_call_that_never_comes_back_is_asked_about_at_the_deadline(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    feed_at(&payment, make(INPUT_DEADLINE, "", 0), payment.due_at_ms - 1);
    assert_false(decision.is_changed);
    feed_at(&payment, make(INPUT_DEADLINE, "", 0), payment.due_at_ms);
    assert_int_equal(decision.effect.type, EFFECT_LOOKUP);
}

static void a_permanent_refusal_is_stuck_and_never_silent(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    feed(&payment, result(REFUND_REFUSED));
    assert_int_equal(payment.state, PAYMENT_STUCK);
    assert_true(decision.is_alert);
    assert_true(owes(EVENT_REFUND_STUCK));
    assert_int_equal(payment.due_at_ms, 0);
}

static void more_than_was_captured_is_never_refunded(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    feed(&payment, make(INPUT_REQUESTED, "B1", 1201));
    assert_string_equal(decision.verdict, "reject");
    assert_false(decision.effect.is_wanted);
}

static void a_demand_before_the_capture_is_remembered(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, make(INPUT_FAILED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_EXPECTED);
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
    assert_int_equal(decision.effect.type, EFFECT_REFUND);
    assert_int_equal(decision.reply, REPLY_ACCEPTED);
}

static void a_report_before_the_demand_is_kept_and_nothing_is_called(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    feed(&payment, make(INPUT_REPORTED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_CAPTURED);
    feed(&payment, make(INPUT_FAILED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
    assert_false(decision.effect.is_wanted);
    assert_true(owes(EVENT_PAYMENT_REFUNDED));
}

/* A worker froze with the answer in its hand: what it said may not be true any more, and the
 * provider may have forgotten the key. */
static void a_look_up_that_is_heard_too_late_is_made_again(void **test)
{
    (void)test;
    struct payment payment = refund_due();
    feed_at(&payment, make(INPUT_DEADLINE, "", 0), payment.due_at_ms);
    feed_at(&payment, result(REFUND_NOT_FOUND), payment.due_at_ms);
    assert_false(decision.effect.is_wanted);
    assert_int_equal(payment.state, PAYMENT_REFUNDING);
    feed_at(&payment, make(INPUT_DEADLINE, "", 0), payment.due_at_ms);
    assert_int_equal(decision.effect.type, EFFECT_LOOKUP);
    feed_at(&payment, result(REFUND_NOT_FOUND), payment.due_at_ms - 1);
    assert_int_equal(decision.effect.type, EFFECT_REFUND);
}

static void a_repeat_of_the_demand_is_answered_with_the_same_message(void **test)
{
    (void)test;
    struct payment payment = refunded();
    char id[MESSAGE_ID_SIZE];
    memcpy(id, decision.messages[0].id, sizeof id);
    feed(&payment, make(INPUT_FAILED, "B1", 1200));
    assert_int_equal(decision.message_count, 0);
    struct input again = make(INPUT_FAILED, "B1", 1200);
    again.is_repeat = true;
    feed(&payment, again);
    assert_int_equal(decision.message_count, 1);
    assert_string_equal(decision.messages[0].id, id);
    assert_true(decision.messages[0].is_repeat);
}

static void a_capture_without_an_outcome_is_announced_again_with_backoff(void **test)
{
    (void)test;
    struct payment payment = { 0 };
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    char id[MESSAGE_ID_SIZE];
    memcpy(id, decision.messages[0].id, sizeof id);
    int64_t now_ms = NOW;
    int64_t last_wait_ms = payment.due_at_ms - now_ms;
    for (int i = 0; i < 12; i++) {
        now_ms = payment.due_at_ms;
        feed_at(&payment, make(INPUT_DEADLINE, "", 0), now_ms);
        assert_string_equal(decision.messages[0].id, id);
        int64_t wait_ms = payment.due_at_ms - now_ms;
        assert_true(wait_ms >= last_wait_ms && wait_ms <= rules.repeat_max_ms);
        last_wait_ms = wait_ms;
    }
}

static void a_stored_payment_comes_back_as_it_was(void **test)
{
    (void)test;
    struct payment payments[] = { refund_due(), refunded() };
    for (size_t i = 0; i < 2; i++) {
        struct payment back = { 0 };
        struct error error;
        struct arena arena = { 0 };
        struct bson_output output;
        bson_write_begin(&output, &arena, CASE_ROOM);
        assert_true(payment_encode(&payments[i], &output, &error));
        struct bson_fields fields = case_written(&output);
        assert_true(payment_decode(&fields, &back, &error));
        assert_memory_equal(&payments[i], &back, sizeof back);
        arena_done(&arena);
    }
}

static bool is_saved(const struct payment *payment)
{
    struct error error;
    struct arena arena = { 0 };
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    bool is_saved = payment_encode(payment, &output, &error);
    if (!is_saved)
        assert_int_equal(error.code, ERROR_BUG);
    arena_done(&arena);
    return is_saved;
}

/* An action that breaks a rule is found at the save: the document stays as it was. */
static void what_could_not_be_read_back_is_not_saved(void **test)
{
    (void)test;
    struct payment sound[] = { refund_due(), refunded() };
    for (size_t i = 0; i < 2; i++) {
        assert_true(is_saved(&sound[i]));
        struct payment broken = sound[i];
        broken.due_at_ms = broken.due_at_ms == 0 ? NOW : 0;
        assert_false(is_saved(&broken));
        broken = sound[i];
        broken.amount = 0;
        assert_false(is_saved(&broken));
        broken = sound[i];
        snprintf(broken.refund_id, sizeof broken.refund_id, "%s", i == 0 ? "R1" : "");
        assert_false(is_saved(&broken));
        broken = sound[i];
        broken.state = i == 0 ? PAYMENT_STUCK : PAYMENT_REFUNDING;
        assert_false(is_saved(&broken));
        broken = sound[i];
        broken.refunds.count = PAYMENT_REFUNDS_MAX + 1;
        assert_false(is_saved(&broken));
        broken = sound[i];
        broken.refunds.list[0] = broken.refunds.list[1] =
            (struct payment_refund){ .id = "R9", .currency = "EUR", .amount = 1 };
        broken.refunds.count = 2;
        assert_false(is_saved(&broken));
    }
}

/* Documents of the release before held one refund id. */
static void a_payment_stored_by_the_release_before_is_read(void **test)
{
    (void)test;
    static const struct {
        enum payment_state state;
        int64_t amount;
        enum standing standing;
        int64_t attempts, asked;
    } cases[] = { { PAYMENT_REFUNDED, 1200, STANDING_SUCCEEDED, 1, 1200 },
                  { PAYMENT_STUCK, 0, STANDING_FAILED, 2, 1200 },
                  { PAYMENT_CAPTURED, 0, STANDING_SUCCEEDED, 0, 0 } };
    for (size_t i = 0; i < 3; i++) {
        struct payment back = { 0 };
        struct error error;
        struct arena arena = { 0 };
        struct bson_output output;
        const struct announcement never = { .position = ANNOUNCEMENT_NEVER };
        bson_write_begin(&output, &arena, CASE_ROOM);
        bson_write_text(&output, "id", "P1");
        bson_write_text(&output, "state", payment_state_text(cases[i].state));
        bson_write_text(&output, "intentId", "B1");
        bson_write_text(&output, "userId", "alice");
        bson_write_int(&output, "amount", 1200);
        bson_write_text(&output, "currency", "EUR");
        bson_write_int(&output, "capturedAt", NOW);
        announcement_write(&output, "capture", &never);
        bson_write_int(&output, "repeats", 0);
        bson_write_bool(&output, "isDemanded", false);
        bson_write_text(&output, "refundReason", "");
        bson_write_text(&output, "refundId", "R1");
        bson_write_int(&output, "attempts", cases[i].attempts);
        bson_write_int(&output, "attemptsMax", 500);
        bson_write_text(&output, "lastError",
                        cases[i].state == PAYMENT_STUCK ? "refund_failed" : "");
        announcement_write(&output, "refund", &never);
        bson_write_int(&output, "dueAt", cases[i].state == PAYMENT_CAPTURED ? NOW : 0);
        struct bson_fields fields = case_written(&output);
        assert_true(payment_decode(&fields, &back, &error));
        assert_int_equal(back.refunds.count, 1);
        assert_string_equal(back.refunds.list[0].id, "R1");
        assert_int_equal(back.refunds.list[0].amount, cases[i].amount);
        assert_int_equal(back.refunds.list[0].standing, cases[i].standing);
        assert_int_equal(back.asked_amount, cases[i].asked);
        assert_string_equal(back.refund_id, cases[i].state == PAYMENT_REFUNDED ? "R1" : "");
        arena_done(&arena);
    }
}

static void each_listed_payment_becomes_an_input_of_its_own(void **test)
{
    (void)test;
    static const char body[] = "{\"intentId\":\"B1\",\"reason\":\"amount_mismatch\",\"payments\":["
                               "{\"paymentId\":\"P1\",\"amount\":5,\"currency\":\"EUR\"},"
                               "{\"paymentId\":\"P2\",\"amount\":7,\"currency\":\"USD\"}]}";
    struct message message = { .type = EVENT_BOOKING_FAILED,
                               .body = body,
                               .body_length = sizeof body - 1 };
    static struct input inputs[INPUTS_PER_DELIVERY_MAX];
    size_t count = 0;
    struct error error;
    assert_true(payment_parse(&rules, &message, inputs, &count, &error));
    assert_int_equal(count, 2);
    assert_string_equal(inputs[1].document_id, "P2");
    assert_int_equal(payment_payload(&inputs[1])->amount, 7);
    assert_string_equal(payment_payload(&inputs[1])->currency, "USD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_capture_is_announced_and_settled_by_its_booking),
        cmocka_unit_test(a_payment_id_stays_with_its_first_booking_and_amount),
        cmocka_unit_test(a_failed_booking_gets_one_refund_with_the_payment_id_as_key),
        cmocka_unit_test(a_settled_payment_goes_back_only_by_a_cancellation),
        cmocka_unit_test(a_provider_timeout_is_asked_about_by_key_before_the_next_call),
        cmocka_unit_test(a_first_refund_long_after_the_capture_is_asked_about_before_it_is_called),
        cmocka_unit_test(a_call_that_never_comes_back_is_asked_about_at_the_deadline),
        cmocka_unit_test(a_permanent_refusal_is_stuck_and_never_silent),
        cmocka_unit_test(more_than_was_captured_is_never_refunded),
        cmocka_unit_test(a_demand_before_the_capture_is_remembered),
        cmocka_unit_test(a_report_before_the_demand_is_kept_and_nothing_is_called),
        cmocka_unit_test(a_look_up_that_is_heard_too_late_is_made_again),
        cmocka_unit_test(a_repeat_of_the_demand_is_answered_with_the_same_message),
        cmocka_unit_test(a_capture_without_an_outcome_is_announced_again_with_backoff),
        cmocka_unit_test(a_stored_payment_comes_back_as_it_was),
        cmocka_unit_test(what_could_not_be_read_back_is_not_saved),
        cmocka_unit_test(a_payment_stored_by_the_release_before_is_read),
        cmocka_unit_test(each_listed_payment_becomes_an_input_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
