/* The dead letters as the command shows, replays and discards them; the broker is this test's own.
 */
#include "cli/sources/amqp_tap.h"
#include "tests/unit/command_run.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BOUND 1000 /* letters of one queue that one command looks at */

static int letter_count; /* in the booking service's queue; the others are empty */
static int told_count;   /* what the broker says of it */
static int given, closed;
static char acts[256];      /* what was done, in its order */
static const char *rejects; /* the letter that can never be sent again; NULL: none */
static bool is_away, breaks_off;

struct tap *tap_open(const char *url, struct error *error)
{
    static char tap;
    (void)url;
    if (is_away) {
        error_set(error, ERROR_RETRY, "refused");
        return NULL;
    }
    return (struct tap *)(void *)&tap;
}
struct tap *tap_close(struct tap *tap)
{
    closed += tap != NULL;
    return NULL;
}
bool tap_listen(struct tap *tap, const char *patterns, struct error *error)
{
    (void)tap;
    return error_set(error, ERROR_BUG, "%s was listened to", patterns);
}
bool tap_next(struct tap *tap, int64_t timeout_ms, struct letter *ret_letter, struct error *error)
{
    (void)tap, (void)timeout_ms, (void)ret_letter;
    return error_set(error, ERROR_BUG, "listened");
}
bool tap_exchange_check(struct tap *tap, const char *exchange, struct error *error)
{
    (void)tap;
    return error_set(error, ERROR_BUG, "%s was looked at", exchange);
}

bool tap_queue_check(struct tap *tap, const char *queue, struct queue_depth *ret_depth,
                     struct error *error)
{
    (void)tap, (void)error;
    *ret_depth =
        (struct queue_depth){ .messages = strcmp(queue, "booking-events.dead") == 0    ? told_count
                                          : strcmp(queue, "payment-events.later") == 0 ? 2
                                                                                       : 0 };
    return true;
}

bool tap_get(struct tap *tap, const char *queue, struct letter *ret_letter, struct error *error)
{
    (void)tap;
    assert_string_equal(queue, "booking-events.dead");
    if (breaks_off)
        return error_set(error, ERROR_RETRY, "the broker has gone");
    if (given == letter_count)
        return error_set(error, ERROR_NOT_FOUND, "empty");
    given++;
    memset(ret_letter, 0, sizeof *ret_letter);
    snprintf(ret_letter->id, sizeof ret_letter->id, "m%d", given);
    snprintf(ret_letter->type, sizeof ret_letter->type, "payment.captured");
    snprintf(ret_letter->correlation_id, sizeof ret_letter->correlation_id, "B%d", given);
    snprintf(ret_letter->reason, sizeof ret_letter->reason, "amount is no number");
    ret_letter->body = given == 2 ? "no\033json" : "{\"amount\":\"x\"}";
    ret_letter->body_length = strlen(ret_letter->body);
    return true;
}

bool tap_replay(struct tap *tap, const struct letter *letter, const char *queue,
                struct error *error)
{
    (void)tap;
    if (rejects != NULL && strcmp(letter->id, rejects) == 0)
        return error_set(error, ERROR_REJECT, "too large for it");
    if (strlen(acts) < sizeof acts - 64)
        snprintf(acts + strlen(acts), 64, "%.8s to %.30s;", letter->id, queue);
    return true;
}

bool tap_discard(struct tap *tap, const struct letter *letter, struct error *error)
{
    (void)tap, (void)error;
    snprintf(acts + strlen(acts), 64, "%.8s gone;", letter->id);
    return true;
}

static int set_up(void **state)
{
    (void)state;
    letter_count = told_count = 3;
    given = closed = 0;
    rejects = NULL;
    is_away = breaks_off = false;
    acts[0] = '\0';
    return 0;
}

/* roundtrip dead WORDS, up to an empty one */
static enum exit_status dead(const char *first, const char *second, const char *third)
{
    static volatile sig_atomic_t is_stopped;
    char line[128];
    struct cli cli = { .settings = { .amqp_url = "amqp://broker" }, .is_stopped = &is_stopped };
    given = 0;
    snprintf(line, sizeof line, "%s %s %s", first, second, third);
    return command_run(&command_dead, &cli, line);
}

static int lines(const char *word)
{
    int count = 0;
    for (const char *at = out; (at = strstr(at, word)) != NULL; at++)
        count++;
    return count;
}

static void a_list_numbers_the_letters_and_says_what_to_do(void **state)
{
    (void)state;
    assert_int_equal(dead("", "", ""), EXIT_OK);
    assert_int_equal(lines("payment.captured  B"), 3);
    assert_non_null(strstr(out, "2  booking-events  payment.captured  B2 "));
    assert_non_null(strstr(out, "amount is no number\n"));
    assert_non_null(strstr(out, "\n3 dead letters; one in full: roundtrip dead show 1; again: "));
    assert_non_null(strstr(out, "2 wait for a newer release: roundtrip doctor\n"));
    assert_string_equal(acts, "");
    assert_int_equal(closed, 1);
    letter_count = told_count = 1;
    assert_int_equal(dead("list", "", ""), EXIT_OK);
    assert_non_null(strstr(out, "\n1 dead letter; "));
    letter_count = told_count = 0;
    assert_int_equal(dead("list", "", ""), EXIT_OK);
    assert_memory_equal(out, "no dead letters\n2 wait", 22);
    assert_int_equal(dead("list", "-o", "json"), EXIT_OK);
    assert_string_equal(out, "[]\n");
}

