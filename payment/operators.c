/* operators.c - the handlers, from the request to the engine's reply; the list walks the store page
 * by page. */
#include "payment/operators.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/uuid.h"
#include "common/json/json_read.h"
#include "common/json/json_write.h"
#include "common/saga/document.h"
#include "common/saga/request_port.h"
#include "payment/payment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_PER_ANSWER 20 /* of the store, newest first: more is behind the cursor */
#define CURSOR_SIZE      (IDENT_SIZE + 24)

static void problem_answer(struct http_answer *answer, int status, const char *type,
                           const char *detail)
{
    const struct http_problem problem = { .status = status, .type = type, .detail = detail };
    http_answer_problem(answer, &problem);
}

static void payment_write(struct json_writer *writer, const struct payment *payment)
{
    json_write_object_begin(writer, NULL);
    json_write_string(writer, "paymentId", payment->id);
    json_write_string(writer, "intentId", payment->intent_id);
    json_write_string(writer, "state", payment_state_text(payment->state));
    json_write_int(writer, "amount", payment->amount);
    json_write_string(writer, "currency", payment->currency);
    json_write_int(writer, "back", payment_back(payment) - payment->resolved_amount);
    json_write_int(writer, "resolvedByHand", payment->resolved_amount);
    if (payment->resolved_amount > 0)
        json_write_string(writer, "resolvedReason", payment->resolved_reason);
    json_write_int(writer, "missing", payment_missing(payment));
    json_write_int(writer, "attempts", payment->attempts);
    if (payment->last_error[0] != '\0')
        json_write_string(writer, "reason", payment->last_error);
    json_write_object_end(writer);
}

static void payment_answer(struct http_answer *answer, const struct payment *payment)
{
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    payment_write(&writer, payment);
    answer->status = 200;
    answer->body_length = json_write_finish(&writer);
}

/* ---- GET /stuck?after=CURSOR ---- */

static bool cursor_read(const struct http_request *http, struct store_cursor *ret_cursor)
{
    char text[CURSOR_SIZE];
    char *end;
    memset(ret_cursor, 0, sizeof *ret_cursor);
    if (!http_request_query(http, "after", text, sizeof text))
        return true;
    ret_cursor->created_at_ms = strtoll(text, &end, 10);
    text_copy(ret_cursor->id, sizeof ret_cursor->id, *end == '.' ? end + 1 : "");
    return ret_cursor->created_at_ms > 0 && ret_cursor->id[0] != '\0';
}

/* Writes the stuck ones of a page; the cursor is behind its last document. False: error is set. */
static bool page_write(const struct operators *operators, struct json_writer *writer,
                       struct store_cursor *cursor, bool *ret_is_last, struct error *error)
{
    struct arena arena = { 0 };
    struct record *records = arena_alloc(&arena, STORE_LIST_MAX * sizeof *records);
    size_t count = 0;
    bool is_read =
        daemon_list(operators->daemon, cursor, STORE_LIST_MAX, &arena, records, &count, error);
    for (size_t i = 0; is_read && i < count; i++) {
        struct payment payment = { 0 };
        struct error damage; /* what cannot be read is told by the audit */
        if (document_state_decode(operators->participant, &records[i], &payment, &damage) &&
            payment.state == PAYMENT_STUCK)
            payment_write(writer, &payment);
        cursor->created_at_ms = records[i].created_at_ms;
        text_copy(cursor->id, sizeof cursor->id, records[i].id);
    }
    *ret_is_last = count < STORE_LIST_MAX;
    arena_done(&arena);
    return is_read;
}

static void list_handle(void *self, const struct http_request *http, struct http_answer *answer)
{
    struct store_cursor cursor;
    struct json_writer writer;
    struct error error;
    bool is_last = false;
    if (!cursor_read(http, &cursor)) {
        problem_answer(answer, 400, "invalid-cursor", "after: the `next` of an earlier answer");
        return;
    }
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "object", "list");
    json_write_array_begin(&writer, "data");
    for (int page = 0; page < PAGES_PER_ANSWER && !is_last; page++)
        if (!page_write(self, &writer, &cursor, &is_last, &error)) {
            problem_answer(answer, 503, "unavailable", error.message);
            return;
        }
    json_write_array_end(&writer);
    if (!is_last) {
        char next[CURSOR_SIZE];
        (void)snprintf(next, sizeof next, "%" PRId64 ".%s", cursor.created_at_ms, cursor.id);
        json_write_string(&writer, "next", next);
    }
    json_write_object_end(&writer);
    answer->status = 200;
    answer->body_length = json_write_finish(&writer);
    if (answer->body_length == 0) /* does not happen: 2,000 of them fit */
        problem_answer(answer, 500, "internal", "the list is too long");
}

