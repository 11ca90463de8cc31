/* The simulator's own promises: a seed tells one story, and a story that fails is made short. */
#include "sim/random/sim_shrink.h"
#include "sim/world/sim_story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS_MAX         5000
#define SHORT_CHOICES_MAX 80
#define STORY_LINES_MAX   80
#define STORIES_COMPARED  40

/* Fails when a second payment for one booking was given back. */
static void planted(struct sim *sim)
{
    if ((sim->reached.words[ANOMALY_B1 / 64] >> (ANOMALY_B1 % 64) & 1) != 0)
        sim_fail(sim, "planted: a booking was paid twice");
}

static const struct sim_options silent = { .planted = planted };

static uint64_t failing_seed(struct sim *sim)
{
    for (uint64_t seed = 1; seed < SEEDS_MAX; seed++)
        if (!sim_run(sim, seed, &silent))
            return seed;
    fail_msg("no seed meets the planted failure");
    return 0;
}

static char *story_of(struct sim *sim, uint64_t seed, struct sim_tape *tape)
{
    char *text = NULL;
    size_t length;
    struct sim_options told = { .is_told = true, .tape = tape, .planted = planted };
    told.out = open_memstream(&text, &length);
    assert_non_null(told.out);
    (void)sim_run(sim, seed, &told);
    fclose(told.out);
    return text;
}

static void a_seed_tells_the_same_story_byte_by_byte(void **context)
{
    (void)context;
    struct sim *first = sim_new();
    struct sim *second = sim_new();
    (void)sim_run(second, 77, &silent); /* memory that another schedule has used */
    for (uint64_t seed = 1; seed <= STORIES_COMPARED; seed++) {
        char *story = story_of(first, seed, NULL);
        char *again = story_of(second, seed, NULL);
        assert_true(strlen(story) > 0);
        assert_string_equal(story, again);
        free(story);
        free(again);
    }
    sim_free(first);
    sim_free(second);
}

static void a_recorded_schedule_replays_as_it_was(void **context)
{
    (void)context;
    struct sim *sim = sim_new();
    struct sim_tape *tape = malloc(sizeof *tape);
    assert_non_null(tape);
    sim_tape_record(tape);
    char *recorded = story_of(sim, 4, tape);
    sim_tape_replay(tape);
    char *replayed = story_of(sim, 4, tape);
    assert_string_equal(recorded, replayed);
    free(recorded);
    free(replayed);
    free(tape);
    sim_free(sim);
}

static void where_the_choices_end_nothing_happens_and_all_is_well(void **context)
{
    (void)context;
    struct sim *sim = sim_new();
    struct sim_tape *tape = calloc(1, sizeof *tape);
    assert_non_null(tape);
    sim_tape_replay(tape);
    char *story = story_of(sim, 1, tape);
    assert_null(strstr(story, "client sends"));
    assert_string_equal(sim->failure, "");
    free(story);
    free(tape);
    sim_free(sim);
}

/* And would be noticed if they did. */
static void schedules_end_the_same_with_and_without_observers(void **context)
{
    (void)context;
    const struct sim_options observed = { 0 };
    struct sim *sim = sim_new();
    for (uint64_t seed = 1; seed <= STORIES_COMPARED; seed++) {
        assert_true(sim_run(sim, seed, &observed));
        assert_true(sim_unobserved_check(sim, seed));
    }
    assert_true(sim_run(sim, 1, &observed));
    assert_false(sim_unobserved_check(sim, 2));
    assert_string_equal(sim->failure, "I10: without an observer it ends in another way");
    sim_free(sim);
}

static size_t lines_count(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* Shortest: no choice of it can be left out. */
static void a_failing_schedule_shrinks_to_few_choices_that_all_matter(void **context)
{
    (void)context;
    struct sim *sim = sim_new();
    struct sim_tape *tape = malloc(sizeof *tape);
    assert_non_null(tape);
    size_t trials;
    uint64_t seed = failing_seed(sim);
    assert_true(sim_shrink(sim, seed, &silent, tape, &trials));
    assert_in_range(sim_tape_weight(tape), 1, SHORT_CHOICES_MAX);
    char *story = story_of(sim, seed, tape);
    assert_non_null(strstr(story, "FAILED planted: a booking was paid twice"));
    assert_in_range(lines_count(story), 1, STORY_LINES_MAX);
    free(story);
    struct sim_options replayed = { .tape = tape, .planted = planted };
    for (size_t i = 0; i < tape->count; i++) {
        uint32_t choice = tape->choices[i];
        size_t count = tape->count;
        if (choice == 0)
            continue;
        tape->choices[i] = 0;
        sim_tape_replay(tape);
        assert_true(sim_run(sim, seed, &replayed));
        tape->choices[i] = choice;
        assert_int_equal(tape->count, count);
    }
    free(tape);
    sim_free(sim);
}

static void a_sound_schedule_is_not_shrunk(void **context)
{
    (void)context;
    const struct sim_options unplanted = { 0 };
    struct sim *sim = sim_new();
    struct sim_tape *tape = malloc(sizeof *tape);
    assert_non_null(tape);
    size_t trials;
    assert_false(sim_shrink(sim, 1, &unplanted, tape, &trials));
    free(tape);
    sim_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_tells_the_same_story_byte_by_byte),
        cmocka_unit_test(a_recorded_schedule_replays_as_it_was),
        cmocka_unit_test(where_the_choices_end_nothing_happens_and_all_is_well),
        cmocka_unit_test(schedules_end_the_same_with_and_without_observers),
        cmocka_unit_test(a_failing_schedule_shrinks_to_few_choices_that_all_matter),
        cmocka_unit_test(a_sound_schedule_is_not_shrunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
