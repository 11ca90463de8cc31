/* codec.c - events into inputs, and a payment to and from BSON. An event may speak of several
 * payments: each becomes an input of its own. */
#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"
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
static const struct content_field captured_content[] = {
    CONTENT("intentId", intent_id), CONTENT("userId", user_id),     CONTENT("amount", amount),
    CONTENT("currency", currency),  CONTENT("unnamed", is_unnamed),
};
static const struct content_field declined_content[] = {
    CONTENT("intentId", intent_id),
    CONTENT("userId", user_id),
    CONTENT("reason", reason),
    CONTENT("final", is_final),
};
static const struct content_field said_content[] = {
    /* of the others, few have all */
    CONTENT("intentId", intent_id),   CONTENT("amount", amount),
    CONTENT("currency", currency),    CONTENT("reason", reason),
    CONTENT("refundId", refund_id),   CONTENT("hasFailed", has_failed),
    CONTENT("isPending", is_pending),
};

static const char *status_text_of(int64_t status)
{
    return payment_refund_status_text((enum refund_status)status);
}

static const struct content_field result_content[] = {
    CONTENT_ENUM(refund_result, "status", status, status_text_of, REFUND_STATUS_COUNT),
    CONTENT_FIELD(refund_result, "refundId", refund_id),
    CONTENT_FIELD(refund_result, "reason", reason),
    CONTENT_FIELD(refund_result, "retryAfter", retry_after_ms),
    CONTENT_FIELD(refund_result, "amount", amount),
    CONTENT_FIELD(refund_result, "call", call_number),
    CONTENT_FIELD(refund_result, "isUncounted", is_uncounted),
};

static const struct content_field operator_content[] = {
    CONTENT_FIELD(operator_payload, "reason", reason),
};

