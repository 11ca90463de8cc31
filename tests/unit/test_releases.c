/* Two releases of one service at the same store and queue: what the older one must leave alone,
 * keep and not take for a contradiction. */
#include "tests/unit/engine_rig.h"

static void a_repeat_with_one_more_field_contradicts_nothing(void **test)
{
    (void)test;
    deliver("m1", "A", "{\"worth\":5}");
    engine_step(world.engine, NOW, NOW);
    deliver("m1", "A", "{\"channel\":\"web\",\"worth\":5}");
    engine_step(world.engine, NOW + 1, NOW + 1);
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
    engine_step(world.engine, NOW, NOW);
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

/* Of which the participant keeps no field: it only hears that it was said. */
static void what_nobody_reads_contradicts_nothing(void **test)
{
    (void)test;
    static const struct content_form forms[] = { { .type = 1, .type_name = "told" }, { 0 } };
    CLEANUP(arena_done) struct arena arena = { 0 };
    struct participant hearing = tally_participant;
    struct document *document = document_new(&arena, &hearing, "A");
    struct input input = { .type_name = "told", .id = "m1", .fingerprint = 2 };
    hearing.contents = forms;
    entry_add(document, &arena, 4);
    assert_false(document_contradicts(document, &hearing, &input, &arena));
    input.type_name = "deadline";
    assert_true(document_contradicts(document, &hearing, &input, &arena));
}

/* ---- documents ---- */

/* As a newer release would store it: one field more in everything that has names. */
static void fields_add(bson_iter_t *from, bool is_array, bson_t *to)
{
    while (bson_iter_next(from)) {
        bson_iter_t nested;
        bson_t part;
        bool is_list = BSON_ITER_HOLDS_ARRAY(from);
        if (!is_list && !BSON_ITER_HOLDS_DOCUMENT(from)) {
            assert_true(bson_append_iter(to, NULL, 0, from));
            continue;
        }
        assert_true(bson_iter_recurse(from, &nested));
        if (is_list)
            bson_append_array_begin(to, bson_iter_key(from), -1, &part);
        else
            bson_append_document_begin(to, bson_iter_key(from), -1, &part);
        fields_add(&nested, is_list, &part);
        if (is_list)
            bson_append_array_end(to, &part);
        else
            bson_append_document_end(to, &part);
    }
    if (!is_array)
        BSON_APPEND_UTF8(to, "newer", "kept");
}

static void record_put(const bson_t *body)
{
    world.documents[0].body = arena_copy(&world.kept, bson_get_data(body), body->len);
    world.documents[0].body_length = body->len;
}

/* A view: libbson's points into itself, so that it may not be copied. */
static void record_body(bson_t *ret_body)
{
    assert_true(
        bson_init_static(ret_body, world.documents[0].body, world.documents[0].body_length));
}

static void newer_release_saves(int64_t schema)
{
    bson_t body;
    bson_t changed = BSON_INITIALIZER;
    bson_iter_t from;
    record_body(&body);
    if (schema > SCHEMA_FIRST)
        BSON_APPEND_INT64(&changed, "schema", schema);
    assert_true(bson_iter_init(&from, &body));
    fields_add(&from, false, &changed);
    record_put(&changed);
    bson_destroy(&changed);
}

static void assert_kept(const char *path, bool is_kept)
{
    bson_t body;
    bson_iter_t iter;
    bson_iter_t found;
    record_body(&body);
    assert_true(bson_iter_init(&iter, &body));
    assert_int_equal(bson_iter_find_descendant(&iter, path, &found), is_kept);
}

static void what_a_newer_release_has_stored_survives_a_save(void **test)
{
    (void)test;
    world.loses_messages = true; /* so that they stay owed */
    deliver("m1", "A", "{\"worth\":5}");
    engine_step(world.engine, NOW, NOW);
    newer_release_saves(SCHEMA_FIRST);
    world.loses_messages = false;
    assert_int_equal(ask("A", NOW + 1000), REPLY_ACCEPTED);
    assert_kept("newer", true);
    assert_kept("state.newer", true);
    assert_kept("owed.0.newer", true);
    assert_kept("owed.1.id", true);
    assert_kept("owed.1.newer", false);
    assert_kept("history.0.newer", true);
    assert_kept("history.0.content.newer", true);
    assert_kept("history.1.newer", false);
}

static void a_document_of_a_newer_release_is_left_alone(void **test)
{
    (void)test;
    assert_int_equal(ask("A", NOW), REPLY_ACCEPTED);
    newer_release_saves(SCHEMA_FIRST + 1);
    size_t saves = world.saves;
    size_t published = world.published;
    deliver("m1", "A", "{}");
    assert_int_equal(ask("A", NOW + 1), REPLY_UNAVAILABLE);
    assert_int_equal(ask_first("A", TALLY_COUNT, true, NOW + 2), REPLY_UNAVAILABLE);
    engine_step(world.engine, NOW + 10 * WAIT_MS, NOW + 10 * WAIT_MS); /* its deadline */
    assert_int_equal(world.saves, saves);
    assert_int_equal(world.published, published);
    assert_int_equal(world.quarantined, 0);
    assert_int_equal(world.postponed, 1);
    assert_int_equal(world.acked, 1);
}

/* ---- messages ---- */

static void a_message_of_a_newer_schema_is_left_to_a_newer_release(void **test)
{
    (void)test;
    struct engine_status status;
    deliver("m1", "A", "?")->message.schema_version = SCHEMA_FIRST + 1;
    engine_step(world.engine, NOW, NOW);
    engine_status_get(world.engine, &status);
    assert_int_equal(world.postponed, 1);
    assert_int_equal(world.postponed_since_ms, NOW);
    assert_int_equal(world.acked, 1);
    assert_int_equal(world.quarantined + world.saves, 0);
    assert_int_equal(status.delivered, status.later);
    assert_true(status.has_newer);
    engine_step(world.engine, NOW + 600000, NOW + 600000);
    engine_status_get(world.engine, &status);
    assert_false(status.has_newer);
}

static void a_message_of_an_unknown_type_is_left_to_a_newer_release(void **test)
{
    (void)test;
    deliver("m1", "A", "!");
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.postponed, 1);
    assert_int_equal(world.quarantined, 0);
}

