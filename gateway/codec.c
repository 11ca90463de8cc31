/* codec.c - a view and its BSON form, readable in a Mongo shell: enums are names, times are
 * Unix milliseconds, what is absent is left out. */
#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"
#include "gateway/participant.h"

#include <assert.h>
#include <string.h>

/* What the history keeps of each input. */

#define LISTED(n)                                                                                  \
    CONTENT_FIELD(gateway_outcome_report, "paymentId" #n, payments[n].payment_id),                 \
        CONTENT_FIELD(gateway_outcome_report, "amount" #n, payments[n].amount),                    \
        CONTENT_FIELD(gateway_outcome_report, "currency" #n, payments[n].currency)

static const struct content_field intent_content[] = {
    CONTENT_FIELD(gateway_intent_request, "userId", user_id),
    CONTENT_FIELD(gateway_intent_request, "amount", amount),
    CONTENT_FIELD(gateway_intent_request, "currency", currency),
};
static const struct content_field cancel_content[] = {
    CONTENT_FIELD(gateway_cancel_request, "userId", user_id),
};
static const struct content_field outcome_content[] = {
    CONTENT_FIELD(gateway_outcome_report, "paymentId", payment_id),
    CONTENT_FIELD(gateway_outcome_report, "reason", reason),
    CONTENT_COUNT(gateway_outcome_report, "payments", payment_count, GATEWAY_PAYMENTS_PER_INPUT),
    LISTED(0),
    LISTED(1),
    LISTED(2),
    LISTED(3),
};
_Static_assert(GATEWAY_PAYMENTS_PER_INPUT == 4, "a LISTED for each");
static const struct content_field refund_content[] = {
    CONTENT_FIELD(gateway_refund_report, "paymentId", payment.payment_id),
    CONTENT_FIELD(gateway_refund_report, "amount", payment.amount),
    CONTENT_FIELD(gateway_refund_report, "currency", payment.currency),
    CONTENT_FIELD(gateway_refund_report, "reportedOrder", reported_order),
    CONTENT_FIELD(gateway_refund_report, "refundId", refund_id),
    CONTENT_FIELD(gateway_refund_report, "reason", reason),
    CONTENT_FIELD(gateway_refund_report, "retrying", is_retrying),
};

static const struct content_field declined_content[] = {
    CONTENT_FIELD(gateway_decline_report, "userId", user_id),
    CONTENT_FIELD(gateway_decline_report, "paymentId", decline.payment_id),
    CONTENT_FIELD(gateway_decline_report, "reason", decline.reason),
    CONTENT_FIELD(gateway_decline_report, "final", decline.is_final),
    CONTENT_FIELD(gateway_decline_report, "declinedAt", decline.at_ms),
};

static const struct content_field pending_content[] = {
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

/* Writing. */

static void text_append(struct bson_output *fields, const char *key, const char *text)
{
    if (text[0] != '\0')
        bson_write_text(fields, key, text);
}

static void announced_append(struct bson_output *fields, const struct gateway_announced *announced)
{
    bson_write_document_begin(fields, "announced");
    bson_write_int(fields, "version", announced->version);
    bson_write_int(fields, "position", announced->position);
    bson_write_end(fields);
}

static void intent_append(struct bson_output *fields, const struct gateway_intent *intent)
{
    bson_write_document_begin(fields, "intent");
    bson_write_text(fields, "userId", intent->user_id);
    bson_write_int(fields, "amount", intent->amount);
    bson_write_text(fields, "currency", intent->currency);
    bson_write_int(fields, "createdAt", intent->created_at_ms);
    announced_append(fields, &intent->announced);
    bson_write_end(fields);
}

static void cancel_append(struct bson_output *fields, const struct gateway_cancel *cancel)
{
    bson_write_document_begin(fields, "cancel");
    bson_write_text(fields, "userId", cancel->user_id);
    bson_write_int(fields, "requestedAt", cancel->requested_at_ms);
    if (cancel->is_passed_on)
        bson_write_bool(fields, "isPassedOn", true);
    announced_append(fields, &cancel->announced);
    bson_write_end(fields);
}

static void end_append(struct bson_output *fields, const struct gateway_end *end)
{
    bson_write_document_begin(fields, "outcome");
    bson_write_text(fields, "state", gateway_outcome_text(end->outcome));
    text_append(fields, "reason", end->reason);
    text_append(fields, "paymentId", end->payment_id);
    bson_write_int(fields, "at", end->at_ms);
    bson_write_end(fields);
}

static void decline_append(struct bson_output *fields, const struct gateway_decline *decline)
{
    bson_write_document_begin(fields, "lastDecline");
    bson_write_text(fields, "paymentId", decline->payment_id);
    text_append(fields, "reason", decline->reason);
    bson_write_bool(fields, "isFinal", decline->is_final);
    bson_write_int(fields, "at", decline->at_ms);
    bson_write_end(fields);
}

static void refund_append(struct bson_output *array, const struct gateway_refund *refund,
                          size_t index)
{
    bson_write_element_begin(array, index);
    bson_write_text(array, "paymentId", refund->payment.payment_id);
    bson_write_int(array, "amount", refund->payment.amount);
    bson_write_text(array, "currency", refund->payment.currency);
    bson_write_text(array, "status", gateway_refund_status_text(refund->status));
    bson_write_int(array, "reportedOrder", refund->reported_order);
    text_append(array, "refundId", refund->refund_id);
    text_append(array, "reason", refund->reason);
    bson_write_end(array);
}

bool gateway_encode(const void *state, struct bson_output *fields, struct error *error)
{
    const struct gateway_view *view = state;
    if (!gateway_check(view, error))
        return false;
    bson_write_text(fields, "bookingId", view->booking_id);
    if (view->intent.is_present)
        intent_append(fields, &view->intent);
    if (view->cancel.is_requested)
        cancel_append(fields, &view->cancel);
    if (view->end.outcome != GATEWAY_END_NONE)
        end_append(fields, &view->end);
    if (view->last_decline.payment_id[0] != '\0')
        decline_append(fields, &view->last_decline);
    bson_write_array_begin(fields, "refunds");
    for (int64_t i = 0; i < view->refund_count; i++)
        refund_append(fields, &view->refunds[i], (size_t)i);
    bson_write_end(fields);
    bson_write_int(fields, "repeats", view->repeat_count);
    if (view->waits_until_ms != 0)
        bson_write_int(fields, "waitsUntil", view->waits_until_ms);
    bson_write_int(fields, "dueAt", view->due_at_ms);
    bson_write_int(fields, "updatedAt", view->updated_at_ms);
    return true;
}

/* Reading. False: a field is missing, of another type or too long. */

static bool text_read_if_there(struct bson_fields *fields, const char *key, char *buffer,
                               size_t size)
{
    return !bson_read_has(fields, key) || bson_read_text(fields, key, buffer, size);
}

static bool announced_read(struct bson_fields *fields, struct gateway_announced *announced)
{
    struct bson_fields part;
    return bson_read_document(fields, "announced", &part) &&
           bson_read_int(&part, "version", &announced->version) &&
           bson_read_int(&part, "position", &announced->position);
}

static bool intent_read(struct bson_fields *fields, struct gateway_intent *intent)
{
    struct bson_fields part;
    if (!bson_read_has(fields, "intent"))
        return true;
    intent->is_present = true;
    return bson_read_document(fields, "intent", &part) &&
           bson_read_text(&part, "userId", intent->user_id, sizeof intent->user_id) &&
           bson_read_int(&part, "amount", &intent->amount) &&
           bson_read_text(&part, "currency", intent->currency, sizeof intent->currency) &&
           bson_read_int(&part, "createdAt", &intent->created_at_ms) &&
           announced_read(&part, &intent->announced);
}

static bool cancel_read(struct bson_fields *fields, struct gateway_cancel *cancel)
{
    struct bson_fields part;
    if (!bson_read_has(fields, "cancel"))
        return true;
    cancel->is_requested = true;
    return bson_read_document(fields, "cancel", &part) &&
           bson_read_text(&part, "userId", cancel->user_id, sizeof cancel->user_id) &&
           bson_read_int(&part, "requestedAt", &cancel->requested_at_ms) &&
           (!bson_read_has(&part, "isPassedOn") ||
            bson_read_bool(&part, "isPassedOn", &cancel->is_passed_on)) &&
           announced_read(&part, &cancel->announced);
}

static bool outcome_read(struct bson_fields *part, enum gateway_outcome *ret_outcome)
{
    char name[16];
    if (!bson_read_text(part, "state", name, sizeof name))
        return false;
    for (int i = GATEWAY_END_CONFIRMED; i <= GATEWAY_END_CANCELLED; i++) {
        if (strcmp(name, gateway_outcome_text((enum gateway_outcome)i)) == 0) {
            *ret_outcome = (enum gateway_outcome)i;
            return true;
        }
    }
    return false;
}

static bool end_read(struct bson_fields *fields, struct gateway_end *end)
{
    struct bson_fields part;
    if (!bson_read_has(fields, "outcome"))
        return true;
    return bson_read_document(fields, "outcome", &part) && outcome_read(&part, &end->outcome) &&
           text_read_if_there(&part, "reason", end->reason, sizeof end->reason) &&
           text_read_if_there(&part, "paymentId", end->payment_id, sizeof end->payment_id) &&
           bson_read_int(&part, "at", &end->at_ms);
}

/* Not in documents of earlier releases. */
static bool decline_read(struct bson_fields *fields, struct gateway_decline *decline)
{
    struct bson_fields part;
    if (!bson_read_has(fields, "lastDecline"))
        return true;
    return bson_read_document(fields, "lastDecline", &part) &&
           bson_read_text(&part, "paymentId", decline->payment_id, sizeof decline->payment_id) &&
           text_read_if_there(&part, "reason", decline->reason, sizeof decline->reason) &&
           bson_read_bool(&part, "isFinal", &decline->is_final) &&
           bson_read_int(&part, "at", &decline->at_ms);
}

static bool status_read(struct bson_fields *part, enum gateway_refund_status *ret_status)
{
    char name[16];
    if (!bson_read_text(part, "status", name, sizeof name))
        return false;
    for (int i = 0; i < GATEWAY_STATUS_COUNT; i++) {
        if (strcmp(name, gateway_refund_status_text((enum gateway_refund_status)i)) == 0) {
            *ret_status = (enum gateway_refund_status)i;
            return true;
        }
    }
    return false;
}

static bool refund_read(struct bson_fields *part, struct gateway_refund *refund)
{
    struct gateway_payment *payment = &refund->payment;
    return bson_read_text(part, "paymentId", payment->payment_id, sizeof payment->payment_id) &&
           bson_read_int(part, "amount", &payment->amount) &&
           bson_read_text(part, "currency", payment->currency, sizeof payment->currency) &&
           status_read(part, &refund->status) &&
           bson_read_int(part, "reportedOrder", &refund->reported_order) &&
           text_read_if_there(part, "refundId", refund->refund_id, sizeof refund->refund_id) &&
           text_read_if_there(part, "reason", refund->reason, sizeof refund->reason);
}

static bool refunds_read(struct bson_fields *fields, struct gateway_view *view)
{
    struct bson_fields array;
    struct bson_fields part;
    if (!bson_read_array(fields, "refunds", &array))
        return false;
    while (bson_read_has_next(&array)) {
        if (view->refund_count == BOOKING_PAYMENTS_MAX || !bson_read_next(&array, &part) ||
            !refund_read(&part, &view->refunds[view->refund_count]))
            return false;
        view->refund_count++;
    }
    return true;
}

bool gateway_decode(struct bson_fields *fields, void *state, struct error *error)
{
    struct gateway_view *view = state;
    if (!bson_read_text(fields, "bookingId", view->booking_id, sizeof view->booking_id))
        return error_set(error, ERROR_BUG, "the booking id is missing or damaged");
    if (!intent_read(fields, &view->intent))
        return error_set(error, ERROR_BUG, "the intent is damaged");
    if (!cancel_read(fields, &view->cancel))
        return error_set(error, ERROR_BUG, "the cancel is damaged");
    if (!end_read(fields, &view->end))
        return error_set(error, ERROR_BUG, "the outcome is damaged");
    if (!decline_read(fields, &view->last_decline))
        return error_set(error, ERROR_BUG, "the last decline is damaged");
    if (!refunds_read(fields, view))
        return error_set(error, ERROR_BUG, "the refunds are damaged");
    if (!bson_read_int(fields, "repeats", &view->repeat_count) ||
        (bson_read_has(fields, "waitsUntil") &&
         !bson_read_int(fields, "waitsUntil", &view->waits_until_ms)) ||
        !bson_read_int(fields, "dueAt", &view->due_at_ms) ||
        !bson_read_int(fields, "updatedAt", &view->updated_at_ms))
        return error_set(error, ERROR_BUG, "a field is missing or damaged");
    return gateway_check(view, error);
}
