/* actions.c - the rows that keep, announce and settle; those that ask the provider are in asking.c.
 * */
#include "payment/actions.h"
#include "payment/announce.h"
#include "payment/asking.h"

#include <string.h>

ACT(nothing)
{
    (void)rules, (void)payment, (void)input;
    decision->is_changed = false;
}

ACT(alert)
{
    nothing(rules, payment, input, decision);
    decision->is_alert = true;
}

/* Somebody speaks of this payment in the name of another booking. */
ACT(suspect)
{
    nothing(rules, payment, input, decision);
    decision->is_security_event = true;
}

/* Another payment of a caller without payment ids: the shell asks once more, under its own id. */
ACT(give_own_id)
{
    nothing(rules, payment, input, decision);
    decision->reply = REPLY_CONFLICT;
}

ACT(conflict_again)
{
    nothing(rules, payment, input, decision);
    decision->reply = REPLY_OK;
    decision->reason = PAYMENT_REASON_CONFLICT;
}

ACT(keep_conflict)
{
    (void)rules;
    const struct payment_payload *payload = payment_payload(input);
    decision->reason = PAYMENT_REASON_CONFLICT;
    decision->is_alert = true;
    decision->is_security_event = strcmp(payment->intent_id, payload->intent_id) != 0 ||
                                  strcmp(payment->user_id, payload->user_id) != 0;
    decision->is_changed = payment->conflict_count < PAYMENT_CONFLICTS_MAX;
    if (!decision->is_changed)
        return;
    struct payment_conflict *conflict = &payment->conflicts[payment->conflict_count++];
    memcpy(conflict->intent_id, payload->intent_id, sizeof conflict->intent_id);
    memcpy(conflict->user_id, payload->user_id, sizeof conflict->user_id);
    conflict->amount = payload->amount;
    memcpy(conflict->currency, payload->currency, sizeof conflict->currency);
    conflict->at_ms = decision->now_ms;
}

/* More is back than was captured, or other money: nothing here can undo it. */
static void overpaid_alert(const struct payment *payment, struct decision *decision)
{
    for (int32_t i = 0; i < payment->refunds.count; i++) {
        const struct payment_refund *refund = &payment->refunds.list[i];
        decision->is_alert |= refund->standing == STANDING_SUCCEEDED && refund->amount > 0 &&
                              strcmp(refund->currency, payment->currency) != 0;
    }
    decision->is_alert |= payment_back(payment) > payment->amount;
}

static void capture_keep(struct payment *payment, const struct input *input,
                         struct decision *decision)
{
    const struct payment_payload *payload = payment_payload(input);
    memcpy(payment->intent_id, payload->intent_id, sizeof payment->intent_id);
    memcpy(payment->user_id, payload->user_id, sizeof payment->user_id);
    payment->amount = payload->amount;
    memcpy(payment->currency, payload->currency, sizeof payment->currency);
    payment->captured_at_ms = decision->now_ms;
    payment->is_final = false;
    overpaid_alert(payment, decision);
}

ACT(capture)
{
    capture_keep(payment, input, decision);
    announce_captured(payment, decision);
    payment->due_at_ms = decision->now_ms + rules->repeat_after_ms;
}

ACT(decline)
{
    (void)rules;
    const struct payment_payload *payload = payment_payload(input);
    memcpy(payment->intent_id, payload->intent_id, sizeof payment->intent_id);
    if (payload->user_id[0] != '\0')
        memcpy(payment->user_id, payload->user_id, sizeof payment->user_id);
    payment->is_final |= payload->is_final;
    announce_declined(payment, payload->reason, decision);
}

ACT(capture_again)
{
    (void)input;
    announce_captured_again(payment, decision);
    payment->repeat_count++;
    payment->due_at_ms = decision->now_ms + backoff_ms(rules->repeat_after_ms, rules->repeat_max_ms,
                                                       payment->repeat_count);
}

ACT(settle)
{
    (void)rules, (void)input, (void)decision;
    payment->due_at_ms = 0;
}

ACT(expect_demand)
{
    (void)rules, (void)decision;
    memcpy(payment->intent_id, payment_payload(input)->intent_id, sizeof payment->intent_id);
    memcpy(payment->refund_reason, payment_payload(input)->reason, sizeof payment->refund_reason);
    payment->is_demanded = true;
}

static void reason_keep(struct payment *payment, const struct input *input)
{
    memcpy(payment->refund_reason, payment_payload(input)->reason, sizeof payment->refund_reason);
}

ACT(refund_demanded)
{
    reason_keep(payment, input);
    refund(rules, payment, input, decision);
}

ACT(refund_at_capture)
{
    capture_keep(payment, input, decision);
    refund(rules, payment, input, decision);
}

ACT(await_demanded)
{
    reason_keep(payment, input);
    refund_await(rules, payment, decision);
}

ACT(await_at_capture)
{
    capture_keep(payment, input, decision);
    refund_await(rules, payment, decision);
}

/* The provider's report came before the demand. */
ACT(refund_reported_before)
{
    (void)rules;
    reason_keep(payment, input);
    refund_done(payment, "", decision);
}

ACT(refund_reported_at_capture)
{
    (void)rules;
    capture_keep(payment, input, decision);
    refund_done(payment, "", decision);
}

/* What the input says of one refund. */
bool refund_hear(struct payment *payment, const struct input *input, struct decision *decision)
{
    struct payment_refund said;
    if (!payment_said(payment, input, &said))
        return false;
    bool is_result = input->type == INPUT_RESULT;
    bool is_contradiction = refunds_contradict(&payment->refunds, &said);
    enum hearing hearing = refunds_hear(&payment->refunds, &said, is_result);
    decision->is_alert |= is_contradiction || hearing == HEARD_NO_ROOM;
    if (payment->amount > 0)
        overpaid_alert(payment, decision);
    if (hearing == HEARD_NEWS)
        payment->call_number++;
    return hearing == HEARD_NEWS;
}

/* Too much came back, or all of what paid for a booking, and we hear of it again: perhaps nobody
 * was told the first time, when we died between the save and the alert. */
ACT(remind)
{
    (void)rules, (void)input;
    decision->is_changed = false;
    if (payment->amount > 0)
        overpaid_alert(payment, decision);
    decision->is_alert |= payment->state == PAYMENT_SETTLED && payment_back(payment) > 0;
}

ACT(keep_report)
{
    (void)rules;
    (void)refund_hear(payment, input, decision);
    if (payment->intent_id[0] == '\0')
        memcpy(payment->intent_id, payment_payload(input)->intent_id, sizeof payment->intent_id);
}

ACT(keep_report_alert)
{
    keep_report(rules, payment, input, decision);
    decision->is_alert = true;
}

/* Given back at the provider although it paid for a confirmed booking: nobody here asked for it. */
ACT(keep_report_settled)
{
    keep_report(rules, payment, input, decision);
    decision->is_alert |= payment_back(payment) > 0;
}

/* Not kept, so it does not count as back: at worst the provider is asked for what it will refuse.
 */
ACT(count_beyond)
{
    (void)rules, (void)input;
    if (payment->refunds.beyond < INT32_MAX)
        payment->refunds.beyond++;
    decision->is_alert = true;
}

ACT(settle_reported)
{
    settle(rules, payment, input, decision);
    decision->is_alert = true;
}

ACT(finish_by_report)
{
    keep_report(rules, payment, input, decision);
    refund_done(payment, payment_payload(input)->refund_id, decision);
}

ACT(answer_again)
{
    (void)rules;
    decision->is_changed = false;
    if (input->is_repeat)
        announce_refund_end_again(payment, decision);
}
