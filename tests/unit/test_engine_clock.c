/* Wall clocks that are set, ahead and back, while something waits. */
#include "tests/unit/engine_rig.h"

#define HOUR_MS   INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)

/* Steps every half second, from one moment of the steady clock to another. */
static void steps(int64_t from_ms, int64_t to_ms, int64_t wall_ahead_ms)
{
    for (int64_t now_ms = from_ms; now_ms < to_ms; now_ms += 500)
        engine_step(world.engine, now_ms + wall_ahead_ms, now_ms);
}

static void restart(void)
{
    world.engine = engine_free(world.engine);
    world.engine = engine_make();
}

/* A document that owes its message, by a process whose broker is away. */
static void another_saves(const char *document_id, int64_t wall_ms)
{
    struct engine *own = world.engine;
    struct request request = {
        .input = { .source = INPUT_FROM_REQUEST, .type = TALLY_COUNT, .type_name = "told" }
    };
    snprintf(request.input.document_id, IDENT_SIZE, "%s", document_id);
    world.broker.is_blocked = true;
    world.request = &request;
    world.engine = engine_make();
    engine_step(world.engine, wall_ms, NOW);
    assert_int_equal(request.reply, REPLY_ACCEPTED);
    world.engine = engine_free(world.engine);
    world.engine = own;
    world.broker.is_blocked = false;
}

static void no_deadline_fires_early_when_the_clock_is_set_ahead(void **test)
{
    (void)test;
    deliver("m1", "A", "{\"worth\":78}"); /* waits for ten minutes */
    steps(NOW, NOW + MINUTE_MS, 0);
    assert_int_equal(world.saves, 1);
    steps(NOW + MINUTE_MS, NOW + 10 * MINUTE_MS - 1000, HOUR_MS);
    assert_int_equal(world.saves, 1);
    steps(NOW + 10 * MINUTE_MS - 1000, NOW + 11 * MINUTE_MS, HOUR_MS);
    assert_int_equal(world.saves, 2);
}

/* Set back and then ahead past the time at which the deadline was set: it was still set before. */
static void no_deadline_fires_early_when_the_clock_is_set_back_and_then_ahead(void **test)
{
    (void)test;
    deliver("m1", "A", "{\"worth\":78}");
    steps(NOW, NOW + 500, 0);
    steps(NOW + 500, NOW + 1500, -2 * MINUTE_MS);
    steps(NOW + 1500, NOW + 10 * MINUTE_MS - 1000, 6 * MINUTE_MS);
    assert_int_equal(world.saves, 1);
    steps(NOW + 10 * MINUTE_MS - 1000, NOW + 11 * MINUTE_MS, 6 * MINUTE_MS);
    assert_int_equal(world.saves, 2);
}

static void a_deadline_is_observed_as_of_its_document(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    steps(NOW, NOW + 500, 0);
    assert_string_equal(world.observed_for, "A"); /* as the message says */
    steps(NOW + 500, NOW + MINUTE_MS, 0);
    assert_int_equal(world.saves, 2);
    assert_string_equal(world.observed_for, "told before");
}

static void a_deadline_set_by_a_clock_ahead_fires_when_its_wait_is_over(void **test)
{
    (void)test;
    engine_step(world.engine, NOW + HOUR_MS, NOW);
    deliver("m1", "A", "{\"worth\":78}");
    steps(NOW + 500, NOW + MINUTE_MS, HOUR_MS);
    assert_int_equal(world.saves, 1);
    steps(NOW + MINUTE_MS, NOW + 10 * MINUTE_MS - 1000, 0);
    assert_int_equal(world.saves, 1);
    steps(NOW + 10 * MINUTE_MS - 1000, NOW + 11 * MINUTE_MS, 0);
    assert_int_equal(world.saves, 2);
}

static void the_same_after_a_restart(void **test)
{
    (void)test;
    engine_step(world.engine, NOW + HOUR_MS, NOW);
    deliver("m1", "A", "{\"worth\":78}");
    steps(NOW + 500, NOW + MINUTE_MS, HOUR_MS);
    restart();
    steps(NOW + MINUTE_MS, NOW + 10 * MINUTE_MS - 1000, 0);
    assert_int_equal(world.saves, 1);
    steps(NOW + 10 * MINUTE_MS, NOW + 12 * MINUTE_MS, 0);
    assert_int_equal(world.saves, 2);
}

static void what_a_clock_ahead_owes_is_published_within_a_minute(void **test)
{
    (void)test;
    world.is_relayed = true;
    steps(NOW, NOW + MINUTE_MS, 0);
    another_saves("A", NOW + HOUR_MS);
    steps(NOW + MINUTE_MS, NOW + 2 * MINUTE_MS, 0);
    assert_true(world.published > 0);
}

static void the_same_after_a_start(void **test)
{
    (void)test;
    world.is_relayed = true;
    another_saves("A", NOW + HOUR_MS);
    steps(NOW, NOW + 500, 0);
    assert_int_equal(world.published, 1);
    assert_int_equal(ask("B", NOW + 500), REPLY_ACCEPTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_deadline_fires_early_when_the_clock_is_set_ahead),
        TEST(no_deadline_fires_early_when_the_clock_is_set_back_and_then_ahead),
        TEST(a_deadline_is_observed_as_of_its_document),
        TEST(a_deadline_set_by_a_clock_ahead_fires_when_its_wait_is_over),
        TEST(the_same_after_a_restart),
        TEST(what_a_clock_ahead_owes_is_published_within_a_minute),
        TEST(the_same_after_a_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
