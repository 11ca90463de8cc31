#include "payment/guards.h"

#include <string.h>

_Static_assert(sizeof(struct payment_payload) <= INPUT_PAYLOAD_BYTES, "fits into an input");

const struct payment_payload *payment_payload(const struct input *input)
{
    return (const struct payment_payload *)(const void *)input->payload;
}

_Static_assert(sizeof(struct deadline_payload) <= INPUT_PAYLOAD_BYTES, "fits into an input");

static const struct refund_result *result_of(const struct input *input)
{
    return (const struct refund_result *)(const void *)input->payload;
}

PAYMENT_GUARD(payment_always)
{
    (void)payment, (void)input, (void)now_ms;
    return true;
}

PAYMENT_GUARD(payment_is_due)
{
    (void)input;
    return payment->due_at_ms != 0 && payment->due_at_ms <= now_ms;
}

PAYMENT_GUARD(is_call_held)
{
    struct deadline_payload deadline;
    memcpy(&deadline, input->payload, sizeof deadline);
    return payment_is_due(payment, input, now_ms) && deadline.is_effect_held;
}

PAYMENT_GUARD(same_capture)
{
    (void)now_ms;
    const struct payment_payload *payload = payment_payload(input);
    return strcmp(payment->intent_id, payload->intent_id) == 0 &&
           strcmp(payment->user_id, payload->user_id) == 0 && payment->amount == payload->amount &&
           strcmp(payment->currency, payload->currency) == 0;
}

PAYMENT_GUARD(is_unnamed)
{
    (void)payment, (void)now_ms;
    return payment_payload(input)->is_unnamed;
}

PAYMENT_GUARD(known_conflict)
{
    (void)now_ms;
    const struct payment_payload *payload = payment_payload(input);
    for (int32_t i = 0; i < payment->conflict_count; i++) {
        const struct payment_conflict *known = &payment->conflicts[i];
        if (strcmp(known->intent_id, payload->intent_id) == 0 &&
            strcmp(known->user_id, payload->user_id) == 0 && known->amount == payload->amount &&
            strcmp(known->currency, payload->currency) == 0)
            return true;
    }
    return false;
}

PAYMENT_GUARD(same_booking)
{
    (void)now_ms;
    return strcmp(payment->intent_id, payment_payload(input)->intent_id) == 0;
}

PAYMENT_GUARD(other_booking)
{
    return !same_booking(payment, input, now_ms);
}

PAYMENT_GUARD(other_try)
{
    const char *user_id = payment_payload(input)->user_id;
    return other_booking(payment, input, now_ms) ||
           (user_id[0] != '\0' && payment->user_id[0] != '\0' &&
            strcmp(user_id, payment->user_id) != 0);
}

/* Nothing is ever taken back, so it does not matter in which order two words of it arrive. */
PAYMENT_GUARD(says_more)
{
    (void)now_ms;
    const struct payment_payload *payload = payment_payload(input);
    return (payload->is_final && !payment->is_final) ||
           (payload->user_id[0] != '\0' && payment->user_id[0] == '\0');
}

PAYMENT_GUARD(demanded_here)
{
    return payment->is_demanded && same_booking(payment, input, now_ms);
}

PAYMENT_GUARD(demanded_elsewhere)
{
    return payment->is_demanded && other_booking(payment, input, now_ms);
}

PAYMENT_GUARD(is_reported)
{
    (void)input, (void)now_ms;
    return payment->refund_id[0] != '\0';
}

PAYMENT_GUARD(demanded_and_reported)
{
    return demanded_here(payment, input, now_ms) && is_reported(payment, input, now_ms);
}

PAYMENT_GUARD(above_captured)
{
    (void)now_ms;
    const struct payment_payload *payload = payment_payload(input);
    return payload->amount > payment->amount || strcmp(payload->currency, payment->currency) != 0;
}

PAYMENT_GUARD(reports_failure)
{
    (void)payment, (void)now_ms;
    return payment_payload(input)->has_failed;
}

/* Of a refund that nothing has been heard of. */
PAYMENT_GUARD(reports_first_failure)
{
    return reports_failure(payment, input, now_ms) && payment->refund_id[0] == '\0';
}

PAYMENT_GUARD(reports_part)
{
    (void)now_ms;
    const struct payment_payload *payload = payment_payload(input);
    return payload->amount != payment->amount || strcmp(payload->currency, payment->currency) != 0;
}

PAYMENT_GUARD(reports_known_refund)
{
    (void)now_ms;
    return strcmp(payment_payload(input)->refund_id, payment->refund_id) == 0;
}

PAYMENT_GUARD(returns_known_refund)
{
    (void)now_ms;
    return payment->refund_id[0] != '\0' &&
           strcmp(result_of(input)->refund_id, payment->refund_id) == 0;
}

PAYMENT_GUARD(succeeded)
{
    (void)payment, (void)now_ms;
    enum refund_status status = result_of(input)->status;
    return status == REFUND_SUCCEEDED || status == REFUND_ALREADY;
}

PAYMENT_GUARD(refused)
{
    (void)payment, (void)now_ms;
    return result_of(input)->status == REFUND_REFUSED;
}

/* An answer that was on its way for longer than its call may take is too old to act upon. */
PAYMENT_GUARD(not_found)
{
    return result_of(input)->status == REFUND_NOT_FOUND && now_ms < payment->due_at_ms;
}
