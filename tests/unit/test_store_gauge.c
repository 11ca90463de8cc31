/* When a store counts as taking writes. The store is this test's own, and does as it is told. */
#include "common/daemon/store_gauge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <time.h>

/* A store whose reads answer and whose writes do as they are told. */
static atomic_bool takes_pulse, takes_save, answers_sweep, confirms;
static atomic_int pulses;

static bool refuse(struct error *error, const char *text)
{
    return error_set(error, ERROR_RETRY, "%s", text);
}

static bool store_pulse(void *self, struct error *error)
{
    (void)self;
    atomic_fetch_add(&pulses, 1);
    return takes_pulse ? true : refuse(error, "no pulse");
}

static bool store_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    (void)self, (void)records;
    for (size_t i = 0; i < count; i++)
        ret_results[i] = confirms ? SAVE_SAVED : SAVE_UNKNOWN;
    return takes_save ? true : refuse(error, "no save");
}

static bool store_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                      size_t *ret_count, struct error *error)
{
    (void)self, (void)look, (void)ret_ids;
    *ret_count = 0;
    return answers_sweep ? true : refuse(error, "no sweep");
}

static bool store_ping(void *self, struct error *error)
{
    (void)self, (void)error;
    return true;
}

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

static struct store_gauge *gauge;
static char why[ERROR_MESSAGE_BYTES];

static bool passes(void)
{
    return store_gauge_passes(gauge, why);
}

static bool passes_within(int ms)
{
    for (; !passes() && ms > 0; ms -= 10)
        pause_ms(10);
    return passes();
}

static bool fails_within(int ms)
{
    for (; passes() && ms > 0; ms -= 10)
        pause_ms(10);
    return !passes();
}

static bool save(size_t count)
{
    const struct store_port port = store_gauge_port(gauge);
    struct record records[2] = { 0 };
    enum save_result results[2];
    struct error error;
    return port.save(port.self, records, count, results, &error);
}

static bool sweep(void)
{
    const struct store_port port = store_gauge_port(gauge);
    char ids[1][IDENT_SIZE];
    size_t count;
    struct error error;
    return port.due(port.self, &(struct store_look){ 0, 1, 0, 1 }, ids, &count, &error);
}

static int setup(void **state)
{
    (void)state;
    static const struct store_port store = {
        .save = store_save, .due = store_due, .ping = store_ping, .pulse = store_pulse
    };
    struct error error;
    takes_pulse = takes_save = answers_sweep = confirms = true;
    pulses = 0;
    gauge = store_gauge_start(&store, &error);
    return gauge == NULL;
}

static int teardown(void **state)
{
    (void)state;
    gauge = store_gauge_stop(gauge);
    return 0;
}

static void a_store_that_takes_a_pulse_passes_until_it_takes_none(void **state)
{
    (void)state;
    assert_true(passes_within(2000));
    takes_pulse = false;
    assert_true(fails_within(2 * STORE_PULSE_EVERY_MS));
    assert_string_equal(why, "no pulse");
    takes_pulse = true;
    assert_true(passes_within(2 * STORE_PULSE_EVERY_MS));
}

/* Where the pulse finds room and a document does not. */
static void a_refused_save_counts_whatever_the_pulse_says(void **state)
{
    (void)state;
    assert_true(passes_within(2000));
    takes_save = false;
    assert_false(save(1));
    assert_false(passes());
    pause_ms(2 * STORE_PULSE_EVERY_MS);
    assert_false(passes());
    assert_string_equal(why, "no save");
    takes_save = true;
    assert_true(save(1));
    assert_true(passes());
}

static void a_save_that_nobody_confirms_is_none(void **state)
{
    (void)state;
    assert_true(passes_within(2000));
    confirms = false;
    assert_true(save(2));
    assert_false(passes());
}

static void a_sweep_that_fails_counts(void **state)
{
    (void)state;
    assert_true(passes_within(2000));
    answers_sweep = false;
    assert_false(sweep());
    assert_false(passes());
    assert_string_equal(why, "no sweep");
    answers_sweep = true;
    assert_true(sweep());
    assert_true(passes());
}

static void while_the_engine_writes_there_is_no_pulse(void **state)
{
    (void)state;
    assert_true(passes_within(2000));
    int before = pulses;
    for (int i = 0; i < 25; i++) {
        assert_true(save(1));
        pause_ms(100);
    }
    assert_in_range(pulses - before, 0, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_store_that_takes_a_pulse_passes_until_it_takes_none),
        TEST(a_refused_save_counts_whatever_the_pulse_says),
        TEST(a_save_that_nobody_confirms_is_none),
        TEST(a_sweep_that_fails_counts),
        TEST(while_the_engine_writes_there_is_no_pulse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