static void what_somebody_else_took_meanwhile_is_no_failure(void **state)
{
    (void)state;
    told_count = 5;
    assert_int_equal(dead("list", "", ""), EXIT_OK);
    assert_int_equal(lines("payment.captured  B"), 3);
    assert_int_equal(dead("replay", "--all", ""), EXIT_OK);
    assert_non_null(strstr(out, "3 replayed\n"));
}

static void one_letter_is_shown_by_its_number_or_its_id(void **state)
{
    (void)state;
    assert_int_equal(dead("show", "1", ""), EXIT_OK);
    assert_non_null(strstr(out, "message    m1\n"));
    assert_non_null(strstr(out, "\"amount\":"));
    assert_int_equal(lines("message "), 1);
    assert_int_equal(dead("show", "m2", ""), EXIT_OK);
    assert_non_null(strstr(out, "\nno.json\n(7 bytes, no JSON)\n"));
    assert_int_equal(dead("show", "4", ""), EXIT_NOT_FOUND);
    assert_non_null(strstr(said, "no dead letter is 4"));
    assert_int_equal(dead("show", "", ""), EXIT_USAGE);
}

static void a_replay_goes_to_the_queue_it_died_in(void **state)
{
    (void)state;
    assert_int_equal(dead("replay", "2", ""), EXIT_OK);
    assert_string_equal(acts, "m2 to booking-events;");
    assert_non_null(strstr(out, "2  booking-events  payment.captured  B2  replayed\n"));
    assert_int_equal(dead("replay", "9", ""), EXIT_NOT_FOUND);
    assert_int_equal(dead("replay", "", ""), EXIT_USAGE);
    assert_int_equal(dead("replay", "1", "--all"), EXIT_USAGE);
}

static void what_can_never_be_taken_stays_and_holds_up_no_other(void **state)
{
    (void)state;
    rejects = "m2";
    assert_int_equal(dead("replay", "--all", ""), EXIT_WRONG);
    assert_string_equal(acts, "m1 to booking-events;m3 to booking-events;");
    assert_non_null(strstr(out, "2 replayed\n"));
    assert_non_null(strstr(said, "2 (m2) stays where it is: too large for it"));
    assert_int_equal(dead("replay", "m2", ""), EXIT_WRONG);
}

static void what_is_discarded_is_printed_before(void **state)
{
    (void)state;
    assert_int_equal(dead("discard", "m3", ""), EXIT_OK);
    assert_string_equal(acts, "m3 gone;");
    assert_non_null(strstr(out, "\"messageId\":\"m3\""));
    assert_int_equal(lines("messageId"), 1);
    assert_int_equal(dead("discard", "--all", ""), EXIT_OK);
    assert_string_equal(acts, "m3 gone;m1 gone;m2 gone;m3 gone;");
}

static void of_very_many_a_thousand_are_looked_at_and_more_is_said(void **state)
{
    (void)state;
    letter_count = told_count = BOUND;
    assert_int_equal(dead("replay", "--all", ""), EXIT_OK);
    assert_non_null(strstr(out, "1000 replayed\n"));
    assert_string_equal(said, "");
    letter_count = told_count = BOUND + 1;
    assert_int_equal(dead("replay", "--all", ""), EXIT_OK);
    assert_non_null(strstr(out, "1000 replayed\n"));
    assert_non_null(strstr(said, "there are more: the same command again"));
    assert_int_equal(dead("list", "", ""), EXIT_OK);
    assert_non_null(strstr(out, "\n1000 dead letters and more; "));
}

static void other_queues_are_left_alone(void **state)
{
    (void)state;
    assert_int_equal(dead("list", "-q", "payment-events"), EXIT_OK);
    assert_memory_equal(out, "no dead letters\n", 16);
}

static void a_broker_that_does_not_answer_is_status_69(void **state)
{
    (void)state;
    breaks_off = true;
    assert_int_equal(dead("list", "", ""), EXIT_UNAVAILABLE);
    assert_non_null(strstr(said, "the broker has gone"));
    assert_int_equal(closed, 1);
    is_away = true;
    assert_int_equal(dead("list", "", ""), EXIT_UNAVAILABLE);
    assert_non_null(strstr(said, "the broker does not answer (refused)"));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)
int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        TEST(a_list_numbers_the_letters_and_says_what_to_do),
        TEST(what_somebody_else_took_meanwhile_is_no_failure),
        TEST(one_letter_is_shown_by_its_number_or_its_id),
        TEST(a_replay_goes_to_the_queue_it_died_in),
        TEST(what_can_never_be_taken_stays_and_holds_up_no_other),
        TEST(what_is_discarded_is_printed_before),
        TEST(of_very_many_a_thousand_are_looked_at_and_more_is_said),
        TEST(other_queues_are_left_alone),
        TEST(a_broker_that_does_not_answer_is_status_69),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
