/* ledger.c - compares a request with the rows of its key and payment, and makes the next rows. */
#include "provider/ledger.h"

#include "common/base/uuid.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static bool charge_is_same(const struct ledger_charge_request *request,
                           const struct ledger_charge *charge)
{
    bool is_declined = charge->status == LEDGER_DECLINED;
    return (request->payment_id[0] == '\0' ||
            strcmp(request->payment_id, charge->payment_id) == 0) &&
           strcmp(request->intent_id, charge->intent_id) == 0 &&
           strcmp(request->user_id, charge->user_id) == 0 && request->amount == charge->amount &&
           strcmp(request->currency, charge->currency) == 0 && request->is_declined == is_declined;
}

enum ledger_verdict ledger_decide_charge(const struct ledger_charge_request *request,
                                         const struct ledger_charge *by_key,
                                         const struct ledger_charge *by_payment, int64_t now_ms,
                                         struct ledger_charge *ret_charge)
{
    if (by_key && !charge_is_same(request, by_key))
        return LEDGER_KEY_REUSED;
    if (!by_key && by_payment && !charge_is_same(request, by_payment))
        return LEDGER_PAYMENT_REUSED;
    if (by_key || by_payment) {
        *ret_charge = by_key ? *by_key : *by_payment;
        return LEDGER_REPLAY;
    }
    assert(request->payment_id[0] != '\0' || request->fresh_id[0] != '\0');
    struct ledger_charge charge = { .amount = request->amount, .at_ms = now_ms };
    if (request->payment_id[0] != '\0')
        memcpy(charge.payment_id, request->payment_id, sizeof charge.payment_id);
    else
        memcpy(charge.payment_id, request->fresh_id, sizeof request->fresh_id);
    memcpy(charge.intent_id, request->intent_id, sizeof charge.intent_id);
    memcpy(charge.user_id, request->user_id, sizeof charge.user_id);
    memcpy(charge.currency, request->currency, sizeof charge.currency);
    memcpy(charge.reason, request->reason, sizeof charge.reason);
    charge.status = request->is_declined ? LEDGER_DECLINED : LEDGER_CAPTURED;
    charge.captured = request->is_declined ? 0 : request->amount;
    *ret_charge = charge;
    return LEDGER_NEW;
}

static bool refund_is_same(const struct ledger_refund_request *request,
                           const struct ledger_refund *refund)
{
    return strcmp(request->payment_id, refund->payment_id) == 0 &&
           request->amount == refund->amount && strcmp(request->currency, refund->currency) == 0;
}

static struct ledger_charge charge_adopt(const struct ledger_refund_request *request,
                                         int64_t now_ms)
{
    struct ledger_charge charge = {
        .status = LEDGER_CAPTURED,
        .amount = request->amount,
        .captured = request->amount,
        .at_ms = now_ms,
        .is_adopted = true,
    };
    memcpy(charge.payment_id, request->payment_id, sizeof charge.payment_id);
    memcpy(charge.intent_id, request->intent_id, sizeof charge.intent_id);
    memcpy(charge.currency, request->currency, sizeof charge.currency);
    return charge;
}

static struct ledger_refund refund_make(const struct ledger_refund_request *request, int64_t now_ms)
{
    struct ledger_refund refund = { .amount = request->amount, .at_ms = now_ms };
    char seed[sizeof "refund:" + IDENT_SIZE];
    int length = snprintf(seed, sizeof seed, "refund:%s", request->key);
    assert(length > 0 && (size_t)length < sizeof seed);
    char uuid[UUID_TEXT_SIZE];
    uuid_v8_derive(seed, (size_t)length, uuid);
    (void)snprintf(refund.refund_id, sizeof refund.refund_id, "re_%s", uuid);
    memcpy(refund.key, request->key, sizeof refund.key);
    memcpy(refund.payment_id, request->payment_id, sizeof refund.payment_id);
    memcpy(refund.intent_id, request->intent_id, sizeof refund.intent_id);
    memcpy(refund.currency, request->currency, sizeof refund.currency);
    return refund;
}

enum ledger_verdict ledger_decide_refund(const struct ledger_refund_request *request,
                                         const struct ledger_charge *charge,
                                         const struct ledger_refund *by_key,
                                         const struct ledger_refund *latest, bool is_adopting,
                                         int64_t now_ms, struct ledger_charge *ret_charge,
                                         struct ledger_refund *ret_refund)
{
    assert(request->key[0] != '\0' && request->amount > 0);
    if (by_key) {
        if (!refund_is_same(request, by_key))
            return LEDGER_KEY_REUSED;
        *ret_refund = *by_key;
        return LEDGER_REPLAY;
    }
    if (!charge && !is_adopting)
        return LEDGER_UNKNOWN_PAYMENT;
    struct ledger_charge next = charge ? *charge : charge_adopt(request, now_ms);
    assert(next.refunded >= 0 && next.refunded <= next.captured);
    if (strcmp(next.currency, request->currency) != 0)
        return LEDGER_CURRENCY_MISMATCH;
    if (next.captured > 0 && next.refunded == next.captured) {
        assert(latest);
        *ret_refund = *latest;
        return LEDGER_ALREADY_REFUNDED;
    }
    if (request->amount > next.captured - next.refunded)
        return LEDGER_EXCEEDS_CAPTURED;
    if (next.refund_count >= LEDGER_REFUNDS_MAX)
        return LEDGER_TOO_MANY_REFUNDS;
    next.refunded += request->amount;
    next.refund_count++;
    *ret_charge = next;
    *ret_refund = refund_make(request, now_ms);
    return LEDGER_NEW;
}

const struct ledger_saying *ledger_say(enum ledger_verdict verdict)
{
    static const struct ledger_saying sayings[] = {
        [LEDGER_NEW] = { 201, "", "" },
        [LEDGER_REPLAY] = { 200, "", "" },
        [LEDGER_KEY_REUSED] = { 422, "idempotency_key_reused",
                                "this Idempotency-Key stands for a request of other content" },
        [LEDGER_PAYMENT_REUSED] = { 422, "payment_id_reused",
                                    "this paymentId stands for a charge of other content" },
        [LEDGER_UNKNOWN_PAYMENT] = { 404, "unknown_payment",
                                     "no charge with this paymentId was captured" },
        [LEDGER_CURRENCY_MISMATCH] = { 422, "currency_mismatch",
                                       "the payment was captured in another currency" },
        [LEDGER_ALREADY_REFUNDED] = { 409, "already_refunded",
                                      "all of this payment was refunded under another key" },
        [LEDGER_EXCEEDS_CAPTURED] = { 422, "amount_exceeds_captured",
                                      "more than what was captured and not yet refunded" },
        [LEDGER_TOO_MANY_REFUNDS] = { 422, "too_many_refunds",
                                      "this payment takes no more partial refunds" },
    };
    return &sayings[verdict];
}

const char *ledger_status_text(enum ledger_status status)
{
    return status == LEDGER_DECLINED ? "declined" : "captured";
}
