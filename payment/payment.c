#include "payment/payment.h"
#include "common/base/text.h"

#include <assert.h>
#include <string.h>

#define TEXTS(list, count)                                                                         \
    static const char *const texts[] = { list(TEXT_OF) };                                          \
    _Static_assert(sizeof texts / sizeof texts[0] == count, "a text for every value")
#define TEXT_OF(name, text) text,

const char *payment_state_text(enum payment_state state)
{
    TEXTS(PAYMENT_STATES, PAYMENT_STATE_COUNT);
    assert(state < PAYMENT_STATE_COUNT);
    return texts[state];
}

const char *payment_input_text(enum payment_input_type type)
{
    TEXTS(PAYMENT_INPUTS, PAYMENT_INPUT_COUNT);
    assert(type < PAYMENT_INPUT_COUNT);
    return texts[type];
}

static const struct payment_transition *transition_find(const struct payment *payment,
                                                        const struct input *input, int64_t now_ms)
{
    for (size_t i = 0; i < payment_transition_count; i++) {
        const struct payment_transition *row = &payment_transitions[i];
        if (row->from == payment->state && (int)row->input == input->type &&
            row->guard(payment, input, now_ms))
            return row;
    }
    assert(false && "every cell of the table ends in a row that always holds");
    return NULL;
}

/* A provider repeats what is not answered with 2xx, and what is signed and well formed is never
 * refused: what contradicts what we hold is kept, or has no effect. An action may say otherwise. */
static enum reply reply_of(const struct input *input, enum outcome outcome)
{
    if (input->source != INPUT_FROM_REQUEST)
        return REPLY_NONE;
    if (input->type == INPUT_REPORTED || outcome == OUTCOME_REJECTED)
        return REPLY_OK;
    return outcome == OUTCOME_APPLIED ? REPLY_ACCEPTED : REPLY_REPLAYED;
}

void payment_decide(const void *self, void *state, const struct input *input,
                    struct decision *decision)
{
    const struct payment_rules *rules = self;
    struct payment *payment = state;
    const struct payment_transition *row = transition_find(payment, input, decision->now_ms);

    decision->verdict = row->verdict;
    decision->outcome = row->outcome;
    decision->is_changed = true; /* unless the row does nothing */
    decision->reply = reply_of(input, row->outcome);
    if (payment->state == PAYMENT_NONE && row->to != PAYMENT_NONE) {
        text_copy(payment->id, sizeof payment->id, input->document_id);
        payment->capture.position = ANNOUNCEMENT_NEVER;
        payment->refund.position = ANNOUNCEMENT_NEVER;
    }
    payment->state = row->to;
    row->act(rules, payment, input, decision);
}
