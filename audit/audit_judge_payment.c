/* audit_judge_payment.c - what must hold of a payment: the provider's books against the payment
 * service's document and the bookings that list it. */
#include "audit/audit_judge.h"

#include <inttypes.h>
#include <string.h>

/* A booking keeps this many of its payments (a pending one leaves one place free); the refund of
 * one beyond that is asked for without keeping it. */
#define LISTINGS_FULL 15
/* What is announced and not heard is announced again after a minute, and heard then, unless
 * something is broken: its next repeat is no excuse. */
#define HEARD_WITHIN_MS 120000

/* A payment with what it is joined to. */
struct purse {
    const struct audit_payment *payment;
    const struct audit_booking *booking; /* by the payment service's document */
    const struct audit_listing *listing; /* of this payment in that booking; NULL = none */
    const struct audit_terms *terms;
    struct audit_opinion *opinion;
};

static bool wrong(const struct purse *purse, const char *kind, const char *text)
{
    return audit_say(purse->opinion, AUDIT_IS_WRONG, kind, purse->payment->account.at_ms, "%s",
                     text);
}

static bool waits(const struct purse *purse, const char *kind, int64_t due_ms, const char *text)
{
    return audit_say_waits(purse->opinion, purse->terms, kind, purse->payment->account.at_ms,
                           due_ms, text);
}

/* A message between two services, on its way since then at the latest. */
static bool waits_for_message(const struct purse *purse, const char *kind, int64_t since_ms,
                              const char *text)
{
    int64_t due_ms = since_ms + HEARD_WITHIN_MS;
    if (purse->payment->own.due_at_ms != 0 && purse->payment->own.due_at_ms < due_ms)
        due_ms = purse->payment->own.due_at_ms;
    return waits(purse, kind, due_ms, text);
}

/* When the booking's word could first be sent: after its end and after the capture. */
static int64_t answered_since_ms(const struct purse *purse)
{
    int64_t captured_ms = purse->payment->own.captured_at_ms;
    int64_t ended_ms = purse->booking->own.outcome_at_ms;
    return ended_ms > captured_ms ? ended_ms : captured_ms;
}

static bool is_back(const struct audit_payment *payment)
{
    return payment->account.refunds_total == payment->account.captured.amount;
}

/* By the provider and by hand together, never more. */
static bool is_resolved(const struct audit_payment *payment)
{
    return payment->own.resolved > 0 && payment->account.refunds_total + payment->own.resolved ==
                                            payment->account.captured.amount;
}

static bool has_money(enum audit_payment_state state)
{
    return state >= AUDIT_PAYMENT_CAPTURED;
}

/* What the books alone say. */
static bool books_are_wrong(const struct purse *purse)
{
    const struct audit_payment *payment = purse->payment;
    int64_t captured = payment->account.captured.amount;
    int64_t back = payment->account.refunds_total;
    int64_t at_ms = payment->account.at_ms;
    if (back > captured)
        return audit_say(purse->opinion, AUDIT_IS_WRONG,
                         payment->account.refund_count > 1 ? "refunded_twice"
                                                           : "refunded_more_than_captured",
                         at_ms, "%d refunds, %" PRId64 " of %" PRId64 " captured",
                         payment->account.refund_count, back, captured);
    if (back != payment->account.refunded)
        return audit_say(purse->opinion, AUDIT_IS_WRONG, "ledger_differs", at_ms,
                         "the account says %" PRId64 " refunded, its refunds %" PRId64,
                         payment->account.refunded, back);
    return false;
}

