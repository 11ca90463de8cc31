/* The laws that hold for the table of every service, and that each break of one is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/saga/transition_laws.h"
#include "common/saga/transition_words.h"
#include "services/registry.h"

#include <string.h>

static void every_table_keeps_the_laws(void **test)
{
    (void)test;
    struct error error;
    for (size_t i = 0; services[i] != NULL; i++)
        if (services[i]->participant != NULL &&
            !transition_laws_check(services[i]->participant(NULL).table, &error))
            fail_msg("%s", error.message);
}

/* ---- a lamp: dark, lit until its deadline, broken for ever ---- */

enum { DARK, LIT, BROKEN, STATE_COUNT };
enum { DEADLINE, SWITCH, INPUT_COUNT };
enum { FOR_NOTHING, WORN, REASON_COUNT };

struct lamp {
    int state;
    int switched;
};

static bool is_worn(const struct turn *turn)
{
    const struct lamp *lamp = turn->state;
    const int *switches_max = turn->rules;
    return lamp->switched >= *switches_max;
}

static void begin(const struct turn *turn)
{
    struct lamp *lamp = turn->state;
    lamp->state = turn->row->next;
}

static void switch_over(const struct turn *turn)
{
    struct lamp *lamp = turn->state;
    const int *times = turn_payload(turn);
    lamp->switched += *times;
    turn->decision->is_changed = *times != 0 || turn->row->next != turn->row->state;
}

static int state_of(const void *state)
{
    return ((const struct lamp *)state)->state;
}

static bool check(const void *state, struct error *error)
{
    const struct lamp *lamp = state;
    return lamp->switched >= 0 || error_set(error, ERROR_BUG, "switched less than never");
}

#define ROW(state, input, guard, verdict, next, action, ...)                                       \
    {                                                                                              \
        state, input, guard, #guard, verdict, next, action, __VA_ARGS__                            \
    }
/* clang-format off */
static const struct transition lamp_rows[] = {
    ROW(DARK,   DEADLINE, transition_always, "noop",  DARK,   NULL,        DUPLICATE),
    ROW(DARK,   SWITCH,   is_worn,           "break", BROKEN, switch_over, APPLIED, .reason = WORN, ALERT),
    ROW(DARK,   SWITCH,   transition_always, "light", LIT,    switch_over, APPLIED, REPLY(ACCEPTED)),
    ROW(LIT,    DEADLINE, transition_always, "dim",   DARK,   switch_over, APPLIED),
    ROW(LIT,    SWITCH,   transition_always, "dim",   DARK,   switch_over, APPLIED, REPLY(ACCEPTED)),
    ROW(BROKEN, DEADLINE, transition_always, "noop",  BROKEN, NULL,        DUPLICATE),
    ROW(BROKEN, SWITCH,   transition_always, "reject", BROKEN, NULL,       REJECTED, REPLY(CONFLICT), SECURITY),
};
/* clang-format on */

static const struct transition_state lamp_states[] = {
    { .name = "dark", .truth = "no light", PASSES },
    { .name = "lit", .truth = "light", WAITS },
    { .name = "broken", .truth = "no light ever", FINAL },
};
static const char *const lamp_inputs[] = { "deadline", "switch" };
static const char *const lamp_reasons[] = { "", "worn" };

static const struct transition_table lamp = {
    .title = "Lamp",
    .purpose = "",
    .states = lamp_states,
    .state_count = STATE_COUNT,
    .inputs = lamp_inputs,
    .input_count = INPUT_COUNT,
    .reasons = lamp_reasons,
    .reason_count = REASON_COUNT,
    .rows = lamp_rows,
    .row_count = COUNT_OF(lamp_rows),
    .state_of = state_of,
    .begin = begin,
    .check = check,
};

static struct decision decision; /* large: not on the stack */

static const struct decision *feed(struct lamp *subject, int type, int times)
{
    static const int switches_max = 2;
    struct input input = { .type = type };
    memcpy(input.payload, &times, sizeof times);
    decision_init(&decision, 1, 1, 0, "lamp");
    transition_decide(&lamp, &switches_max, subject, &input, &decision);
    return &decision;
}

static void a_decision_is_what_its_row_says(void **test)
{
    (void)test;
    struct lamp subject = { DARK, 0 };
    assert_string_equal(feed(&subject, SWITCH, 1)->verdict, "light");
    assert_int_equal(subject.state, LIT);
    assert_int_equal(decision.reply, REPLY_ACCEPTED);
    assert_null(decision.reason);
    assert_true(decision.is_changed && !decision.is_alert);
    assert_string_equal(feed(&subject, DEADLINE, 1)->verdict, "dim");
    assert_string_equal(feed(&subject, SWITCH, 0)->reason, "worn");
    assert_int_equal(subject.state, BROKEN);
    assert_true(decision.is_changed && decision.is_alert);
    assert_int_equal(feed(&subject, SWITCH, 1)->outcome, OUTCOME_REJECTED);
    assert_true(!decision.is_changed && decision.is_security_event);
    assert_int_equal(subject.switched, 2);
}

