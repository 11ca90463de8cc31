/* actions.c - what the rows of the table do: keep what is said, owe what a client asked for, and
 * wait longer each time before it is owed again. */
#include "gateway/actions.h"
#include "gateway/announce.h"

#include <assert.h>
#include <string.h>

#define REPEAT_DOUBLINGS_MAX 20

/* Bytes after the NUL are zeroed: views are compared with memcmp. */
static void text_keep(char *target, size_t size, const char *text)
{
    size_t length = strlen(text);
    assert(length < size);
    memset(target, 0, size);
    memcpy(target, text, length);
}

/* ---- what clients ask for ---- */

void gateway_accept_intent(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    struct gateway_intent *intent = &view->intent;
    const struct gateway_intent_request *request = turn_payload(turn);
    assert(!intent->is_present); /* the first one is immutable */
    intent->is_present = true;
    text_keep(intent->user_id, sizeof intent->user_id, request->user_id);
    text_keep(intent->currency, sizeof intent->currency, request->currency);
    intent->amount = request->amount;
    intent->created_at_ms = turn->decision->now_ms;
    gateway_announce_intent(turn);
}

void gateway_accept_cancel(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    struct gateway_cancel *cancel = &view->cancel;
    assert(view->intent.is_present);
    cancel->is_requested = true;
    cancel->is_passed_on = false;
    text_keep(cancel->user_id, sizeof cancel->user_id, view->intent.user_id);
    cancel->requested_at_ms = turn->decision->now_ms;
    gateway_announce_cancel(turn);
}

/* Marked as a repeat: where the booking has ended, its end is announced again. */
void gateway_pass_cancel_on(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    struct gateway_cancel *cancel = &view->cancel;
    const struct gateway_cancel_request *request = turn_payload(turn);
    cancel->is_requested = true;
    cancel->is_passed_on = true;
    text_keep(cancel->user_id, sizeof cancel->user_id, request->user_id);
    cancel->requested_at_ms = turn->decision->now_ms;
    gateway_announce_cancel(turn);
    turn->decision->messages[turn->decision->message_count - 1].is_repeat = true;
}

/* ---- outcomes and refunds ---- */

static struct gateway_refund *refund_add(struct gateway_view *view,
                                         const struct gateway_payment *payment)
{
    assert(view->refund_count < BOOKING_PAYMENTS_MAX);
    struct gateway_refund *refund = &view->refunds[view->refund_count++];
    struct gateway_payment *kept = &refund->payment;
    text_keep(kept->payment_id, sizeof kept->payment_id, payment->payment_id);
    text_keep(kept->currency, sizeof kept->currency, payment->currency);
    kept->amount = payment->amount;
    refund->status = GATEWAY_STATUS_WAITING;
    return refund;
}

/* Those beyond the bound are refunded like the others; they are only not shown. */
void gateway_list_payments(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    const struct gateway_outcome_report *report = turn_payload(turn);
    for (int64_t i = 0; i < report->payment_count && view->refund_count < BOOKING_PAYMENTS_MAX; i++)
        if (gateway_refund_find(view, report->payments[i].payment_id) == NULL)
            refund_add(view, &report->payments[i]);
}

static void end_with(const struct turn *turn, enum gateway_outcome outcome)
{
    struct gateway_view *view = turn->state;
    view->end.outcome = outcome;
    view->end.at_ms = turn->decision->now_ms;
    gateway_list_payments(turn);
}

void gateway_keep_payment(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    const struct gateway_outcome_report *report = turn_payload(turn);
    text_keep(view->end.payment_id, sizeof view->end.payment_id, report->payment_id);
}

void gateway_end_confirmed(const struct turn *turn)
{
    gateway_keep_payment(turn);
    end_with(turn, GATEWAY_END_CONFIRMED);
}

void gateway_end_failed(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    const struct gateway_outcome_report *report = turn_payload(turn);
    text_keep(view->end.reason, sizeof view->end.reason, report->reason);
    end_with(turn, GATEWAY_END_FAILED);
}

void gateway_end_cancelled(const struct turn *turn)
{
    end_with(turn, GATEWAY_END_CANCELLED);
}

void gateway_mark_refund(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    const struct gateway_refund_report *report = turn_payload(turn);
    const struct gateway_refund *known = gateway_refund_find(view, report->payment.payment_id);
    struct gateway_refund *refund =
        known != NULL ? &view->refunds[known - view->refunds] : refund_add(view, &report->payment);
    refund->status = gateway_reported_status(turn->input);
    if (report->reported_order > 0)
        refund->reported_order = report->reported_order;
    text_keep(refund->refund_id, sizeof refund->refund_id,
              refund->status == GATEWAY_STATUS_REFUNDED ? report->refund_id : "");
    text_keep(refund->reason, sizeof refund->reason,
              refund->status == GATEWAY_STATUS_STUCK ? report->reason : "");
}

void gateway_keep_decline(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    struct gateway_decline *last = &view->last_decline;
    const struct gateway_decline_report *report = turn_payload(turn);
    const struct gateway_decline *said = &report->decline;
    text_keep(last->payment_id, sizeof last->payment_id, said->payment_id);
    text_keep(last->reason, sizeof last->reason, said->reason);
    last->is_final = said->is_final;
    last->at_ms = said->at_ms;
}

/* ---- waits ---- */

int64_t gateway_backoff_ms(const struct gateway_config *config, int64_t repeat_count)
{
    int64_t doublings = repeat_count < REPEAT_DOUBLINGS_MAX ? repeat_count : REPEAT_DOUBLINGS_MAX;
    int64_t wait_ms = config->repeat_after_ms;
    while (doublings-- > 0 && wait_ms < config->repeat_max_ms)
        wait_ms *= 2;
    return wait_ms < config->repeat_max_ms ? wait_ms : config->repeat_max_ms;
}

/* The booking service answers a repeat by announcing its outcome again, the payment service by
 * announcing the refund again. So when only refunds are missing, one repeat is enough. */
void gateway_announce_again(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    bool is_settled = gateway_is_settled(view);
    if (view->intent.is_present && !(is_settled && view->cancel.is_requested))
        gateway_announce_intent_again(turn);
    if (view->cancel.is_requested)
        gateway_announce_cancel_again(turn);
    if (view->repeat_count < REPEAT_DOUBLINGS_MAX)
        view->repeat_count++;
    view->due_at_ms = turn->decision->now_ms + gateway_backoff_ms(turn->rules, view->repeat_count);
}

/* Whatever becomes of the booking is announced by itself; should that be lost, it is asked for soon
 * after. */
void gateway_wait_with_booking(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    const struct gateway_config *config = turn->rules;
    const struct gateway_pending_report *report = turn_payload(turn);
    view->waits_until_ms = report->until_ms;
    int64_t due_at_ms = turn->decision->now_ms + report->remaining_ms + config->repeat_after_ms;
    if (due_at_ms > view->due_at_ms)
        view->due_at_ms = due_at_ms;
}

void gateway_turn_end(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    int type = turn->input->type;
    if (type == GATEWAY_DEADLINE || type == GATEWAY_BOOKING_PENDING)
        return;
    text_keep(view->booking_id, sizeof view->booking_id, turn->input->document_id);
    view->updated_at_ms = turn->decision->now_ms;
    if (type == GATEWAY_PAYMENT_DECLINED)
        return; /* the booking waits as before */
    view->repeat_count = 0;
    view->due_at_ms =
        gateway_is_waiting(view) ? turn->decision->now_ms + gateway_backoff_ms(turn->rules, 0) : 0;
}
