/* audit_judge_booking.c - what must hold of a booking: its own document, what the gateway promised
 * and shows, what the events said. */
#include "audit/audit_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool audit_say(struct audit_opinion *opinion, enum audit_verdict verdict, const char *kind,
               int64_t since_ms, const char *format, ...)
{
    va_list values;
    opinion->verdict = verdict;
    opinion->kind = kind;
    opinion->since_ms = since_ms;
    va_start(values, format);
    vsnprintf(opinion->detail, sizeof opinion->detail, format, values);
    va_end(values);
    return true;
}

bool audit_say_waits(struct audit_opinion *opinion, const struct audit_terms *terms,
                     const char *kind, int64_t since_ms, int64_t due_ms, const char *text)
{
    bool is_late = due_ms + terms->grace_ms < terms->now_ms;
    return audit_say(opinion, is_late ? AUDIT_IS_STUCK : AUDIT_IS_IN_FLIGHT, kind, since_ms, "%s%s",
                     text, is_late ? ", and that is overdue" : "");
}

bool audit_money_is_equal(const struct audit_money *one, const struct audit_money *other)
{
    return one->amount == other->amount && strcmp(one->currency, other->currency) == 0 &&
           (one->user == NULL || other->user == NULL || one->user == other->user);
}

static bool wrong(struct audit_opinion *opinion, const struct audit_booking *booking,
                  const char *kind, const char *text)
{
    return audit_say(opinion, AUDIT_IS_WRONG, kind, booking->own.first_seen_ms, "%s", text);
}

static bool has_ended(enum audit_booking_state state)
{
    return state == AUDIT_BOOKING_CONFIRMED || state == AUDIT_BOOKING_FAILED ||
           state == AUDIT_BOOKING_CANCELLED;
}

/* ---- the booking service's document by itself ---- */

static bool outcomes_are_wrong(const struct audit_booking *booking, struct audit_opinion *opinion)
{
    if (booking->own.confirmed_times > 1 || booking->own.ended_times > 1)
        return wrong(opinion, booking, "outcome_twice", "its history has two outcomes");
    if (booking->own.state == AUDIT_BOOKING_FAILED && booking->own.confirmed_times > 0)
        return wrong(opinion, booking, "outcome_twice", "it was confirmed, and is failed");
    if (booking->own.state == AUDIT_BOOKING_CONFIRMED && booking->own.ended_times > 0)
        return wrong(opinion, booking, "outcome_twice", "it had ended, and is confirmed");
    return false;
}

static bool listings_are_wrong(const struct audit_booking *booking, struct audit_opinion *opinion)
{
    int applied = 0;
    for (const struct audit_listing *listing = booking->own.listings; listing != NULL;
         listing = listing->next_of_booking) {
        if (listing->disposition == AUDIT_HELD && has_ended(booking->own.state))
            return wrong(opinion, booking, "payment_held",
                         "it has ended, and neither applies nor returns one of its payments");
        if (listing->disposition != AUDIT_APPLIED)
            continue;
        applied++;
        if (!audit_money_is_equal(&listing->money, &booking->own.intent))
            return wrong(opinion, booking, "applied_differs",
                         "amount, currency or user of the applied payment are not the intent's");
    }
    if (applied > 1)
        return wrong(opinion, booking, "confirmed_twice", "two payments are applied to it");
    if (applied == 0 && booking->own.state == AUDIT_BOOKING_CONFIRMED)
        return wrong(opinion, booking, "confirmed_unpaid", "it is confirmed, and nothing paid it");
    if (applied == 1 && booking->own.state != AUDIT_BOOKING_CONFIRMED)
        return wrong(opinion, booking, "applied_to_unconfirmed",
                     "a payment is applied to it, and it is not confirmed");
    return false;
}

/* ---- what the gateway promised ---- */

/* A 202 whose booking the booking service does not have. */
static bool promise_judge(const struct audit_booking *booking, const struct audit_terms *terms,
                          struct audit_opinion *opinion)
{
    if (!booking->view.has_intent || booking->own.has_intent || has_ended(booking->own.state))
        return false;
    int64_t asked_ms = booking->view.asked_at_ms;
    if (booking->view.owed_at_ms > 0)
        return audit_say(opinion, AUDIT_IS_IN_FLIGHT, "intent_owed", asked_ms,
                         "the intent is in the gateway's outbox");
    if (asked_ms + terms->grace_ms >= terms->now_ms)
        return audit_say(opinion, AUDIT_IS_IN_FLIGHT, "intent_not_heard", asked_ms,
                         "the booking service has not heard of it");
    return audit_say(opinion, AUDIT_IS_WRONG, "booking_missing", asked_ms,
                     "answered 202, and the booking service does not have it");
}

static bool intents_differ(const struct audit_booking *booking, struct audit_opinion *opinion)
{
    if (!booking->own.has_intent)
        return false;
    if (!booking->view.has_intent)
        return wrong(opinion, booking, "promise_lost",
                     "it has an intent that the gateway does not know");
    return !audit_money_is_equal(&booking->own.intent, &booking->view.intent) &&
           wrong(opinion, booking, "intent_differs",
                 "amount, currency or user are not those that the gateway accepted");
}