static const struct content_field deadline_content[] = {
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

static void conflicts_encode(struct bson_output *fields, const struct payment *payment)
{
    bson_write_array_begin(fields, "conflicts");
    for (int32_t i = 0; i < payment->conflict_count; i++) {
        const struct payment_conflict *conflict = &payment->conflicts[i];
        bson_write_element_begin(fields, (size_t)i);
        bson_write_text(fields, "intentId", conflict->intent_id);
        bson_write_text(fields, "userId", conflict->user_id);
        bson_write_int(fields, "amount", conflict->amount);
        bson_write_text(fields, "currency", conflict->currency);
        bson_write_int(fields, "at", conflict->at_ms);
        bson_write_end(fields);
    }
    bson_write_end(fields);
}

static void refunds_encode(struct bson_output *fields, const struct refunds *refunds)
{
    bson_write_array_begin(fields, "refunds");
    for (int32_t i = 0; i < refunds->count; i++) {
        bson_write_element_begin(fields, (size_t)i);
        bson_write_text(fields, "id", refunds->list[i].id);
        bson_write_int(fields, "amount", refunds->list[i].amount);
        bson_write_text(fields, "currency", refunds->list[i].currency);
        bson_write_text(fields, "status", payment_standing_text(refunds->list[i].standing));
        bson_write_end(fields);
    }
    bson_write_end(fields);
}

bool payment_encode(const void *state, struct bson_output *fields, struct error *error)
{
    const struct payment *payment = state;
    if (!payment_check(payment, error))
        return false;
    bson_write_text(fields, "id", payment->id);
    bson_write_text(fields, "state", payment_state_text(payment->state));
    bson_write_text(fields, "intentId", payment->intent_id);
    bson_write_text(fields, "userId", payment->user_id);
    bson_write_int(fields, "amount", payment->amount);
    bson_write_text(fields, "currency", payment->currency);
    bson_write_int(fields, "capturedAt", payment->captured_at_ms);
    if (payment->is_final)
        bson_write_bool(fields, "isFinal", true);
    announcement_write(fields, "capture", &payment->capture);
    bson_write_int(fields, "repeats", payment->repeat_count);
    bson_write_bool(fields, "isDemanded", payment->is_demanded);
    bson_write_text(fields, "refundReason", payment->refund_reason);
    bson_write_text(fields, "refundId", payment->refund_id);
    bson_write_int(fields, "attempts", payment->attempts);
    bson_write_int(fields, "attemptsMax", payment->attempts_max);
    bson_write_text(fields, "lastError", payment->last_error);
    announcement_write(fields, "refund", &payment->refund);
    if (payment->conflict_count > 0)
        conflicts_encode(fields, payment);
    if (payment->resolved_amount > 0) {
        bson_write_int(fields, "resolvedAmount", payment->resolved_amount);
        bson_write_text(fields, "resolvedReason", payment->resolved_reason);
    }
    bson_write_int(fields, "askedAt", payment->asked_at_ms);
    bson_write_int(fields, "dueAt", payment->due_at_ms);
    refunds_encode(fields, &payment->refunds);
    bson_write_int(fields, "refundsBeyond", payment->refunds.beyond);
    bson_write_int(fields, "keyOrdinal", payment->key_ordinal);
    bson_write_int(fields, "askedAmount", payment->asked_amount);
    bson_write_int(fields, "callNumber", payment->call_number);
    return true;
}

static bool small_int_decode(struct bson_fields *fields, const char *key, int32_t minimum,
                             int32_t *ret_value)
{
    int64_t value;
    if (!bson_read_int(fields, key, &value) || value < minimum || value > INT32_MAX)
        return false;
    *ret_value = (int32_t)value;
    return true;
}

static bool state_decode(struct bson_fields *fields, struct payment *payment)
{
    char text[32];
    if (!bson_read_text(fields, "state", text, sizeof text))
        return false;
    for (int i = 0; i < (int)PAYMENT_STATE_COUNT; i++)
        if (strcmp(text, payment_state_text((enum payment_state)i)) == 0) {
            payment->state = (enum payment_state)i;
            return i != PAYMENT_NONE;
        }
    return false;
}

static bool refund_decode(struct bson_fields *fields, struct payment_refund *refund)
{
    char text[32];
    if (!bson_read_text(fields, "id", refund->id, sizeof refund->id) ||
        !bson_read_int(fields, "amount", &refund->amount) ||
        !bson_read_text(fields, "currency", refund->currency, sizeof refund->currency) ||
        !bson_read_text(fields, "status", text, sizeof text))
        return false;
    while (refund->standing < STANDING_COUNT &&
           strcmp(text, payment_standing_text(refund->standing)) != 0)
        refund->standing++;
    return refund->standing < STANDING_COUNT;
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

static bool refunds_decode(struct bson_fields *fields, struct payment *payment)
{
    struct refunds *refunds = &payment->refunds;
    struct bson_fields array;
    struct bson_fields part;
    if (!bson_read_has(fields, "refunds")) {
        older_refund_adopt(payment);
        return true;
    }
    if (!bson_read_array(fields, "refunds", &array))
        return false;
    while (bson_read_has_next(&array))
        if (refunds->count == PAYMENT_REFUNDS_MAX || !bson_read_next(&array, &part) ||
            !refund_decode(&part, &refunds->list[refunds->count++]))
            return false;
    return small_int_decode(fields, "refundsBeyond", 0, &refunds->beyond) &&
           bson_read_int(fields, "keyOrdinal", &payment->key_ordinal) &&
           bson_read_int(fields, "askedAmount", &payment->asked_amount) &&
           bson_read_int(fields, "callNumber", &payment->call_number);
}

static bool conflict_decode(struct bson_fields *fields, struct payment_conflict *conflict)
{
    return bson_read_text(fields, "intentId", conflict->intent_id, sizeof conflict->intent_id) &&
           bson_read_text(fields, "userId", conflict->user_id, sizeof conflict->user_id) &&
           bson_read_int(fields, "amount", &conflict->amount) &&
           bson_read_text(fields, "currency", conflict->currency, sizeof conflict->currency) &&
           bson_read_int(fields, "at", &conflict->at_ms);
}

/* Of most payments there are none. */
static bool conflicts_decode(struct bson_fields *fields, struct payment *payment)
{
    struct bson_fields array;
    struct bson_fields part;
    if (!bson_read_has(fields, "conflicts"))
        return true;
    if (!bson_read_array(fields, "conflicts", &array))
        return false;
    while (bson_read_has_next(&array))
        if (payment->conflict_count == PAYMENT_CONFLICTS_MAX || !bson_read_next(&array, &part) ||
            !conflict_decode(&part, &payment->conflicts[payment->conflict_count++]))
            return false;
    return true;
}

bool payment_decode(struct bson_fields *fields, void *state, struct error *error)
{
    struct payment *payment = state;
    if (!state_decode(fields, payment))
        return error_set(error, ERROR_BUG, "unknown state");
    if (!bson_read_text(fields, "id", payment->id, sizeof payment->id) ||
        !bson_read_text(fields, "intentId", payment->intent_id, sizeof payment->intent_id) ||
        !bson_read_text(fields, "userId", payment->user_id, sizeof payment->user_id) ||
        !bson_read_int(fields, "amount", &payment->amount) ||
        !bson_read_text(fields, "currency", payment->currency, sizeof payment->currency) ||
        !bson_read_int(fields, "capturedAt", &payment->captured_at_ms) ||
        (bson_read_has(fields, "isFinal") &&
         !bson_read_bool(fields, "isFinal", &payment->is_final)) ||
        !announcement_read(fields, "capture", &payment->capture) ||
        !small_int_decode(fields, "repeats", 0, &payment->repeat_count) ||
        !bson_read_bool(fields, "isDemanded", &payment->is_demanded) ||
        !bson_read_text(fields, "refundReason", payment->refund_reason,
                        sizeof payment->refund_reason) ||
        !bson_read_text(fields, "refundId", payment->refund_id, sizeof payment->refund_id) ||
        !small_int_decode(fields, "attempts", 0, &payment->attempts) ||
        !small_int_decode(fields, "attemptsMax", 0, &payment->attempts_max) ||
        !bson_read_text(fields, "lastError", payment->last_error, sizeof payment->last_error) ||
        !announcement_read(fields, "refund", &payment->refund) ||
        !conflicts_decode(fields, payment) ||
        (bson_read_has(fields, "resolvedAmount") &&
         (!bson_read_int(fields, "resolvedAmount", &payment->resolved_amount) ||
          !bson_read_text(fields, "resolvedReason", payment->resolved_reason,
                          sizeof payment->resolved_reason))) ||
        (bson_read_has(fields, "askedAt") && /* releases before did not write it */
         !bson_read_int(fields, "askedAt", &payment->asked_at_ms)) ||
        !bson_read_int(fields, "dueAt", &payment->due_at_ms) || !refunds_decode(fields, payment))
        return error_set(error, ERROR_BUG, "a field is missing or of another type");
    return payment_check(payment, error);
}
