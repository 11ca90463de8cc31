/* why.c - looks for what is waited for in the order of interest: the booking's own wait, a stuck
 * refund, a refund on its way, messages. */
#include "cli/commands/why.h"

#include "cli/screen/text.h"

#include <inttypes.h>
#include <string.h>

/* "in 9 min 30 s", or "any moment now" for what is overdue. */
static const char *until(int64_t due_at_ms, int64_t now_ms, char text[TEXT_DURATION_SIZE + 4])
{
    char duration[TEXT_DURATION_SIZE];
    if (due_at_ms <= now_ms)
        return "any moment now";
    text_duration(due_at_ms - now_ms, duration);
    snprintf(text, TEXT_DURATION_SIZE + 4, "in %s", duration);
    return text;
}

static void pending_write(const struct booking *booking, int64_t now_ms, char *text)
{
    char since[TEXT_DURATION_SIZE];
    char ends[TEXT_DURATION_SIZE + 4];
    text_duration(now_ms - booking->waiting_since_ms, since);
    snprintf(text, WHY_SIZE,
             "waits for its payment since %s; fails %s (payment_timeout); to pay: roundtrip pay %s",
             since, until(booking->due_at_ms, now_ms, ends), booking->id);
}

static void payment_first_write(const struct booking *booking, int64_t now_ms, char *text)
{
    char since[TEXT_DURATION_SIZE];
    char ends[TEXT_DURATION_SIZE + 4];
    text_duration(now_ms - booking->waiting_since_ms, since);
    snprintf(text, WHY_SIZE,
             "is paid, and waits for its intent since %s; refunded %s (intent_timeout); to book: "
             "roundtrip book --id %s",
             since, until(booking->due_at_ms, now_ms, ends), booking->id);
}

/* The booking is decided, or not even begun: something is on its way. */
static void on_its_way_write(const struct dossier *dossier, char *text)
{
    if (dossier->note_count > 0)
        snprintf(text, WHY_SIZE, "is not over, but not all could be asked: see above");
    else if (dossier->booking == NULL)
        snprintf(text, WHY_SIZE,
                 "its intent has not reached the booking service: it waits in booking-events, or "
                 "the gateway owes it to the broker; look with roundtrip doctor");
    else
        snprintf(text, WHY_SIZE,
                 "the outcome (%s) has not reached the gateway: it waits in gateway-events; look "
                 "with roundtrip doctor",
                 dossier_state(dossier));
}

static bool payment_write(const struct payment *payment, int64_t now_ms, char *text)
{
    char next[TEXT_DURATION_SIZE + 4];
    switch (payment->state) {
    case PAYMENT_STUCK:
        snprintf(text, WHY_SIZE,
                 "the refund of payment %s is stuck after %" PRId32
                 " attempts (%s): somebody must settle it with the provider (roundtrip ledger %s), "
                 "then roundtrip stuck retry or resolve",
                 payment->id, payment->attempts,
                 payment->last_error[0] != '\0' ? payment->last_error : "no reason is known",
                 payment->id);
        return true;
    case PAYMENT_REFUND_DUE:
    case PAYMENT_REFUNDING:
        snprintf(
            text, WHY_SIZE,
            "payment %s is on its way back: attempts so far %" PRId32 "%s%s, looked at again %s",
            payment->id, payment->attempts, payment->last_error[0] != '\0' ? ", last error " : "",
            payment->last_error, until(payment->due_at_ms, now_ms, next));
        return true;
    case PAYMENT_CAPTURED:
        snprintf(text, WHY_SIZE,
                 "payment %s has heard no outcome yet: it is announced again %s; look with "
                 "roundtrip doctor",
                 payment->id, until(payment->due_at_ms, now_ms, next));
        return true;
    case PAYMENT_NONE:
    case PAYMENT_EXPECTED:
    case PAYMENT_DECLINED:
    case PAYMENT_SETTLED:
    case PAYMENT_REFUNDED:
    case PAYMENT_STATE_COUNT:
        break;
    }
    return false;
}

/* A stuck one first: it is what somebody must look at. */
static bool payments_write(const struct dossier *dossier, int64_t now_ms, char *text)
{
    for (int wants_stuck = 1; wants_stuck >= 0; wants_stuck--) {
        for (size_t i = 0; i < dossier->payment_count; i++) {
            const struct payment *payment = dossier_payment_state(&dossier->payments[i]);
            if (payment != NULL && (payment->state == PAYMENT_STUCK) == (wants_stuck == 1) &&
                payment_write(payment, now_ms, text))
                return true;
        }
    }
    return false;
}

static bool refund_waits(const struct dossier *dossier, char *text)
{
    for (int64_t i = 0; i < dossier->seen.refund_count; i++) {
        const struct gateway_refund *refund = &dossier->seen.refunds[i];
        if (refund->status == GATEWAY_STATUS_WAITING) {
            snprintf(text, WHY_SIZE,
                     "the gateway has not heard yet that payment %s is refunded: it waits in "
                     "gateway-events",
                     refund->payment.payment_id);
            return true;
        }
    }
    return false;
}

void why_write(const struct dossier *dossier, int64_t now_ms, char ret_text[WHY_SIZE])
{
    const struct booking *booking = dossier_booking(dossier);
    ret_text[0] = '\0';
    if (booking != NULL && booking->state == BOOKING_PENDING)
        pending_write(booking, now_ms, ret_text);
    else if (booking != NULL && booking->state == BOOKING_PAYMENT_FIRST)
        payment_first_write(booking, now_ms, ret_text);
    else if (!payments_write(dossier, now_ms, ret_text) && !dossier_is_over(dossier) &&
             !refund_waits(dossier, ret_text))
        on_its_way_write(dossier, ret_text);
}
