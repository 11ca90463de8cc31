/* What an audit hears: the events that pass by, from a tap of this test's own. */
#include "cli/sources/amqp_tap.h"
#include "cli/sources/audit_events.h"
#include "common/base/clock.h"
#include "events/topology.h"
#include "tests/unit/audit_case.h"
#include "tests/unit/stderr_text.h"

#include <stdlib.h>

#define EVENTS 3000

static bool is_there, breaks_off;
static int given, closed;
static volatile sig_atomic_t is_stopped;
static void (*event_make)(int number, struct letter *letter);
static int event_count;

struct tap *tap_open(const char *url, struct error *error)
{
    static char tap;
    assert_string_equal(url, "amqp://broker");
    if (!is_there) {
        error_set(error, ERROR_RETRY, "refused");
        return NULL;
    }
    return (struct tap *)(void *)&tap;
}

struct tap *tap_close(struct tap *tap)
{
    closed += tap != NULL;
    return NULL;
}

bool tap_listen(struct tap *tap, const char *patterns, struct error *error)
{
    (void)tap, (void)error;
    assert_string_equal(patterns, "#");
    return true;
}

bool tap_next(struct tap *tap, int64_t timeout_ms, struct letter *ret_letter, struct error *error)
{
    (void)tap;
    assert_in_range(timeout_ms, 1, 1000);
    if (given == event_count) {
        if (breaks_off)
            return error_set(error, ERROR_RETRY, "the broker has gone");
        is_stopped = 1;
        return error_set(error, ERROR_NOT_FOUND, "nothing comes");
    }
    memset(ret_letter, 0, sizeof *ret_letter);
    event_make(given++, ret_letter);
    ret_letter->body_length = strlen(ret_letter->body);
    return true;
}

/* The rest of the door to the broker: an audit that listens does nothing of it. */
bool tap_exchange_check(struct tap *tap, const char *exchange, struct error *error)
{
    (void)tap;
    return error_set(error, ERROR_BUG, "%s was looked at", exchange);
}
bool tap_queue_check(struct tap *tap, const char *queue, struct queue_depth *ret_depth,
                     struct error *error)
{
    (void)tap, (void)ret_depth;
    return error_set(error, ERROR_BUG, "%s was looked at", queue);
}
bool tap_get(struct tap *tap, const char *queue, struct letter *ret_letter, struct error *error)
{
    (void)tap, (void)ret_letter;
    return error_set(error, ERROR_BUG, "%s was read", queue);
}
bool tap_replay(struct tap *tap, const struct letter *letter, const char *queue,
                struct error *error)
{
    (void)tap, (void)letter;
    return error_set(error, ERROR_BUG, "%s was written", queue);
}
bool tap_discard(struct tap *tap, const struct letter *letter, struct error *error)
{
    (void)tap;
    return error_set(error, ERROR_BUG, "%s was discarded", letter->id);
}

static struct audit_report report;
static bool listens(void (*make)(int, struct letter *), int count, int64_t duration_ms)
{
    struct cli cli = { .settings = { .amqp_url = "amqp://broker" },
                       .out = stdout,
                       .is_stopped = &is_stopped };
    memset(&report, 0, sizeof report);
    is_stopped = given = closed = 0;
    event_make = make;
    event_count = count;
    bool is_good = audit_listen(&cli, duration_ms, &facts, &report);
    assert_true(report.is_listening);
    return is_good;
}

static int begin(void **state)
{
    is_there = true;
    breaks_off = false;
    return set_up(state);
}

static int end(void **state)
{
    audit_report_done(&report);
    return tear_down(state);
}

/* Every event comes twice; number 1000 has another body the second time. */
static void twice(int number, struct letter *letter)
{
    int event = number % EVENTS;
    snprintf(letter->type, sizeof letter->type, EVENT_BOOKING_PENDING);
    snprintf(letter->id, sizeof letter->id, "message-%d", event);
    snprintf(letter->correlation_id, sizeof letter->correlation_id, "B%d", event);
    letter->body = number == EVENTS + 1000 ? "{\"amount\":2}" : "{\"amount\":1}";
}

static void a_message_that_comes_again_with_another_body_is_wrong(void **state)
{
    (void)state;
    assert_true(listens(twice, 2 * EVENTS, 0));
    assert_int_equal(report.events, 2 * EVENTS);
    assert_int_equal(report.items[AUDIT_IS_WRONG].count, 1);
    assert_string_equal(report.items[AUDIT_IS_WRONG].first->kind, "event_rewritten");
    assert_string_equal(report.items[AUDIT_IS_WRONG].first->booking_id, "B1000");
    assert_non_null(strstr(report.items[AUDIT_IS_WRONG].first->detail, "message-1000"));
    assert_int_equal(closed, 1);
}

static void nothing(int number, struct letter *letter)
{
    (void)number;
    letter->body = "";
}

/* The first message comes again as another, once two generations of others have passed, or one. */
static int passed;
static char large[AUDIT_HEARD_BYTES_MAX / 4];

