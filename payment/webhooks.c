/* webhooks.c - checks the signature, reads a webhook by its table, and answers by what the engine
 * made of it. */
#include "payment/webhooks.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/uuid.h"
#include "common/json/json_read.h"
#include "common/json/json_write.h"
#include "common/log/log.h"
#include "common/saga/request_port.h"
#include "payment/payment.h"
#include "payment/signature.h"
#include "payment/unnamed.h"

#include <stdio.h>
#include <string.h>

/* ---- who may speak ---- */

static bool is_authentic(const struct webhooks *webhooks, const struct http_request *http)
{
    bool is_repeated = false;
    const char *header = http_request_header(http, SIGNATURE_HEADER_NAME, &is_repeated);
    bool is_near = http->is_loopback || webhooks->is_anyone_allowed;
    if (header == NULL && !is_repeated && webhooks->is_unsigned_allowed && is_near)
        return true;
    enum signature_verdict verdict = payment_signature_verify(
        header, webhooks->secret, http->body, http->body_length, clock_wall_ms() / 1000);
    if (verdict == SIGNATURE_VALID)
        return true;
    log_write(LOG_WARNING, "webhook %s refused: %s", http->route,
              payment_signature_verdict_text(verdict));
    return false;
}

/* ---- what they say ----
 * Providers say more than is needed here, and more with each of their releases: fields that nobody
 * asked for are ignored, their times among them, since only our own clock decides. */

struct webhook_fields {
    char payment_id[IDENT_SIZE];
    struct payment_payload payload;
    char status[16]; /* of a refund */
};

#define FIELD(name, type, required, member, size)                                                  \
    {                                                                                              \
        name, type, required, offsetof(struct webhook_fields, member), size                        \
    }
