/* codec.c - events into inputs, and a booking to and from BSON. Checks what comes from outside; a
 * stored booking must keep the invariants that the state machine relies on. */
#include "booking/participant.h"
#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- events ---- */

bool booking_parse(const void *self, const struct message *message, struct input *ret_inputs,
                   size_t *ret_count, struct error *error)
{
    (void)self;
    SCRATCH struct event_received received;
    if (!event_receive(message, booking_contents, &received, error))
        return false;
    event_input(&received, &ret_inputs[0]);
    *ret_count = 1;
    return true;
}

/* ---- what a booking takes of them, and its history keeps ---- */

#define CONTENT(name, member) CONTENT_FIELD(booking_payload, name, member)
static const struct content_field intent_content[] = {
    CONTENT("userId", user_id),
    CONTENT("amount", amount),
    CONTENT("currency", currency),
};
static const struct content_field cancel_content[] = { CONTENT("userId", user_id) };
static const struct content_field captured_content[] = {
    CONTENT("paymentId", payment_id),
    CONTENT("userId", user_id),
    CONTENT("amount", amount),
    CONTENT("currency", currency),
};
static const struct content_field declined_content[] = {
    CONTENT("paymentId", payment_id),
    CONTENT("userId", user_id),
    CONTENT("final", is_final),
    CONTENT("declinedAt", declined_at_ms),
};

const struct content_form booking_contents[] = {
    { .type = BOOKING_DEADLINE, .type_name = "deadline" },
    CONTENT_FORM(BOOKING_INTENT, EVENT_INTENT_CREATED, intent_content),
    CONTENT_FORM(BOOKING_CANCEL, EVENT_CANCEL_REQUESTED, cancel_content),
    CONTENT_FORM(BOOKING_CAPTURED, EVENT_PAYMENT_CAPTURED, captured_content),
    CONTENT_FORM(BOOKING_DECLINED, EVENT_PAYMENT_DECLINED, declined_content),
    { 0 },
};

/* ---- BSON ---- */

static void payment_encode(struct bson_output *payments, int32_t index,
                           const struct booking_payment *payment)
{
    bson_write_element_begin(payments, (size_t)index);
    bson_write_text(payments, "paymentId", payment->payment_id);
    bson_write_text(payments, "userId", payment->user_id);
    bson_write_int(payments, "amount", payment->amount);
    bson_write_text(payments, "currency", payment->currency);
    bson_write_text(payments, "disposition", booking_disposition_text(payment->disposition));
    bson_write_text(payments, "refundReason", booking_reason_text(payment->refund_reason));
    announcement_write(payments, "refundRequest", &payment->refund_request);
    bson_write_end(payments);
}

bool booking_encode(const void *state, struct bson_output *fields, struct error *error)
{
    const struct booking *booking = state;
    if (!booking_check(booking, error))
        return false;
    bson_write_text(fields, "id", booking->id);
    bson_write_text(fields, "state", booking_state_text(booking->state));
    bson_write_text(fields, "reason", booking_reason_text(booking->reason));
    if (booking->has_intent) {
        bson_write_document_begin(fields, "intent");
        bson_write_text(fields, "userId", booking->user_id);
        bson_write_int(fields, "amount", booking->amount);
        bson_write_text(fields, "currency", booking->currency);
        bson_write_end(fields);
    }
    bson_write_array_begin(fields, "payments");
    for (int32_t i = 0; i < booking->payment_count; i++)
        payment_encode(fields, i, &booking->payments[i]);
    bson_write_end(fields);
    if (booking->last_decline.payment_id[0] != '\0') {
        bson_write_document_begin(fields, "lastDecline");
        bson_write_text(fields, "paymentId", booking->last_decline.payment_id);
        bson_write_int(fields, "at", booking->last_decline.at_ms);
        bson_write_end(fields);
    }
    bson_write_int(fields, "firstSeenAt", booking->first_seen_ms);
    bson_write_int(fields, "waitingSince", booking->waiting_since_ms);
    bson_write_int(fields, "decidedAt", booking->decided_at_ms);
    bson_write_text(fields, "firstOutcome", booking_state_text(booking->first_outcome));
    bson_write_int(fields, "dueAt", booking->due_at_ms);
    announcement_write(fields, "outcome", &booking->outcome);
    return true;
}

/* The value of a text by its table; -1 for an unknown one. */
static int value_of(struct bson_fields *fields, const char *key, const char *(*text_of)(unsigned),
                    unsigned count)
{
    char text[64];
    if (!bson_read_text(fields, key, text, sizeof text))
        return -1;
    for (unsigned value = 0; value < count; value++)
        if (strcmp(text, text_of(value)) == 0)
            return (int)value;
    return -1;
}

