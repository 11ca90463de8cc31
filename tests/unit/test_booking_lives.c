/* What must hold in every life of a booking, whatever arrives in whatever order. */
#include "booking/root.h"
#include "tests/unit/booking_fixture.h"
#include "tests/unit/bson_case.h"
#include "tests/unit/stored_damage.h"

/* ---- properties over random lives ---- */

static uint64_t random_state;
static unsigned draw(unsigned below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % below;
}

static struct input draw_input(void)
{
    static const char *const users[] = { "alice", "mallory" };
    static const char *const currencies[] = { "EUR", "USD" };
    char payment[8];
    snprintf(payment, sizeof payment, "P%u", draw(20));
    /* content follows from the payment id, as the payment service guarantees */
    unsigned seed = (unsigned)strtoul(payment + 1, NULL, 10);
    enum booking_input_type type = (enum booking_input_type)draw(BOOKING_INPUT_COUNT);
    if (type == BOOKING_CAPTURED)
        return make(type, users[seed % 5 == 0], payment, seed % 3 ? 1200 : 900,
                    currencies[seed % 7 == 0]);
    if (type == BOOKING_DECLINED)
        return declined(users[draw(3) == 0], payment, draw(12) == 0, NOW + draw(5));
    return make(type, users[draw(8) == 0], payment, draw(6) ? 1200 : 900, "EUR");
}

static void check_life(const struct booking *booking, int outcomes, int cancels)
{
    int applied = 0;
    for (int32_t i = 0; i < booking->payment_count; i++) {
        enum disposition disposition = booking->payments[i].disposition;
        applied += disposition == PAYMENT_APPLIED;
        assert_true((disposition == PAYMENT_HELD) == (booking->state == BOOKING_PAYMENT_FIRST) ||
                    disposition >= PAYMENT_APPLIED);
    }
    assert_int_equal(applied, booking->state == BOOKING_CONFIRMED ? 1 : 0);
    bool has_ended = booking_state_is_outcome(booking->state);
    assert_int_equal(outcomes, has_ended ? 1 : 0);
    assert_int_equal(cancels, booking->first_outcome == BOOKING_CONFIRMED &&
                                  booking->state == BOOKING_CANCELLED);
    assert_true(has_ended || booking->state == BOOKING_NONE || booking->due_at_ms > 0);
}

/* ---- what its trace shows ---- */

/* Sent again after a crash, or by another process, it must be the same bytes. */
static void the_root_of_its_trace_stays_as_the_first_outcome_made_it(void **test)
{
    (void)test;
    for (unsigned seed = 1; seed <= 5000; seed++) {
        struct booking booking = { 0 };
        struct tracing_root first = { 0 };
        char currency[CURRENCY_SIZE] = "";
        int64_t now_ms = NOW;
        random_state = seed;
        version = 0;
        for (int step = 0; step < 24; step++) {
            struct tracing_root root;
            now_ms += draw(200);
            feed_at(&booking, draw_input(), now_ms);
            booking_root(&booking, &root);
            assert_true((root.booking_id != NULL) == (booking.decided_at_ms != 0));
            if (first.booking_id == NULL) {
                first = root;
                memcpy(currency, booking.currency, sizeof currency);
                continue;
            }
            assert_string_equal(root.state, first.state);
            assert_string_equal(root.reason, first.reason);
            assert_string_equal(root.currency, currency);
            assert_int_equal(root.amount, first.amount);
            assert_int_equal(root.started_ms, first.started_ms);
            assert_int_equal(root.decided_ms, first.decided_ms);
            assert_int_equal(root.payments, first.payments);
            assert_int_equal(root.is_failed, first.is_failed);
        }
    }
}

static struct note wait_noted(void)
{
    for (int i = 0; i < decision.note_count; i++)
        if (decision.notes[i].span_name != NULL)
            return decision.notes[i];
    return (struct note){ .span_name = "none" };
}

