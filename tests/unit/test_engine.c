/* What the engine does with a single message, request or deadline, where the simulator sees only
 * that all ends well. */
#include "tests/unit/engine_rig.h"

static void a_delivery_is_saved_then_published_then_acked(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    world.loses_messages = true;
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.saves, 1);
    assert_int_equal(world.acked, 0);
    world.loses_messages = false;
    engine_step(world.engine, NOW + 1000, NOW + 1000);
    assert_true(world.published > 0);
    assert_int_equal(world.acked, 1);
}

static void nothing_is_acked_or_quarantined_while_the_store_is_away(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    world.is_away = true;
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(ask("B", NOW + 1), REPLY_UNAVAILABLE);
    assert_int_equal(world.acked + world.quarantined + world.published, 0);
    world.is_away = false;
    engine_step(world.engine, NOW + 10000, NOW + 10000);
    assert_int_equal(world.acked, 1);
}

static void what_loses_every_compare_and_set_is_neither_answered_nor_acked(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    world.conflicts = true;
    assert_int_equal(ask("B", NOW), REPLY_UNAVAILABLE);
    assert_int_equal(world.save_calls, 10); /* then it is left to the next step */
    assert_int_equal(world.loads, 2 * 10);
    assert_int_equal(world.acked + world.published, 0);
    world.conflicts = false;
    engine_step(world.engine, NOW + 1, NOW + 1);
    assert_int_equal(world.saves, 1);
    assert_int_equal(world.acked, 1);
}

static void what_is_most_likely_new_is_saved_without_a_look(void **test)
{
    (void)test;
    assert_int_equal(ask_first("A", TALLY_COUNT, true, NOW), REPLY_ACCEPTED);
    assert_int_equal(world.loads, 0);
    assert_int_equal(world.saves, 1);
    assert_int_equal(world.published, 1);
}

static void what_was_taken_to_be_new_and_is_not_is_decided_on_what_is_stored(void **test)
{
    (void)test;
    assert_int_equal(ask("A", NOW), REPLY_ACCEPTED);
    assert_int_equal(ask_first("A", TALLY_COUNT, true, NOW + 1), REPLY_ACCEPTED);
    assert_int_equal(world.store.count, 1);
    assert_int_equal(world.documents[0].version, 2);
}

static void a_guess_of_which_nothing_comes_is_looked_up(void **test)
{
    (void)test;
    assert_int_equal(ask("A", NOW), REPLY_ACCEPTED);
    assert_int_equal(ask_first("A", TALLY_LOOK, true, NOW + 1), REPLY_OK);
    assert_int_equal(ask_first("B", TALLY_LOOK, true, NOW + 2), REPLY_NOT_FOUND);
    assert_int_equal(world.store.count, 1);
}

static void an_input_that_expects_a_document_makes_the_others_look_too(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    assert_int_equal(ask_first("A", TALLY_COUNT, true, NOW), REPLY_ACCEPTED);
    assert_int_equal(world.loads, 1);
    assert_int_equal(world.documents[0].version, 1); /* both in one */
    assert_int_equal(world.acked, 1);
}

static void a_message_id_with_another_body_is_quarantined(void **test)
{
    (void)test;
    deliver("m1", "A", "{\"worth\":5}");
    engine_step(world.engine, NOW, NOW);
    deliver("m1", "A", "{\"worth\":6}");
    engine_step(world.engine, NOW + 1, NOW + 1);
    assert_int_equal(world.quarantined, 1);
    assert_int_equal(world.saves, 1);
    assert_int_equal(world.acked, 2);
}

static void an_unknown_schema_version_is_quarantined(void **test)
{
    (void)test;
    deliver("m1", "A", "{}")->message.schema_version = SCHEMA_FIRST - 1;
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.quarantined, 1);
    assert_int_equal(world.saves, 0);
}

static void what_the_dead_letter_queue_does_not_take_is_kept(void **test)
{
    (void)test;
    deliver("m1", "A", "?");
    world.refuses_letters = true;
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.acked, 0);
    world.refuses_letters = false;
    engine_step(world.engine, NOW + 1000, NOW + 1000);
    assert_int_equal(world.quarantined, 1);
    assert_int_equal(world.acked, 1);
}

