/* guards.c - what a row of the table may ask; of a refund it is answered by hearing the input on a
 * copy. */
#include "payment/guards.h"

#include <string.h>

_Static_assert(sizeof(struct payment_payload) <= INPUT_PAYLOAD_BYTES, "fits into an input");

const struct payment_payload *payment_payload(const struct input *input)
{
    return (const struct payment_payload *)(const void *)input->payload;
}

_Static_assert(sizeof(struct operator_payload) <= INPUT_PAYLOAD_BYTES, "fits into an input");
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

PAYMENT_GUARD(above_captured)
{
    (void)now_ms;
    const struct payment_payload *payload = payment_payload(input);
    return payload->amount > payment->amount || strcmp(payload->currency, payment->currency) != 0;
}

/* ---- refunds, with what the input says of one ---- */

static enum hearing hear(const struct payment *payment, const struct input *input,
                         struct refunds *ret_after)
{
    struct payment_refund said;
    *ret_after = payment->refunds;
    if (!payment_said(payment, input, &said))
        return HEARD_BEFORE;
    return refunds_hear(ret_after, &said, input->type == INPUT_RESULT);
}

/* Before the capture is stored only its own input knows the money. */
static bool is_enough(const struct payment *payment, const struct input *input, bool with_pending)
{
    struct refunds after;
    bool is_capture = input->type == INPUT_CAPTURED;
    const char *currency = is_capture ? payment_payload(input)->currency : payment->currency;
    int64_t amount = is_capture ? payment_payload(input)->amount : payment->amount;
    (void)hear(payment, input, &after);
    int64_t sum = refunds_sum(&after, STANDING_SUCCEEDED, currency);
    if (with_pending)
        sum += refunds_sum(&after, STANDING_PENDING, currency);
    return sum >= amount;
}

PAYMENT_GUARD(all_is_back)
{
    (void)now_ms;
    return is_enough(payment, input, false);
}

PAYMENT_GUARD(all_is_coming)
{
    (void)now_ms;
    return is_enough(payment, input, true);
}

PAYMENT_GUARD(some_is_back)
{
    (void)input, (void)now_ms;
    return payment_back(payment) > 0;
}

PAYMENT_GUARD(demanded_and_back)
{
    return demanded_here(payment, input, now_ms) && all_is_back(payment, input, now_ms);
}

PAYMENT_GUARD(demanded_and_coming)
{
    return demanded_here(payment, input, now_ms) && all_is_coming(payment, input, now_ms);
}

PAYMENT_GUARD(changes_what_is_missing)
{
    struct payment after = *payment;
    (void)now_ms;
    (void)hear(payment, input, &after.refunds);
    return payment_missing(&after) != payment_missing(payment);
}

/* The provider's word that all is back speaks of refunds that we may not have heard of: whichever
 * fails may be one of them. */
PAYMENT_GUARD(takes_back)
{
    struct payment after = *payment;
    struct payment_refund said;
    if (hear(payment, input, &after.refunds) != HEARD_NEWS || all_is_back(payment, input, now_ms) ||
        !payment_said(payment, input, &said))
        return false;
    return said.standing == STANDING_FAILED || payment_back(&after) < payment_back(payment);
}

PAYMENT_GUARD(tells_nothing_new)
{
    struct refunds after;
    (void)now_ms;
    return hear(payment, input, &after) == HEARD_BEFORE;
}

PAYMENT_GUARD(tells_of_a_failure)
{
    struct refunds after;
    struct payment_refund said;
    (void)now_ms;
    return hear(payment, input, &after) == HEARD_NEWS && payment_said(payment, input, &said) &&
           said.standing == STANDING_FAILED;
}

PAYMENT_GUARD(contradicts)
{
    struct payment_refund said;
    return tells_nothing_new(payment, input, now_ms) && payment_said(payment, input, &said) &&
           refunds_contradict(&payment->refunds, &said);
}

PAYMENT_GUARD(finds_no_room)
{
    struct refunds after;
    (void)now_ms;
    return hear(payment, input, &after) == HEARD_NO_ROOM;
}

/* ---- results of provider calls ---- */

/* Since that call another was made, or something was heard that may change its answer: what it says
 * of one refund is true for ever, what it says of the whole is not. */
PAYMENT_GUARD(answers_an_older_call)
{
    (void)now_ms;
    int64_t number = result_of(input)->call_number;
    return number != 0 && number != payment->call_number;
}

static bool has_pending(const struct payment *payment)
{
    return refunds_sum(&payment->refunds, STANDING_PENDING, payment->currency) > 0;
}

static bool names_a_failed_one(const struct payment *payment, const struct input *input)
{
    const struct payment_refund *named =
        refunds_find(&payment->refunds, result_of(input)->refund_id);
    return named != NULL && named->standing == STANDING_FAILED;
}

PAYMENT_GUARD(says_all_is_back)
{
    (void)now_ms;
    return result_of(input)->status == REFUND_ALREADY && !has_pending(payment) &&
           !names_a_failed_one(payment, input);
}

/* That a refund of ours failed is no refusal: what is missing is asked for again. */
PAYMENT_GUARD(refused)
{
    (void)now_ms;
    const struct refund_result *result = result_of(input);
    if (strstr(result->reason, REFUND_CODE_KEY_REUSED) != NULL)
        return false;
    return (result->status == REFUND_REFUSED && result->refund_id[0] == '\0') ||
           (result->status == REFUND_ALREADY && names_a_failed_one(payment, input));
}

/* An answer that was on its way for longer than its call may take is too old to act upon. */
PAYMENT_GUARD(not_found)
{
    return result_of(input)->status == REFUND_NOT_FOUND && now_ms < payment->due_at_ms;
}

PAYMENT_GUARD(spends_key)
{
    const struct refund_result *result = result_of(input);
    if (not_found(payment, input, now_ms))
        return payment->asked_amount != payment_missing(payment) ||
               strstr(payment->last_error, REFUND_CODE_KEY_REUSED) != NULL;
    return result->refund_id[0] != '\0' && result->status != REFUND_ALREADY &&
           tells_nothing_new(payment, input, now_ms);
}

PAYMENT_GUARD(spends_last_key)
{
    bool has_room = payment->refunds.count < PAYMENT_REFUNDS_MAX;
    if (spends_key(payment, input, now_ms))
        return !has_room || payment->key_ordinal + 1 >= REFUND_KEYS_MAX;
    return not_found(payment, input, now_ms) && !has_room;
}
