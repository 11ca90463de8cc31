/* participant.c - what a participant says by its table, or by a function of its own. */
#include "common/saga/participant.h"
#include "common/saga/transition.h"

#include <assert.h>

void participant_decide(const struct participant *participant, void *state,
                        const struct input *input, struct decision *decision)
{
    assert(participant->decide != NULL || participant->table != NULL);
    if (participant->decide != NULL)
        participant->decide(participant->self, state, input, decision);
    else
        transition_decide(participant->table, participant->self, state, input, decision);
}

const char *participant_state_name(const struct participant *participant, const void *state)
{
    assert(participant->state_name != NULL || participant->table != NULL);
    const struct transition_table *table = participant->table;
    return table != NULL ? table->states[table->state_of(state)].name
                         : participant->state_name(state);
}
