/* Memory of a batch: zeroed, aligned, apart from each other, and the same again after a clear. */
#include "common/base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 1000

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    for (size_t bytes = 0; bytes < 200; bytes++) {
        unsigned char *at = arena_alloc(&arena, bytes);
        assert_non_null(at);
        assert_int_equal((uintptr_t)at % alignof(max_align_t), 0);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(at[i], 0);
        memset(at, 0xff, bytes);
    }
    arena_done(&arena);
}

static void memory_is_zeroed_again_after_a_clear(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    memset(arena_alloc(&arena, 100), 0xff, 100);
    arena_clear(&arena);
    const unsigned char *at = arena_alloc(&arena, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(at[i], 0);
    arena_done(&arena);
}

static void allocations_do_not_overlap(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    unsigned char *all[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++)
        all[i] = memset(arena_alloc(&arena, 1 + i), (int)(i % 251), 1 + i);
    for (size_t i = 0; i < ROUNDS; i++)
        for (size_t at = 0; at < 1 + i; at++)
            assert_int_equal(all[i][at], i % 251);
    arena_done(&arena);
}

static void a_cleared_arena_gives_the_same_memory_again(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    void *first[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++)
        first[i] = arena_alloc(&arena, 300);
    for (int round = 0; round < 3; round++) {
        arena_clear(&arena);
        for (size_t i = 0; i < ROUNDS; i++)
            assert_ptr_equal(arena_alloc(&arena, 300), first[i]);
    }
    arena_done(&arena);
}

static void one_allocation_may_be_larger_than_a_block(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    size_t large = (size_t)1 << 20;
    arena_alloc(&arena, 10);
    memset(arena_alloc(&arena, large), 1, large);
    arena_alloc(&arena, 10);
    arena_clear(&arena);
    memset(arena_alloc(&arena, large), 2, large); /* also when the kept block in front is small */
    memset(arena_alloc(&arena, large), 3, large);
    arena_done(&arena);
}

static void copies_are_independent_and_texts_are_ended(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    char source[] = "booking";
    const char *text = arena_text(&arena, source, 4);
    const char *bytes = arena_copy(&arena, source, sizeof source);
    memset(source, 'x', sizeof source);
    assert_string_equal(text, "book");
    assert_string_equal(bytes, "booking");
    assert_string_equal(arena_text(&arena, NULL, 0), "");
    assert_non_null(arena_copy(&arena, NULL, 0));
    arena_done(&arena);
}

static void an_arena_that_is_done_starts_anew(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    arena_clear(&arena);
    arena_done(&arena);
    assert_string_equal(arena_text(&arena, "again", 5), "again");
    arena_done(&arena);
    assert_null(arena.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(memory_is_zeroed_again_after_a_clear),
        cmocka_unit_test(allocations_do_not_overlap),
        cmocka_unit_test(a_cleared_arena_gives_the_same_memory_again),
        cmocka_unit_test(one_allocation_may_be_larger_than_a_block),
        cmocka_unit_test(copies_are_independent_and_texts_are_ended),
        cmocka_unit_test(an_arena_that_is_done_starts_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
