/* Whose turn it is to be asked about at the provider, and when nobody is. */
#include "common/effects/effect_queue.h"
#include "payment/refund_effects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 64
#define WAIT 3600000

static struct effect_queue *queue;

static int queue_open(void **state)
{
    (void)state;
    queue = effect_queue_new(&payment_refund_effects, ROOM);
    return 0;
}

static int queue_close(void **state)
{
    (void)state;
    queue = effect_queue_free(queue);
    return 0;
}

static bool add(const char *payment_id, int type, int attempt)
{
    struct refund_effect refund = { .amount = 500, .currency = "EUR", .attempt = attempt };
    struct effect effect = { .is_wanted = true, .type = type };
    (void)snprintf(refund.payment_id, sizeof refund.payment_id, "%s", payment_id);
    (void)snprintf(effect.document_id, sizeof effect.document_id, "%s", payment_id);
    memcpy(effect.payload, &refund, sizeof refund);
    return effect_queue_add(queue, &effect, 0);
}

static void add_first(const char *prefix, int count)
{
    char id[16];
    for (int i = 0; i < count; i++) {
        (void)snprintf(id, sizeof id, "%s%d", prefix, i);
        assert_true(add(id, EFFECT_REFUND, 0));
    }
}

/* Whose call is next: "" = nobody's. It stays under way. */
static struct effect_call *last;
static const char *next_at(int64_t now_ms)
{
    last = effect_queue_next(queue, false, now_ms);
    return last != NULL ? effect_call_effect(last)->document_id : "";
}

static enum breaker_news finish(struct effect_call *call, const struct refund_result *said,
                                int64_t now_ms)
{
    struct refund_result result = *said;
    struct input input;
    struct effect_end end;
    result.is_uncounted = effect_call_is_probe(call);
    payment_refund_input_make(effect_call_effect(call), &result, NULL, &input);
    payment_refund_end_get(&result, &end);
    return effect_queue_finish(queue, call, &end, &input, now_ms);
}

static enum breaker_news end(struct effect_call *call, enum refund_status status, int64_t now_ms)
{
    const struct refund_result result = { .status = status,
                                          .reason = "said",
                                          .retry_after_ms = -1 };
    return finish(call, &result, now_ms);
}

static struct refund_result taken(char ret_id[IDENT_SIZE])
{
    struct input input;
    struct refund_result result;
    assert_int_equal(effect_queue_take(queue, 1, &input), 1);
    memcpy(ret_id, input.document_id, IDENT_SIZE);
    memcpy(&result, input.payload, sizeof result);
    return result;
}

static struct effect_queue_status status(void)
{
    struct effect_queue_status now;
    effect_queue_status_get(queue, &now);
    return now;
}

/* The next calls fail until nobody is asked any more; how many did. */
static int fail_until_open(int64_t now_ms)
{
    int count = 0;
    enum breaker_news news = BREAKER_AS_BEFORE;
    while (news != BREAKER_OPENED && next_at(now_ms)[0] != '\0') {
        news = end(last, REFUND_TRANSIENT, now_ms);
        count++;
    }
    return count;
}

static void calls_are_made_in_the_order_they_came(void **state)
{
    (void)state;
    add_first("P", 5);
    for (int i = 0; i < 5; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "P%d", i);
        assert_string_equal(next_at(0), id);
    }
    assert_string_equal(next_at(0), "");
}

static void what_finds_no_room_takes_nobodys_place(void **state)
{
    (void)state;
    add_first("P", ROOM);
    assert_false(add("late", EFFECT_REFUND, 0));
    assert_false(add("P3", EFFECT_LOOKUP, 1));
    assert_int_equal(status().turned_away, 2);
    assert_int_equal(status().waiting, ROOM);
    assert_string_equal(next_at(0), "P0");
    assert_int_equal(effect_call_effect(last)->type, EFFECT_REFUND);
    end(last, REFUND_SUCCEEDED, 0);
    assert_false(add("late", EFFECT_REFUND, 0)); /* its result takes room until it is taken */
    char id[IDENT_SIZE];
    (void)taken(id);
    assert_true(add("late", EFFECT_REFUND, 0));
}