static const struct json_field captured_fields[] = {
    FIELD("paymentId", JSON_FIELD_IDENT, false, payment_id, 0),
    FIELD("intentId", JSON_FIELD_IDENT, true, payload.intent_id, 0),
    FIELD("userId", JSON_FIELD_USER, true, payload.user_id, 0),
    FIELD("amount", JSON_FIELD_AMOUNT, true, payload.amount, 0),
    FIELD("currency", JSON_FIELD_CURRENCY, false, payload.currency, 0),
};
static const struct json_field declined_fields[] = {
    FIELD("paymentId", JSON_FIELD_IDENT, false, payment_id, 0),
    FIELD("intentId", JSON_FIELD_IDENT, true, payload.intent_id, 0),
    FIELD("userId", JSON_FIELD_USER, false, payload.user_id, 0),
    FIELD("reason", JSON_FIELD_REMARK, false, payload.reason, REASON_SIZE),
    FIELD("final", JSON_FIELD_BOOL, false, payload.is_final, 0),
};
static const struct json_field refunded_fields[] = {
    FIELD("paymentId", JSON_FIELD_IDENT, true, payment_id, 0),
    FIELD("intentId", JSON_FIELD_IDENT, false, payload.intent_id, 0),
    FIELD("refundId", JSON_FIELD_IDENT, true, payload.refund_id, 0),
    FIELD("amount", JSON_FIELD_AMOUNT, true, payload.amount, 0),
    FIELD("currency", JSON_FIELD_CURRENCY, true, payload.currency, 0),
    FIELD("status", JSON_FIELD_TEXT, false, status, 16),
    FIELD("reason", JSON_FIELD_REMARK, false, payload.reason, REASON_SIZE),
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
struct webhook_form {
    enum payment_input_type type;
    const struct json_field *fields;
    size_t field_count;
};
static const struct webhook_form captured_form = { INPUT_CAPTURED, captured_fields,
                                                   COUNT(captured_fields) };
static const struct webhook_form declined_form = { INPUT_DECLINED, declined_fields,
                                                   COUNT(declined_fields) };
static const struct webhook_form refunded_form = { INPUT_REPORTED, refunded_fields,
                                                   COUNT(refunded_fields) };

static void payment_id_derive(const struct webhook_form *form, struct webhook_fields *fields)
{
    if (form->type == INPUT_DECLINED) {
        payment_unnamed_decline(&fields->payload, fields->payment_id);
        return;
    }
    payment_unnamed_capture_first(fields->payload.intent_id, fields->payment_id);
    fields->payload.is_unnamed = true;
}

/* A report without a status tells of a refund that was made. */
static bool refund_status_read(struct webhook_fields *fields)
{
    const char *status = fields->status;
    fields->payload.has_failed = strcmp(status, "failed") == 0 || strcmp(status, "canceled") == 0;
    fields->payload.is_pending = strcmp(status, "pending") == 0;
    return fields->payload.has_failed || fields->payload.is_pending || status[0] == '\0' ||
           strcmp(status, "succeeded") == 0;
}

static bool webhook_read(const struct webhooks *webhooks, const struct webhook_form *form,
                         const struct http_request *http, struct webhook_fields *fields,
                         struct json_problem *problem)
{
    memset(fields, 0, sizeof *fields);
    text_copy(fields->payload.currency, sizeof fields->payload.currency, webhooks->currency);
    text_copy(fields->payload.reason, sizeof fields->payload.reason, "declined");
    if (!json_read(http->body, http->body_length, form->fields, form->field_count,
                   JSON_UNKNOWN_IGNORED, fields, problem))
        return false;
    if (!refund_status_read(fields)) {
        memset(problem, 0, sizeof *problem);
        snprintf(problem->pointer, sizeof problem->pointer, "/status");
        snprintf(problem->detail, sizeof problem->detail,
                 "must be \"succeeded\", \"pending\", \"failed\" or \"canceled\"");
        return false;
    }
    if (form->type == INPUT_DECLINED && webhooks->are_declines_final)
        fields->payload.is_final = true;
    if (fields->payment_id[0] == '\0')
        payment_id_derive(form, fields);
    return true;
}

static void input_name(struct input *input, const struct webhook_fields *fields)
{
    text_join(input->id, sizeof input->id,
              (const char *const[]){ input->type_name, ":", fields->payment_id }, 3);
    memcpy(input->document_id, fields->payment_id, sizeof input->document_id);
    memcpy(input->payload, &fields->payload, sizeof fields->payload);
}

static void input_fill(struct input *input, enum payment_input_type type,
                       const struct webhook_fields *fields)
{
    input->source = INPUT_FROM_REQUEST;
    input->type = (int)type;
    input->type_name = payment_input_text(type);
    input->is_first = type != INPUT_REPORTED;
    memcpy(input->correlation_id, fields->payload.intent_id, sizeof input->correlation_id);
    input_name(input, fields);
}

/* ---- what they hear ---- */

static void problem_answer(struct http_answer *answer, int status, const char *type,
                           const char *detail, const char *intent_id)
{
    char trace_id[33] = "";
    if (intent_id != NULL && intent_id[0] != '\0')
        tracing_booking_trace_hex(intent_id, trace_id);
    const struct http_problem problem = {
        .status = status,
        .type = type,
        .detail = detail,
        .intent_id = intent_id,
        .trace_id = trace_id[0] != '\0' ? trace_id : NULL,
    };
    http_answer_problem(answer, &problem);
}

static void accepted_answer(struct http_answer *answer, const struct webhook_fields *fields,
                            const struct request *request, const struct payment *payment)
{
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "paymentId", fields->payment_id);
    json_write_string(&writer, "intentId", payment->intent_id);
    json_write_string(&writer, "state", payment_state_text(payment->state));
    if (request->reason != NULL && strcmp(request->reason, PAYMENT_REASON_CONFLICT) == 0)
        json_write_string(&writer, "conflict",
                          "this payment id is known with another booking, user, amount or "
                          "currency; what came now is kept beside it, for a person to look at");
    json_write_object_end(&writer);
    answer->status = 200;
    answer->body_length = json_write_finish(&writer);
    if (request->reply == REPLY_REPLAYED)
        http_answer_header(answer, "Idempotent-Replayed", "true");
    if (payment->intent_id[0] != '\0') {
        char trace_id[33];
        tracing_booking_trace_hex(payment->intent_id, trace_id);
        http_answer_header(answer, "X-Trace-Id", trace_id);
    }
}

