/* gateway_parse.c - events into inputs. Fields that nobody asked for are ignored; what is missing
 * or not valid sends the message to quarantine, with the reason. */
#include "common/json/json_read.h"
#include "gateway/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_DIGITS_MAX  13 /* with the position it fits 63 bits */
#define POSITION_DIGITS_MAX 5
#define REMAINING_MS_MAX    INT64_C(31536000000) /* a year: the longest wait that can be set */

struct event { /* the union of the fields of all events that are read here */
    char intent_id[IDENT_SIZE];
    char payment_id[IDENT_SIZE];
    char refund_id[IDENT_SIZE];
    char reason[REASON_SIZE];
    char user_id[USER_SIZE];
    char currency[CURRENCY_SIZE];
    int64_t amount;
    int64_t declined_at_ms;
    int64_t until_ms;
    int64_t remaining_ms;
    bool is_final;
    bool is_retrying;
    struct json_span payments;
};

#define FIELD_IF(required, name, kind, member)                                                     \
    {                                                                                              \
        name, JSON_FIELD_##kind, required, offsetof(struct event, member),                         \
            sizeof(((struct event *)0)->member)                                                    \
    }
#define FIELD(name, kind, member)    FIELD_IF(true, name, kind, member)
#define OPTIONAL(name, kind, member) FIELD_IF(false, name, kind, member)

static const struct json_field confirmed_fields[] = {
    FIELD("intentId", IDENT, intent_id),
    FIELD("paymentId", IDENT, payment_id),
    FIELD("amount", AMOUNT, amount),
    FIELD("currency", CURRENCY, currency),
};
static const struct json_field failed_fields[] = {
    FIELD("intentId", IDENT, intent_id),
    FIELD("reason", TEXT, reason),
    FIELD("payments", SPAN, payments),
};
static const struct json_field cancelled_fields[] = {
    FIELD("intentId", IDENT, intent_id),
    FIELD("payments", SPAN, payments),
};
static const struct json_field refunded_fields[] = {
    FIELD("intentId", IDENT, intent_id),   FIELD("paymentId", IDENT, payment_id),
    FIELD("refundId", TEXT, refund_id),    FIELD("amount", AMOUNT, amount),
    FIELD("currency", CURRENCY, currency),
};
static const struct json_field stuck_fields[] = {
    FIELD("intentId", IDENT, intent_id),   FIELD("paymentId", IDENT, payment_id),
    FIELD("reason", TEXT, reason),         FIELD("amount", AMOUNT, amount),
    FIELD("currency", CURRENCY, currency), OPTIONAL("retrying", BOOL, is_retrying),
};
static const struct json_field declined_fields[] = {
    FIELD("intentId", IDENT, intent_id), FIELD("paymentId", IDENT, payment_id),
    OPTIONAL("userId", USER, user_id),   OPTIONAL("reason", REMARK, reason),
    OPTIONAL("final", BOOL, is_final),   OPTIONAL("declinedAt", REMARK_INT, declined_at_ms),
};
static const struct json_field pending_fields[] = {
    FIELD("intentId", IDENT, intent_id),
    OPTIONAL("until", REMARK_INT, until_ms),
    OPTIONAL("remainingMs", REMARK_INT, remaining_ms),
};
static const struct json_field payment_fields[] = {
    FIELD("paymentId", IDENT, payment_id),
    FIELD("amount", AMOUNT, amount),
    FIELD("currency", CURRENCY, currency),
};

static const struct event_type {
    const char *name;
    enum gateway_input input;
    const struct json_field *fields;
    size_t field_count;
} event_types[] = {
#define TYPE(name, input, fields)                                                                  \
    {                                                                                              \
        name, input, fields, sizeof fields / sizeof fields[0]                                      \
    }
    TYPE(EVENT_BOOKING_CONFIRMED, GATEWAY_BOOKING_CONFIRMED, confirmed_fields),
    TYPE(EVENT_BOOKING_FAILED, GATEWAY_BOOKING_FAILED, failed_fields),
    TYPE(EVENT_BOOKING_CANCELLED, GATEWAY_BOOKING_CANCELLED, cancelled_fields),
    TYPE(EVENT_PAYMENT_REFUNDED, GATEWAY_PAYMENT_REFUNDED, refunded_fields),
    TYPE(EVENT_REFUND_STUCK, GATEWAY_REFUND_STUCK, stuck_fields),
    TYPE(EVENT_PAYMENT_DECLINED, GATEWAY_PAYMENT_DECLINED, declined_fields),
    TYPE(EVENT_BOOKING_PENDING, GATEWAY_BOOKING_PENDING, pending_fields),
#undef TYPE
};

