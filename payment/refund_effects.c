/* refund_effects.c - a refund's result as an input, and what it says of the provider itself. */
#include "payment/refund_effects.h"
#include "payment/payment.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void payment_refund_end_get(const struct refund_result *result, struct effect_end *ret_end)
{
    *ret_end = (struct effect_end){ .hearing = EFFECT_UNANSWERED,
                                    .retry_after_ms = result->retry_after_ms };
    memcpy(ret_end->reason, result->reason, sizeof ret_end->reason);
    if (payment_refund_is_answered(result))
        ret_end->hearing = EFFECT_ANSWERED;
    else if (result->status == REFUND_NOT_FOUND)
        ret_end->hearing = EFFECT_SAYS_NOTHING;
    else if (result->is_shut_out)
        ret_end->hearing = EFFECT_SHUT_OUT;
}

static struct refund_effect asked(const struct effect *effect)
{
    struct refund_effect refund;
    assert(effect->type == EFFECT_REFUND || effect->type == EFFECT_LOOKUP);
    memcpy(&refund, effect->payload, sizeof refund);
    return refund;
}

void payment_refund_input_make(const struct effect *effect, const struct refund_result *result,
                               const char *traceparent, struct input *ret_input)
{
    struct refund_effect refund = asked(effect);
    *ret_input = (struct input){ .source = INPUT_FROM_EFFECT,
                                 .type = INPUT_RESULT,
                                 .type_name = payment_input_text(INPUT_RESULT) };
    (void)snprintf(ret_input->id, sizeof ret_input->id, "refund:%s:%d", refund.payment_id,
                   (int)refund.attempt);
    memcpy(ret_input->document_id, effect->document_id, sizeof ret_input->document_id);
    memcpy(ret_input->correlation_id, effect->correlation_id, sizeof ret_input->correlation_id);
    if (traceparent != NULL)
        memcpy(ret_input->traceparent, traceparent, sizeof ret_input->traceparent);
    struct refund_result numbered = *result;
    numbered.call_number = refund.call_number;
    memcpy(ret_input->payload, &numbered, sizeof numbered);
}

static bool has_failed(const struct effect *effect)
{
    return asked(effect).attempt > 0;
}

static void not_made(const struct effect *effect, struct input *ret_result)
{
    const struct refund_result result = { .status = REFUND_TRANSIENT,
                                          .reason = "waited_too_long",
                                          .retry_after_ms = -1,
                                          .is_uncounted = true };
    payment_refund_input_make(effect, &result, NULL, ret_result);
}

const struct effect_kind payment_refund_effects = {
    .payload_bytes = sizeof(struct refund_effect),
    .wait_max_ms = REFUND_WAIT_MAX_MS,
    .has_failed = has_failed,
    .not_made = not_made,
};
