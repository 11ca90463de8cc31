/* transition.c - one step: finds the row, fills the decision from it, acts, and checks what comes
 * of it. */
#include "common/saga/transition.h"

#include <assert.h>

bool transition_always(const struct turn *turn)
{
    assert(turn->row != NULL);
    return true;
}

/* Rows stand in the order of their states. */
static size_t first_of(const struct transition_table *table, int state)
{
    size_t low = 0;
    size_t high = table->row_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table->rows[middle].state < state)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void row_find(const struct transition_table *table, struct turn *turn)
{
    const struct transition *end = &table->rows[table->row_count];
    int state = table->state_of(turn->state);
    int type = turn->input->type;
    for (turn->row = &table->rows[first_of(table, state)];
         turn->row < end && turn->row->state == state; turn->row++)
        if (turn->row->input == type && turn->row->guard(turn))
            return;
    assert(false && "every cell of the table ends in a row that always holds");
}

static void decision_fill(const struct transition_table *table, const struct transition *row,
                          struct decision *decision)
{
    decision->verdict = row->verdict;
    decision->reason = row->reason != 0 ? table->reasons[row->reason] : NULL;
    decision->outcome = row->outcome;
    decision->reply = row->reply;
    decision->is_alert = row->is_alert;
    decision->is_security_event = row->is_security_event;
    decision->is_changed = row->action != NULL; /* unless the action finds that nothing is */
}

void transition_decide(const struct transition_table *table, const void *rules, void *state,
                       const struct input *input, struct decision *decision)
{
    struct turn turn = { .rules = rules, .state = state, .input = input, .decision = decision };
    row_find(table, &turn);
    const struct transition *row = turn.row;
    decision_fill(table, row, decision);
    if (row->action == NULL)
        return;
    if (table->begin != NULL)
        table->begin(&turn);
    row->action(&turn);
    if (table->end != NULL && decision->is_changed)
        table->end(&turn);
    assert(table->state_of(state) == row->next);
    assert(decision->is_changed || row->next == row->state);
    if (decision->is_changed && !table->check(state, &decision->broken))
        assert(decision->broken.code == ERROR_BUG);
}