static void first_again(int number, struct letter *letter)
{
    bool is_first = number == 0 || number == passed + 1;
    snprintf(letter->type, sizeof letter->type, EVENT_BOOKING_PENDING);
    snprintf(letter->id, sizeof letter->id, "message-%d", is_first ? 0 : number);
    snprintf(letter->correlation_id, sizeof letter->correlation_id, "B0");
    letter->body = number == 0 ? "{\"amount\":1}" : "{\"amount\":2}";
}

static void large_ones_first_again(int number, struct letter *letter)
{
    first_again(number, letter);
    if (number > 0 && number <= passed)
        letter->body = large;
}

static size_t rewritten_after(void (*make)(int, struct letter *), int count)
{
    passed = count;
    assert_true(listens(make, count + 2, 0));
    size_t found = report.items[AUDIT_IS_WRONG].count;
    audit_report_done(&report);
    return found;
}

static void a_message_is_remembered_for_so_many_others_and_no_longer(void **state)
{
    (void)state;
    assert_int_equal(rewritten_after(first_again, AUDIT_HEARD_MESSAGES_MAX), 1);
    assert_int_equal(rewritten_after(first_again, 2 * AUDIT_HEARD_MESSAGES_MAX - 1), 1);
    assert_int_equal(rewritten_after(first_again, 2 * AUDIT_HEARD_MESSAGES_MAX), 0);
    memset(large, ' ', sizeof large - 1);
    assert_int_equal(rewritten_after(large_ones_first_again, 7), 1); /* three with it, and four */
    assert_int_equal(rewritten_after(large_ones_first_again, 8), 0);
    assert_true(listens(nothing, 1, 0));
}

static void outcomes(int number, struct letter *letter)
{
    static const char *const types[] = { EVENT_BOOKING_CONFIRMED, EVENT_BOOKING_CONFIRMED,
                                         EVENT_BOOKING_CANCELLED, EVENT_BOOKING_FAILED,
                                         EVENT_BOOKING_FAILED,    EVENT_BOOKING_FAILED };
    static const char *const ids[] = { "m1", "m1", "m2", "m3", "m4", "m5" };
    static const char *const bookings[] = { "B1", "B1", "B1", "B2", "B2", "no id" };
    snprintf(letter->type, sizeof letter->type, "%s", types[number]);
    snprintf(letter->id, sizeof letter->id, "%s", ids[number]);
    snprintf(letter->correlation_id, sizeof letter->correlation_id, "%s", bookings[number]);
    letter->body = "{}";
}

static void outcomes_are_kept_and_two_of_a_kind_are_marked(void **state)
{
    (void)state;
    assert_true(listens(outcomes, 6, 0));
    const struct audit_heard *first = &audit_booking_of(&facts, "B1")->heard;
    const struct audit_heard *second = &audit_booking_of(&facts, "B2")->heard;
    assert_true(first->message[AUDIT_SAID_CONFIRMED] != 0);
    assert_true(first->message[AUDIT_SAID_CANCELLED] != 0);
    assert_true(first->message[AUDIT_SAID_FAILED] == 0);
    assert_false(first->is_twice[AUDIT_SAID_CONFIRMED]); /* it came again, as it was */
    assert_true(second->is_twice[AUDIT_SAID_FAILED]);
    assert_false(second->is_twice[AUDIT_SAID_CONFIRMED]);
    assert_ptr_equal(facts.last_booking, audit_booking_of(&facts, "B2"));
}

static bool listens_aloud(char *text, size_t size)
{
    struct stderr_text heard;
    stderr_text_begin(&heard);
    bool is_good = listens(outcomes, 2, 0);
    stderr_text_end(&heard, text, size);
    return is_good;
}

static void a_broker_that_is_away_is_told_and_ends_it(void **state)
{
    (void)state;
    char text[512];
    is_there = false;
    assert_false(listens_aloud(text, sizeof text));
    assert_non_null(strstr(text, "cannot listen at the broker (refused)"));
    audit_report_done(&report);
    is_there = true;
    breaks_off = true;
    assert_false(listens_aloud(text, sizeof text));
    assert_non_null(strstr(text, "the broker has gone"));
    assert_int_equal(report.events, 2);
    assert_int_equal(closed, 1);
}

static void it_listens_for_as_long_as_it_is_told(void **state)
{
    (void)state;
    int64_t began_ms = clock_monotonic_ms();
    assert_true(listens(nothing, INT32_MAX, 50));
    assert_in_range(clock_monotonic_ms() - began_ms, 50, 5000);
    assert_true(report.events > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_that_comes_again_with_another_body_is_wrong),
        TEST(a_message_is_remembered_for_so_many_others_and_no_longer),
        TEST(outcomes_are_kept_and_two_of_a_kind_are_marked),
        TEST(a_broker_that_is_away_is_told_and_ends_it),
        TEST(it_listens_for_as_long_as_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
