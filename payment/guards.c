/* guards.c - what a row of the table may ask; of a refund it is answered by hearing the input on a
 * copy. */
#include "payment/guards.h"
#include "payment/payment.h"

#include <string.h>

bool payment_is_due(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    return payment->due_at_ms != 0 && payment->due_at_ms <= turn->decision->now_ms;
}

bool payment_is_call_held(const struct turn *turn)
{
    struct deadline_payload deadline;
    memcpy(&deadline, turn->input->payload, sizeof deadline);
    return payment_is_due(turn) && deadline.is_effect_held;
}

bool payment_same_capture(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    return strcmp(payment->intent_id, payload->intent_id) == 0 &&
           strcmp(payment->user_id, payload->user_id) == 0 && payment->amount == payload->amount &&
           strcmp(payment->currency, payload->currency) == 0;
}

bool payment_is_unnamed(const struct turn *turn)
{
    const struct payment_payload *payload = turn_payload(turn);
    return payload->is_unnamed;
}

bool payment_known_conflict(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    for (int32_t i = 0; i < payment->conflict_count; i++) {
        const struct payment_conflict *known = &payment->conflicts[i];
        if (strcmp(known->intent_id, payload->intent_id) == 0 &&
            strcmp(known->user_id, payload->user_id) == 0 && known->amount == payload->amount &&
            strcmp(known->currency, payload->currency) == 0)
            return true;
    }
    return false;
}

bool payment_same_booking(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    return strcmp(payment->intent_id, payload->intent_id) == 0;
}

bool payment_other_booking(const struct turn *turn)
{
    return !payment_same_booking(turn);
}

bool payment_other_try(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    const char *user_id = payload->user_id;
    return payment_other_booking(turn) || (user_id[0] != '\0' && payment->user_id[0] != '\0' &&
                                           strcmp(user_id, payment->user_id) != 0);
}

/* Nothing is ever taken back, so it does not matter in which order two words of it arrive. */
bool payment_says_more(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    return (payload->is_final && !payment->is_final) ||
           (payload->user_id[0] != '\0' && payment->user_id[0] == '\0');
}

bool payment_demanded_here(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    return payment->is_demanded && payment_same_booking(turn);
}

bool payment_demanded_elsewhere(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    return payment->is_demanded && payment_other_booking(turn);
}

bool payment_above_captured(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    return payload->amount > payment->amount || strcmp(payload->currency, payment->currency) != 0;
}

/* ---- refunds, with what the input says of one ---- */

static enum hearing hear(const struct turn *turn, struct refunds *ret_after)
{
    const struct payment *payment = turn->state;
    struct payment_refund said;
    *ret_after = payment->refunds;
    if (!payment_said(payment, turn->input, &said))
        return HEARD_BEFORE;
    return payment_refunds_hear(ret_after, &said, turn->input->type == INPUT_RESULT);
}

/* Before the capture is stored only its own input knows the money. */
static bool is_enough(const struct turn *turn, bool with_pending)
{
    const struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    struct refunds after;
    bool is_capture = turn->input->type == INPUT_CAPTURED;
    const char *currency = is_capture ? payload->currency : payment->currency;
    int64_t amount = is_capture ? payload->amount : payment->amount;
    (void)hear(turn, &after);
    int64_t sum = payment_refunds_sum(&after, STANDING_SUCCEEDED, currency);
    if (with_pending)
        sum += payment_refunds_sum(&after, STANDING_PENDING, currency);
    return sum >= amount;
}

bool payment_all_is_back(const struct turn *turn)
{
    return is_enough(turn, false);
}

bool payment_all_is_coming(const struct turn *turn)
{
    return is_enough(turn, true);
}

bool payment_some_is_back(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    return payment_back(payment) > 0;
}

bool payment_demanded_and_back(const struct turn *turn)
{
    return payment_demanded_here(turn) && payment_all_is_back(turn);
}

