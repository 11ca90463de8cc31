/* What the sweeps and the list find: due, owed, count_owed, list. */
#include "tests/contract/contract_store.h"

#include <stdio.h>
#include <string.h>

struct waiting {
    const char *id;
    int64_t due_at_ms, owed_at_ms, created_at_ms;
};

static void save_waiting(struct contract *contract, const struct waiting *waiting, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct record record = contract_record(&contract->arena, waiting[i].id, 0, (int64_t)i, 1);
        record.due_at_ms = waiting[i].due_at_ms;
        record.owed_at_ms = waiting[i].owed_at_ms;
        record.created_at_ms = waiting[i].created_at_ms;
        assert_int_equal(contract_save(contract, &record), SAVE_SAVED);
    }
}
#define SAVE_WAITING(contract, ...)                                                                \
    save_waiting(contract, (const struct waiting[]){ __VA_ARGS__ },                                \
                 sizeof(const struct waiting[]){ __VA_ARGS__ } / sizeof(struct waiting))

/* The ids in one line, which is what a failure should show. */
static const char *looked(struct contract *contract, bool is_due, const struct store_look *look)
{
    char ids[16][IDENT_SIZE], line[256] = "";
    size_t count = 99, length = 0;
    struct error error = { 0 };
    bool is_found = is_due ? contract->port.due(contract->port.self, look, ids, &count, &error)
                           : contract->port.owed(contract->port.self, look, ids, &count, &error);
    if (!is_found)
        fail_msg("%s", error.message);
    assert_true(count <= look->limit);
    for (size_t i = 0; i < count; i++) {
        length +=
            (size_t)snprintf(line + length, sizeof line - length, "%s%s", i > 0 ? " " : "", ids[i]);
    }
    return arena_text(&contract->arena, line, length);
}

static const char *found(struct contract *contract, bool is_due, int64_t until_ms, size_t limit)
{
    const struct store_look look = { .before_ms = until_ms, .limit = limit };
    return looked(contract, is_due, &look);
}

static void due_documents_come_longest_overdue_first(void **state)
{
    struct contract *contract = *state;
    assert_string_equal(found(contract, true, 1000, 10), "");
    SAVE_WAITING(contract, { "c", 300, 0, 1 }, { "a", 500, 0, 1 }, { "never", 0, 0, 1 },
                 { "b", 100, 0, 1 }, { "later", 501, 0, 1 });
    assert_string_equal(found(contract, true, 500, 10), "b c a");
    assert_string_equal(found(contract, true, 501, 10), "b c a later");
    assert_string_equal(found(contract, true, 500, 2), "b c");
    assert_string_equal(found(contract, true, 500, 0), "");
    assert_string_equal(found(contract, true, 99, 10), "");
    /* A document that no longer waits is not found; one that waits longer keeps its new place. */
    struct record done = contract_record(&contract->arena, "b", 1, 0, 0);
    assert_int_equal(contract_save(contract, &done), SAVE_SAVED);
    struct record again = contract_record(&contract->arena, "c", 1, 0, 0);
    again.due_at_ms = 600;
    assert_int_equal(contract_save(contract, &again), SAVE_SAVED);
    assert_string_equal(found(contract, true, 1000, 10), "a later c");
}

static void owing_documents_come_oldest_first(void **state)
{
    struct contract *contract = *state;
    SAVE_WAITING(contract, { "x", 1, 30, 1 }, { "y", 0, 10, 1 }, { "nothing", 5, 0, 1 },
                 { "z", 0, 20, 1 });
    assert_string_equal(found(contract, false, 30, 10), "y z x");
    assert_string_equal(found(contract, false, 29, 10), "y z");
    assert_string_equal(found(contract, false, 30, 1), "y");
    const char *id = "y";
    const int64_t version = 1;
    struct error error;
    assert_true(contract->port.clear_owed(contract->port.self, &id, &version, 1, &error));
    assert_string_equal(found(contract, false, 30, 10), "z x");
    assert_string_equal(found(contract, true, 30, 10), "x nothing");
}

static void a_look_may_begin_behind_a_time_and_skip_what_comes_first(void **state)
{
    struct contract *contract = *state;
    SAVE_WAITING(contract, { "a", 100, 10, 1 }, { "b", 100, 20, 1 }, { "c", 200, 20, 1 },
                 { "d", 300, 30, 1 });
    assert_string_equal(looked(contract, true, &(struct store_look){ 0, 300, 1, 2 }), "b c");
    assert_string_equal(looked(contract, true, &(struct store_look){ 0, 200, 2, 5 }), "c");
    assert_string_equal(looked(contract, true, &(struct store_look){ 0, 300, 4, 5 }), "");
    assert_string_equal(looked(contract, true, &(struct store_look){ 100, INT64_MAX, 0, 5 }),
                        "c d");
    assert_string_equal(looked(contract, false, &(struct store_look){ 10, 30, 1, 5 }), "c d");
    assert_string_equal(looked(contract, false, &(struct store_look){ 30, 99, 0, 5 }), "");
}