static const char *state_of(unsigned value)
{
    return booking_state_text((enum booking_state)value);
}
static const char *reason_of(unsigned value)
{
    return booking_reason_text((enum booking_reason)value);
}
static const char *disposition_of(unsigned value)
{
    return booking_disposition_text((enum disposition)value);
}

static bool payment_decode(struct bson_fields *fields, struct booking_payment *payment)
{
    if (!bson_read_text(fields, "paymentId", payment->payment_id, sizeof payment->payment_id) ||
        !bson_read_text(fields, "userId", payment->user_id, sizeof payment->user_id) ||
        !bson_read_int(fields, "amount", &payment->amount) || payment->amount <= 0 ||
        !bson_read_text(fields, "currency", payment->currency, sizeof payment->currency))
        return false;
    int disposition = value_of(fields, "disposition", disposition_of, DISPOSITION_COUNT);
    int reason = value_of(fields, "refundReason", reason_of, BOOKING_REASON_COUNT);
    if (disposition < 0 || reason < 0 ||
        !announcement_read(fields, "refundRequest", &payment->refund_request))
        return false;
    payment->disposition = (enum disposition)disposition;
    payment->refund_reason = (enum booking_reason)reason;
    return true;
}

static bool payments_decode(struct bson_fields *fields, struct booking *booking)
{
    struct bson_fields entries;
    struct bson_fields entry;
    if (!bson_read_array(fields, "payments", &entries))
        return false;
    while (bson_read_has_next(&entries)) {
        if (booking->payment_count == BOOKING_PAYMENTS_MAX || !bson_read_next(&entries, &entry) ||
            !payment_decode(&entry, &booking->payments[booking->payment_count]))
            return false;
        booking->payment_count++;
    }
    return true;
}

static bool intent_decode(struct bson_fields *fields, struct booking *booking)
{
    struct bson_fields intent;
    booking->has_intent = bson_read_has(fields, "intent");
    return !booking->has_intent ||
           (bson_read_document(fields, "intent", &intent) &&
            bson_read_text(&intent, "userId", booking->user_id, sizeof booking->user_id) &&
            bson_read_int(&intent, "amount", &booking->amount) && booking->amount > 0 &&
            bson_read_text(&intent, "currency", booking->currency, sizeof booking->currency));
}

/* Not in documents of earlier releases. */
static bool decline_decode(struct bson_fields *fields, struct booking_decline *decline)
{
    struct bson_fields part;
    return !bson_read_has(fields, "lastDecline") ||
           (bson_read_document(fields, "lastDecline", &part) &&
            bson_read_text(&part, "paymentId", decline->payment_id, sizeof decline->payment_id) &&
            bson_read_int(&part, "at", &decline->at_ms));
}

bool booking_decode(struct bson_fields *fields, void *state, struct error *error)
{
    struct booking *booking = state;
    bool has_id = bson_read_text(fields, "id", booking->id, sizeof booking->id);
    int value = value_of(fields, "state", state_of, BOOKING_STATE_COUNT);
    int reason = value_of(fields, "reason", reason_of, BOOKING_REASON_COUNT);
    if (value < 0 || reason < 0)
        return error_set(error, ERROR_BUG, "unknown state or reason");
    booking->state = (enum booking_state)value;
    booking->reason = (enum booking_reason)reason;
    if (!has_id || !intent_decode(fields, booking) || !payments_decode(fields, booking) ||
        !decline_decode(fields, &booking->last_decline) ||
        !bson_read_int(fields, "firstSeenAt", &booking->first_seen_ms) ||
        !bson_read_int(fields, "waitingSince", &booking->waiting_since_ms) ||
        !bson_read_int(fields, "decidedAt", &booking->decided_at_ms))
        return error_set(error, ERROR_BUG, "a field is missing or of another type");
    int first_outcome = value_of(fields, "firstOutcome", state_of, BOOKING_STATE_COUNT);
    if (first_outcome < 0)
        return error_set(error, ERROR_BUG, "unknown first outcome");
    booking->first_outcome = (enum booking_state)first_outcome;
    if (!bson_read_int(fields, "dueAt", &booking->due_at_ms) ||
        !announcement_read(fields, "outcome", &booking->outcome))
        return error_set(error, ERROR_BUG, "a field is missing or of another type");
    return booking_check(booking, error);
}