/* What the payment service was told of refunds, which may be more than the books say. */
static bool reports_are_wrong(const struct purse *purse)
{
    const struct audit_payment *payment = purse->payment;
    if (payment->own.refunds_back > payment->own.money.amount)
        return audit_say(purse->opinion, AUDIT_IS_WRONG, "refunded_more_than_captured",
                         payment->account.at_ms, "%" PRId64 " reported of %" PRId64 " captured",
                         payment->own.refunds_back, payment->own.money.amount);
    if (payment->own.refunds_beyond > 0)
        return audit_say(purse->opinion, AUDIT_IS_WRONG, "refunds_not_kept", payment->account.at_ms,
                         "%" PRId64 " reports of refunds beyond those that are kept",
                         payment->own.refunds_beyond);
    return false;
}

/* Of a payment that must not be back at all. */
static bool is_back_though_applied(const struct purse *purse)
{
    if (is_back(purse->payment))
        return wrong(purse, "refunded_though_applied", "its booking is confirmed by it");
    if (purse->payment->account.refunds_total > 0)
        return wrong(purse, "refunded_in_part", "its booking is confirmed by it");
    return false;
}

/* What the bookings that list it say together. */
static bool listings_are_wrong(const struct purse *purse)
{
    const struct audit_booking *applied_by = NULL;
    for (const struct audit_listing *listing = purse->payment->listings; listing != NULL;
         listing = listing->next_of_payment) {
        if (listing->disposition != AUDIT_APPLIED)
            continue;
        if (applied_by != NULL)
            return audit_say(purse->opinion, AUDIT_IS_WRONG, "applied_twice",
                             purse->payment->account.at_ms, "applied to %s and to %s",
                             applied_by->id, listing->booking->id);
        applied_by = listing->booking;
        if (listing->booking->own.state != AUDIT_BOOKING_CONFIRMED)
            return audit_say(purse->opinion, AUDIT_IS_WRONG, "applied_to_unconfirmed",
                             purse->payment->account.at_ms, "%s has it applied and is %s",
                             listing->booking->id,
                             audit_booking_state_text(listing->booking->own.state));
    }
    return false;
}

/* The provider has no capture of it. */
static bool uncaptured_judge(const struct purse *purse)
{
    if (has_money(purse->payment->own.state))
        return wrong(
            purse, "capture_unknown",
            "the payment service holds a capture that the provider's books do not have; where "
            "webhooks are made by hand, ask with --captures service");
    if (purse->payment->listings != NULL)
        return wrong(purse, "payment_unknown", "a booking lists it, and nobody has captured it");
    return true;
}

/* Captured at the provider, and the payment service does not have the capture. */
static bool undelivered_judge(const struct purse *purse)
{
    const struct audit_payment *payment = purse->payment;
    if (payment->listings != NULL)
        return wrong(purse, "payment_lost",
                     "a booking lists it, and the payment service does not have it");
    if (payment->own.state == AUDIT_PAYMENT_ABSENT && payment->account.acknowledged > 0)
        return wrong(purse, "payment_lost",
                     "its webhook was answered 200, and the payment service does not have it");
    return waits(purse, "capture_not_delivered", payment->account.at_ms,
                 "the provider's webhook has not got through");
}

static bool copies_differ(const struct purse *purse)
{
    const struct audit_payment *payment = purse->payment;
    if (!audit_money_is_equal(&payment->account.captured, &payment->own.money))
        return wrong(purse, "payment_differs",
                     "amount, currency or user of the payment service are not the provider's");
    if (strcmp(payment->account.booking->id, payment->own.booking->id) != 0)
        return audit_say(purse->opinion, AUDIT_IS_WRONG, "payment_differs", payment->account.at_ms,
                         "captured for %s, held for %s", payment->account.booking->id,
                         payment->own.booking->id);
    for (const struct audit_listing *listing = payment->listings; listing != NULL;
         listing = listing->next_of_payment)
        if (listing->booking == payment->own.booking &&
            !audit_money_is_equal(&listing->money, &payment->own.money))
            return wrong(purse, "payment_differs",
                         "amount, currency or user in the booking are not the payment's");
    return false;
}

