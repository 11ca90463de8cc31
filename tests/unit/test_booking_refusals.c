/* What a booking does not believe: altered payments, and its own record when it makes no sense. */
#include "tests/unit/booking_fixture.h"
#include "tests/unit/bson_case.h"

static void a_known_payment_with_other_content_is_refused_in_every_state(void **test)
{
    (void)test;
    static const struct {
        const char *user;
        int64_t more;
        const char *currency;
    } altered[] = { { "mallory", 0, "EUR" }, { "alice", 1, "EUR" }, { "alice", 0, "USD" } };
    for (int state = BOOKING_PAYMENT_FIRST; state < (int)BOOKING_STATE_COUNT; state++) {
        struct booking booking = in_state((enum booking_state)state);
        if (booking.payment_count == 0)
            feed(&booking, captured("P1"));
        struct booking before = booking;
        for (size_t i = 0; i < sizeof altered / sizeof altered[0]; i++) {
            feed(&booking, make(BOOKING_CAPTURED, altered[i].user, "P1",
                                before.payments[0].amount + altered[i].more, altered[i].currency));
            assert_string_equal(decision.verdict, "reject");
            assert_int_equal(decision.message_count, 0);
            assert_memory_equal(&booking, &before, sizeof booking);
        }
    }
}

static void a_repeat_of_a_booking_that_waits_is_told_for_what_and_until_when(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_PENDING);
    struct booking before = booking;
    struct input again = intent();
    feed_at(&booking, again, NOW + 100); /* a mere duplicate is told nothing */
    assert_int_equal(decision.message_count, 0);
    again.is_repeat = true;
    feed_at(&booking, again, NOW + 100);
    assert_int_equal(decision.message_count, 1);
    assert_string_equal(decision.messages[0].type, EVENT_BOOKING_PENDING);
    const char *body =
        "{\"intentId\":\"B1\",\"waitsFor\":\"payment\",\"until\":1000600,\"remainingMs\":500}";
    assert_int_equal(decision.messages[0].body_length, strlen(body));
    assert_memory_equal(decision.messages[0].body, body, strlen(body));
    assert_memory_equal(&booking, &before, sizeof booking);
}

static void a_refund_request_asks_for_what_was_paid(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_CONFIRMED);
    feed(&booking, make(BOOKING_CAPTURED, "alice", "P2", 777, "USD"));
    assert_int_equal(count_of(EVENT_REFUND_REQUESTED), 1);
    assert_non_null(strstr(decision.messages[0].body, "\"paymentId\":\"P2\""));
    assert_non_null(strstr(decision.messages[0].body, "\"amount\":777,"));
    assert_non_null(strstr(decision.messages[0].body, "\"currency\":\"USD\""));
}

/* What contradicts itself is not even stored. */
static bool stores_and_reads(const struct booking *booking)
{
    struct arena arena = { 0 };
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    struct booking read = { 0 };
    struct error error;
    bool is_stored = booking_encode(booking, &output, &error);
    if (is_stored) {
        struct bson_fields fields = case_written(&output);
        assert_true(booking_decode(&fields, &read, &error));
    } else {
        assert_int_equal(error.code, ERROR_BUG);
    }
    arena_done(&arena);
    return is_stored;
}

static void a_cancel_gives_back_one_payment_of_as_many_as_are_stored(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_CONFIRMED);
    for (int i = 2; i <= BOOKING_PAYMENTS_MAX; i++) {
        char id[8];
        snprintf(id, sizeof id, "P%d", i);
        feed(&booking, captured(id));
    }
    assert_int_equal(booking.payment_count, BOOKING_PAYMENTS_MAX);
    feed(&booking, cancel());
    assert_int_equal(booking.payments[0].disposition, PAYMENT_REFUNDED_BY_OUTCOME);
    for (int i = 1; i < BOOKING_PAYMENTS_MAX; i++)
        assert_int_equal(booking.payments[i].disposition, PAYMENT_REFUNDED_BY_REQUEST);
    assert_int_equal(decision.message_count, 1);
    assert_null(strstr(decision.messages[0].body, "\"paymentId\":\"P2\""));
    assert_true(stores_and_reads(&booking));
}

