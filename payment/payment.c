/* payment.c - names of states and inputs, what an input says of one refund, and the sums of what is
 * back and missing. */
#include "payment/payment.h"
#include "common/base/text.h"

#include <assert.h>
#include <string.h>

_Static_assert(sizeof(struct payment_payload) <= INPUT_PAYLOAD_BYTES, "fits into an input");
_Static_assert(sizeof(struct operator_payload) <= INPUT_PAYLOAD_BYTES, "fits into an input");
_Static_assert(sizeof(struct deadline_payload) <= INPUT_PAYLOAD_BYTES, "fits into an input");

const char *payment_state_text(enum payment_state state)
{
    assert(state < PAYMENT_STATE_COUNT);
    return payment_table.states[state].name;
}

const char *payment_input_text(enum payment_input_type type)
{
    assert(type < PAYMENT_INPUT_COUNT);
    return payment_table.inputs[type];
}

const struct payment_payload *payment_payload(const struct input *input)
{
    return (const void *)input->payload;
}

int64_t payment_back(const struct payment *payment)
{
    return payment_refunds_sum(&payment->refunds, STANDING_SUCCEEDED, payment->currency) +
           payment->resolved_amount;
}

int64_t payment_missing(const struct payment *payment)
{
    int64_t missing = payment->amount - payment_back(payment) -
                      payment_refunds_sum(&payment->refunds, STANDING_PENDING, payment->currency);
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