static void a_message_that_came_back_before_is_handled_alone(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    deliver("m2", "B", "{}")->delivery_count = 1;
    deliver("m3", "C", "{}");
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.acked, 1);
    engine_step(world.engine, NOW + 1, NOW + 1);
    assert_int_equal(world.acked, 2);
    engine_step(world.engine, NOW + 2, NOW + 2);
    assert_int_equal(world.acked, 3);
}

static void a_full_outbox_turns_requests_away(void **test)
{
    (void)test;
    world.broker.is_away = true; /* the broker is away */
    assert_int_equal(ask("A", NOW), REPLY_ACCEPTED);
    assert_int_equal(ask("B", NOW + 1), REPLY_ACCEPTED);
    assert_int_equal(ask("C", NOW + 2), REPLY_UNAVAILABLE);
    assert_int_equal(ask("C", NOW + 60000), REPLY_UNAVAILABLE); /* counted anew, and still full */
    assert_int_equal(world.store.count, 2);
}

static void no_deadline_fires_before_the_queue_was_empty_once(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    engine_step(world.engine, NOW, NOW);
    memory_bus_disconnect(
        &world.bus); /* reconnected: what was paid in time may wait in the queue */
    world.is_undrained = true;
    engine_step(world.engine, NOW + 10 * WAIT_MS, NOW + 10 * WAIT_MS);
    assert_int_equal(world.saves, 1);
    world.is_undrained = false;
    engine_step(world.engine, NOW + 20 * WAIT_MS, NOW + 20 * WAIT_MS);
    assert_int_equal(world.saves, 2);
}

static void a_deadline_is_told_whether_its_effect_has_not_ended(void **test)
{
    (void)test;
    world.is_undrained = false;
    for (int i = 0; i < 2; i++) {
        deliver(i == 0 ? "m1" : "m2", i == 0 ? "A" : "B", "{}");
        engine_step(world.engine, NOW + i, NOW + i);
    }
    world.held_id = "B";
    engine_step(world.engine, NOW + WAIT_MS, NOW + WAIT_MS);
    assert_int_equal(world.saves, 3);
    assert_false(tally_deadline_was_held);
    engine_step(world.engine, NOW + 2 * WAIT_MS, NOW + 2 * WAIT_MS);
    assert_int_equal(world.saves, 4);
    assert_true(tally_deadline_was_held);
}

static void a_clock_set_back_does_not_prolong_a_pause(void **test)
{
    (void)test;
    const int64_t hour_ms = 3600000;
    deliver("m1", "A", "{}");
    world.is_away = true;
    engine_step(world.engine, NOW + hour_ms, NOW);
    world.is_away = false;
    engine_step(world.engine, NOW, NOW + 1);
    engine_step(world.engine, NOW + 1000, NOW + 1001);
    assert_int_equal(world.acked, 1);
}

static struct document *stored_read(const char *id, struct arena *arena)
{
    struct error error;
    struct document *document = document_new(arena, &tally_participant, id);
    struct record record = memory_store_load(&world.store, id, arena);
    assert_int_not_equal(record.version, 0);
    assert_true(document_decode(document, &tally_participant, &record, arena, &error));
    return document;
}

/* What was sent while this service was down began then, not when it was first seen here. */
static void a_document_keeps_when_its_first_message_was_sent(void **test)
{
    (void)test;
    CLEANUP(arena_done) struct arena arena = { NULL, NULL };
    const int64_t day_ms = DOCUMENT_STARTED_BEFORE_MS_MAX, now_ms = NOW + 3 * day_ms;
    deliver("m1", "A", "{}")->message.timestamp_ms = now_ms - 4000;
    deliver("m2", "B", "{}")->message.timestamp_ms = now_ms - 2 * day_ms;
    deliver("m3", "C", "{}")->message.timestamp_ms = now_ms + 4000; /* by a clock that is ahead */
    engine_step(world.engine, now_ms, now_ms);
    deliver("m4", "A", "{}")->message.timestamp_ms = now_ms - 5000; /* not its first one */
    engine_step(world.engine, now_ms + 1, now_ms + 1);
    assert_int_equal(stored_read("A", &arena)->started_at_ms, now_ms - 4000);
    assert_int_equal(stored_read("B", &arena)->started_at_ms, now_ms - day_ms);
    assert_int_equal(stored_read("C", &arena)->started_at_ms, now_ms);
}