static void every_wait_is_shown_however_it_ends(void **test)
{
    (void)test;
    const struct {
        struct input first, last;
        const char *wait;
    } lives[] = {
        { intent(), captured("P1"), "wait for payment" },
        { intent(), make(BOOKING_CAPTURED, "alice", "P1", 900, "EUR"), "wait for payment" },
        { intent(), make(BOOKING_CAPTURED, "alice", "P1", 1200, "USD"), "wait for payment" },
        { intent(), cancel(), "wait for payment" },
        { intent(), deadline(), "wait for payment" },
        { captured("P1"), intent(), "wait for intent" },
        { captured("P1"), make(BOOKING_INTENT, "alice", "", 900, "EUR"), "wait for intent" },
        { captured("P1"), make(BOOKING_INTENT, "bob", "", 1200, "EUR"), "wait for intent" },
        { captured("P1"), cancel(), "wait for intent" },
        { captured("P1"), deadline(), "wait for intent" },
    };
    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
        struct booking booking = { 0 };
        version = 0;
        feed_at(&booking, lives[i].first, NOW);
        assert_string_equal(wait_noted().span_name, "none");
        feed_at(&booking, lives[i].last, NOW + 5000);
        assert_string_equal(wait_noted().span_name, lives[i].wait);
        assert_int_equal(wait_noted().since_ms, NOW);
    }
    struct booking nobody_waits = { 0 };
    feed_at(&nobody_waits, cancel(), NOW);
    assert_string_equal(wait_noted().span_name, "none");
}

static void each_life_has_one_outcome_and_each_payment_one_end(void **test)
{
    (void)test;
    for (unsigned seed = 1; seed <= 20000; seed++) {
        struct booking booking = { 0 };
        int outcomes = 0;
        int cancels = 0;
        int64_t now_ms = NOW;
        random_state = seed;
        version = 0;
        for (int step = 0; step < 24; step++) {
            now_ms += draw(200);
            bool was_confirmed = booking.state == BOOKING_CONFIRMED;
            feed_at(&booking, draw_input(), now_ms);
            int ended = count_of(EVENT_BOOKING_CONFIRMED) + count_of(EVENT_BOOKING_FAILED);
            int cancelled = count_of(EVENT_BOOKING_CANCELLED);
            outcomes += ended + (was_confirmed ? 0 : cancelled);
            cancels += was_confirmed ? cancelled : 0;
            check_life(&booking, outcomes, cancels);
        }
    }
}

static void a_stored_booking_comes_back_as_it_was(void **test)
{
    (void)test;
    for (unsigned seed = 1; seed <= 500; seed++) {
        struct booking booking = { 0 };
        random_state = seed;
        for (int step = 0; step < 12; step++) {
            feed_at(&booking, draw_input(), NOW);
            if (booking.state == BOOKING_NONE)
                continue;
            struct booking back = { 0 };
            struct error error;
            struct arena arena = { 0 };
            struct bson_output output;
            bson_write_begin(&output, &arena, CASE_ROOM);
            assert_true(booking_encode(&booking, &output, &error));
            struct bson_fields fields = case_written(&output);
            assert_true(booking_decode(&fields, &back, &error));
            assert_memory_equal(&booking, &back, sizeof back);
            arena_done(&arena);
        }
    }
}

static void no_field_of_a_stored_booking_is_made_up(void **test)
{
    (void)test;
    static const char *const may_lack[] = { "intent", "lastDecline", NULL };
    struct participant participant = booking_participant(&rules);
    for (unsigned seed = 1; seed <= 50; seed++) {
        struct booking booking = { 0 };
        random_state = seed;
        for (int step = 0; step < 8; step++)
            feed_at(&booking, draw_input(), NOW);
        if (booking.state != BOOKING_NONE)
            assert_no_damage_is_taken(&participant, &booking, may_lack);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_life_has_one_outcome_and_each_payment_one_end),
        cmocka_unit_test(the_root_of_its_trace_stays_as_the_first_outcome_made_it),
        cmocka_unit_test(every_wait_is_shown_however_it_ends),
        cmocka_unit_test(a_stored_booking_comes_back_as_it_was),
        cmocka_unit_test(no_field_of_a_stored_booking_is_made_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
