/* payment.c - names of states and inputs, the step, and what an input says of one refund; the sums
 * of what is back and missing. */
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
 * refused: what contradicts what we hold is kept, or has no effect. An action may say otherwise. A
 * person is told. */
static enum reply reply_of(const struct payment *payment, const struct input *input,
                           enum outcome outcome)
{
    if (input->source != INPUT_FROM_REQUEST)
        return REPLY_NONE;
    if (input->type == INPUT_RETRY || input->type == INPUT_RESOLVE)
        return outcome == OUTCOME_APPLIED       ? REPLY_OK
               : payment->state == PAYMENT_NONE ? REPLY_NOT_FOUND
                                                : REPLY_CONFLICT;
    if (input->type == INPUT_REPORTED || outcome == OUTCOME_REJECTED)
        return REPLY_OK;
    return outcome == OUTCOME_APPLIED ? REPLY_ACCEPTED : REPLY_REPLAYED;
}

int64_t payment_back(const struct payment *payment)
{
    return refunds_sum(&payment->refunds, STANDING_SUCCEEDED, payment->currency) +
           payment->resolved_amount;
}

int64_t payment_missing(const struct payment *payment)
{
    int64_t missing = payment->amount - payment_back(payment) -
                      refunds_sum(&payment->refunds, STANDING_PENDING, payment->currency);
    return missing > 0 ? missing : 0;
}

static void reported_read(const struct input *input, struct payment_refund *ret_said)
{
    const struct payment_payload *payload = payment_payload(input);
    text_copy(ret_said->id, sizeof ret_said->id, payload->refund_id);
    text_copy(ret_said->currency, sizeof ret_said->currency, payload->currency);
    ret_said->amount = payload->amount;
    ret_said->standing = payload->has_failed   ? STANDING_FAILED
                         : payload->is_pending ? STANDING_PENDING
                                               : STANDING_SUCCEEDED;
}

/* A history of an older release says no amount: it knew one refund, of all that was captured. */
static void answered_read(const struct payment *payment, const struct input *input,
                          struct payment_refund *ret_said)
{
    struct refund_result result;
    memcpy(&result, input->payload, sizeof result);
    text_copy(ret_said->id, sizeof ret_said->id, result.refund_id);
    text_copy(ret_said->currency, sizeof ret_said->currency, payment->currency);
    ret_said->amount = result.amount != 0 ? result.amount : payment->asked_amount;
    ret_said->standing = STANDING_PENDING;
    if (result.status == REFUND_SUCCEEDED || result.status == REFUND_ALREADY)
        ret_said->standing = STANDING_SUCCEEDED;
    if (result.status == REFUND_REFUSED)
        ret_said->standing = STANDING_FAILED;
    if (result.status == REFUND_ALREADY)
        ret_said->amount = 0; /* of all of them, it says no more than that they are enough */
}

bool payment_said(const struct payment *payment, const struct input *input,
                  struct payment_refund *ret_said)
{
    memset(ret_said, 0, sizeof *ret_said);
    if (input->type == INPUT_REPORTED)
        reported_read(input, ret_said);
    else if (input->type == INPUT_RESULT)
        answered_read(payment, input, ret_said);
    return ret_said->id[0] != '\0';
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
    decision->reply = reply_of(payment, input, row->outcome);
    if (payment->state == PAYMENT_NONE && row->to != PAYMENT_NONE) {
        text_copy(payment->id, sizeof payment->id, input->document_id);
        payment->capture.position = ANNOUNCEMENT_NEVER;
        payment->refund.position = ANNOUNCEMENT_NEVER;
    }
    payment->state = row->to;
    row->act(rules, payment, input, decision);
}