/* So that a trace can show the wait that a deadline has ended. */
static void the_history_tells_since_when_a_deadline_waits(void **test)
{
    (void)test;
    CLEANUP(arena_done) struct arena arena = { NULL, NULL };
    deliver("m1", "A", "{}");
    engine_step(world.engine, NOW, NOW);
    deliver("m2", "A", "{}");
    engine_step(world.engine, NOW + 7, NOW + 7);
    assert_int_equal(document_due_since_ms(stored_read("A", &arena)), NOW + 7);
    /* It fires, and there is none any more. */
    engine_step(world.engine, NOW + 7 + WAIT_MS, NOW + 7 + WAIT_MS);
    assert_int_equal(document_due_since_ms(stored_read("A", &arena)), 0);
}

static void a_damaged_document_is_not_overwritten(void **test)
{
    (void)test;
    deliver("m1", "A", "{}");
    engine_step(world.engine, NOW, NOW);
    size_t length = world.documents[0].body_length;
    uint8_t *damaged = arena_copy(&world.kept, world.documents[0].body, length);
    memset(damaged + 8, 0, 8);
    world.documents[0].body = damaged;
    deliver("m2", "A", "{}");
    engine_step(world.engine, NOW + 1, NOW + 1);
    assert_int_equal(world.saves, 1);
    assert_int_equal(world.quarantined, 1);
    assert_int_equal(ask("A", NOW + 2), REPLY_INTERNAL);
}

static void a_flood_of_duplicates_leaves_room_for_what_changes(void **test)
{
    (void)test;
    struct arena arena = { 0 };
    struct document *document = document_new(&arena, &tally_participant, "A");
    const struct history_entry entry = { .input_id = "m1" };
    for (int i = 0; i < 2 * HISTORY_MAX; i++)
        (void)document_remember(document, &arena, &entry, false);
    assert_int_equal(document->history_count, HISTORY_DUPLICATES_MAX);
    assert_true(document_remember(document, &arena, &entry, true));
    arena_done(&arena);
}

static void while_batches_wait_for_their_confirms_the_next_one_is_made(void **test)
{
    (void)test;
    world.confirms_late = true;
    deliver("m1", "A", "{}");
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(ask("B", NOW + 1), REPLY_ACCEPTED);
    assert_int_equal(world.bus.publish_count, 2);
    assert_int_equal(world.acked, 0);
    assert_int_equal(ask("C", NOW + 2), REPLY_ACCEPTED);
    assert_int_equal(world.saves, 3);
    assert_int_equal(world.published, 1); /* the first one, which made room */
    assert_int_equal(world.acked, 1);
    assert_int_equal(world.bus.publish_count, 2);
    world.confirms_late = false;
    engine_step(world.engine, NOW + 3, NOW + 3);
    assert_int_equal(world.published, 3);
}

static void what_is_confirmed_while_its_document_is_saved_again_is_not_published_twice(void **test)
{
    (void)test;
    world.confirms_late = true;
    assert_int_equal(ask("A", NOW), REPLY_ACCEPTED);
    assert_int_equal(ask("A", NOW + 1), REPLY_ACCEPTED);
    assert_int_equal(world.published, 1);
    assert_int_equal(world.bus.publish_count, 1);
    assert_int_equal(world.bus.publishes[0].count, 1); /* only what the second version owes */
    world.confirms_late = false;
    engine_step(world.engine, NOW + 2, NOW + 2);
    assert_int_equal(world.published, 2);
}

static void what_is_refused_while_its_document_is_saved_again_is_published_with_it(void **test)
{
    (void)test;
    world.confirms_late = true;
    deliver("m1", "A", "{}");
    engine_step(world.engine, NOW, NOW);
    world.loses_messages = true;
    assert_int_equal(ask("A", NOW + 1), REPLY_ACCEPTED);
    assert_int_equal(world.acked, 0);
    world.loses_messages = world.confirms_late = false;
    engine_step(world.engine, NOW + WAIT_MS / 2, NOW + WAIT_MS / 2);
    assert_int_equal(world.published, 3); /* the tally counts m1 once more, as it is not acked */
    assert_int_equal(world.acked, 1);
}