static bool captured_judge(const struct purse *purse)
{
    const struct audit_payment *payment = purse->payment;
    if (purse->listing == NULL)
        return waits_for_message(purse, "capture_not_heard", payment->own.captured_at_ms,
                                 "the booking has not heard of it");
    switch (purse->listing->disposition) {
    case AUDIT_APPLIED:
        return is_back_though_applied(purse) ||
               waits_for_message(purse, "outcome_not_heard", answered_since_ms(purse),
                                 "its booking is confirmed, the payment service has not heard it");
    case AUDIT_HELD:
        return waits(purse, "waits_for_intent", purse->booking->own.due_at_ms,
                     "its booking waits for the intent");
    case AUDIT_BACK_BY_OUTCOME:
    case AUDIT_BACK_BY_REQUEST:
    case AUDIT_DISPOSITION_COUNT:
        break;
    }
    return waits_for_message(purse, "refund_not_heard", answered_since_ms(purse),
                             "its booking gives it back, the payment service has not heard it");
}

/* Cancelled after it was settled. Who repeats the cancel until the refund is reported is the
 * gateway. */
static bool settled_and_cancelled_judge(const struct purse *purse)
{
    int64_t since_ms = purse->booking->own.outcome_at_ms;
    return audit_say_waits(purse->opinion, purse->terms, "refund_not_heard", since_ms,
                           since_ms + HEARD_WITHIN_MS,
                           "its booking was cancelled, the payment service has not heard it");
}

static bool settled_judge(const struct purse *purse)
{
    const struct audit_booking *booking = purse->booking;
    if (booking->own.state == AUDIT_BOOKING_ABSENT)
        return wrong(purse, "booking_lost", "it is settled, and its booking is not there");
    if (booking->own.state == AUDIT_BOOKING_CANCELLED && purse->listing != NULL)
        return settled_and_cancelled_judge(purse);
    if (booking->own.state != AUDIT_BOOKING_CONFIRMED)
        return audit_say(purse->opinion, AUDIT_IS_WRONG, "applied_to_unconfirmed",
                         purse->payment->account.at_ms, "it is settled, and its booking is %s",
                         audit_booking_state_text(booking->own.state));
    if (purse->listing == NULL || purse->listing->disposition != AUDIT_APPLIED)
        return wrong(purse, "applied_elsewhere",
                     "it is settled, and its booking is not confirmed by it");
    if (is_back_though_applied(purse))
        return true;
    if (!audit_money_is_equal(&booking->own.intent, &purse->payment->own.money))
        return wrong(purse, "applied_differs",
                     "amount, currency or user are not those of the booking it is applied to");
    purse->opinion->verdict = AUDIT_IS_APPLIED;
    return true;
}

/* It goes back, or has gone: was that asked for? */
static bool refund_is_wrong(const struct purse *purse)
{
    const struct audit_booking *booking = purse->booking;
    if (booking->own.state == AUDIT_BOOKING_ABSENT)
        return wrong(purse, "booking_lost", "its refund was asked for, its booking is not there");
    if (purse->listing == NULL)
        return booking->own.listing_count < LISTINGS_FULL &&
               wrong(purse, "refund_not_asked", "its booking does not know it");
    if (purse->listing->disposition == AUDIT_APPLIED)
        return wrong(purse, "refunded_though_applied", "its booking is confirmed by it");
    if (purse->listing->disposition == AUDIT_HELD)
        return wrong(purse, "refund_not_asked", "its booking still waits for the intent");
    return false;
}

static bool returning_judge(const struct purse *purse)
{
    const struct audit_payment *payment = purse->payment;
    if (is_back(payment))
        return waits(purse, "refund_not_reported", payment->own.due_at_ms,
                     "the provider has given it back, the payment service does not know yet");
    const char *error = payment->own.last_error != NULL ? payment->own.last_error : "none";
    int64_t due_ms = payment->own.due_at_ms;
    bool is_late = due_ms + purse->terms->grace_ms < purse->terms->now_ms;
    return audit_say(purse->opinion, is_late ? AUDIT_IS_STUCK : AUDIT_IS_IN_FLIGHT,
                     "refund_under_way", payment->account.at_ms,
                     "attempts so far %" PRId64 ", last error %s%s", payment->own.attempts, error,
                     is_late ? "; the next one is overdue" : "");
}

