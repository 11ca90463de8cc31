/* Which documents wait to be cleared, also against a plain list over many random changes. */
#include "common/saga/clear_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    struct clear_queue *clears = calloc(1, sizeof *clears);
    clears->entries = calloc(CLEAR_QUEUE_MAX, sizeof *clears->entries);
    clears->index = calloc(CLEAR_QUEUE_INDEX_SIZE, sizeof *clears->index);
    *state = clears;
    return clears->entries == NULL || clears->index == NULL;
}

static int teardown(void **state)
{
    struct clear_queue *clears = *state;
    free(clears->entries);
    free(clears->index);
    free(clears);
    return 0;
}

static const char *id_of(int number)
{
    static char id[IDENT_SIZE];
    snprintf(id, sizeof id, "booking-%d", number);
    return id;
}

static void only_the_version_that_was_confirmed_counts(void **state)
{
    struct clear_queue *clears = *state;
    assert_true(clear_queue_add(clears, "b1", 2, 100));
    assert_true(clear_queue_has(clears, "b1", 2));
    assert_false(clear_queue_has(clears, "b1", 1));
    assert_false(clear_queue_has(clears, "b2", 2));
    assert_true(clear_queue_add(clears, "b1", 3, 200));
    assert_false(clear_queue_has(clears, "b1", 2));
    assert_int_equal(clears->count, 1);
}

static void the_oldest_are_taken_first_and_the_young_stay(void **state)
{
    struct clear_queue *clears = *state;
    assert_true(clear_queue_oldest_ms(clears) == INT64_MAX);
    for (int i = 0; i < 5; i++)
        assert_true(clear_queue_add(clears, id_of(i), i + 1, 100 + i));
    assert_int_equal(clear_queue_oldest_ms(clears), 100);
    clear_queue_remove(clears, id_of(0));
    clear_queue_remove(clears, id_of(2));
    assert_int_equal(clear_queue_oldest_ms(clears), 101);
    const char *ids[5];
    int64_t versions[5];
    assert_int_equal(clear_queue_take(clears, 103, 5, ids, versions), 2);
    assert_string_equal(ids[0], "booking-1");
    assert_int_equal(versions[0], 2);
    assert_string_equal(ids[1], "booking-3");
    assert_false(clear_queue_has(clears, "booking-3", 4));
    assert_true(clear_queue_has(clears, "booking-4", 5));
    assert_int_equal(clears->count, 1);
}

static void when_it_is_full_nothing_more_is_remembered_and_nothing_lost(void **state)
{
    struct clear_queue *clears = *state;
    for (int i = 0; i < CLEAR_QUEUE_MAX; i++)
        assert_true(clear_queue_add(clears, id_of(i), 1, i));
    assert_false(clear_queue_add(clears, "one-more", 1, 0));
    assert_false(clear_queue_has(clears, "one-more", 1));
    for (int i = 0; i < CLEAR_QUEUE_MAX; i++)
        assert_true(clear_queue_has(clears, id_of(i), 1));
    clear_queue_empty(clears);
    assert_int_equal(clears->count, 0);
    for (int i = 0; i < CLEAR_QUEUE_INDEX_SIZE; i++)
        assert_int_equal(clears->index[i], 0);
}

/* Against a plain array that is searched from end to end. */
static void it_agrees_with_a_list_over_many_random_changes(void **state)
{
    enum { IDS = 6000, CHANGES = 200000 };
    struct clear_queue *clears = *state;
    static int64_t expected[IDS]; /* version; 0 = none */
    memset(expected, 0, sizeof expected);
    unsigned seed = 7;
    size_t count = 0;
    for (int64_t change = 1; change <= CHANGES; change++) {
        seed = seed * 1103515245U + 12345U;
        int number = (int)(seed >> 8) % IDS;
        bool is_add = (seed >> 30) != 0;
        count -= expected[number] != 0;
        expected[number] = 0;
        if (is_add && clear_queue_add(clears, id_of(number), change, change))
            expected[number] = change;
        else if (!is_add)
            clear_queue_remove(clears, id_of(number));
        count += expected[number] != 0;
        assert_int_equal(clears->count, count);
        if (change % 1000 != 0)
            continue;
        const char *ids[64];
        int64_t versions[64];
        size_t taken = clear_queue_take(clears, INT64_MAX, 64, ids, versions);
        for (size_t i = 0; i < taken; i++) {
            int of = (int)strtol(ids[i] + strlen("booking-"), NULL, 10);
            assert_int_equal(expected[of], versions[i]);
            expected[of] = 0;
        }
        count -= taken;
        for (int i = 0; i < IDS; i++)
            assert_true(expected[i] == 0 || clear_queue_has(clears, id_of(i), expected[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_the_version_that_was_confirmed_counts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_oldest_are_taken_first_and_the_young_stay, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(when_it_is_full_nothing_more_is_remembered_and_nothing_lost,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(it_agrees_with_a_list_over_many_random_changes, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