static void a_state_that_breaks_an_invariant_is_told_and_nothing_else(void **test)
{
    (void)test;
    struct lamp subject = { DARK, 0 };
    assert_int_equal(feed(&subject, SWITCH, 1)->broken.code, ERROR_NONE);
    assert_int_equal(feed(&subject, SWITCH, -5)->broken.code, ERROR_BUG);
    assert_string_equal(decision.broken.message, "switched less than never");
    assert_string_equal(decision.verdict, "dim");
}

/* ---- breaks of the laws ---- */

static struct transition broken_rows[COUNT_OF(lamp_rows)];
static struct transition_state broken_states[COUNT_OF(lamp_states)];

static struct transition_table lamp_copy(void)
{
    struct transition_table copy = lamp;
    memcpy(broken_rows, lamp_rows, sizeof lamp_rows);
    memcpy(broken_states, lamp_states, sizeof lamp_states);
    copy.rows = broken_rows;
    copy.states = broken_states;
    return copy;
}

static void assert_breaks(const struct transition_table *table, const char *law)
{
    struct error error;
    assert_false(transition_laws_check(table, &error));
    if (strstr(error.message, law) == NULL)
        fail_msg("%s", error.message);
}

static void a_break_of_each_law_is_named(void **test)
{
    (void)test;
    struct error error;
    struct transition_table table = lamp_copy();
    assert_true(transition_laws_check(&table, &error));

    broken_rows[2].guard = is_worn;
    assert_breaks(&table, "dark on switch: each cell");
    table = lamp_copy();
    table.row_count--;
    assert_breaks(&table, "broken on switch: each cell");
    table = lamp_copy();
    broken_rows[1].guard = transition_always;
    assert_breaks(&table, "dark on switch: nothing stands after");
    table = lamp_copy();
    broken_rows[3].state = broken_rows[3].next = BROKEN;
    assert_breaks(&table, "lit on switch: rows stand in the order");
    table = lamp_copy();
    broken_rows[0] = lamp_rows[1];
    broken_rows[1] = lamp_rows[0];
    assert_breaks(&table, "dark on switch: the rows of one cell");
    table = lamp_copy();
    broken_rows[5].next = DARK;
    assert_breaks(&table, "broken on deadline: a row without an action");
    broken_rows[5].action = switch_over;
    assert_breaks(&table, "broken on deadline: a final state");
    broken_states[BROKEN].left_by = SWITCH;
    assert_breaks(&table, "broken on deadline: a final state");
    broken_rows[5] = lamp_rows[5];
    broken_rows[6].next = DARK;
    broken_rows[6].action = switch_over;
    assert_true(transition_laws_check(&table, &error));
    table = lamp_copy();
    broken_rows[3].action = NULL;
    broken_rows[3].next = LIT;
    assert_breaks(&table, "lit on deadline: a state that waits");
    table = lamp_copy();
    broken_rows[3].verdict = "longer than 15 characters";
    assert_breaks(&table, "lit on deadline: a row has a guard and a verdict");
    table = lamp_copy();
    broken_rows[3].reason = REASON_COUNT;
    assert_breaks(&table, "row 4: no such");
    table = lamp_copy();
    broken_states[LIT].truth = NULL;
    assert_breaks(&table, "each state has a name");
}

static void a_text_that_is_odd_or_of_two_is_named(void **test)
{
    (void)test;
    const char *inputs[INPUT_COUNT];
    struct transition_table table = lamp_copy();
    table.inputs = memcpy(inputs, lamp_inputs, sizeof lamp_inputs);
    broken_states[LIT].name = "dark";
    assert_breaks(&table, "Lamp, state 1: dark is the text of another");
    broken_states[LIT].name = "Lit";
    assert_breaks(&table, "Lamp, state 1: its text \"Lit\"");
    broken_states[LIT].name = "lit";
    inputs[SWITCH] = "deadline";
    assert_breaks(&table, "Lamp, input 1: deadline is the text of another");
    inputs[SWITCH] = "";
    assert_breaks(&table, "Lamp, input 1: its text \"\"");
    inputs[SWITCH] = NULL;
    assert_breaks(&table, "Lamp, input 1: its text \"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_keeps_the_laws),
        cmocka_unit_test(a_decision_is_what_its_row_says),
        cmocka_unit_test(a_state_that_breaks_an_invariant_is_told_and_nothing_else),
        cmocka_unit_test(a_break_of_each_law_is_named),
        cmocka_unit_test(a_text_that_is_odd_or_of_two_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
