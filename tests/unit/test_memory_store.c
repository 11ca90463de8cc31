/* What the store in memory promises beside the port's contract, which tests/contract holds. */
#include "common/memory/memory_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 2

static struct arena kept;
static struct memory_document documents[ROOM];
static struct memory_store store;

static const uint8_t empty[] = { 5, 0, 0, 0, 0 }; /* BSON */

static int begin(void **state)
{
    (void)state;
    store = memory_store_of(documents, ROOM, memory_keeper_arena(&kept));
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&kept);
    return 0;
}

static struct record record_of(const char *id, int64_t version)
{
    struct record record = { .version = version, .body = empty, .body_length = sizeof empty };
    memcpy(record.id, id, strlen(id) + 1);
    return record;
}

static void a_full_store_says_so_and_takes_what_it_has_room_for(void **state)
{
    (void)state;
    struct store_port port = memory_store_port(&store);
    struct record records[] = { record_of("a", 0), record_of("b", 0), record_of("c", 0) };
    enum save_result results[3];
    struct error error = { 0 };
    assert_false(port.save(port.self, records, 3, results, &error));
    assert_int_equal(error.code, ERROR_RETRY);
    assert_non_null(strstr(error.message, "full"));
    assert_int_equal(results[0], SAVE_SAVED);
    assert_int_equal(results[1], SAVE_SAVED);
    assert_int_equal(results[2], SAVE_UNKNOWN);
    assert_null(memory_store_find(&store, "c"));
    records[0].version = 1;
    assert_true(port.save(port.self, records, 1, results, &error));
    assert_int_equal(results[0], SAVE_SAVED);
}

static void a_copy_that_is_put_back_is_what_it_was(void **state)
{
    (void)state;
    struct memory_document copies[ROOM];
    struct record first = record_of("a", 0), second = record_of("a", 1), other = record_of("b", 0);
    assert_int_equal(memory_store_save(&store, &first), SAVE_SAVED);
    struct memory_store before = store;
    memcpy(copies, documents, sizeof copies);
    assert_int_equal(memory_store_save(&store, &second), SAVE_SAVED);
    assert_int_equal(memory_store_save(&store, &other), SAVE_SAVED);
    store = before;
    memcpy(documents, copies, sizeof copies);
    assert_null(memory_store_find(&store, "b"));
    assert_int_equal(memory_store_find(&store, "a")->version, 1);
}

static void a_document_without_a_body_is_loaded_so_and_not_cleared(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct record record = record_of("a", 0);
    record.owed_at_ms = 7;
    assert_int_equal(memory_store_save(&store, &record), SAVE_SAVED);
    memory_store_find(&store, "a")->body = NULL;
    record = memory_store_load(&store, "a", &arena);
    assert_int_equal(record.version, 1);
    assert_null(record.body);
    assert_false(memory_store_clear(&store, "a", 1));
    assert_int_equal(memory_store_owing(&store, 9), 1);
    arena_done(&arena);
}

#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(a_full_store_says_so_and_takes_what_it_has_room_for),
        SENTENCE(a_copy_that_is_put_back_is_what_it_was),
        SENTENCE(a_document_without_a_body_is_loaded_so_and_not_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