static bool refunded_judge(const struct purse *purse)
{
    if (is_resolved(purse->payment)) {
        purse->opinion->verdict = AUDIT_IS_RESOLVED;
        return true;
    }
    if (purse->payment->own.resolved > 0)
        return wrong(purse, "resolved_differs",
                     "what was resolved by hand and what the provider gave back are not what was "
                     "captured");
    if (!is_back(purse->payment) && purse->payment->account.refunds_total > 0)
        return wrong(purse, "refunded_in_part",
                     "the payment service says refunded, the provider's books say in part");
    if (!is_back(purse->payment))
        return wrong(purse, "refund_missing",
                     "the payment service says refunded, the provider's books do not");
    purse->opinion->verdict = AUDIT_IS_REFUNDED;
    return true;
}

static bool held_judge(const struct purse *purse)
{
    switch (purse->payment->own.state) {
    case AUDIT_PAYMENT_ABSENT:
    case AUDIT_PAYMENT_EXPECTED:
    case AUDIT_PAYMENT_DECLINED:
    case AUDIT_PAYMENT_STATE_COUNT:
        break;
    case AUDIT_PAYMENT_CAPTURED:
        return captured_judge(purse);
    case AUDIT_PAYMENT_SETTLED:
        return settled_judge(purse);
    case AUDIT_PAYMENT_REFUND_DUE:
    case AUDIT_PAYMENT_REFUNDING:
        return refund_is_wrong(purse) || returning_judge(purse);
    case AUDIT_PAYMENT_REFUNDED:
        return refund_is_wrong(purse) || refunded_judge(purse);
    case AUDIT_PAYMENT_STUCK:
        return refund_is_wrong(purse) ||
               audit_say(purse->opinion, AUDIT_IS_STUCK, "refund_stuck",
                         purse->payment->account.at_ms, "%s after %" PRId64 " attempts",
                         purse->payment->own.last_error != NULL ? purse->payment->own.last_error
                                                                : "no reason is known",
                         purse->payment->own.attempts);
    }
    return false;
}

/* What cannot be read accuses nobody. */
static bool newer_judge(const struct purse *purse)
{
    const struct audit_booking *named = purse->payment->account.booking;
    bool is_newer = purse->payment->own.is_newer ||
                    (purse->booking != NULL && purse->booking->is_newer) ||
                    (named != NULL && named->is_newer);
    return is_newer &&
           audit_say(purse->opinion, AUDIT_IS_IN_FLIGHT, "document_newer",
                     purse->payment->account.at_ms,
                     "a newer release has stored it or its booking: its roundtrip can judge it");
}

void audit_judge_payment(const struct audit_payment *payment, const struct audit_terms *terms,
                         struct audit_opinion *ret_opinion)
{
    struct purse purse = {
        .payment = payment, .booking = payment->own.booking, .terms = terms, .opinion = ret_opinion
    };
    *ret_opinion = (struct audit_opinion){ .kind = "" };
    if (payment->own.is_damaged)
        (void)wrong(&purse, "document_damaged", "the payment service's document cannot be read");
    else if (books_are_wrong(&purse) || newer_judge(&purse) || listings_are_wrong(&purse))
        return;
    else if (!payment->account.is_known || payment->account.captured.amount == 0)
        (void)uncaptured_judge(&purse);
    else if (!has_money(payment->own.state))
        (void)undelivered_judge(&purse);
    else if (!copies_differ(&purse) && !reports_are_wrong(&purse)) {
        purse.listing = audit_listing_find(payment, payment->own.booking);
        (void)held_judge(&purse);
    }
}