static const struct event_type *event_type_find(const char *name)
{
    for (size_t i = 0; i < sizeof event_types / sizeof event_types[0]; i++)
        if (strcmp(event_types[i].name, name) == 0)
            return &event_types[i];
    return NULL;
}

static bool refuse(const char *where, const struct json_problem *problem, struct error *error)
{
    return error_set(error, ERROR_REJECT, "%s%s %s", where, problem->pointer, problem->detail);
}

static void copy(char *target, size_t size, const char *text)
{
    memcpy(target, text, strnlen(text, size - 1));
}

static void input_begin(struct input *input, const struct event_type *type,
                        const struct event *event)
{
    memset(input, 0, sizeof *input);
    input->type = (int)type->input;
    input->type_name = type->name;
    copy(input->document_id, sizeof input->document_id, event->intent_id);
    copy(input->correlation_id, sizeof input->correlation_id, event->intent_id);
}

static void payment_fill(struct gateway_payment *payment, const struct event *event)
{
    payment->amount = event->amount;
    copy(payment->payment_id, sizeof payment->payment_id, event->payment_id);
    copy(payment->currency, sizeof payment->currency, event->currency);
}

static void outcome_finish(struct input *input, const struct event_type *type,
                           const struct event *event, const struct gateway_outcome_report *report)
{
    input_begin(input, type, event);
    memcpy(input->payload, report, sizeof *report);
}

static bool payment_read(const struct json_span *element, struct gateway_payment *payment,
                         struct error *error)
{
    struct event event = { .amount = 0 };
    struct json_problem problem;
    if (!json_read(element->at, element->length, payment_fields,
                   sizeof payment_fields / sizeof payment_fields[0], JSON_UNKNOWN_IGNORED, &event,
                   &problem))
        return refuse("/payments element", &problem, error);
    payment_fill(payment, &event);
    return true;
}

/* One input, and one more for each further GATEWAY_PAYMENTS_PER_INPUT payments. */
static bool outcome_parse(const struct event_type *type, const struct event *event,
                          struct input *ret_inputs, size_t *ret_count, struct error *error)
{
    const struct json_span *payments = &event->payments;
    const char *cursor = NULL;
    struct json_span element;
    size_t inputs = 0;
    int listed = 0;
    struct gateway_outcome_report report;
    memset(&report, 0, sizeof report);
    copy(report.payment_id, sizeof report.payment_id, event->payment_id);
    copy(report.reason, sizeof report.reason, event->reason);
    if (payments->at != NULL && payments->kind != JSON_ARRAY)
        return error_set(error, ERROR_REJECT, "/payments must be an array");
    while (payments->at != NULL && json_array_next(payments, &cursor, &element)) {
        if (listed++ == BOOKING_PAYMENTS_MAX)
            return error_set(error, ERROR_REJECT, "/payments has more than %d elements",
                             BOOKING_PAYMENTS_MAX);
        if (report.payment_count == GATEWAY_PAYMENTS_PER_INPUT) {
            outcome_finish(&ret_inputs[inputs++], type, event, &report);
            memset(report.payments, 0, sizeof report.payments);
            report.payment_count = 0;
        }
        if (!payment_read(&element, &report.payments[report.payment_count++], error))
            return false;
    }
    outcome_finish(&ret_inputs[inputs++], type, event, &report);
    *ret_count = inputs;
    return true;
}

/* Up to `digits_max` digits, then `end`; returns what follows, or NULL. */
static const char *number_read(const char *text, size_t digits_max, char end, int64_t *ret_number)
{
    size_t digit_count = strspn(text, "0123456789");
    if (digit_count == 0 || digit_count > digits_max || text[digit_count] != end)
        return NULL;
    *ret_number = strtoll(text, NULL, 10);
    return text + digit_count + 1;
}