static void reply_answer(struct http_answer *answer, const struct webhook_fields *fields,
                         const struct request *request, const struct payment *payment)
{
    const char *intent_id = fields->payload.intent_id;
    switch (request->reply) {
    case REPLY_ACCEPTED:
    case REPLY_REPLAYED:
    case REPLY_OK:
        accepted_answer(answer, fields, request, payment);
        return;
    case REPLY_UNAVAILABLE:
        problem_answer(answer, 503, "unavailable", "not durable, send it again", intent_id);
        return;
    case REPLY_NONE:
    case REPLY_UNPROCESSABLE:
    case REPLY_CONFLICT:
    case REPLY_NOT_FOUND:
    case REPLY_INTERNAL:
        break;
    }
    problem_answer(answer, 500, "internal", "the stored payment cannot be read", intent_id);
}

static void submit(struct webhooks *webhooks, struct request *request)
{
    if (!daemon_submit(webhooks->daemon, request))
        request->reply = REPLY_UNAVAILABLE;
}

static void webhook_handle(struct webhooks *webhooks, const struct webhook_form *form,
                           const struct http_request *http, struct http_answer *answer)
{
    struct webhook_fields fields;
    struct json_problem problem;
    struct payment payment = { 0 };
    struct request request = { .state = &payment };
    if (!is_authentic(webhooks, http)) {
        problem_answer(
            answer, 401, "bad-signature",
            "sign the raw body with ROUNDTRIP_WEBHOOK_SECRET: Roundtrip-Signature: t=<unix "
            "seconds>,"
            "v1=<hex HMAC-SHA256 of \"t.body\">; where the service runs for local scripts, "
            "ROUNDTRIP_WEBHOOK_UNSIGNED=loopback takes unsigned ones from its machine",
            NULL);
        return;
    }
    if (!webhook_read(webhooks, form, http, &fields, &problem)) {
        http_answer_json_problem(answer, &problem);
        return;
    }
    input_fill(&request.input, form->type, &fields);
    tracing_request_begin(webhooks->observer, fields.payload.intent_id, &request);
    submit(webhooks, &request);
    if (request.reply == REPLY_CONFLICT) {
        payment_unnamed_capture_own(&fields.payload, fields.payment_id);
        fields.payload.is_unnamed = false;
        input_name(&request.input, &fields);
        submit(webhooks, &request);
    }
    tracing_request_decided(webhooks->observer, &request);
    reply_answer(answer, &fields, &request, &payment);
}

static void captured_handle(void *self, const struct http_request *http, struct http_answer *answer)
{
    webhook_handle(self, &captured_form, http, answer);
}

static void declined_handle(void *self, const struct http_request *http, struct http_answer *answer)
{
    webhook_handle(self, &declined_form, http, answer);
}

static void refunded_handle(void *self, const struct http_request *http, struct http_answer *answer)
{
    webhook_handle(self, &refunded_form, http, answer);
}

void payment_webhooks_routes(struct webhooks *webhooks,
                             struct http_route ret_routes[WEBHOOK_ROUTES])
{
    const struct http_route routes[WEBHOOK_ROUTES] = {
        { "POST", "/payment/captured", true, captured_handle, webhooks },
        { "POST", "/payment/declined", true, declined_handle, webhooks },
        { "POST", "/payment/refunded", true, refunded_handle, webhooks },
    };
    memcpy(ret_routes, routes, sizeof routes);
}
