/* The words that the command line guesses at, and the commands they lead to. */
#include "cli/commands.h"
#include "cli/commands/command.h"
#include "common/base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void two_edits_are_a_likely_mistake(void **state)
{
    (void)state;
    assert_true(nearest_is_likely("show", "show"));
    assert_true(nearest_is_likely("hsow", "show"));
    assert_true(nearest_is_likely("shxaow", "show"));
    assert_true(nearest_is_likely("ledgres2", "ledgers"));
    assert_false(nearest_is_likely("listing", "list"));
    assert_false(nearest_is_likely("xy", "ab")); /* nothing of it is left */
}

static void a_word_without_end_is_far_from_everything(void **state)
{
    (void)state;
    char word[100];
    memset(word, 'a', sizeof word);
    word[sizeof word - 1] = '\0';
    assert_false(nearest_is_likely(word, "show"));
}

static void a_misspelt_command_leads_to_the_right_one(void **state)
{
    (void)state;
    assert_string_equal(command_nearest("rtace"), "trace");
    assert_string_equal(command_nearest("docter"), "doctor");
    assert_string_equal(command_nearest("ledgers"), "ledger");
    assert_null(command_nearest("xylophone"));
    assert_null(command_nearest(""));
}

static void every_command_is_found_by_its_name_and_says_what_it_does(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        assert_ptr_equal(command_find(commands[i]->name), commands[i]);
        assert_true(strlen(commands[i]->summary) > 10);
        assert_non_null(commands[i]->run);
        for (const struct argument *at = commands[i]->arguments; at->name != NULL; at++) {
            assert_non_null(at->meaning);
            assert_true(at->offset < commands[i]->options_size);
            assert_true(at->type != ARGUMENT_CHOICE || at->choices != NULL);
            assert_true(at->type != ARGUMENT_INT || at->maximum > at->minimum);
        }
    }
    assert_null(command_find("help me"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_edits_are_a_likely_mistake),
        cmocka_unit_test(a_word_without_end_is_far_from_everything),
        cmocka_unit_test(a_misspelt_command_leads_to_the_right_one),
        cmocka_unit_test(every_command_is_found_by_its_name_and_says_what_it_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
