/* The edits between two words, each kind of them, and words without end. */
#include "common/base/edit_distance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t distance(const char *word, const char *known)
{
    return edit_distance(word, strlen(word), known);
}

static void edits_are_counted(void **state)
{
    (void)state;
    assert_int_equal(distance("show", "show"), 0);
    assert_int_equal(distance("", "show"), 4);
    assert_int_equal(distance("show", ""), 4);
    assert_int_equal(distance("sho", "show"), 1);
    assert_int_equal(distance("showw", "show"), 1);
    assert_int_equal(distance("shew", "show"), 1);
    assert_int_equal(distance("rtace", "trace"), 1);
    assert_int_equal(distance("rtacce", "trace"), 2);
    assert_int_equal(distance("kitten", "sitting"), 3);
}

static void only_the_given_length_counts(void **state)
{
    (void)state;
    assert_int_equal(edit_distance("show=5", 4, "show"), 0);
    assert_int_equal(edit_distance("show", 0, "show"), 4);
}

static void a_word_may_be_longer_than_every_known_one(void **state)
{
    (void)state;
    char word[2000];
    memset(word, 'a', sizeof word);
    assert_int_equal(edit_distance(word, sizeof word, "show"), sizeof word);
    assert_int_equal(edit_distance(word, sizeof word, "aaaa"), sizeof word - 4);
}

static void a_known_word_may_have_64_bytes(void **state)
{
    (void)state;
    char known[EDIT_DISTANCE_KNOWN_MAX + 1] = { 0 };
    memset(known, 'a', EDIT_DISTANCE_KNOWN_MAX);
    assert_int_equal(distance("aaa", known), EDIT_DISTANCE_KNOWN_MAX - 3);
    assert_int_equal(distance(known, known), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_counted),
        cmocka_unit_test(only_the_given_length_counts),
        cmocka_unit_test(a_word_may_be_longer_than_every_known_one),
        cmocka_unit_test(a_known_word_may_have_64_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
