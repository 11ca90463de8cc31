/* What the engine does when a store takes no writes, and with what it cannot save. */
#include "tests/unit/engine_rig.h"

static bool is_paused(void)
{
    struct engine_status status;
    engine_status_get(world.engine, &status);
    return status.is_paused;
}

static void assert_is_set_aside_alone(const char *body_of_one)
{
    deliver("m1", "A", "{}");
    deliver("m2", "A", body_of_one);
    deliver("m3", "A", "{}");
    deliver("m4", "B", "{}");
    assert_int_equal(ask("A", NOW), REPLY_ACCEPTED);
    assert_int_equal(world.quarantined, 1);
    assert_int_equal(world.acked, 4);
    assert_int_equal(world.store.count, 2);
    struct bson_fields body, state;
    int64_t count = 0;
    assert_true(bson_read_open(&body, world.documents[0].body, world.documents[0].body_length) &&
                bson_read_document(&body, "state", &state) &&
                bson_read_int(&state, "count", &count));
    assert_int_equal(count, 3);
    struct engine_status status;
    engine_status_get(world.engine, &status);
    assert_int_equal(status.failed_decisions, 1);
    assert_false(status.is_paused);
}

static void a_decision_that_cannot_be_saved_is_set_aside_alone(void **test)
{
    (void)test;
    assert_is_set_aside_alone("{\"worth\":-9}");
}

static void a_decision_that_breaks_an_invariant_is_set_aside_alone(void **test)
{
    (void)test;
    assert_is_set_aside_alone("{\"worth\":79}"); /* TALLY_BREAKS */
}

static void a_request_that_cannot_be_saved_gets_500_and_leaves_nothing(void **test)
{
    (void)test;
    struct request request = { .input = { .source = INPUT_FROM_REQUEST,
                                          .type = TALLY_COUNT,
                                          .type_name = "told",
                                          .is_first = true,
                                          .document_id = "A" } };
    const struct told told = { -9 };
    memcpy(request.input.payload, &told, sizeof told);
    world.request = &request;
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(request.reply, REPLY_INTERNAL);
    assert_int_equal(world.store.count, 0);
    assert_int_equal(ask("A", NOW + 1), REPLY_ACCEPTED);
}

/* As good as away: to try at once would only wait as long again. */
static void a_write_in_doubt_is_tried_again_only_after_a_pause(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    world.is_in_doubt = true;
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.save_calls, 1);
    assert_true(is_paused());
    world.is_in_doubt = false;
    engine_step(world.engine, NOW + 10000, NOW + 10000);
    assert_false(is_paused());
    assert_int_equal(world.saves, 1);
    assert_int_equal(world.acked, 1);
}

static void of_a_batch_only_what_was_lost_is_decided_again(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    deliver("m2", "B", "{}");
    deliver("m3", "C", "{}");
    world.contended_id = "B";
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.loads, 3 + 1);
    assert_int_equal(world.save_calls, 2);
    assert_int_equal(world.saves, 3);
    assert_int_equal(world.acked, 3);
}

static void a_pause_is_not_ended_by_a_read(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    world.refuses_writes = true;
    for (int64_t now_ms = NOW; now_ms < NOW + 20000; now_ms += 100) {
        engine_step(world.engine, now_ms, now_ms);
        assert_true(is_paused());
    }
    assert_int_equal(world.acked, 0);
    world.refuses_writes = false;
    engine_step(world.engine, NOW + 30000, NOW + 30000);
    assert_false(is_paused());
    assert_int_equal(world.acked, 1);
}

/* An alert must not be lost because another document of its batch was in doubt. */
static void what_was_saved_of_a_batch_that_is_given_up_is_observed(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    deliver("m2", "B", "{}");
    world.doubted_id = "B";
    engine_step(world.engine, NOW, NOW);
    assert_true(is_paused());
    assert_int_equal(world.acked, 0);
    assert_int_equal(world.observed, 1);
    world.doubted_id = NULL;
    engine_step(world.engine, NOW + 1000, NOW + 1000);
    assert_int_equal(world.acked, 2);
}

static void a_pause_is_not_ended_by_a_write_that_no_batch_follows(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    world.refuses_writes = true;
    engine_step(world.engine, NOW, NOW);
    world.refuses_writes = false;
    world.conflicts = true; /* only to see that a batch which saves nothing is no failure */
    engine_step(world.engine, NOW + 1000, NOW + 1000);
    assert_false(is_paused());
}

static void deliveries_are_given_back_after_a_minute_without_a_write(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    world.refuses_writes = true;
    for (int64_t now_ms = NOW; now_ms < NOW + 59000; now_ms += 500)
        engine_step(world.engine, now_ms, now_ms);
    assert_false(world.bus.is_paused);
    for (int64_t now_ms = NOW + 59000; now_ms < NOW + 65000; now_ms += 500)
        engine_step(world.engine, now_ms, now_ms);
    assert_true(world.bus.is_paused);
    world.refuses_writes = false;
    engine_step(world.engine, NOW + 70000, NOW + 70000);
    assert_false(world.bus.is_paused);
}

