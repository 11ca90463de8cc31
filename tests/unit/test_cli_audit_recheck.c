/* What an audit says of what it looks at again, while the system goes on. What is read is this
 * test's own: each reading finds the world as a script has it. */
#include "booking/service.h"
#include "cli/sources/audit_recheck.h"
#include "common/base/clock.h"
#include "tests/unit/audit_case.h"

#define ALWAYS 1000 /* readings: more than are ever made */

static int readings;
static int settles_at;   /* the reading from service on all is well */
static int still_from;   /* the reading from service on nothing moves */
static int away_at;      /* the reading at which nothing can be reached */
static bool books_know;  /* the provider's books have the payment */
static char asked[2048]; /* the bookings of the last reading, as "B1 B2 " */
static int stranger_count;
static int64_t due_at_ms; /* B1 waits for its payment until then; 0: it does not */

static int begin(void **state)
{
    readings = settles_at = still_from = stranger_count = 0;
    due_at_ms = 0;
    away_at = ALWAYS;
    books_know = true;
    return set_up(state);
}

static void world_make(struct audit_facts *into)
{
    assert_ptr_equal(into, &facts);
    booking = audit_booking_of(&facts, "B1");
    payment = audit_payment_of(&facts, "P1");
    if (readings >= settles_at)
        is_applied();
    else
        is_given_back(); /* and yet: */
    if (readings < settles_at)
        is_refunded(1000);
    booking->own.due_at_ms = 0;
    payment->account.is_known = books_know;
}

bool audit_load_account(struct audit_source *source, const char *payment_id,
                        struct audit_facts *into)
{
    (void)source;
    assert_string_equal(payment_id, "P1");
    readings++;
    asked[0] = '\0';
    if (readings == away_at)
        return false;
    world_make(into);
    return true;
}

bool audit_load_documents(struct audit_source *source, const struct service_description *service,
                          const char *const *ids, size_t count, struct audit_facts *into)
{
    (void)source;
    if (service == &booking_service) {
        asked[0] = '\0';
        for (size_t i = 0; i < count; i++)
            snprintf(asked + strlen(asked), sizeof asked - strlen(asked), "%s ", ids[i]);
    }
    if (due_at_ms != 0) {
        booking = audit_booking_of(into, "B1");
        booking_is(AUDIT_BOOKING_PENDING);
        booking->own.due_at_ms = due_at_ms;
    }
    audit_version_note(into, readings < still_from ? readings : still_from);
    return true;
}

static struct audit_recheck recheck;
static struct audit_opinion again(const char *id, int pauses)
{
    struct audit_facts seen;
    struct audit_opinion opinion = { .kind = "" };
    const struct audit_payment *found = NULL;
    audit_facts_start(&seen);
    struct audit_payment *subject = audit_payment_of(&seen, id);
    for (int i = 0; i < stranger_count; i++) {
        char name[16];
        struct audit_money money = { .amount = 1000, .currency = "EUR" };
        snprintf(name, sizeof name, "B%d", i + 1);
        audit_listing_add(&seen, audit_booking_of(&seen, name), subject, &money, AUDIT_APPLIED);
    }
    recheck = (struct audit_recheck){ .grace_ms = GRACE_MS, .pauses = pauses };
    audit_facts_done(&facts);
    if (!audit_recheck_payment(&recheck, subject, &facts, &found, &opinion))
        opinion.kind = "away";
    else
        assert_string_equal(found->id, id);
    audit_facts_done(&seen);
    return opinion;
}

static void what_is_wrong_at_every_look_is_wrong(void **state)
{
    (void)state;
    settles_at = ALWAYS;
    struct audit_opinion opinion = again("P1", 0);
    assert_opinion(&opinion, AUDIT_IS_WRONG, opinion.kind);
    assert_int_equal(readings, 8); /* four looks, of two readings each */
    assert_int_equal(recheck.pauses, 3);
}

static void what_was_on_its_way_is_not_wrong(void **state)
{
    (void)state;
    settles_at = 3;
    struct audit_opinion opinion = again("P1", 0);
    assert_int_equal(opinion.verdict, AUDIT_IS_APPLIED);
    assert_int_equal(readings, 4);
    assert_int_equal(recheck.pauses, 1);
}

static void after_many_pauses_one_look_must_do(void **state)
{
    (void)state;
    settles_at = ALWAYS;
    struct audit_opinion opinion = again("P1", 40);
    assert_int_equal(opinion.verdict, AUDIT_IS_WRONG);
    assert_int_equal(readings, 2);
}

static void what_moves_is_read_until_it_holds_still(void **state)
{
    (void)state;
    still_from = 5;
    struct audit_opinion opinion = again("P1", 0);
    assert_int_equal(opinion.verdict, AUDIT_IS_APPLIED);
    assert_int_equal(readings, 6);
    assert_int_equal(recheck.pauses, 0);
}