static void a_stored_booking_that_contradicts_itself_is_refused(void **test)
{
    (void)test;
    struct booking booking = in_state(BOOKING_CONFIRMED);
    assert_true(stores_and_reads(&booking));
    booking.payments[0].disposition = PAYMENT_REFUNDED_BY_REQUEST; /* confirmed by nothing */
    assert_false(stores_and_reads(&booking));

    booking = in_state(BOOKING_FAILED);
    booking.due_at_ms = NOW; /* an outcome that waits */
    assert_false(stores_and_reads(&booking));

    booking = in_state(BOOKING_PENDING);
    booking.due_at_ms = 0; /* waits for ever */
    assert_false(stores_and_reads(&booking));

    booking = in_state(BOOKING_PAYMENT_FIRST);
    booking.payments[0].disposition = PAYMENT_APPLIED; /* before there is an intent */
    assert_false(stores_and_reads(&booking));

    booking = in_state(BOOKING_FAILED);
    booking.id[0] = '\0';
    assert_false(stores_and_reads(&booking));
    booking = in_state(BOOKING_PAYMENT_FIRST);
    booking.payments[0].currency[0] = '\0'; /* it could not be announced */
    assert_false(stores_and_reads(&booking));
}

/* Who asks may miss the end of any of its refunds, and no outcome lists these. */
static void a_repeat_after_the_end_asks_for_each_refund_again(void **test)
{
    (void)test;
    char ids[2][MESSAGE_ID_SIZE];
    struct booking booking = in_state(BOOKING_CONFIRMED);
    for (int i = 0; i < 2; i++) {
        feed(&booking, captured(i == 0 ? "P2" : "P3"));
        memcpy(ids[i], decision.messages[0].id, sizeof ids[i]);
    }
    struct input again = intent();
    again.is_repeat = true;
    feed(&booking, again);
    assert_int_equal(decision.message_count, 3);
    assert_string_equal(decision.messages[0].type, EVENT_BOOKING_CONFIRMED);
    for (int i = 0; i < 2; i++) {
        const struct message *asked = &decision.messages[1 + i];
        assert_string_equal(asked->type, EVENT_REFUND_REQUESTED);
        assert_string_equal(asked->id, ids[i]);
        assert_true(asked->is_repeat);
    }
    again = captured("P1"); /* who repeats a payment asks for its own end */
    again.is_repeat = true;
    feed(&booking, again);
    assert_int_equal(decision.message_count, 1);

    feed(&booking, cancel());
    again = cancel();
    again.is_repeat = true;
    feed(&booking, again);
    assert_int_equal(count_of(EVENT_BOOKING_CANCELLED), 1);
    assert_int_equal(count_of(EVENT_REFUND_REQUESTED), 2);
}

/* It goes into traces and metrics as the reason for what happened. */
static void a_reason_stands_where_something_is_ended_refunded_or_deferred(void **test)
{
    (void)test;
    for (size_t i = 0; i < booking_table.row_count; i++) {
        const struct transition *row = &booking_table.rows[i];
        bool is_ended = row->next != row->state &&
                        (row->next == BOOKING_FAILED || row->next == BOOKING_CANCELLED);
        bool is_told =
            is_ended || strcmp(row->verdict, "refund") == 0 || row->outcome == OUTCOME_DEFERRED;
        assert_int_equal(row->reason != REASON_NONE, is_told);
        assert_int_equal(row->reason == REASON_CANCELLED,
                         row->next == BOOKING_CANCELLED && is_ended);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_payment_with_other_content_is_refused_in_every_state),
        cmocka_unit_test(a_repeat_of_a_booking_that_waits_is_told_for_what_and_until_when),
        cmocka_unit_test(a_refund_request_asks_for_what_was_paid),
        cmocka_unit_test(a_repeat_after_the_end_asks_for_each_refund_again),
        cmocka_unit_test(a_cancel_gives_back_one_payment_of_as_many_as_are_stored),
        cmocka_unit_test(a_stored_booking_that_contradicts_itself_is_refused),
        cmocka_unit_test(a_reason_stands_where_something_is_ended_refunded_or_deferred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
