/* Two releases of one service at the same store and queue: what the older one must leave alone,
 * keep and not take for a contradiction. */
#include "tests/unit/engine_rig.h"

static void a_repeat_with_one_more_field_contradicts_nothing(void **test)
{
    (void)test;
    deliver("m1", "A", "{\"worth\":5}");
    engine_step(world.engine, NOW);
    deliver("m1", "A", "{\"channel\":\"web\",\"worth\":5}");
    engine_step(world.engine, NOW + 1);
    assert_int_equal(world.quarantined, 0);
    assert_int_equal(world.acked, 2);
    assert_int_equal(ask("A", NOW + 2), REPLY_ACCEPTED); /* the document goes on */
}

static void in_one_batch_too(void **test)
{
    (void)test;
    deliver("m1", "A", "{\"worth\":5}");
    deliver("m1", "A", "{\"worth\":5,\"channel\":\"web\"}");
    deliver("m1", "A", "{\"worth\":6}");
    engine_step(world.engine, NOW);
    assert_int_equal(world.quarantined, 1);
    assert_int_equal(world.acked, 3);
}

static void entry_add(struct document *document, struct arena *arena, int64_t worth)
{
    const struct told told = { worth };
    struct history_entry entry = { .at_ms = NOW, .fingerprint = 1 };
    struct input input = { .type_name = "told" };
    memcpy(input.payload, &told, sizeof told);
    snprintf(entry.input_type, sizeof entry.input_type, "told");
    snprintf(entry.input_id, sizeof entry.input_id, "m1");
    entry.content = content_encode(tally_contents, &input, arena, &entry.content_length);
    assert_true(document_remember(document, arena, &entry, true));
}

static bool contradicts(const struct document *document, struct arena *arena, int64_t worth)
{
    const struct told told = { worth };
    struct input input = { .type_name = "told", .id = "m1", .fingerprint = 2 };
    memcpy(input.payload, &told, sizeof told);
    return document_contradicts(document, &tally_participant, &input, arena);
}

/* A list of many payments concerns one view in several inputs of one message. */
static void each_input_that_one_message_has_made_may_come_again(void **test)
{
    (void)test;
    CLEANUP(arena_done) struct arena arena = { 0 };
    struct document *document = document_new(&arena, &tally_participant, "A");
    entry_add(document, &arena, 4);
    entry_add(document, &arena, 5);
    assert_false(contradicts(document, &arena, 4));
    assert_false(contradicts(document, &arena, 5));
    assert_true(contradicts(document, &arena, 6));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
    const struct CMUnitTest tests[] = {
        TEST(a_repeat_with_one_more_field_contradicts_nothing),
        TEST(in_one_batch_too),
        TEST(each_input_that_one_message_has_made_may_come_again),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