static void what_never_holds_still_is_in_flight_after_twenty_readings(void **state)
{
    (void)state;
    int64_t began_ms = clock_monotonic_ms();
    still_from = ALWAYS;
    settles_at = ALWAYS; /* wrong each time, and no two readings agree */
    struct audit_opinion opinion = again("P1", 0);
    assert_opinion(&opinion, AUDIT_IS_IN_FLIGHT, "moving");
    assert_int_equal(readings, 20);
    assert_true(clock_monotonic_ms() - began_ms >=
                INT64_C(18) * 20); /* a pause from the third on */
}

static void a_source_that_is_away_ends_it(void **state)
{
    (void)state;
    away_at = 2;
    assert_string_equal(again("P1", 0).kind, "away");
    assert_int_equal(readings, 2);
}

static void every_booking_of_a_payment_is_read_once_and_eight_at_most(void **state)
{
    (void)state;
    (void)again("P1", 40);
    assert_string_equal(asked, "B1 "); /* that of the books and of the document */
    readings = 0;
    stranger_count = 3;
    (void)again("P1", 40);
    assert_string_equal(asked, "B1 B3 B2 ");
    readings = 0;
    stranger_count = 12;
    (void)again("P1", 40);
    assert_int_equal(strlen(asked), strlen("B1 B12 B11 B10 B9 B8 B7 B6 "));
}

/* ---- a booking ---- */

static struct audit_opinion booking_again(bool is_twice)
{
    struct audit_facts seen;
    struct audit_opinion opinion = { .kind = "" };
    const struct audit_booking *found = NULL;
    audit_facts_start(&seen);
    struct audit_booking *subject = audit_booking_of(&seen, "B1");
    subject->heard.is_twice[AUDIT_SAID_CONFIRMED] = is_twice;
    recheck = (struct audit_recheck){ .grace_ms = GRACE_MS, .pauses = 40 };
    audit_facts_done(&facts);
    assert_true(audit_recheck_booking(&recheck, subject, &facts, &found, &opinion));
    assert_string_equal(found->id, "B1");
    assert_string_equal(asked, "B1 ");
    audit_facts_done(&seen);
    return opinion;
}

static void what_was_heard_of_a_booking_is_not_forgotten(void **state)
{
    (void)state;
    struct audit_opinion opinion = booking_again(false);
    assert_int_not_equal(opinion.verdict, AUDIT_IS_WRONG);
    opinion = booking_again(true);
    assert_opinion(&opinion, AUDIT_IS_WRONG, "outcome_twice");
}

static void what_is_late_is_late_by_the_clock_of_this_look(void **state)
{
    (void)state;
    due_at_ms = clock_wall_ms() + 3600000;
    struct audit_opinion opinion = booking_again(false);
    assert_opinion(&opinion, AUDIT_IS_IN_FLIGHT, "waits_for_payment");
    due_at_ms = clock_wall_ms() - 2 * GRACE_MS;
    opinion = booking_again(false);
    assert_opinion(&opinion, AUDIT_IS_STUCK, "waits_for_payment");
}

/* ---- without the provider's books ---- */

static void only_what_the_service_has_captured_is_taken_on_its_word(void **state)
{
    (void)state;
    payment_is(AUDIT_PAYMENT_REFUNDED);
    payment->account.is_known = false;
    payment->account.captured.amount = 0;
    payment->own.resolved = 300;
    audit_adopt_captures(&facts);
    assert_true(payment->account.is_known);
    assert_int_equal(payment->account.captured.amount, 1000);
    assert_ptr_equal(payment->account.booking, booking);
    assert_int_equal(payment->account.refunded, 700); /* the rest went back by hand */
    assert_int_equal(payment->account.refunds_total, 700);
    assert_int_equal(payment->account.refund_count, 1);

    struct audit_payment *other = audit_payment_of(&facts, "P2");
    other->own.state = AUDIT_PAYMENT_DECLINED;
    audit_adopt_captures(&facts);
    assert_false(other->account.is_known);
    other->own.state = AUDIT_PAYMENT_CAPTURED;
    other->own.money = money(500, "EUR", "ann");
    audit_adopt_captures(&facts);
    assert_true(other->account.is_known);
    assert_int_equal(other->account.captured.amount, 500);
    assert_int_equal(other->account.refunded, 0);
    assert_int_equal(payment->account.refunded, 700); /* the books go first */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_wrong_at_every_look_is_wrong),
        TEST(what_was_on_its_way_is_not_wrong),
        TEST(after_many_pauses_one_look_must_do),
        TEST(what_moves_is_read_until_it_holds_still),
        TEST(what_never_holds_still_is_in_flight_after_twenty_readings),
        TEST(a_source_that_is_away_ends_it),
        TEST(every_booking_of_a_payment_is_read_once_and_eight_at_most),
        TEST(what_was_heard_of_a_booking_is_not_forgotten),
        TEST(what_is_late_is_late_by_the_clock_of_this_look),
        TEST(only_what_the_service_has_captured_is_taken_on_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
