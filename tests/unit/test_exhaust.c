/* The exhaustive worlds' own promises: a small world is explored completely, with all its ends and
 * no others, and a service that breaks a rule in one order only is found and told. */
#include "sim/exhaustive/exhaust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* These and no others, in any order. */
static void ends_expect(const char *world, const char *const *texts, size_t count)
{
    struct exhaust *explorer = exhaust_new(exhaust_plan_find(world), NULL);
    enum exhaust_end end = exhaust_run(explorer, NULL, NULL);
    assert_string_equal(explorer->sim->failure, "");
    assert_int_equal(end, EXHAUST_COMPLETE);
    const struct exhaust_statistics *statistics = &explorer->statistics;
    assert_int_equal(statistics->outcome_count, count);
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < count && strcmp(statistics->outcomes[at].text, texts[i]) != 0)
            at++;
        if (at == count)
            fail_msg("world %s never ends with: %s", world, texts[i]);
    }
    exhaust_free(explorer);
}

static void the_smallest_world_is_explored_completely_and_always_ends_paid(void **context)
{
    static const char *const ends[] = { "booking confirmed, p1 settled" };
    (void)context;
    ends_expect("paid", ends, 1);
}

static void a_crash_anywhere_loses_nothing(void **context)
{
    /* A client whose answer is lost may give up: then its intent was perhaps never stored. */
    static const char *const ends[] = { "booking confirmed, p1 settled",
                                        "booking failed intent_timeout, p1 refunded" };
    (void)context;
    ends_expect("crash", ends, 2);
}

/* Nor a store that takes no write, a full queue, a clock that is set while somebody waits. */
static void no_trouble_that_passes_keeps_a_paid_booking_from_its_end(void **context)
{
    static const char *const ends[] = { "booking confirmed, p1 settled" };
    (void)context;
    ends_expect("no-writes", ends, 1);
    ends_expect("full-queue", ends, 1);
    ends_expect("clock-set", ends, 1);
}

static void of_two_payments_either_is_applied_and_the_other_goes_back(void **context)
{
    static const char *const ends[] = { "booking confirmed, p1 settled, p2 refunded",
                                        "booking confirmed, p1 refunded, p2 settled" };
    (void)context;
    ends_expect("second-payment", ends, 2);
    ends_expect("lost-binding", ends, 2); /* whichever message one of its queues never gets */
}

static void a_second_exploration_sees_the_same(void **context)
{
    (void)context;
    struct exhaust *one = exhaust_new(exhaust_plan_find("crash"), NULL);
    struct exhaust *other = exhaust_new(exhaust_plan_find("crash"), NULL);
    assert_int_equal(exhaust_run(one, NULL, NULL), EXHAUST_COMPLETE);
    assert_int_equal(exhaust_run(other, NULL, NULL), EXHAUST_COMPLETE);
    assert_int_equal(one->statistics.states, other->statistics.states);
    assert_int_equal(one->statistics.transitions, other->statistics.transitions);
    assert_int_equal(one->statistics.ends, other->statistics.ends);
    exhaust_free(one);
    exhaust_free(other);
}

/* ---- a service that is wrong ---- */

/* A payment that comes after a cancel is kept. */
static void booking_keeps(const void *self, void *state, const struct input *input,
                          struct decision *decision)
{
    const struct booking *booking = state;
    if (input->type != BOOKING_CAPTURED || booking->state != BOOKING_CANCELLED) {
        transition_decide(&booking_table, self, state, input, decision);
        return;
    }
    decision->verdict = "noop";
    decision->outcome = OUTCOME_DUPLICATE;
}

static struct exhaust *keeping_new(FILE *out)
{
    struct exhaust *explorer = exhaust_new(exhaust_plan_find("cancelled"), out);
    explorer->sim->participants[SIM_BOOKING].decide = booking_keeps;
    return explorer;
}

static void a_payment_that_is_kept_after_a_cancel_is_found_and_told(void **context)
{
    (void)context;
    struct exhaust *explorer = keeping_new(NULL);
    assert_int_equal(exhaust_run(explorer, NULL, NULL), EXHAUST_VIOLATED);

    char *path = NULL;
    char *story = NULL;
    size_t length;
    FILE *written = open_memstream(&path, &length);
    exhaust_path_write(explorer, written);
    fclose(written);
    FILE *told = open_memstream(&story, &length);
    struct exhaust *replayed = keeping_new(told);
    assert_true(exhaust_replay(replayed, path));
    fclose(told);
    assert_string_equal(replayed->sim->failure, explorer->sim->failure);
    assert_non_null(strstr(story, "payment.captured"));
    assert_non_null(strstr(story, "FAILED"));
    exhaust_free(explorer);
    exhaust_free(replayed);
    free(path);
    free(story);
}

static void nonsense_is_no_path(void **context)
{
    static const char *const texts[] = { "x", "0/x", "0.", "300", "0//0" };
    (void)context;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct exhaust *explorer = exhaust_new(exhaust_plan_find("paid"), NULL);
        assert_false(exhaust_replay(explorer, texts[i]));
        exhaust_free(explorer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_world_is_explored_completely_and_always_ends_paid),
        cmocka_unit_test(a_crash_anywhere_loses_nothing),
        cmocka_unit_test(no_trouble_that_passes_keeps_a_paid_booking_from_its_end),
        cmocka_unit_test(of_two_payments_either_is_applied_and_the_other_goes_back),
        cmocka_unit_test(a_second_exploration_sees_the_same),
        cmocka_unit_test(a_payment_that_is_kept_after_a_cancel_is_found_and_told),
        cmocka_unit_test(nonsense_is_no_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
