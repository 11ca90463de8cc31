/* root.c - turns a booking into what its trace tells: the root span of its first outcome, the money
 * and the wait of each decision. */
#include "booking/root.h"

#include "booking/booking.h"
#include "common/base/text.h"

#include <string.h>

/* Those that the first outcome is about: what came later is given back by a request of its own. */
static int64_t payments_count(const struct booking *booking)
{
    int64_t count = 0;
    for (int32_t i = 0; i < booking->payment_count; i++)
        count += booking->payments[i].disposition == PAYMENT_APPLIED ||
                 booking->payments[i].disposition == PAYMENT_REFUNDED_BY_OUTCOME;
    return count;
}

void booking_root(const void *state, struct tracing_root *ret_root)
{
    const struct booking *booking = state;
    bool is_confirmed = booking->first_outcome == BOOKING_CONFIRMED;
    *ret_root = (struct tracing_root){ 0 };
    if (booking->decided_at_ms == 0)
        return;
    *ret_root = (struct tracing_root){
        .booking_id = booking->id,
        .state = booking_state_text(booking->first_outcome),
        .reason = is_confirmed ? "" : booking_reason_text(booking->reason),
        .currency = booking->currency,
        .amount = booking->amount,
        .started_ms = booking->first_seen_ms,
        .decided_ms = booking->decided_at_ms,
        .payments = payments_count(booking),
        .is_failed = booking->first_outcome == BOOKING_FAILED,
    };
}

/* ---- decisions ---- */

static void payment_tell(struct tracing_facts *facts, const char *payment_id, int64_t amount,
                         const char *currency)
{
    text_copy(facts->payment_id, sizeof facts->payment_id, payment_id);
    facts->paid.amount = amount;
    text_copy(facts->paid.currency, sizeof facts->paid.currency, currency);
}

/* The payment that the input names, else the one that the outcome is about, else the one that
 * waits. */
static void payment_find(const struct tracing_story *story, struct tracing_facts *facts)
{
    const struct booking *booking = story->state;
    struct booking_payload payload;
    memcpy(&payload, story->input->payload, sizeof payload);
    if (story->input->type == BOOKING_CAPTURED || story->input->type == BOOKING_DECLINED) {
        payment_tell(facts, payload.payment_id, payload.amount, payload.currency);
        return;
    }
    for (int32_t i = 0; i < booking->payment_count; i++) {
        const struct booking_payment *payment = &booking->payments[i];
        if (payment->disposition != PAYMENT_REFUNDED_BY_REQUEST) {
            payment_tell(facts, payment->payment_id, payment->amount, payment->currency);
            return;
        }
    }
}

static const char *deadline_title(const struct tracing_story *story)
{
    if (story->reason != NULL && strcmp(story->reason, "payment_timeout") == 0)
        return "payment timed out";
    if (story->reason != NULL && strcmp(story->reason, "intent_timeout") == 0)
        return "intent timed out";
    return "deadline passed over";
}

void booking_tell(const struct tracing_story *story, struct tracing_facts *ret_facts)
{
    const struct booking *booking = story->state;
    if (story->input->type == BOOKING_DEADLINE)
        ret_facts->title = deadline_title(story);
    payment_find(story, ret_facts);
    if (booking->has_intent) {
        ret_facts->price.amount = booking->amount;
        text_copy(ret_facts->price.currency, sizeof ret_facts->price.currency, booking->currency);
    }
    bool is_pending = booking->state == BOOKING_PENDING;
    if (is_pending || booking->state == BOOKING_PAYMENT_FIRST) {
        ret_facts->waits_for = is_pending ? "payment" : "intent";
        ret_facts->waits_until_ms = booking->due_at_ms;
    }
}
