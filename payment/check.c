/* check.c - the invariants of a payment, after each action and at both sides of the store. */
#include "payment/payment.h"

#include <string.h>

static bool text_holds(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    return length > 0 && length < size;
}

static const char *money_check(const struct payment *payment, bool has_money)
{
    if ((payment->amount > 0) != has_money || payment->amount < 0)
        return "there is money exactly from the capture on";
    if (has_money &&
        (!text_holds(payment->intent_id, sizeof payment->intent_id) ||
         !text_holds(payment->user_id, sizeof payment->user_id) ||
         !money_currency_is_valid(payment->currency, strnlen(payment->currency, CURRENCY_SIZE))))
        return "a captured payment has no booking, user or currency";
    return NULL;
}

static const char *refunds_check(const struct refunds *refunds)
{
    if (refunds->count < 0 || refunds->count > PAYMENT_REFUNDS_MAX || refunds->beyond < 0)
        return "more refunds than are kept";
    for (int32_t i = 0; i < refunds->count; i++) {
        const struct payment_refund *refund = &refunds->list[i];
        if (!text_holds(refund->id, sizeof refund->id) || refund->amount < 0 ||
            refund->amount > MONEY_AMOUNT_MAX || refund->standing >= STANDING_COUNT)
            return "a refund's id, amount or status is not valid";
        if (payment_refunds_find(refunds, refund->id) != refund)
            return "a refund is kept twice";
    }
    return NULL;
}

static const char *going_back_check(const struct payment *payment)
{
    bool is_on_its_way =
        payment->state == PAYMENT_REFUND_DUE || payment->state == PAYMENT_REFUNDING;
    if ((payment->state == PAYMENT_REFUNDED) !=
        text_holds(payment->refund_id, sizeof payment->refund_id))
        return "a refunded payment, and no other, has a refund that is announced";
    if ((is_on_its_way || payment->state == PAYMENT_STUCK) &&
        payment_back(payment) >= payment->amount)
        return "it is back, and is said to be missing";
    if (payment->state == PAYMENT_STUCK &&
        !text_holds(payment->last_error, sizeof payment->last_error))
        return "a stuck refund has no reason";
    if (payment->resolved_amount < 0 || payment->resolved_amount > payment->amount ||
        (payment->resolved_amount > 0) !=
            text_holds(payment->resolved_reason, sizeof payment->resolved_reason))
        return "what was settled by hand is more than was captured, or has no reason";
    if (payment->key_ordinal < 0 || payment->key_ordinal >= REFUND_KEYS_MAX ||
        payment->asked_amount < 0 || payment->asked_amount > MONEY_AMOUNT_MAX)
        return "what the provider was asked for is not valid";
    return NULL;
}

static const char *broken_rule(const struct payment *payment)
{
    const char *broken;
    bool has_money = payment->state != PAYMENT_EXPECTED && payment->state != PAYMENT_DECLINED;
    bool waits = payment->state == PAYMENT_CAPTURED || payment->state == PAYMENT_REFUND_DUE ||
                 payment->state == PAYMENT_REFUNDING;
    if (payment->state == PAYMENT_NONE || payment->state >= PAYMENT_STATE_COUNT)
        return "nothing is known of it";
    if (payment->id[0] == '\0')
        return "it has no id";
    if ((broken = money_check(payment, has_money)) != NULL ||
        (broken = refunds_check(&payment->refunds)) != NULL)
        return broken;
    if ((payment->due_at_ms != 0) != waits)
        return "a deadline is set exactly while something is waited for";
    return going_back_check(payment);
}

bool payment_check(const void *state, struct error *error)
{
    const struct payment *payment = state;
    const char *broken = broken_rule(payment);
    return broken == NULL
               ? true
               : error_set(error, ERROR_BUG, "state %s: %s",
                           payment->state < PAYMENT_STATE_COUNT ? payment_state_text(payment->state)
                                                                : "unknown",
                           broken);
}
