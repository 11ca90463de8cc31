/* guards.c - what a row of the table may ask of a view and an input: who asks, is it the same, is
 * it late. */
#include "gateway/guards.h"
#include "gateway/gateway.h"

#include <string.h>

bool gateway_is_early(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    return view->due_at_ms == 0 || turn->decision->now_ms < view->due_at_ms;
}

/* ---- what clients ask for ---- */

bool gateway_intent_is_unknown(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    return !view->intent.is_present;
}

bool gateway_is_same_content(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_intent *intent = &view->intent;
    const struct gateway_intent_request *request = turn_payload(turn);
    return strcmp(intent->user_id, request->user_id) == 0 && intent->amount == request->amount &&
           strcmp(intent->currency, request->currency) == 0;
}

bool gateway_user_is_unknown(const struct turn *turn)
{
    const struct gateway_cancel_request *request = turn_payload(turn);
    return gateway_intent_is_unknown(turn) && request->user_id[0] == '\0';
}

bool gateway_is_another_user(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_cancel_request *request = turn_payload(turn);
    return view->intent.is_present && request->user_id[0] != '\0' &&
           strcmp(view->intent.user_id, request->user_id) != 0;
}

/* Earlier releases kept that of whoever came first where they knew no intent. */
bool gateway_cancel_is_requested(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    return view->cancel.is_requested && !view->cancel.is_passed_on &&
           strcmp(view->cancel.user_id, view->intent.user_id) == 0;
}

/* ---- outcomes ---- */

bool gateway_payment_is_unknown(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    return view->end.payment_id[0] == '\0';
}

bool gateway_is_same_payment(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_outcome_report *report = turn_payload(turn);
    return strcmp(view->end.payment_id, report->payment_id) == 0;
}

bool gateway_lists_another_payment(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_outcome_report *report = turn_payload(turn);
    for (int64_t i = 0; i < report->payment_count; i++)
        if (gateway_refund_find(view, report->payments[i].payment_id) == NULL)
            return view->refund_count < BOOKING_PAYMENTS_MAX;
    return false;
}

bool gateway_wait_is_known(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_pending_report *report = turn_payload(turn);
    return report->until_ms <= view->waits_until_ms;
}

/* ---- refunds and failed tries ---- */

bool gateway_report_is_old(const struct turn *turn)
{
    const struct gateway_refund_report *report = turn_payload(turn);
    const struct gateway_refund *known =
        gateway_refund_find(turn->state, report->payment.payment_id);
    if (known == NULL)
        return false;
    if (known->reported_order > 0 && report->reported_order > 0)
        return report->reported_order <= known->reported_order;
    return known->status == gateway_reported_status(turn->input);
}

bool gateway_is_retrying(const struct turn *turn)
{
    const struct gateway_refund_report *report = turn_payload(turn);
    return report->is_retrying;
}

bool gateway_finds_no_room(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_refund_report *report = turn_payload(turn);
    return view->refund_count == BOOKING_PAYMENTS_MAX &&
           gateway_refund_find(view, report->payment.payment_id) == NULL;
}

bool gateway_decline_is_anothers(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_decline_report *report = turn_payload(turn);
    return !view->intent.is_present || strcmp(view->intent.user_id, report->user_id) != 0;
}

bool gateway_decline_is_old(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_decline *last = &view->last_decline;
    const struct gateway_decline_report *report = turn_payload(turn);
    const struct gateway_decline *said = &report->decline;
    return said->at_ms < last->at_ms ||
           (said->at_ms == last->at_ms && strcmp(said->payment_id, last->payment_id) <= 0);
}