static void a_call_is_held_until_its_result_is_taken(void **state)
{
    (void)state;
    char id[IDENT_SIZE];
    assert_false(effect_queue_holds(queue, "P0"));
    add_first("P", 1);
    assert_true(effect_queue_holds(queue, "P0"));
    (void)next_at(0);
    assert_true(effect_queue_holds(queue, "P0"));
    end(last, REFUND_SUCCEEDED, 0);
    assert_true(effect_queue_holds(queue, "P0"));
    assert_false(taken(id).is_uncounted);
    assert_string_equal(id, "P0");
    assert_false(effect_queue_holds(queue, "P0"));
}

/* Those that failed before may be many and take long: first calls do not wait for them, nor do they
 * starve. */
static void later_calls_do_not_keep_first_ones_waiting(void **state)
{
    (void)state;
    char id[16];
    for (int i = 0; i < 20; i++) {
        (void)snprintf(id, sizeof id, "again%d", i);
        assert_true(add(id, EFFECT_LOOKUP, 3));
    }
    add_first("new", 2);
    assert_string_equal(next_at(0), "new0");
    struct effect_call *later = effect_queue_next(queue, true, 0);
    assert_non_null(later);
    assert_string_equal(effect_call_effect(later)->document_id, "again0");
    assert_string_equal(next_at(0), "new1");
    assert_string_equal(next_at(0), "again1");
}

static void several_in_a_row_that_nobody_answers_stop_the_calls_but_for_one_at_a_time(void **state)
{
    (void)state;
    add_first("P", 30);
    assert_int_equal(fail_until_open(1000), BREAKER_OPENS_AT);
    assert_true(status().is_open);
    assert_string_equal(status().reason, "said");
    char seen[8][IDENT_SIZE];
    int64_t now_ms = 1000;
    for (int i = 0; i < 8; i++) { /* each for another payment, later and later */
        (void)snprintf(seen[i], IDENT_SIZE, "%s", next_at(now_ms));
        assert_string_not_equal(seen[i], "");
        for (int k = 0; k < i; k++)
            assert_string_not_equal(seen[i], seen[k]);
        struct effect_call *probe = last;
        assert_string_equal(next_at(now_ms + WAIT / 2), "");
        assert_int_equal(effect_queue_look_again_ms(queue), -1);
        assert_int_equal(end(probe, REFUND_UNKNOWN, now_ms), BREAKER_AS_BEFORE);
        int64_t again_ms = effect_queue_look_again_ms(queue);
        assert_in_range(again_ms - now_ms, BREAKER_PROBE_FIRST_MS, BREAKER_PROBE_MAX_MS);
        assert_string_equal(next_at(again_ms - 1), "");
        now_ms = again_ms;
    }
    assert_int_equal(status().probes, 8);
    assert_string_not_equal(next_at(now_ms), "");
    assert_int_equal(end(last, REFUND_REFUSED, now_ms), BREAKER_CLOSED); /* that is an answer */
    for (int i = 0; i < 30 - BREAKER_OPENS_AT - 9; i++)
        assert_string_not_equal(next_at(now_ms), "");
}

static void probes_are_counted_apart_from_tries(void **state)
{
    (void)state;
    char id[IDENT_SIZE];
    add_first("P", 10);
    (void)fail_until_open(0);
    for (int i = 0; i < BREAKER_OPENS_AT; i++)
        assert_false(taken(id).is_uncounted);
    (void)next_at(0);
    end(last, REFUND_TRANSIENT, 0);
    assert_true(taken(id).is_uncounted);
}

static void one_payment_that_fails_again_and_again_backs_off_alone(void **state)
{
    (void)state;
    char id[IDENT_SIZE];
    for (int i = 0; i < 100; i++) {
        assert_true(add("bad", EFFECT_REFUND, i));
        (void)next_at(i);
        assert_int_equal(end(last, REFUND_BLOCKED, i), BREAKER_AS_BEFORE);
        (void)taken(id);
    }
}

/* 50 payments that the provider cannot answer: each is noticed once, however often it is tried. */
static void payments_that_are_known_to_fail_do_not_slow_the_others(void **state)
{
    (void)state;
    char id[IDENT_SIZE];
    add_first("bad", 50);
    int64_t now_ms = 0;
    while (status().waiting > 0) {
        if (next_at(now_ms)[0] != '\0')
            end(last, REFUND_UNKNOWN, now_ms);
        now_ms += 100;
    }
    while (status().finished > 0)
        (void)taken(id);
    add_first("good", 1);
    while (strncmp(next_at(now_ms), "good", 4) != 0)
        now_ms += 100;
    assert_int_equal(end(last, REFUND_SUCCEEDED, now_ms), BREAKER_CLOSED);
    (void)taken(id);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(id, sizeof id, "bad%d", i);
        assert_true(add(id, EFFECT_LOOKUP, 2));
        assert_string_not_equal(next_at(now_ms), "");
        assert_int_equal(end(last, REFUND_UNKNOWN, now_ms), BREAKER_AS_BEFORE);
        (void)taken(id);
    }
    assert_false(status().is_open);
}

