/* codec.c - events into inputs, and a payment to and from BSON. An event may speak of several
 * payments: each becomes an input of its own. */
#include "common/base/enum_list.h"
#include "common/saga/stored_field.h"
#include "events/booking_events.h"
#include "payment/participant.h"

#include <assert.h>
#include <string.h>

/* ---- events ---- */

static void demand_input(const struct event_received *received, const char payment_id[IDENT_SIZE],
                         struct input *ret_input)
{
    event_input(received, ret_input);
    memcpy(ret_input->document_id, payment_id, sizeof ret_input->document_id);
}

/* Each payment that goes back with an outcome. */
static bool listed_parse(const struct event_received *received,
                         const struct event_payments *payments, struct input *ret_inputs,
                         size_t *ret_count, struct error *error)
{
    *ret_count = (size_t)payments->count;
    for (int64_t i = 0; i < payments->count; i++) {
        const struct event_payment *listed = &payments->list[i];
        struct payment_payload *payload = (void *)ret_inputs[i].payload;
        demand_input(received, listed->payment_id, &ret_inputs[i]);
        payload->amount = listed->amount;
        memcpy(payload->currency, listed->currency, sizeof payload->currency);
        for (int64_t before = 0; before < i; before++)
            if (strcmp(ret_inputs[before].document_id, listed->payment_id) == 0)
                return error_set(error, ERROR_REJECT, "%s: a payment is listed twice",
                                 received->event->type);
    }
    return true;
}

bool payment_parse(const void *self, const struct message *message, struct input *ret_inputs,
                   size_t *ret_count, struct error *error)
{
    (void)self;
    SCRATCH struct event_received received;
    if (!event_receive(message, payment_contents, &received, error))
        return false;
    const void *said = received.said;
    *ret_count = 1;
    if (received.event == &event_booking_failed)
        return listed_parse(&received, &((const struct event_booking_failed *)said)->payments,
                            ret_inputs, ret_count, error);
    if (received.event == &event_booking_cancelled)
        return listed_parse(&received, &((const struct event_booking_cancelled *)said)->payments,
                            ret_inputs, ret_count, error);
    if (received.event == &event_booking_confirmed)
        demand_input(&received, ((const struct event_booking_confirmed *)said)->payment_id,
                     ret_inputs);
    else
        demand_input(&received, ((const struct event_refund_requested *)said)->payment_id,
                     ret_inputs);
    return true;
}

/* ---- what a payment takes of them, and its history keeps ---- */

#define CONTENT(name, member) CONTENT_FIELD(payment_payload, name, member)
static const struct stored_field captured_content[] = {
    CONTENT("intentId", intent_id), CONTENT("userId", user_id),     CONTENT("amount", amount),
    CONTENT("currency", currency),  CONTENT("unnamed", is_unnamed),
};
static const struct stored_field declined_content[] = {
    CONTENT("intentId", intent_id),
    CONTENT("userId", user_id),
    CONTENT("reason", reason),
    CONTENT("final", is_final),
};
static const struct stored_field said_content[] = {
    /* of the others, few have all */
    CONTENT("intentId", intent_id),   CONTENT("amount", amount),
    CONTENT("currency", currency),    CONTENT("reason", reason),
    CONTENT("refundId", refund_id),   CONTENT("hasFailed", has_failed),
    CONTENT("isPending", is_pending),
};

static const char *const status_names[] = { REFUND_STATUSES(ENUM_TEXT) };

static const struct stored_field result_content[] = {
    STORED_ENUM(refund_result, "status", status, status_names, 0),
    CONTENT_FIELD(refund_result, "refundId", refund_id),
    CONTENT_FIELD(refund_result, "reason", reason),
    CONTENT_FIELD(refund_result, "retryAfter", retry_after_ms),
    CONTENT_FIELD(refund_result, "amount", amount),
    CONTENT_FIELD(refund_result, "call", call_number),
    CONTENT_FIELD(refund_result, "isUncounted", is_uncounted),
};

static const struct stored_field operator_content[] = {
    CONTENT_FIELD(operator_payload, "reason", reason),
};

static const struct stored_field deadline_content[] = {
    CONTENT_FIELD(deadline_payload, "isEffectHeld", is_effect_held),
};

const struct content_form payment_contents[] = {
    CONTENT_FORM(INPUT_DEADLINE, "deadline", deadline_content),
    CONTENT_FORM(INPUT_CAPTURED, "webhook.captured", captured_content),
    CONTENT_FORM(INPUT_DECLINED, "webhook.declined", declined_content),
    CONTENT_FORM(INPUT_REPORTED, "webhook.refunded", said_content),
    CONTENT_FORM(INPUT_CONFIRMED, EVENT_BOOKING_CONFIRMED, said_content),
    CONTENT_FORM(INPUT_FAILED, EVENT_BOOKING_FAILED, said_content),
    CONTENT_FORM(INPUT_CANCELLED, EVENT_BOOKING_CANCELLED, said_content),
    CONTENT_FORM(INPUT_REQUESTED, EVENT_REFUND_REQUESTED, said_content),
    CONTENT_FORM(INPUT_RESULT, "refund.result", result_content),
    CONTENT_FORM(INPUT_RETRY, "operator.retry", operator_content),
    CONTENT_FORM(INPUT_RESOLVE, "operator.resolve", operator_content),
    { 0 },
};