bool payment_demanded_and_coming(const struct turn *turn)
{
    return payment_demanded_here(turn) && payment_all_is_coming(turn);
}

bool payment_changes_what_is_missing(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    struct payment after = *payment;
    (void)hear(turn, &after.refunds);
    return payment_missing(&after) != payment_missing(payment);
}

/* The provider's word that all is back speaks of refunds that we may not have heard of: whichever
 * fails may be one of them. */
bool payment_takes_back(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    struct payment after = *payment;
    struct payment_refund said;
    if (hear(turn, &after.refunds) != HEARD_NEWS || payment_all_is_back(turn) ||
        !payment_said(payment, turn->input, &said))
        return false;
    return said.standing == STANDING_FAILED || payment_back(&after) < payment_back(payment);
}

bool payment_tells_nothing_new(const struct turn *turn)
{
    struct refunds after;
    return hear(turn, &after) == HEARD_BEFORE;
}

bool payment_tells_of_a_failure(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    struct refunds after;
    struct payment_refund said;
    return hear(turn, &after) == HEARD_NEWS && payment_said(payment, turn->input, &said) &&
           said.standing == STANDING_FAILED;
}

bool payment_contradicts(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    struct payment_refund said;
    return payment_tells_nothing_new(turn) && payment_said(payment, turn->input, &said) &&
           payment_refunds_contradict(&payment->refunds, &said);
}

bool payment_finds_no_room(const struct turn *turn)
{
    struct refunds after;
    return hear(turn, &after) == HEARD_NO_ROOM;
}

/* ---- results of provider calls ---- */

/* Since that call another was made, or something was heard that may change its answer: what it says
 * of one refund is true for ever, what it says of the whole is not. */
bool payment_answers_an_older_call(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    const struct refund_result *result = turn_payload(turn);
    int64_t number = result->call_number;
    return number != 0 && number != payment->call_number;
}

static bool has_pending(const struct payment *payment)
{
    return payment_refunds_sum(&payment->refunds, STANDING_PENDING, payment->currency) > 0;
}

static bool names_a_failed_one(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    const struct refund_result *result = turn_payload(turn);
    const struct payment_refund *named = payment_refunds_find(&payment->refunds, result->refund_id);
    return named != NULL && named->standing == STANDING_FAILED;
}

bool payment_says_all_is_back(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    const struct refund_result *result = turn_payload(turn);
    return result->status == REFUND_ALREADY && !has_pending(payment) && !names_a_failed_one(turn);
}

/* That a refund of ours failed is no refusal: what is missing is asked for again. */
bool payment_refused(const struct turn *turn)
{
    const struct refund_result *result = turn_payload(turn);
    if (strstr(result->reason, REFUND_CODE_KEY_REUSED) != NULL)
        return false;
    return (result->status == REFUND_REFUSED && result->refund_id[0] == '\0') ||
           (result->status == REFUND_ALREADY && names_a_failed_one(turn));
}

/* An answer that was on its way for longer than its call may take is too old to act upon. */
bool payment_not_found(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    const struct refund_result *result = turn_payload(turn);
    return result->status == REFUND_NOT_FOUND && turn->decision->now_ms < payment->due_at_ms;
}

bool payment_spends_key(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    const struct refund_result *result = turn_payload(turn);
    if (payment_not_found(turn))
        return payment->asked_amount != payment_missing(payment) ||
               strstr(payment->last_error, REFUND_CODE_KEY_REUSED) != NULL;
    return result->refund_id[0] != '\0' && result->status != REFUND_ALREADY &&
           payment_tells_nothing_new(turn);
}

bool payment_spends_last_key(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    bool has_room = payment->refunds.count < PAYMENT_REFUNDS_MAX;
    if (payment_spends_key(turn))
        return !has_room || payment->key_ordinal + 1 >= REFUND_KEYS_MAX;
    return payment_not_found(turn) && !has_room;
}