/* ---- one of them ---- */

static bool payment_find(const struct operators *operators, const char *id,
                         struct payment *ret_payment, struct http_answer *answer)
{
    struct record record;
    struct error error;
    if (daemon_read(operators->daemon, id, ret_payment, &record, &error))
        return true;
    if (error.code == ERROR_NOT_FOUND)
        problem_answer(answer, 404, "unknown-payment", "no payment has this id");
    else
        problem_answer(answer, error.code == ERROR_BUG ? 500 : 503, "unavailable", error.message);
    return false;
}

static void show_handle(void *self, const struct http_request *http, struct http_answer *answer)
{
    struct payment payment = { 0 };
    if (payment_find(self, http->path_parameter, &payment, answer))
        payment_answer(answer, &payment);
}

static bool reason_read(const struct http_request *http, struct operator_payload *ret_said,
                        struct http_answer *answer)
{
    static const struct json_field fields[] = {
        { "reason", JSON_FIELD_TEXT, true, offsetof(struct operator_payload, reason),
          OPERATOR_REASON_SIZE },
    };
    struct json_problem problem;
    memset(ret_said, 0, sizeof *ret_said);
    if (json_read(http->body, http->body_length, fields, 1, JSON_UNKNOWN_REFUSED, ret_said,
                  &problem))
        return true;
    http_answer_json_problem(answer, &problem);
    return false;
}

static void reply_answer(struct http_answer *answer, enum reply reply,
                         const struct payment *payment)
{
    char detail[160];
    if (reply == REPLY_OK) {
        payment_answer(answer, payment);
        return;
    }
    if (reply == REPLY_NOT_FOUND) {
        problem_answer(answer, 404, "unknown-payment", "no payment has this id");
        return;
    }
    if (reply == REPLY_CONFLICT) {
        (void)snprintf(detail, sizeof detail,
                       "the payment is %s%s: only a stuck refund can be tried again or resolved",
                       payment_state_text(payment->state),
                       payment->resolved_amount > 0 ? ", resolved by hand" : "");
        problem_answer(answer, 409, "not-stuck", detail);
        return;
    }
    if (reply == REPLY_UNAVAILABLE)
        problem_answer(answer, 503, "unavailable", "nothing is durable, try again");
    else
        problem_answer(answer, 500, "internal", "the stored payment cannot be read");
}

static void change(struct operators *operators, enum payment_input_type type,
                   const struct http_request *http, struct http_answer *answer)
{
    struct operator_payload said;
    struct payment payment = { 0 };
    if (!reason_read(http, &said, answer) ||
        !payment_find(operators, http->path_parameter, &payment, answer))
        return;
    struct request request = { .state = &payment };
    struct input *input = &request.input;
    char uuid[UUID_TEXT_SIZE];
    uuid_v7_generate(clock_wall_ms(), uuid);
    input->source = INPUT_FROM_REQUEST;
    input->type = (int)type;
    input->type_name = payment_input_text(type);
    text_copy(input->id, sizeof input->id, uuid);
    text_copy(input->document_id, sizeof input->document_id, payment.id);
    text_copy(input->correlation_id, sizeof input->correlation_id, payment.intent_id);
    memcpy(input->payload, &said, sizeof said);
    if (operators->observer != NULL)
        tracing_request_begin(operators->observer, payment.intent_id, &request);
    if (!daemon_submit(operators->daemon, &request))
        request.reply = REPLY_UNAVAILABLE;
    else if (operators->observer != NULL)
        tracing_request_decided(operators->observer, &request);
    reply_answer(answer, request.reply, &payment);
}

static void retry_handle(void *self, const struct http_request *http, struct http_answer *answer)
{
    change(self, INPUT_RETRY, http, answer);
}

static void resolve_handle(void *self, const struct http_request *http, struct http_answer *answer)
{
    change(self, INPUT_RESOLVE, http, answer);
}

void payment_operators_routes(struct operators *operators,
                              struct http_route ret_routes[OPERATOR_ROUTES])
{
    const struct http_route routes[OPERATOR_ROUTES] = {
        { "GET", "/stuck", false, list_handle, operators },
        { "GET", "/stuck/{id}", false, show_handle, operators },
        { "POST", "/stuck/{id}/retry", true, retry_handle, operators },
        { "POST", "/stuck/{id}/resolve", true, resolve_handle, operators },
    };
    memcpy(ret_routes, routes, sizeof routes);
}
