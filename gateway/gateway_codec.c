/* gateway_codec.c - a view and its BSON form, readable in a Mongo shell: enums are names, times are
 * Unix milliseconds, what is absent is left out. */
#include "common/engine/bson_read.h"
#include "gateway/gateway.h"

#include <assert.h>
#include <string.h>

/* What the history keeps of each input. */

#define SAID(structure, name, member, kind) CONTENT_FIELD(structure, name, member, CONTENT_##kind)
#define LISTED(n)                                                                                  \
    SAID(gateway_outcome_report, "paymentId" #n, payments[n].payment_id, TEXT),                    \
        SAID(gateway_outcome_report, "amount" #n, payments[n].amount, INT),                        \
        SAID(gateway_outcome_report, "currency" #n, payments[n].currency, TEXT)

static const struct content_field intent_content[] = {
    SAID(gateway_intent_request, "userId", user_id, TEXT),
    SAID(gateway_intent_request, "amount", amount, INT),
    SAID(gateway_intent_request, "currency", currency, TEXT),
};
static const struct content_field cancel_content[] = {
    SAID(gateway_cancel_request, "userId", user_id, TEXT),
};
static const struct content_field outcome_content[] = {
    SAID(gateway_outcome_report, "paymentId", payment_id, TEXT),
    SAID(gateway_outcome_report, "reason", reason, TEXT),
    CONTENT_FIELD(gateway_outcome_report, "payments", payment_count, CONTENT_INT,
                  .maximum = GATEWAY_PAYMENTS_PER_INPUT),
    LISTED(0),
    LISTED(1),
    LISTED(2),
    LISTED(3),
};
_Static_assert(GATEWAY_PAYMENTS_PER_INPUT == 4, "a LISTED for each");
static const struct content_field refund_content[] = {
    SAID(gateway_refund_report, "paymentId", payment.payment_id, TEXT),
    SAID(gateway_refund_report, "amount", payment.amount, INT),
    SAID(gateway_refund_report, "currency", payment.currency, TEXT),
    SAID(gateway_refund_report, "reportedOrder", reported_order, INT),
    SAID(gateway_refund_report, "refundId", refund_id, TEXT),
    SAID(gateway_refund_report, "reason", reason, TEXT),
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
    { 0 },
};

/* Writing. The document is bounded and the buffer grows by itself: a failed append is our bug. */

static void append(bool appended)
{
    assert(appended);
}

static void text_append(bson_t *fields, const char *key, const char *text)
{
    if (text[0] != '\0')
        append(BSON_APPEND_UTF8(fields, key, text));
}

static void announced_append(bson_t *fields, const struct gateway_announced *announced)
{
    bson_t part;
    append(BSON_APPEND_DOCUMENT_BEGIN(fields, "announced", &part));
    append(BSON_APPEND_INT64(&part, "version", announced->version));
    append(BSON_APPEND_INT64(&part, "position", announced->position));
    append(bson_append_document_end(fields, &part));
}

static void intent_append(bson_t *fields, const struct gateway_intent *intent)
{
    bson_t part;
    append(BSON_APPEND_DOCUMENT_BEGIN(fields, "intent", &part));
    append(BSON_APPEND_UTF8(&part, "userId", intent->user_id));
    append(BSON_APPEND_INT64(&part, "amount", intent->amount));
    append(BSON_APPEND_UTF8(&part, "currency", intent->currency));
    append(BSON_APPEND_INT64(&part, "createdAt", intent->created_at_ms));
    announced_append(&part, &intent->announced);
    append(bson_append_document_end(fields, &part));
}

static void cancel_append(bson_t *fields, const struct gateway_cancel *cancel)
{
    bson_t part;
    append(BSON_APPEND_DOCUMENT_BEGIN(fields, "cancel", &part));
    append(BSON_APPEND_UTF8(&part, "userId", cancel->user_id));
    append(BSON_APPEND_INT64(&part, "requestedAt", cancel->requested_at_ms));
    announced_append(&part, &cancel->announced);
    append(bson_append_document_end(fields, &part));
}

static void end_append(bson_t *fields, const struct gateway_end *end)
{
    bson_t part;
    append(BSON_APPEND_DOCUMENT_BEGIN(fields, "outcome", &part));
    append(BSON_APPEND_UTF8(&part, "state", gateway_outcome_text(end->outcome)));
    text_append(&part, "reason", end->reason);
    text_append(&part, "paymentId", end->payment_id);
    append(BSON_APPEND_INT64(&part, "at", end->at_ms));
    append(bson_append_document_end(fields, &part));
}

static void refund_append(bson_t *array, const struct gateway_refund *refund, uint32_t index)
{
    char buffer[16];
    const char *key;
    size_t key_length = bson_uint32_to_string(index, &key, buffer, sizeof buffer);
    bson_t part;
    append(bson_append_document_begin(array, key, (int)key_length, &part));
    append(BSON_APPEND_UTF8(&part, "paymentId", refund->payment.payment_id));
    append(BSON_APPEND_INT64(&part, "amount", refund->payment.amount));
    append(BSON_APPEND_UTF8(&part, "currency", refund->payment.currency));
    append(BSON_APPEND_UTF8(&part, "status", gateway_refund_status_text(refund->status)));
    append(BSON_APPEND_INT64(&part, "reportedOrder", refund->reported_order));
    text_append(&part, "refundId", refund->refund_id);
    text_append(&part, "reason", refund->reason);
    append(bson_append_document_end(array, &part));
}

bool gateway_encode(const void *state, bson_t *fields, struct error *error)
{
    const struct gateway_view *view = state;
    bson_t refunds;
    if (!gateway_view_check(view, error))
        return false;
    append(BSON_APPEND_UTF8(fields, "bookingId", view->booking_id));
    if (view->intent.is_present)
        intent_append(fields, &view->intent);
    if (view->cancel.is_requested)
        cancel_append(fields, &view->cancel);
    if (view->end.outcome != GATEWAY_END_NONE)
        end_append(fields, &view->end);
    append(BSON_APPEND_ARRAY_BEGIN(fields, "refunds", &refunds));
    for (int64_t i = 0; i < view->refund_count; i++)
        refund_append(&refunds, &view->refunds[i], (uint32_t)i);
    append(bson_append_array_end(fields, &refunds));
    append(BSON_APPEND_INT64(fields, "repeats", view->repeat_count));
    append(BSON_APPEND_INT64(fields, "dueAt", view->due_at_ms));
    append(BSON_APPEND_INT64(fields, "updatedAt", view->updated_at_ms));
    return true;
}

/* Reading. False: a field is missing, of another type or too long. */

static bool text_read_if_there(const bson_t *fields, const char *key, char *buffer, size_t size)
{
    return !bson_read_has(fields, key) || bson_read_text(fields, key, buffer, size);
}

static bool announced_read(const bson_t *fields, struct gateway_announced *announced)
{
    bson_t part;
    return bson_read_document(fields, "announced", &part) &&
           bson_read_int(&part, "version", &announced->version) &&
           bson_read_int(&part, "position", &announced->position);
}

static bool intent_read(const bson_t *fields, struct gateway_intent *intent)
{
    bson_t part;
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

static bool cancel_read(const bson_t *fields, struct gateway_cancel *cancel)
{
    bson_t part;
    if (!bson_read_has(fields, "cancel"))
        return true;
    cancel->is_requested = true;
    return bson_read_document(fields, "cancel", &part) &&
           bson_read_text(&part, "userId", cancel->user_id, sizeof cancel->user_id) &&
           bson_read_int(&part, "requestedAt", &cancel->requested_at_ms) &&
           announced_read(&part, &cancel->announced);
}

static bool outcome_read(const bson_t *part, enum gateway_outcome *ret_outcome)
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

static bool end_read(const bson_t *fields, struct gateway_end *end)
{
    bson_t part;
    if (!bson_read_has(fields, "outcome"))
        return true;
    return bson_read_document(fields, "outcome", &part) && outcome_read(&part, &end->outcome) &&
           text_read_if_there(&part, "reason", end->reason, sizeof end->reason) &&
           text_read_if_there(&part, "paymentId", end->payment_id, sizeof end->payment_id) &&
           bson_read_int(&part, "at", &end->at_ms);
}

static bool status_read(const bson_t *part, enum gateway_refund_status *ret_status)
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

static bool refund_read(const bson_t *part, struct gateway_refund *refund)
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

static bool refunds_read(const bson_t *fields, struct gateway_view *view)
{
    bson_t array;
    bson_t part;
    bson_iter_t at;
    if (!bson_read_array(fields, "refunds", &array) || !bson_iter_init(&at, &array))
        return false;
    while (bson_iter_next(&at)) {
        if (view->refund_count == BOOKING_PAYMENTS_MAX || !bson_read_element(&at, &part) ||
            !refund_read(&part, &view->refunds[view->refund_count]))
            return false;
        view->refund_count++;
    }
    return true;
}

bool gateway_decode(const bson_t *fields, void *state, struct error *error)
{
    struct gateway_view *view = state;
    memset(view, 0, sizeof *view);
    if (!bson_read_text(fields, "bookingId", view->booking_id, sizeof view->booking_id) ||
        !bson_read_int(fields, "repeats", &view->repeat_count) ||
        !bson_read_int(fields, "dueAt", &view->due_at_ms) ||
        !bson_read_int(fields, "updatedAt", &view->updated_at_ms))
        return error_set(error, ERROR_BUG, "a field is missing or damaged");
    if (!intent_read(fields, &view->intent))
        return error_set(error, ERROR_BUG, "the intent is damaged");
    if (!cancel_read(fields, &view->cancel))
        return error_set(error, ERROR_BUG, "the cancel is damaged");
    if (!end_read(fields, &view->end))
        return error_set(error, ERROR_BUG, "the outcome is damaged");
    if (!refunds_read(fields, view))
        return error_set(error, ERROR_BUG, "the refunds are damaged");
    return gateway_view_check(view, error);
}