/* ---- BSON ---- */

static const char *const state_names[] = { PAYMENT_STATES(ENUM_TEXT) };
static const char *const standing_names[] = { STANDINGS(ENUM_TEXT) };

static const struct stored_field conflict_fields[] = {
    STORED_FIELD(payment_conflict, "intentId", intent_id),
    STORED_FIELD(payment_conflict, "userId", user_id),
    STORED_FIELD(payment_conflict, "amount", amount),
    STORED_FIELD(payment_conflict, "currency", currency),
    STORED_FIELD(payment_conflict, "at", at_ms),
};
static const struct stored_field refund_fields[] = {
    STORED_FIELD(payment_refund, "id", id),
    STORED_FIELD(payment_refund, "amount", amount),
    STORED_FIELD(payment_refund, "currency", currency),
    STORED_ENUM(payment_refund, "status", standing, standing_names, 0),
};
static const struct stored_field payment_fields[] = {
    STORED_FIELD(payment, "id", id),
    STORED_ENUM(payment, "state", state, state_names, 0),
    STORED_FIELD(payment, "intentId", intent_id),
    STORED_FIELD(payment, "userId", user_id),
    STORED_FIELD(payment, "amount", amount),
    STORED_FIELD(payment, "currency", currency),
    STORED_FIELD(payment, "capturedAt", captured_at_ms),
    STORED_FIELD(payment, "isFinal", is_final, .when = STORED_IF_ANY),
    STORED_FIELD(payment, "capture", capture),
    STORED_FIELD(payment, "repeats", repeat_count),
    STORED_FIELD(payment, "isDemanded", is_demanded),
    STORED_FIELD(payment, "refundReason", refund_reason),
    STORED_FIELD(payment, "refundId", refund_id),
    STORED_FIELD(payment, "attempts", attempts),
    STORED_FIELD(payment, "attemptsMax", attempts_max),
    STORED_FIELD(payment, "lastError", last_error),
    STORED_FIELD(payment, "refund", refund),
    STORED_ARRAY(payment, "conflicts", conflicts, conflict_count, conflict_fields,
                 .when = STORED_IF_ANY),
    STORED_FIELD(payment, "resolvedAmount", resolved_amount, .when = STORED_IF_ANY),
    STORED_FIELD(payment, "resolvedReason", resolved_reason, .when = STORED_IF_ANY),
    STORED_FIELD(payment, "askedAt", asked_at_ms, .when = STORED_SINCE),
    STORED_FIELD(payment, "dueAt", due_at_ms),
    /* Releases before kept one refund, by its id alone. */
    STORED_ARRAY(payment, "refunds", refunds.list, refunds.count, refund_fields,
                 .when = STORED_SINCE),
    STORED_FIELD(payment, "refundsBeyond", refunds.beyond, .when = STORED_TOGETHER),
    STORED_FIELD(payment, "keyOrdinal", key_ordinal, .when = STORED_TOGETHER),
    STORED_FIELD(payment, "askedAmount", asked_amount, .when = STORED_TOGETHER),
    STORED_FIELD(payment, "callNumber", call_number, .when = STORED_TOGETHER),
};

bool payment_encode(const void *state, struct bson_output *fields, struct error *error)
{
    if (!payment_check(state, error))
        return false;
    stored_fields_write(payment_fields, STORED_COUNT(payment_fields), state, fields);
    return true;
}

/* Of a release that kept one refund id. What was reported before the demand may have been a part:
 * its amount was not kept. */
static void older_refund_adopt(struct payment *payment)
{
    struct payment_refund refund = { .standing = STANDING_SUCCEEDED };
    memcpy(refund.id, payment->refund_id, sizeof refund.id);
    memcpy(refund.currency, payment->currency, sizeof refund.currency);
    if (payment->state == PAYMENT_REFUNDED)
        refund.amount = payment->amount;
    if (payment->state == PAYMENT_STUCK)
        refund.standing = STANDING_FAILED;
    if (refund.id[0] != '\0')
        payment->refunds.list[payment->refunds.count++] = refund;
    if (payment->state != PAYMENT_REFUNDED)
        memset(payment->refund_id, 0, sizeof payment->refund_id);
    payment->asked_amount = payment->attempts > 0 ? payment->amount : 0;
}

bool payment_decode(struct bson_fields *fields, void *state, struct error *error)
{
    bool is_older = !bson_read_has(fields, "refunds");
    const char *bad =
        stored_fields_read(payment_fields, STORED_COUNT(payment_fields), fields, state);
    if (bad != NULL)
        return error_set(error, ERROR_BUG, "%s is missing or damaged", bad);
    if (is_older)
        older_refund_adopt(state);
    return payment_check(state, error);
}
