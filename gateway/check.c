/* check.c - the invariants of a view, after each action and at both sides of the store. */
#include "gateway/gateway.h"

#include <string.h>

static bool ident_holds(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    return length < size && ident_is_valid(text, length);
}

static bool user_holds(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    return length < size && user_is_valid(text, length);
}

static bool text_holds(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    return length > 0 && length < size;
}

static bool announced_holds(const struct gateway_announced *announced)
{
    return announced->version > 0 && announced->position >= 0 && announced->position <= INT32_MAX;
}

static bool money_holds(int64_t amount, const char currency[CURRENCY_SIZE])
{
    return amount > 0 && amount <= MONEY_AMOUNT_MAX &&
           money_currency_is_valid(currency, strnlen(currency, CURRENCY_SIZE));
}

static const char *requests_check(const struct gateway_view *view)
{
    const struct gateway_intent *intent = &view->intent;
    const struct gateway_cancel *cancel = &view->cancel;
    if (intent->is_present && !user_holds(intent->user_id, sizeof intent->user_id))
        return "the intent's user id is not valid";
    if (intent->is_present && !money_holds(intent->amount, intent->currency))
        return "the intent's amount or currency is not valid";
    if (intent->is_present && (intent->created_at_ms <= 0 || !announced_holds(&intent->announced)))
        return "the intent was never announced";
    if (cancel->is_requested && !user_holds(cancel->user_id, sizeof cancel->user_id))
        return "the cancel's user id is not valid";
    if (cancel->is_requested &&
        (cancel->requested_at_ms <= 0 || !announced_holds(&cancel->announced)))
        return "the cancel was never announced";
    return NULL;
}

static const char *end_check(const struct gateway_end *end)
{
    if (end->outcome > GATEWAY_END_CANCELLED)
        return "the outcome is none of those that exist";
    if ((end->outcome != GATEWAY_END_NONE) != (end->at_ms > 0))
        return "an outcome and its time come together";
    if ((end->outcome == GATEWAY_END_FAILED) != text_holds(end->reason, sizeof end->reason))
        return "a failed outcome, and no other, has a reason";
    if (end->outcome == GATEWAY_END_CONFIRMED && end->payment_id[0] == '\0')
        return "a confirmed outcome has no payment";
    if (end->payment_id[0] != '\0' &&
        (!ident_holds(end->payment_id, sizeof end->payment_id) ||
         end->outcome == GATEWAY_END_NONE || end->outcome == GATEWAY_END_FAILED))
        return "the outcome's payment is not valid";
    return NULL;
}

static const char *refund_check(const struct gateway_view *view,
                                const struct gateway_refund *refund)
{
    const struct gateway_payment *payment = &refund->payment;
    if (!ident_holds(payment->payment_id, sizeof payment->payment_id) ||
        !money_holds(payment->amount, payment->currency))
        return "a refund's payment is not valid";
    if (gateway_refund_find(view, payment->payment_id) != refund)
        return "a payment is listed twice";
    if (refund->status >= GATEWAY_STATUS_COUNT || refund->reported_order < 0)
        return "a refund's status is none of those that exist";
    if ((refund->status == GATEWAY_STATUS_REFUNDED) !=
        text_holds(refund->refund_id, sizeof refund->refund_id))
        return "a refunded payment, and no other, has a refund id";
    if ((refund->status == GATEWAY_STATUS_STUCK) !=
        text_holds(refund->reason, sizeof refund->reason))
        return "a stuck refund, and no other, has a reason";
    return NULL;
}

/* Nothing is known of a booking that a client asked for in vain. */
static bool is_empty(const struct gateway_view *view)
{
    static const struct gateway_view empty;
    return memcmp(view, &empty, sizeof empty) == 0;
}

static const char *view_check(const struct gateway_view *view)
{
    const char *broken;
    if (!ident_holds(view->booking_id, sizeof view->booking_id))
        return "the booking id is not valid";
    if (view->refund_count < 0 || view->refund_count > BOOKING_PAYMENTS_MAX)
        return "too many refunds";
    if ((broken = requests_check(view)) != NULL || (broken = end_check(&view->end)) != NULL)
        return broken;
    if (view->last_decline.payment_id[0] != '\0' &&
        (!view->intent.is_present || view->last_decline.at_ms < 0 ||
         !ident_holds(view->last_decline.payment_id, sizeof view->last_decline.payment_id)))
        return "the last decline is not valid";
    for (int64_t i = 0; i < view->refund_count; i++)
        if ((broken = refund_check(view, &view->refunds[i])) != NULL)
            return broken;
    if (view->repeat_count < 0 || view->updated_at_ms <= 0 || view->due_at_ms < 0)
        return "a time or count is not valid";
    if (gateway_is_waiting(view) != (view->due_at_ms != 0))
        return "a deadline is set exactly while the view waits for an answer";
    return NULL;
}

bool gateway_check(const void *state, struct error *error)
{
    const struct gateway_view *view = state;
    const char *broken = is_empty(view) ? NULL : view_check(view);
    return broken == NULL ? true : error_set(error, ERROR_BUG, "%s", broken);
}