static void owing_documents_are_counted_up_to_the_limit(void **state)
{
    struct contract *contract = *state;
    SAVE_WAITING(contract, { "1", 0, 30, 1 }, { "2", 0, 10, 1 }, { "3", 5, 0, 1 },
                 { "4", 0, 20, 1 });
    static const size_t limits[] = { 0, 1, 2, 3, 4, 100 };
    static const size_t counts[] = { 0, 1, 2, 3, 3, 3 };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        size_t count = 99;
        struct error error;
        assert_true(contract->port.count_owed(contract->port.self, limits[i], &count, &error));
        assert_int_equal(count, counts[i]);
    }
}

static const char *listed(struct contract *contract, struct store_cursor *cursor, size_t limit)
{
    struct record records[16];
    char line[256] = "";
    size_t count = 99, length = 0;
    struct error error = { 0 };
    if (!contract->port.list(contract->port.self, cursor, limit, &contract->arena, records, &count,
                             &error))
        fail_msg("%s", error.message);
    assert_true(count <= limit);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(records[i].version, 1);
        assert_true(contract_n(&records[i]) >= 0);
        length += (size_t)snprintf(line + length, sizeof line - length, "%s%s", i > 0 ? " " : "",
                                   records[i].id);
        cursor->created_at_ms = records[i].created_at_ms;
        memcpy(cursor->id, records[i].id, sizeof cursor->id);
    }
    return arena_text(&contract->arena, line, length);
}

static void a_list_goes_from_the_newest_to_the_oldest_page_by_page(void **state)
{
    struct contract *contract = *state;
    struct store_cursor cursor = { 0 };
    assert_string_equal(listed(contract, &cursor, 10), "");
    SAVE_WAITING(contract, { "m", 0, 0, 50 }, { "old", 0, 0, 10 }, { "a", 0, 0, 50 },
                 { "new", 0, 0, 90 }, { "z", 0, 0, 50 }, { "oldest", 0, 0, 9 });
    assert_string_equal(listed(contract, &cursor, 10), "new z m a old oldest");
    assert_string_equal(listed(contract, &cursor, 10), "");
    /* Documents of the same moment are neither lost nor listed twice. */
    cursor = (struct store_cursor){ 0 };
    assert_string_equal(listed(contract, &cursor, 2), "new z");
    assert_string_equal(listed(contract, &cursor, 2), "m a");
    assert_string_equal(listed(contract, &cursor, 2), "old oldest");
    assert_string_equal(listed(contract, &cursor, 2), "");
    /* A cursor need not be a document. */
    cursor = (struct store_cursor){ .created_at_ms = 50, .id = "n" };
    assert_string_equal(listed(contract, &cursor, 1), "m");
    cursor = (struct store_cursor){ .created_at_ms = 60, .id = "" };
    assert_string_equal(listed(contract, &cursor, 0), "");
    assert_string_equal(listed(contract, &cursor, 3), "z m a");
}

static void a_whole_page_of_the_list_is_one_call(void **state)
{
    struct contract *contract = *state;
    contract_insert(contract, "p", STORE_LIST_MAX + 5);
    static struct record records[STORE_LIST_MAX];
    size_t count;
    struct error error;
    struct store_cursor cursor = { 0 };
    assert_true(contract->port.list(contract->port.self, &cursor, STORE_LIST_MAX, &contract->arena,
                                    records, &count, &error));
    assert_int_equal(count, STORE_LIST_MAX);
    assert_string_equal(records[0].id, "p104");
    assert_string_equal(records[STORE_LIST_MAX - 1].id, "p005");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, contract_setup, contract_teardown)
const struct CMUnitTest store_finding[] = {
    TEST(due_documents_come_longest_overdue_first),
    TEST(owing_documents_come_oldest_first),
    TEST(a_look_may_begin_behind_a_time_and_skip_what_comes_first),
    TEST(owing_documents_are_counted_up_to_the_limit),
    TEST(a_list_goes_from_the_newest_to_the_oldest_page_by_page),
    TEST(a_whole_page_of_the_list_is_one_call),
};
const size_t store_finding_count = sizeof store_finding / sizeof store_finding[0];
