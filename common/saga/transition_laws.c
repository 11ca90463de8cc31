/* transition_laws.c - walks a table by its cells and says which law a row breaks. */
#include "common/saga/transition_laws.h"
#include "common/saga/document.h"

#include <assert.h>
#include <string.h>

#define VERDICT_SIZE sizeof(((struct history_entry *)0)->verdict)
#define STATE_SIZE   sizeof(((struct history_entry *)0)->state_from)

static bool text_fits(const char *text, size_t size)
{
    return text != NULL && text[0] != '\0' && strlen(text) < size;
}

/* As it is stored, printed and searched for. */
static bool text_is_plain(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_.";
    return text != NULL && text[0] != '\0' && text[strspn(text, letters)] == '\0';
}

static const char *states_check(const struct transition_table *table)
{
    for (int state = 0; state < table->state_count; state++)
        if (!text_fits(table->states[state].name, STATE_SIZE) || table->states[state].truth == NULL)
            return "each state has a name and a line on what is true in it";
    return NULL;
}

static const char *text_of(const struct transition_table *table, bool is_state, int index)
{
    return is_state ? table->states[index].name : table->inputs[index];
}

static bool texts_check(const struct transition_table *table, bool is_state, struct error *error)
{
    const char *what = is_state ? "state" : "input";
    int count = is_state ? table->state_count : table->input_count;
    for (int i = 0; i < count; i++) {
        const char *text = text_of(table, is_state, i);
        if (!text_is_plain(text))
            return error_set(error, ERROR_BUG, "%s, %s %d: its text \"%s\" is not of a-z, _ and .",
                             table->title, what, i, text != NULL ? text : "");
        for (int before = 0; before < i; before++)
            if (strcmp(text_of(table, is_state, before), text) == 0)
                return error_set(error, ERROR_BUG, "%s, %s %d: %s is the text of another too",
                                 table->title, what, i, text);
    }
    return true;
}

static bool row_exists(const struct transition_table *table, const struct transition *row)
{
    return row->state >= 0 && row->state < table->state_count && row->input >= 0 &&
           row->input < table->input_count && row->next >= 0 && row->next < table->state_count &&
           row->reason >= 0 && row->reason < table->reason_count;
}

/* Of a row alone. */
static const char *row_check(const struct transition_table *table, const struct transition *row)
{
    const struct transition_state *state = &table->states[row->state];
    bool moves = row->next != row->state;
    if (row->guard == NULL || row->guard_name == NULL || !text_fits(row->verdict, VERDICT_SIZE))
        return "a row has a guard and a verdict, as long as a history keeps it";
    if (moves && row->action == NULL)
        return "a row without an action leaves the state as it is";
    if (moves && state->is_final && (row->input != state->left_by || state->left_by == 0))
        return "a final state is left only by the input that it names";
    return NULL;
}

/* Of a row and those before it. */
static const char *place_check(const struct transition_table *table, size_t at)
{
    const struct transition *row = &table->rows[at];
    const struct transition *before = at > 0 ? row - 1 : NULL;
    if (before == NULL)
        return NULL;
    if (before->state > row->state)
        return "rows stand in the order of their states";
    bool is_same_cell = before->state == row->state && before->input == row->input;
    if (is_same_cell)
        return before->guard == transition_always ? "nothing stands after a row that always holds"
                                                  : NULL;
    for (size_t i = 0; i < at; i++)
        if (table->rows[i].state == row->state && table->rows[i].input == row->input)
            return "the rows of one cell stand together";
    return NULL;
}

static const struct transition *last_of(const struct transition_table *table, int state, int input,
                                        bool *ret_acts)
{
    const struct transition *last = NULL;
    *ret_acts = false;
    for (size_t i = 0; i < table->row_count; i++) {
        const struct transition *row = &table->rows[i];
        if (row->state != state || row->input != input)
            continue;
        *ret_acts |= row->action != NULL;
        last = row;
    }
    return last;
}

static const char *cell_check(const struct transition_table *table, int state, int input)
{
    bool acts;
    const struct transition *last = last_of(table, state, input, &acts);
    if (last == NULL || last->guard != transition_always)
        return "each cell is there and ends in a row that always holds";
    if (input == 0 && table->states[state].waits && !acts)
        return "a state that waits does something on its deadline";
    return NULL;
}

bool transition_laws_check(const struct transition_table *table, struct error *error)
{
    assert(table->state_count > 0 && table->input_count > 0);
    const char *broken = states_check(table);
    if (broken != NULL)
        return error_set(error, ERROR_BUG, "%s: %s", table->title, broken);
    if (!texts_check(table, true, error) || !texts_check(table, false, error))
        return false;
    for (size_t i = 0; i < table->row_count; i++) {
        const struct transition *row = &table->rows[i];
        if (!row_exists(table, row))
            return error_set(error, ERROR_BUG, "%s, row %zu: no such state, input or reason",
                             table->title, i + 1);
        if ((broken = row_check(table, row)) != NULL || (broken = place_check(table, i)) != NULL)
            return error_set(error, ERROR_BUG, "%s, %s on %s: %s", table->title,
                             table->states[row->state].name, table->inputs[row->input], broken);
    }
    for (int state = 0; state < table->state_count; state++)
        for (int input = 0; input < table->input_count; input++)
            if ((broken = cell_check(table, state, input)) != NULL)
                return error_set(error, ERROR_BUG, "%s, %s on %s: %s", table->title,
                                 table->states[state].name, table->inputs[input], broken);
    return true;
}
