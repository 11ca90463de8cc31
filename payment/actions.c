/* actions.c - the rows that keep, announce and settle; those that ask the provider are in asking.c.
 * */
#include "payment/actions.h"
#include "common/base/text.h"
#include "payment/announce.h"
#include "payment/asking.h"

#include <assert.h>
#include <string.h>

void payment_turn_begin(const struct turn *turn)
{
    struct payment *payment = turn->state;
    if (payment->state == PAYMENT_NONE && turn->row->next != PAYMENT_NONE) {
        text_copy(payment->id, sizeof payment->id, turn->input->document_id);
        payment->capture.position = ANNOUNCEMENT_NEVER;
        payment->refund.position = ANNOUNCEMENT_NEVER;
    }
    payment->state = (enum payment_state)turn->row->next;
}

void payment_keep_conflict(const struct turn *turn)
{
    struct payment *payment = turn->state;
    struct decision *decision = turn->decision;
    const struct payment_payload *payload = turn_payload(turn);
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
static void overpaid_alert(const struct turn *turn)
{
    const struct payment *payment = turn->state;
    struct decision *decision = turn->decision;
    for (int32_t i = 0; i < payment->refunds.count; i++) {
        const struct payment_refund *refund = &payment->refunds.list[i];
        decision->is_alert |= refund->standing == STANDING_SUCCEEDED && refund->amount > 0 &&
                              strcmp(refund->currency, payment->currency) != 0;
    }
    decision->is_alert |= payment_back(payment) > payment->amount;
}

static void capture_keep(const struct turn *turn)
{
    struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    assert(payment->amount == 0); /* the first capture is immutable */
    memcpy(payment->intent_id, payload->intent_id, sizeof payment->intent_id);
    memcpy(payment->user_id, payload->user_id, sizeof payment->user_id);
    payment->amount = payload->amount;
    memcpy(payment->currency, payload->currency, sizeof payment->currency);
    payment->captured_at_ms = turn->decision->now_ms;
    payment->is_final = false;
    overpaid_alert(turn);
}

void payment_capture(const struct turn *turn)
{
    const struct payment_rules *rules = turn->rules;
    struct payment *payment = turn->state;
    struct decision *decision = turn->decision;
    capture_keep(turn);
    payment_announce_captured(payment, decision);
    payment->due_at_ms = decision->now_ms + rules->repeat_after_ms;
}

void payment_decline(const struct turn *turn)
{
    struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    memcpy(payment->intent_id, payload->intent_id, sizeof payment->intent_id);
    if (payload->user_id[0] != '\0')
        memcpy(payment->user_id, payload->user_id, sizeof payment->user_id);
    payment->is_final |= payload->is_final;
    payment_announce_declined(payment, payload->reason, turn->decision);
}

void payment_capture_again(const struct turn *turn)
{
    const struct payment_rules *rules = turn->rules;
    struct payment *payment = turn->state;
    struct decision *decision = turn->decision;
    payment_announce_captured_again(payment, decision);
    payment->repeat_count++;
    payment->due_at_ms =
        decision->now_ms +
        payment_backoff_ms(rules->repeat_after_ms, rules->repeat_max_ms, payment->repeat_count);
}

void payment_settle(const struct turn *turn)
{
    struct payment *payment = turn->state;
    payment->due_at_ms = 0;
}

void payment_expect_demand(const struct turn *turn)
{
    struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    memcpy(payment->intent_id, payload->intent_id, sizeof payment->intent_id);
    memcpy(payment->refund_reason, payload->reason, sizeof payment->refund_reason);
    payment->is_demanded = true;
}

static void reason_keep(const struct turn *turn)
{
    struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    memcpy(payment->refund_reason, payload->reason, sizeof payment->refund_reason);
}

void payment_refund_demanded(const struct turn *turn)
{
    reason_keep(turn);
    payment_refund_begin(turn);
}

void payment_refund_at_capture(const struct turn *turn)
{
    capture_keep(turn);
    payment_refund_begin(turn);
}

void payment_await_demanded(const struct turn *turn)
{
    reason_keep(turn);
    payment_refund_await(turn);
}

void payment_await_at_capture(const struct turn *turn)
{
    capture_keep(turn);
    payment_refund_await(turn);
}

/* The provider's report came before the demand. */
void payment_refund_reported_before(const struct turn *turn)
{
    reason_keep(turn);
    payment_refund_done(turn, "");
}

void payment_refund_reported_at_capture(const struct turn *turn)
{
    capture_keep(turn);
    payment_refund_done(turn, "");
}

/* What the input says of one refund. */
bool payment_refund_hear(const struct turn *turn)
{
    struct payment *payment = turn->state;
    struct payment_refund said;
    if (!payment_said(payment, turn->input, &said))
        return false;
    bool is_result = turn->input->type == INPUT_RESULT;
    bool is_contradiction = payment_refunds_contradict(&payment->refunds, &said);
    enum hearing hearing = payment_refunds_hear(&payment->refunds, &said, is_result);
    turn->decision->is_alert |= is_contradiction || hearing == HEARD_NO_ROOM;
    if (payment->amount > 0)
        overpaid_alert(turn);
    if (hearing == HEARD_NEWS)
        payment->call_number++;
    return hearing == HEARD_NEWS;
}

/* Too much came back, or all of what paid for a booking, and we hear of it again: perhaps nobody
 * was told the first time, when we died between the save and the alert. */
void payment_remind(const struct turn *turn)
{
    struct payment *payment = turn->state;
    struct decision *decision = turn->decision;
    decision->is_changed = false;
    if (payment->amount > 0)
        overpaid_alert(turn);
    decision->is_alert |= payment->state == PAYMENT_SETTLED && payment_back(payment) > 0;
}

void payment_keep_report(const struct turn *turn)
{
    struct payment *payment = turn->state;
    const struct payment_payload *payload = turn_payload(turn);
    (void)payment_refund_hear(turn);
    if (payment->intent_id[0] == '\0')
        memcpy(payment->intent_id, payload->intent_id, sizeof payment->intent_id);
}

/* Given back at the provider although it paid for a confirmed booking: nobody here asked for it. */
void payment_keep_report_settled(const struct turn *turn)
{
    struct payment *payment = turn->state;
    payment_keep_report(turn);
    turn->decision->is_alert |= payment_back(payment) > 0;
}

/* Not kept, so it does not count as back: at worst the provider is asked for what it will refuse.
 */
void payment_count_beyond(const struct turn *turn)
{
    struct payment *payment = turn->state;
    if (payment->refunds.beyond < INT32_MAX)
        payment->refunds.beyond++;
}

void payment_finish_by_report(const struct turn *turn)
{
    const struct payment_payload *payload = turn_payload(turn);
    payment_keep_report(turn);
    payment_refund_done(turn, payload->refund_id);
}

void payment_answer_again(const struct turn *turn)
{
    struct payment *payment = turn->state;
    struct decision *decision = turn->decision;
    decision->is_changed = false;
    if (turn->input->is_repeat)
        payment_announce_refund_end_again(payment, decision);
}