static const char *applied_id(const struct audit_booking *booking)
{
    for (const struct audit_listing *listing = booking->own.listings; listing != NULL;
         listing = listing->next_of_booking)
        if (listing->disposition == AUDIT_APPLIED)
            return listing->payment->id;
    return "";
}

/* The gateway may be behind, never ahead and never elsewhere. */
static bool view_judge(const struct audit_booking *booking, const struct audit_terms *terms,
                       struct audit_opinion *opinion)
{
    enum audit_booking_state state = booking->own.state;
    enum audit_booking_state shown = booking->view.outcome;
    if (shown == state) {
        const char *payment = booking->view.payment != NULL ? booking->view.payment : "";
        return state == AUDIT_BOOKING_CONFIRMED && strcmp(payment, applied_id(booking)) != 0 &&
               wrong(opinion, booking, "view_contradicts",
                     "the gateway shows another payment than the one applied");
    }
    bool is_behind = shown == AUDIT_BOOKING_ABSENT ||
                     (shown == AUDIT_BOOKING_CONFIRMED && state == AUDIT_BOOKING_CANCELLED);
    if (!is_behind)
        return audit_say(opinion, AUDIT_IS_WRONG, "view_contradicts", booking->own.first_seen_ms,
                         "the gateway shows %s, the booking service has %s",
                         audit_booking_state_text(shown), audit_booking_state_text(state));
    if (!has_ended(state))
        return false;
    int64_t due_ms = booking->own.outcome_at_ms;
    if (booking->view.due_at_ms > due_ms)
        due_ms = booking->view.due_at_ms;
    return audit_say_waits(opinion, terms, "outcome_not_heard", booking->own.outcome_at_ms, due_ms,
                           "the gateway has not heard of its outcome");
}

/* ---- what the events said ---- */

static bool events_are_wrong(const struct audit_booking *booking, struct audit_opinion *opinion)
{
    const struct audit_heard *heard = &booking->heard;
    static const enum audit_booking_state said[AUDIT_OUTCOME_EVENTS] = {
        [AUDIT_SAID_CONFIRMED] = AUDIT_BOOKING_CONFIRMED,
        [AUDIT_SAID_FAILED] = AUDIT_BOOKING_FAILED,
        [AUDIT_SAID_CANCELLED] = AUDIT_BOOKING_CANCELLED,
    };
    for (int i = 0; i < AUDIT_OUTCOME_EVENTS; i++) {
        if (heard->is_twice[i])
            return audit_say(opinion, AUDIT_IS_WRONG, "outcome_twice", booking->own.first_seen_ms,
                             "booking.%s was published under two message ids",
                             audit_booking_state_text(said[i]));
        bool is_past = i == AUDIT_SAID_CONFIRMED && booking->own.state == AUDIT_BOOKING_CANCELLED;
        if (heard->message[i] != 0 && booking->own.state != said[i] && !is_past)
            return audit_say(
                opinion, AUDIT_IS_WRONG, "event_contradicts", booking->own.first_seen_ms,
                "booking.%s was published, the booking service has %s",
                audit_booking_state_text(said[i]), audit_booking_state_text(booking->own.state));
    }
    return false;
}

static bool pending_judge(const struct audit_booking *booking, const struct audit_terms *terms,
                          struct audit_opinion *opinion)
{
    if (booking->own.state == AUDIT_BOOKING_PENDING)
        return audit_say_waits(opinion, terms, "waits_for_payment", booking->own.first_seen_ms,
                               booking->own.due_at_ms, "waits for its payment");
    if (booking->own.state == AUDIT_BOOKING_PAYMENT_FIRST)
        return audit_say_waits(opinion, terms, "waits_for_intent", booking->own.first_seen_ms,
                               booking->own.due_at_ms, "waits for its intent");
    return false;
}

void audit_judge_booking(const struct audit_booking *booking, const struct audit_terms *terms,
                         struct audit_opinion *ret_opinion)
{
    *ret_opinion = (struct audit_opinion){ .kind = "" };
    if (booking->own.is_damaged || booking->view.is_damaged) {
        (void)wrong(ret_opinion, booking, "document_damaged",
                    booking->own.is_damaged ? "the booking service's document cannot be read"
                                            : "the gateway's document cannot be read");
        return;
    }
    if (booking->is_newer) {
        (void)audit_say(ret_opinion, AUDIT_IS_IN_FLIGHT, "document_newer",
                        booking->own.first_seen_ms,
                        "a newer release has stored it: its roundtrip can judge it");
        return;
    }
    (void)(outcomes_are_wrong(booking, ret_opinion) || listings_are_wrong(booking, ret_opinion) ||
           events_are_wrong(booking, ret_opinion) || intents_differ(booking, ret_opinion) ||
           promise_judge(booking, terms, ret_opinion) || view_judge(booking, terms, ret_opinion) ||
           pending_judge(booking, terms, ret_opinion));
}