static void those_that_fail_beside_each_other_are_probed_from_the_other_end(void **state)
{
    (void)state;
    add_first("bad", 20);
    add_first("good", 20);
    (void)fail_until_open(0);
    assert_true(strncmp(next_at(0), "good", 4) == 0);
    assert_int_equal(end(last, REFUND_SUCCEEDED, 0), BREAKER_CLOSED);
}

/* It counts no try, and comes again as if it were the first time. */
static void a_payment_that_failed_as_a_probe_is_not_the_next_one(void **state)
{
    (void)state;
    char id[IDENT_SIZE];
    add_first("bad", 8);
    (void)fail_until_open(0);
    while (status().finished > 0)
        (void)taken(id);
    assert_string_equal(next_at(0), "bad7");
    end(last, REFUND_BLOCKED, 0);
    (void)taken(id);
    add_first("good", 3);
    assert_true(add("bad7", EFFECT_LOOKUP, 0));
    assert_string_equal(next_at(BREAKER_PROBE_MAX_MS), "good2");
    end(last, REFUND_BLOCKED, BREAKER_PROBE_MAX_MS);
    assert_string_equal(next_at(3 * BREAKER_PROBE_MAX_MS), "bad5"); /* in turn, the oldest */
}

static void who_is_shut_out_need_not_try_five_times(void **state)
{
    (void)state;
    add_first("P", 1);
    (void)next_at(0);
    const struct refund_result shut_out = {
        .status = REFUND_BLOCKED, .reason = "http_401", .retry_after_ms = 60000, .is_shut_out = true
    };
    assert_int_equal(finish(last, &shut_out, 0), BREAKER_OPENED);
    add_first("Q", 2);
    (void)next_at(0);
    (void)finish(last, &shut_out, 0);
    assert_int_equal(effect_queue_look_again_ms(queue), BREAKER_PROBE_MAX_MS);
}

/* A proxy says "not found" like the provider: it neither proves that one is there, nor is it an
 * outage. */
static void a_bare_not_found_neither_opens_nor_closes(void **state)
{
    (void)state;
    add_first("P", 20);
    (void)fail_until_open(0);
    assert_string_not_equal(next_at(0), "");
    assert_int_equal(end(last, REFUND_NOT_FOUND, 0), BREAKER_AS_BEFORE);
    assert_string_not_equal(next_at(0), ""); /* the next one, at once */
    const struct refund_result own_word = { .status = REFUND_NOT_FOUND, .retry_after_ms = -1 };
    assert_int_equal(finish(last, &own_word, 0), BREAKER_CLOSED);
}

static void what_has_waited_too_long_is_handed_back_unmade(void **state)
{
    (void)state;
    char id[IDENT_SIZE];
    add_first("P", 2);
    assert_string_equal(next_at(REFUND_WAIT_MAX_MS), "P0");
    assert_string_equal(next_at(REFUND_WAIT_MAX_MS + 1), "");
    struct refund_result result = taken(id);
    assert_string_equal(id, "P1");
    assert_int_equal(result.status, REFUND_TRANSIENT);
    assert_true(result.is_uncounted);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, queue_open, queue_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_are_made_in_the_order_they_came),
        TEST(what_finds_no_room_takes_nobodys_place),
        TEST(a_call_is_held_until_its_result_is_taken),
        TEST(later_calls_do_not_keep_first_ones_waiting),
        TEST(several_in_a_row_that_nobody_answers_stop_the_calls_but_for_one_at_a_time),
        TEST(probes_are_counted_apart_from_tries),
        TEST(one_payment_that_fails_again_and_again_backs_off_alone),
        TEST(payments_that_are_known_to_fail_do_not_slow_the_others),
        TEST(those_that_fail_beside_each_other_are_probed_from_the_other_end),
        TEST(a_payment_that_failed_as_a_probe_is_not_the_next_one),
        TEST(who_is_shut_out_need_not_try_five_times),
        TEST(a_bare_not_found_neither_opens_nor_closes),
        TEST(what_has_waited_too_long_is_handed_back_unmade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