/* ---- a queue that takes nothing ---- */

static void what_a_queue_refuses_waits_in_the_outbox_and_holds_up_nobody(void **test)
{
    (void)test;
    struct engine_status status;
    world.nacks_messages = true;
    deliver("m1", "A", "{}");
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.acked, 1); /* the document owes it */
    assert_int_equal(world.nacked, 1);
    engine_status_get(world.engine, &status);
    assert_string_equal(status.refused, "counted: a queue that takes them is full or missing");
    deliver("m2", "B", "~"); /* owes nothing */
    engine_step(world.engine, NOW + 1, NOW + 1);
    assert_int_equal(world.acked, 2);
    world.nacks_messages = false;
    world.is_relayed = true;
    for (int64_t now_ms = NOW + 2; now_ms < NOW + 10000; now_ms += 100)
        engine_step(world.engine, now_ms, now_ms);
    assert_true(world.published > 0);
    assert_int_equal(world.documents[0].owed_at_ms, 0);
}

static void what_a_queue_refuses_is_tried_ever_more_seldom(void **test)
{
    (void)test;
    world.nacks_messages = world.is_relayed = true;
    deliver("m1", "A", "{}");
    for (int64_t now_ms = NOW; now_ms < NOW + 60000; now_ms += 50)
        engine_step(world.engine, now_ms, now_ms);
    assert_in_range(world.nacked, 5, 20);
}

static void a_full_outbox_keeps_deliveries_whose_messages_are_refused(void **test)
{
    (void)test;
    world.nacks_messages = true;
    deliver("m1", "A", "{}");
    deliver("m2", "B", "{}");
    engine_step(world.engine, NOW, NOW);
    deliver("m3", "C", "{}"); /* the bound is two */
    for (int64_t now_ms = NOW + 1; now_ms < NOW + 5000; now_ms += 100)
        engine_step(world.engine, now_ms, now_ms);
    assert_true(world.acked <= 2);
    world.nacks_messages = false;
    for (int64_t now_ms = NOW + 5000; now_ms < NOW + 20000; now_ms += 100)
        engine_step(world.engine, now_ms, now_ms);
    assert_int_equal(world.acked, 3);
}

/* ---- nobody to announce it to ---- */

static void nothing_is_announced_again_while_nothing_can_be_published(void **test)
{
    (void)test;
    deliver("m1", "A", "{\"worth\":77}");
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.saves, 1);
    world.broker.is_blocked = true;
    for (int64_t now_ms = NOW; now_ms < NOW + 20000; now_ms += 100)
        engine_step(world.engine, now_ms, now_ms);
    assert_int_equal(world.saves, 1);
    world.broker.is_blocked = false;
    engine_step(world.engine, NOW + 20000, NOW + 20000);
    assert_int_equal(world.saves, 2);
}

/* Neither one that is decided, nor a dead letter, nor what a newer release is to know. */
static void a_message_that_concerns_nobody_is_acked_and_told_as_such(void **test)
{
    struct engine_status status;
    (void)test;
    deliver("m1", "A", "{}");
    deliver("m2", "B", "-");
    deliver("m3", "C", "?");
    deliver("m4", "D", "!");
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.unconcerned, 1);
    assert_int_equal(world.observed, 1);
    assert_int_equal(world.quarantined, 1);
    assert_int_equal(world.acked, 4);
    engine_status_get(world.engine, &status);
    assert_int_equal(status.delivered, 4);
    assert_int_equal(status.duplicates, 1); /* as which it counts: nothing was to be done */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_that_concerns_nobody_is_acked_and_told_as_such),
        TEST(a_decision_that_cannot_be_saved_is_set_aside_alone),
        TEST(a_decision_that_breaks_an_invariant_is_set_aside_alone),
        TEST(a_request_that_cannot_be_saved_gets_500_and_leaves_nothing),
        TEST(a_write_in_doubt_is_tried_again_only_after_a_pause),
        TEST(of_a_batch_only_what_was_lost_is_decided_again),
        TEST(a_pause_is_not_ended_by_a_read),
        TEST(what_was_saved_of_a_batch_that_is_given_up_is_observed),
        TEST(a_pause_is_not_ended_by_a_write_that_no_batch_follows),
        TEST(what_a_queue_refuses_waits_in_the_outbox_and_holds_up_nobody),
        TEST(what_a_queue_refuses_is_tried_ever_more_seldom),
        TEST(a_full_outbox_keeps_deliveries_whose_messages_are_refused),
        TEST(nothing_is_announced_again_while_nothing_can_be_published),
        TEST(deliveries_are_given_back_after_a_minute_without_a_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
