/* After a start: which roots are sent again. */
#include "booking/participant.h"
#include "booking/root.h"
#include "booking/roots_again.h"
#include "tests/unit/trace_batch.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MINUTE_MS     60000
#define NOW           (INT64_C(1700000000000))
#define UNDECIDED_MAX (20 * MINUTE_MS)
#define BOOKINGS      (3 * STORE_LIST_MAX)

static const struct booking_rules rules = { 600000, 600000 };
static struct participant participant;

/* Bookings, the newest first: one is created each second. */
static struct world {
    size_t count;
    atomic_size_t answers;
    bool is_away, is_away_at_first, is_damaged;
    int64_t decided_ms[BOOKINGS]; /* 0 = not yet */
} world;

static void record_make(size_t index, struct arena *arena, struct record *record)
{
    struct error error;
    struct document *made = document_new(arena, &participant, "B");
    snprintf(made->id, sizeof made->id, "B%zu", index);
    made->version = 1;
    made->created_at_ms = made->started_at_ms = NOW - (int64_t)index * 1000;
    struct booking *booking = made->state;
    memset(booking, 0, sizeof *booking);
    snprintf(booking->id, sizeof booking->id, "%s", made->id);
    booking->has_intent = true;
    booking->amount = 1200;
    snprintf(booking->user_id, sizeof booking->user_id, "ann");
    snprintf(booking->currency, sizeof booking->currency, "EUR");
    booking->first_seen_ms = made->created_at_ms;
    bool is_decided = world.decided_ms[index] != 0;
    booking->state = is_decided ? BOOKING_FAILED : BOOKING_PENDING;
    booking->reason = is_decided ? REASON_PAYMENT_TIMEOUT : REASON_NONE;
    booking->first_outcome = is_decided ? BOOKING_FAILED : BOOKING_NONE;
    booking->decided_at_ms = world.decided_ms[index];
    booking->due_at_ms = is_decided ? 0 : NOW;
    assert_true(document_encode(made, &participant, arena, record, &error));
    if (world.is_damaged)
        record->body_length = 4;
}

static bool list(void *self, const struct store_cursor *after, size_t limit, struct arena *arena,
                 struct record *ret_records, size_t *ret_count, struct error *error)
{
    (void)self;
    size_t first = after->created_at_ms == 0 ? 0 : strtoul(after->id + 1, NULL, 10) + 1;
    size_t asked = atomic_fetch_add(&world.answers, 1);
    if (world.is_away || (world.is_away_at_first && asked == 0))
        return error_set(error, ERROR_RETRY, "away");
    for (*ret_count = 0; *ret_count < limit && first + *ret_count < world.count; ++*ret_count)
        record_make(first + *ret_count, arena, &ret_records[*ret_count]);
    return true;
}

static int roots_begin(void **state)
{
    (void)state;
    struct outlet outlet = sink_outlet(&sink);
    static struct tracing_environment environment;
    sink_environment(&environment);
    tracing = tracing_new(&environment, &outlet, "booking", "instance-1");
    const struct tracing_setup setup = { .tracing = tracing, .root = booking_root };
    observer = tracing_observer_new(&setup);
    hooks = tracing_for_daemon(observer);
    participant = booking_participant(&rules);
    memset(&world, 0, sizeof world);
    return 0;
}

static struct roots_again_setup setup_make(void)
{
    return (struct roots_again_setup){ .observer = observer,
                                       .participant = &participant,
                                       .undecided_ms_max = UNDECIDED_MAX,
                                       .list = list };
}

static bool send_again(void)
{
    struct error error;
    const struct roots_again_setup setup = setup_make();
    atomic_bool is_stopping = false;
    return booking_roots_again_send(&setup, NOW, &is_stopping, &error);
}

static void what_was_decided_in_the_last_minute_is_sent_again_and_nothing_else(void **state)
{
    (void)state;
    world.count = BOOKINGS;
    world.decided_ms[0] = NOW - 10;
    world.decided_ms[1] = NOW - MINUTE_MS - 1;
    world.decided_ms[BOOKINGS - 1] = NOW - MINUTE_MS; /* an old booking whose time was up */
    assert_true(send_again());
    flush();
    assert_int_equal(sink_span_count(&sink), 2);
    assert_attribute(sink_span(&sink, "booking failed: payment_timeout", 0), "booking.id", "B0");
    assert_attribute(sink_span(&sink, "booking failed: payment_timeout", 1), "booking.id", "B299");
}

static void a_store_that_is_away_is_told_of_and_a_damaged_booking_passed_over(void **state)
{
    (void)state;
    world.count = 1;
    world.decided_ms[0] = NOW;
    world.is_away = true;
    assert_false(send_again());
    world.is_away = false;
    world.is_damaged = true;
    assert_true(send_again());
    flush();
    assert_int_equal(sink_span_count(&sink), 0);
}

static void the_thread_ends_when_it_is_told_to_while_the_store_is_away(void **state)
{
    (void)state;
    const struct roots_again_setup setup = setup_make();
    world.is_away = true;
    int64_t before_ms = clock_monotonic_ms();
    struct roots_again *again = booking_roots_again_start(&setup);
    assert_non_null(again);
    assert_null(booking_roots_again_stop(again));
    assert_true(clock_monotonic_ms() - before_ms < ROOTS_AGAIN_TRY_EACH_MS);
}

/* The wall clock is set back by an hour whenever it was read. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME)
        now->tv_sec += 3600;
    return failed;
}

static void a_store_that_comes_back_is_asked_again_whatever_the_wall_clock_does(void **state)
{
    (void)state;
    const struct roots_again_setup setup = setup_make();
    world.is_away_at_first = true;
    struct roots_again *again = booking_roots_again_start(&setup);
    assert_non_null(again);
    for (int i = 0; i < 500 && atomic_load(&world.answers) < 2; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000L }, NULL);
    assert_null(booking_roots_again_stop(again));
    assert_int_equal(world.answers, 2);
}

#define ROOTS_TEST(name) cmocka_unit_test_setup_teardown(name, roots_begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOTS_TEST(what_was_decided_in_the_last_minute_is_sent_again_and_nothing_else),
        ROOTS_TEST(a_store_that_is_away_is_told_of_and_a_damaged_booking_passed_over),
        ROOTS_TEST(the_thread_ends_when_it_is_told_to_while_the_store_is_away),
        ROOTS_TEST(a_store_that_comes_back_is_asked_again_whatever_the_wall_clock_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