/* Version and position in the message's id, "payment:<payment id>:<version>:<position>", as one
 * number: tells which of two reports is the later one. 0 for an id of another form. */
static int64_t order_of(const char *message_id, const char *payment_id)
{
    char prefix[MESSAGE_ID_SIZE];
    int64_t version;
    int64_t position;
    int length = snprintf(prefix, sizeof prefix, "payment:%s:", payment_id);
    if (length < 0 || strncmp(message_id, prefix, (size_t)length) != 0)
        return 0;
    const char *rest = number_read(message_id + length, VERSION_DIGITS_MAX, ':', &version);
    if (rest == NULL || number_read(rest, POSITION_DIGITS_MAX, '\0', &position) == NULL ||
        position > OWED_POSITION_MAX)
        return 0;
    return version * (OWED_POSITION_MAX + 1) + position;
}

static void refund_parse(const struct event_type *type, const struct event *event,
                         const char *message_id, struct input *ret_input)
{
    input_begin(ret_input, type, event);
    struct gateway_refund_report report;
    memset(&report, 0, sizeof report);
    payment_fill(&report.payment, event);
    report.reported_order = order_of(message_id, event->payment_id);
    copy(report.refund_id, sizeof report.refund_id, event->refund_id);
    copy(report.reason, sizeof report.reason, event->reason);
    report.is_retrying = event->is_retrying;
    memcpy(ret_input->payload, &report, sizeof report);
}

static void decline_parse(const struct event_type *type, const struct event *event,
                          struct input *ret_input)
{
    input_begin(ret_input, type, event);
    struct gateway_decline_report report;
    memset(&report, 0, sizeof report);
    copy(report.user_id, sizeof report.user_id, event->user_id);
    copy(report.decline.payment_id, sizeof report.decline.payment_id, event->payment_id);
    copy(report.decline.reason, sizeof report.decline.reason, event->reason);
    report.decline.is_final = event->is_final;
    report.decline.at_ms = event->declined_at_ms > 0 ? event->declined_at_ms : 0;
    memcpy(ret_input->payload, &report, sizeof report);
}

static void pending_parse(const struct event_type *type, const struct event *event,
                          struct input *ret_input)
{
    input_begin(ret_input, type, event);
    struct gateway_pending_report report = { .until_ms = event->until_ms,
                                             .remaining_ms = event->remaining_ms };
    if (report.remaining_ms < 0)
        report.remaining_ms = 0;
    if (report.remaining_ms > REMAINING_MS_MAX)
        report.remaining_ms = REMAINING_MS_MAX;
    memcpy(ret_input->payload, &report, sizeof report);
}

bool gateway_parse(const void *self, const struct message *message, struct input *ret_inputs,
                   size_t *ret_count, struct error *error)
{
    (void)self;
    struct event event = { .amount = 0 };
    struct json_problem problem;
    const struct event_type *type = event_type_find(message->type);
    if (type == NULL)
        return error_set(error, ERROR_NEWER, "unknown event type %s", message->type);
    if (!json_read(message->body, message->body_length, type->fields, type->field_count,
                   JSON_UNKNOWN_IGNORED, &event, &problem))
        return refuse("", &problem, error);
    if (message->correlation_id[0] != '\0' && strcmp(message->correlation_id, event.intent_id) != 0)
        return error_set(error, ERROR_REJECT, "correlation id differs from intentId");
    if (type->input == GATEWAY_PAYMENT_REFUNDED || type->input == GATEWAY_REFUND_STUCK) {
        refund_parse(type, &event, message->id, &ret_inputs[0]);
        *ret_count = 1;
        return true;
    }
    if (type->input == GATEWAY_PAYMENT_DECLINED || type->input == GATEWAY_BOOKING_PENDING) {
        if (type->input == GATEWAY_PAYMENT_DECLINED)
            decline_parse(type, &event, &ret_inputs[0]);
        else
            pending_parse(type, &event, &ret_inputs[0]);
        *ret_count = 1;
        return true;
    }
    return outcome_parse(type, &event, ret_inputs, ret_count, error);
}