static void deliveries_of_a_session_that_ends_under_their_publish_are_forgotten(void **test)
{
    (void)test;
    world.confirms_late = true;
    deliver("m1", "A", "{}");
    engine_step(world.engine, NOW, NOW);
    memory_bus_disconnect(&world.bus);
    engine_step(world.engine, NOW + 1, NOW + 1);
    assert_int_equal(world.acked, 1); /* without effect: the broker gives it again */
    assert_int_equal(world.queues[0].count, 1);
    world.confirms_late = false;
    engine_step(world.engine, NOW + 2, NOW + 2);
    assert_int_equal(world.published, 2); /* the tally counts it each time that it is given */
    assert_int_equal(world.acked, 2);
    assert_int_equal(world.queues[0].count, 0);
}

static void what_came_back_before_waits_until_nothing_is_on_its_way(void **test)
{
    (void)test;
    world.confirms_late = true;
    deliver("m1", "A", "{}");
    engine_step(world.engine, NOW, NOW);
    deliver("m2", "B", "{}")->delivery_count = 1;
    world.is_away = true; /* so that the second one does not get far */
    engine_step(world.engine, NOW + 1, NOW + 1);
    assert_int_equal(world.acked, 1);
    assert_int_equal(world.bus.publish_count, 0);
}

static void a_store_that_goes_away_does_not_keep_the_batch_before_from_its_ack(void **test)
{
    (void)test;
    world.confirms_late = true;
    deliver("m1", "A", "{}");
    engine_step(world.engine, NOW, NOW);
    deliver("m2", "B", "{}");
    world.is_away = true;
    engine_step(world.engine, NOW + 1, NOW + 1);
    assert_int_equal(world.acked, 1);
    world.is_away = world.confirms_late = false;
    engine_step(world.engine, NOW + WAIT_MS / 2, NOW + WAIT_MS / 2);
    assert_int_equal(world.acked, 2);
    assert_int_equal(world.published, 2);
}

static void draining_waits_for_what_is_on_its_way(void **test)
{
    (void)test;
    world.confirms_late = true;
    deliver("m1", "A", "{}");
    engine_step(world.engine, NOW, NOW);
    assert_false(engine_drain_step(world.engine, NOW + 1, NOW + 1));
    world.confirms_late = false;
    for (int i = 0; i < 3 && !engine_drain_step(world.engine, NOW + 2 + i, NOW + 2 + i); i++)
        assert_true(i < 2);
    assert_int_equal(world.acked, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_delivery_is_saved_then_published_then_acked),
        TEST(nothing_is_acked_or_quarantined_while_the_store_is_away),
        TEST(what_loses_every_compare_and_set_is_neither_answered_nor_acked),
        TEST(what_is_most_likely_new_is_saved_without_a_look),
        TEST(what_was_taken_to_be_new_and_is_not_is_decided_on_what_is_stored),
        TEST(a_guess_of_which_nothing_comes_is_looked_up),
        TEST(an_input_that_expects_a_document_makes_the_others_look_too),
        TEST(a_message_id_with_another_body_is_quarantined),
        TEST(an_unknown_schema_version_is_quarantined),
        TEST(what_the_dead_letter_queue_does_not_take_is_kept),
        TEST(a_message_that_came_back_before_is_handled_alone),
        TEST(a_full_outbox_turns_requests_away),
        TEST(no_deadline_fires_before_the_queue_was_empty_once),
        TEST(a_deadline_is_told_whether_its_effect_has_not_ended),
        TEST(a_clock_set_back_does_not_prolong_a_pause),
        TEST(a_document_keeps_when_its_first_message_was_sent),
        TEST(the_history_tells_since_when_a_deadline_waits),
        TEST(a_damaged_document_is_not_overwritten),
        TEST(a_flood_of_duplicates_leaves_room_for_what_changes),
        TEST(while_batches_wait_for_their_confirms_the_next_one_is_made),
        TEST(what_is_confirmed_while_its_document_is_saved_again_is_not_published_twice),
        TEST(what_is_refused_while_its_document_is_saved_again_is_published_with_it),
        TEST(deliveries_of_a_session_that_ends_under_their_publish_are_forgotten),
        TEST(what_came_back_before_waits_until_nothing_is_on_its_way),
        TEST(a_store_that_goes_away_does_not_keep_the_batch_before_from_its_ack),
        TEST(draining_waits_for_what_is_on_its_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
