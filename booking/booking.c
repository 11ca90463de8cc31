/* booking.c - names of states, inputs and reasons, and the step: finds the row that holds, moves
 * the state, acts. */
#include "booking/booking.h"
#include "common/base/text.h"

#include <assert.h>
#include <string.h>

#define TEXTS(list, count)                                                                         \
    static const char *const texts[] = { list(TEXT_OF) };                                          \
    _Static_assert(sizeof texts / sizeof texts[0] == count, "a text for every value")
#define TEXT_OF(name, text) text,

const char *booking_state_text(enum booking_state state)
{
    TEXTS(BOOKING_STATES, BOOKING_STATE_COUNT);
    assert(state < BOOKING_STATE_COUNT);
    return texts[state];
}

const char *booking_input_text(enum booking_input_type type)
{
    TEXTS(BOOKING_INPUTS, BOOKING_INPUT_COUNT);
    assert(type < BOOKING_INPUT_COUNT);
    return texts[type];
}

const char *booking_reason_text(enum booking_reason reason)
{
    TEXTS(BOOKING_REASONS, BOOKING_REASON_COUNT);
    assert(reason < BOOKING_REASON_COUNT);
    return texts[reason];
}

static const struct booking_transition *transition_find(const struct booking *booking,
                                                        const struct input *input, int64_t now_ms)
{
    for (size_t i = 0; i < booking_transition_count; i++) {
        const struct booking_transition *row = &booking_transitions[i];
        if (row->from == booking->state && (int)row->input == input->type &&
            row->guard(booking, input, now_ms))
            return row;
    }
    assert(false && "every cell of the table ends in a row that always holds");
    return NULL;
}

void booking_decide(const void *self, void *state, const struct input *input,
                    struct decision *decision)
{
    const struct booking_rules *rules = self;
    struct booking *booking = state;
    const struct booking_transition *row = transition_find(booking, input, decision->now_ms);

    decision->verdict = row->verdict;
    decision->outcome = row->outcome;
    decision->reason = row->reason != REASON_NONE ? booking_reason_text(row->reason) : NULL;
    decision->is_changed = true; /* unless the row does nothing */
    if (booking->state == BOOKING_NONE && row->to != BOOKING_NONE) {
        text_copy(booking->id, sizeof booking->id, input->document_id);
        booking->first_seen_ms = decision->now_ms;
        booking->outcome.position = ANNOUNCEMENT_NEVER;
    }
    if (row->to != booking->state && booking_state_is_outcome(row->to)) {
        decision->is_first_outcome = booking->decided_at_ms == 0;
        booking->reason = row->reason;
        if (decision->is_first_outcome) {
            booking->decided_at_ms = decision->now_ms;
            booking->first_outcome = row->to;
        }
    }
    booking->state = row->to;
    row->act(rules, booking, input, decision);
}