static void what_waits_for_a_newer_release_remembers_since_when(void **test)
{
    (void)test;
    deliver("m1", "A", "!")->later_since_ms = NOW - 5000;
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.postponed_since_ms, NOW - 5000);
}

static void what_waited_for_a_day_is_a_dead_letter(void **test)
{
    (void)test;
    deliver("m1", "A", "!")->later_since_ms = NOW - engine_limits_default.later_max_ms;
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.postponed, 0);
    assert_int_equal(world.quarantined, 1);
}

static void what_the_queue_for_later_does_not_take_is_kept(void **test)
{
    (void)test;
    deliver("m1", "A", "!");
    world.refuses_letters = true;
    engine_step(world.engine, NOW, NOW);
    assert_int_equal(world.acked, 0);
    world.refuses_letters = false;
    engine_step(world.engine, NOW + 1000, NOW + 1000);
    assert_int_equal(world.postponed, 1);
    assert_int_equal(world.acked, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
    const struct CMUnitTest tests[] = {
        TEST(a_repeat_with_one_more_field_contradicts_nothing),
        TEST(in_one_batch_too),
        TEST(each_input_that_one_message_has_made_may_come_again),
        TEST(what_nobody_reads_contradicts_nothing),
        TEST(what_a_newer_release_has_stored_survives_a_save),
        TEST(a_document_of_a_newer_release_is_left_alone),
        TEST(a_message_of_a_newer_schema_is_left_to_a_newer_release),
        TEST(a_message_of_an_unknown_type_is_left_to_a_newer_release),
        TEST(what_waits_for_a_newer_release_remembers_since_when),
        TEST(what_waited_for_a_day_is_a_dead_letter),
        TEST(what_the_queue_for_later_does_not_take_is_kept),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
