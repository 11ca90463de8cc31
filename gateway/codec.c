/* codec.c - a view and its BSON form, readable in a Mongo shell: enums are names, times are
 * Unix milliseconds, what is absent is left out. */
#include "common/base/enum_list.h"
#include "common/saga/stored_field.h"
#include "gateway/participant.h"

/* What the history keeps of each input. */

#define LISTED(n)                                                                                  \
    CONTENT_FIELD(gateway_outcome_report, "paymentId" #n, payments[n].payment_id),                 \
        CONTENT_FIELD(gateway_outcome_report, "amount" #n, payments[n].amount),                    \
        CONTENT_FIELD(gateway_outcome_report, "currency" #n, payments[n].currency)

static const struct stored_field intent_content[] = {
    CONTENT_FIELD(gateway_intent_request, "userId", user_id),
    CONTENT_FIELD(gateway_intent_request, "amount", amount),
    CONTENT_FIELD(gateway_intent_request, "currency", currency),
};
static const struct stored_field cancel_content[] = {
    CONTENT_FIELD(gateway_cancel_request, "userId", user_id),
};
static const struct stored_field outcome_content[] = {
    CONTENT_FIELD(gateway_outcome_report, "paymentId", payment_id),
    CONTENT_FIELD(gateway_outcome_report, "reason", reason),
    CONTENT_COUNT(gateway_outcome_report, "payments", payment_count, GATEWAY_PAYMENTS_PER_INPUT),
    LISTED(0),
    LISTED(1),
    LISTED(2),
    LISTED(3),
};
_Static_assert(GATEWAY_PAYMENTS_PER_INPUT == 4, "a LISTED for each");
static const struct stored_field refund_content[] = {
    CONTENT_FIELD(gateway_refund_report, "paymentId", payment.payment_id),
    CONTENT_FIELD(gateway_refund_report, "amount", payment.amount),
    CONTENT_FIELD(gateway_refund_report, "currency", payment.currency),
    CONTENT_FIELD(gateway_refund_report, "reportedOrder", reported_order),
    CONTENT_FIELD(gateway_refund_report, "refundId", refund_id),
    CONTENT_FIELD(gateway_refund_report, "reason", reason),
    CONTENT_FIELD(gateway_refund_report, "retrying", is_retrying),
};

static const struct stored_field declined_content[] = {
    CONTENT_FIELD(gateway_decline_report, "userId", user_id),
    CONTENT_FIELD(gateway_decline_report, "paymentId", decline.payment_id),
    CONTENT_FIELD(gateway_decline_report, "reason", decline.reason),
    CONTENT_FIELD(gateway_decline_report, "final", decline.is_final),
    CONTENT_FIELD(gateway_decline_report, "declinedAt", decline.at_ms),
};

static const struct stored_field pending_content[] = {
    CONTENT_FIELD(gateway_pending_report, "until", until_ms),
    CONTENT_FIELD(gateway_pending_report, "remaining", remaining_ms),
};

const struct content_form gateway_contents[] = {
    { .type = GATEWAY_DEADLINE, .type_name = "deadline" },
    CONTENT_FORM(GATEWAY_REQUEST_INTENT, GATEWAY_REQUEST_INTENT_NAME, intent_content),
    CONTENT_FORM(GATEWAY_REQUEST_CANCEL, GATEWAY_REQUEST_CANCEL_NAME, cancel_content),
    CONTENT_FORM(GATEWAY_BOOKING_CONFIRMED, EVENT_BOOKING_CONFIRMED, outcome_content),
    CONTENT_FORM(GATEWAY_BOOKING_FAILED, EVENT_BOOKING_FAILED, outcome_content),
    CONTENT_FORM(GATEWAY_BOOKING_CANCELLED, EVENT_BOOKING_CANCELLED, outcome_content),
    CONTENT_FORM(GATEWAY_PAYMENT_REFUNDED, EVENT_PAYMENT_REFUNDED, refund_content),
    CONTENT_FORM(GATEWAY_REFUND_STUCK, EVENT_REFUND_STUCK, refund_content),
    CONTENT_FORM(GATEWAY_PAYMENT_DECLINED, EVENT_PAYMENT_DECLINED, declined_content),
    CONTENT_FORM(GATEWAY_BOOKING_PENDING, EVENT_BOOKING_PENDING, pending_content),
    { 0 },
};

/* What is stored. */

static const char *const outcome_names[] = { GATEWAY_OUTCOMES(ENUM_TEXT) };
static const char *const status_names[] = { GATEWAY_REFUND_STATUSES(ENUM_TEXT) };

static const struct stored_field announced_fields[] = {
    STORED_FIELD(gateway_announced, "version", version),
    STORED_FIELD(gateway_announced, "position", position),
};
static const struct stored_field intent_fields[] = {
    STORED_FIELD(gateway_intent, "userId", user_id),
    STORED_FIELD(gateway_intent, "amount", amount),
    STORED_FIELD(gateway_intent, "currency", currency),
    STORED_FIELD(gateway_intent, "createdAt", created_at_ms),
    STORED_NESTED(gateway_intent, "announced", announced, announced_fields),
};
static const struct stored_field cancel_fields[] = {
    STORED_FIELD(gateway_cancel, "userId", user_id),
    STORED_FIELD(gateway_cancel, "requestedAt", requested_at_ms),
    STORED_FIELD(gateway_cancel, "isPassedOn", is_passed_on, .when = STORED_IF_ANY),
    STORED_NESTED(gateway_cancel, "announced", announced, announced_fields),
};
static const struct stored_field end_fields[] = {
    STORED_ENUM(gateway_end, "state", outcome, outcome_names, GATEWAY_END_CONFIRMED),
    STORED_FIELD(gateway_end, "reason", reason, .when = STORED_IF_ANY),
    STORED_FIELD(gateway_end, "paymentId", payment_id, .when = STORED_IF_ANY),
    STORED_FIELD(gateway_end, "at", at_ms),
};
static const struct stored_field decline_fields[] = {
    STORED_FIELD(gateway_decline, "paymentId", payment_id),
    STORED_FIELD(gateway_decline, "reason", reason, .when = STORED_IF_ANY),
    STORED_FIELD(gateway_decline, "isFinal", is_final),
    STORED_FIELD(gateway_decline, "at", at_ms),
};
static const struct stored_field refund_fields[] = {
    STORED_FIELD(gateway_refund, "paymentId", payment.payment_id),
    STORED_FIELD(gateway_refund, "amount", payment.amount),
    STORED_FIELD(gateway_refund, "currency", payment.currency),
    STORED_ENUM(gateway_refund, "status", status, status_names, 0),
    STORED_FIELD(gateway_refund, "reportedOrder", reported_order),
    STORED_FIELD(gateway_refund, "refundId", refund_id, .when = STORED_IF_ANY),
    STORED_FIELD(gateway_refund, "reason", reason, .when = STORED_IF_ANY),
};
static const struct stored_field view_fields[] = {
    STORED_FIELD(gateway_view, "bookingId", booking_id),
    STORED_PART(gateway_view, "intent", intent, intent_fields, intent.is_present),
    STORED_PART(gateway_view, "cancel", cancel, cancel_fields, cancel.is_requested),
    STORED_PART(gateway_view, "outcome", end, end_fields, end.outcome),
    STORED_PART(gateway_view, "lastDecline", last_decline, decline_fields, last_decline.payment_id),
    STORED_ARRAY(gateway_view, "refunds", refunds, refund_count, refund_fields),
    STORED_FIELD(gateway_view, "repeats", repeat_count),
    STORED_FIELD(gateway_view, "waitsUntil", waits_until_ms, .when = STORED_IF_ANY),
    STORED_FIELD(gateway_view, "dueAt", due_at_ms),
    STORED_FIELD(gateway_view, "updatedAt", updated_at_ms),
};

bool gateway_encode(const void *state, struct bson_output *fields, struct error *error)
{
    if (!gateway_check(state, error))
        return false;
    stored_fields_write(view_fields, STORED_COUNT(view_fields), state, fields);
    return true;
}

bool gateway_decode(struct bson_fields *fields, void *state, struct error *error)
{
    const char *bad = stored_fields_read(view_fields, STORED_COUNT(view_fields), fields, state);
    return bad != NULL ? error_set(error, ERROR_BUG, "%s is missing or damaged", bad)
                       : gateway_check(state, error);
}
