/* transition.h - the rules of a service as one table, and one step by it.
 *
 * A row says: in this state, on this input, if its guard holds, this becomes of it. Of the rows of
 * one cell, a state and an input, the first whose guard holds is taken; each cell ends in a row
 * that always holds. Guards ask and change nothing; an action changes what the state holds and owes
 * messages; which state is next, the row says. Rows stand in the order of their states, and those
 * of one cell together; transition_laws.h has what else holds for every table.
 *
 * Pure, any thread. A table is constant and borrowed by all. */
#pragma once

#include "common/base/error.h"
#include "common/saga/decision.h"
#include "common/saga/input.h"

#include <stdbool.h>
#include <stddef.h>

struct transition;

/* What a guard is asked about and an action works on. */
struct turn {
    const void *rules; /* participant.self */
    void *state;
    const struct input *input;
    struct decision *decision;    /* for a guard only now_ms is of use */
    const struct transition *row; /* that is asked about; for an action the one that is taken */
};

typedef bool transition_guard(const struct turn *turn);
typedef void transition_action(const struct turn *turn);

struct transition {
    int state; /* the participant's own enums, by its own names; so are input, next and reason */
    int input;
    transition_guard *guard;
    const char *guard_name; /* as it is printed */
    const char *verdict;    /* what the trace and the history call it */
    int next;
    transition_action *action; /* NULL: nothing changes, nothing is owed */
    enum outcome outcome;
    int reason;       /* 0 = there is nothing to explain */
    enum reply reply; /* to a request */
    bool is_alert;
    bool is_security_event;
};

struct transition_state {
    const char *name;  /* as it is stored */
    const char *truth; /* what is true in it, in a line */
    bool waits;        /* it keeps a deadline, and answers it */
    bool is_final;     /* nothing leaves it, but for what left_by names */
    int left_by;       /* the one input that may; 0 = none */
};

struct transition_table {
    const char *title;   /* "Booking" */
    const char *purpose; /* in a line or two */
    const struct transition_state *states;
    int state_count;
    const char *const *inputs; /* input 0 is the deadline */
    int input_count;
    const char *const *reasons; /* reason 0 is none */
    int reason_count;
    const struct transition *rows;
    size_t row_count;
    int (*state_of)(const void *state);
    /* Before a row's action: the state becomes what row->next says, with all that this brings about
     * whatever the row. NULL: it follows from what the action does. */
    transition_action *begin;
    /* After an action: what every change brings about. NULL: nothing. */
    transition_action *end;
    /* The invariants of a state; ERROR_BUG names the one that does not hold. */
    bool (*check)(const void *state, struct error *error);
};

/* The guard of each cell's last row. */
bool transition_always(const struct turn *turn);

/* One step. The state is checked after each action: where an invariant does
 * not hold, decision->broken says which, and nothing of the decision may be kept. */
void transition_decide(const struct transition_table *table, const void *rules, void *state,
                       const struct input *input, struct decision *decision);

/* The participant's own struct, see input.h. */
static inline const void *turn_payload(const struct turn *turn)
{
    return turn->input->payload;
}
