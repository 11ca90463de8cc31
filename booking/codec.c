/* codec.c - events into inputs, and a booking to and from BSON. Checks what comes from outside; a
 * stored booking must keep the invariants that the state machine relies on. */
#include "booking/participant.h"
#include "common/base/enum_list.h"
#include "common/saga/stored_field.h"

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
static const struct stored_field intent_content[] = {
    CONTENT("userId", user_id),
    CONTENT("amount", amount),
    CONTENT("currency", currency),
};
static const struct stored_field cancel_content[] = { CONTENT("userId", user_id) };
static const struct stored_field captured_content[] = {
    CONTENT("paymentId", payment_id),
    CONTENT("userId", user_id),
    CONTENT("amount", amount),
    CONTENT("currency", currency),
};
static const struct stored_field declined_content[] = {
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

static const char *const state_names[] = { BOOKING_STATES(ENUM_TEXT) };
static const char *const reason_names[] = { BOOKING_REASONS(ENUM_TEXT) };
static const char *const disposition_names[] = { BOOKING_DISPOSITIONS(ENUM_TEXT) };

static const struct stored_field intent_fields[] = {
    STORED_FIELD(booking, "userId", user_id),
    STORED_FIELD(booking, "amount", amount, .minimum = 1, .maximum = INT64_MAX),
    STORED_FIELD(booking, "currency", currency),
};
static const struct stored_field payment_fields[] = {
    STORED_FIELD(booking_payment, "paymentId", payment_id),
    STORED_FIELD(booking_payment, "userId", user_id),
    STORED_FIELD(booking_payment, "amount", amount, .minimum = 1, .maximum = INT64_MAX),
    STORED_FIELD(booking_payment, "currency", currency),
    STORED_ENUM(booking_payment, "disposition", disposition, disposition_names, 0),
    STORED_ENUM(booking_payment, "refundReason", refund_reason, reason_names, 0),
    STORED_FIELD(booking_payment, "refundRequest", refund_request),
};
static const struct stored_field decline_fields[] = {
    STORED_FIELD(booking_decline, "paymentId", payment_id),
    STORED_FIELD(booking_decline, "at", at_ms),
};
static const struct stored_field booking_fields[] = {
    STORED_FIELD(booking, "id", id),
    STORED_ENUM(booking, "state", state, state_names, 0),
    STORED_ENUM(booking, "reason", reason, reason_names, 0),
    STORED_GROUP(booking, "intent", intent_fields, has_intent),
    STORED_ARRAY(booking, "payments", payments, payment_count, payment_fields),
    STORED_PART(booking, "lastDecline", last_decline, decline_fields, last_decline.payment_id),
    STORED_FIELD(booking, "firstSeenAt", first_seen_ms),
    STORED_FIELD(booking, "waitingSince", waiting_since_ms),
    STORED_FIELD(booking, "decidedAt", decided_at_ms),
    STORED_ENUM(booking, "firstOutcome", first_outcome, state_names, 0),
    STORED_FIELD(booking, "dueAt", due_at_ms),
    STORED_FIELD(booking, "outcome", outcome),
};

bool booking_encode(const void *state, struct bson_output *fields, struct error *error)
{
    if (!booking_check(state, error))
        return false;
    stored_fields_write(booking_fields, STORED_COUNT(booking_fields), state, fields);
    return true;
}

bool booking_decode(struct bson_fields *fields, void *state, struct error *error)
{
    const char *bad =
        stored_fields_read(booking_fields, STORED_COUNT(booking_fields), fields, state);
    return bad != NULL ? error_set(error, ERROR_BUG, "%s is missing or damaged", bad)
                       : booking_check(state, error);
}
