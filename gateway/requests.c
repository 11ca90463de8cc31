/* requests.c - the requests that change something. Each goes through the engine as an
 * input and is answered once its document is durable. */
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/json/json_read.h"
#include "common/saga/request_port.h"
#include "gateway/handlers.h"
#include "gateway/idempotency_key.h"
#include "gateway/views.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RETRY_AFTER_S "1"

struct intent_body {
    char intent_id[IDENT_SIZE];
    char user_id[USER_SIZE];
    char currency[CURRENCY_SIZE];
    int64_t amount;
};

static const struct json_field intent_fields[] = {
    { "userId", JSON_FIELD_USER, true, offsetof(struct intent_body, user_id), 0 },
    { "amount", JSON_FIELD_AMOUNT, true, offsetof(struct intent_body, amount), 0 },
    { "currency", JSON_FIELD_CURRENCY, false, offsetof(struct intent_body, currency), 0 },
    { "intentId", JSON_FIELD_IDENT, false, offsetof(struct intent_body, intent_id), 0 },
};

static const struct json_field cancel_fields[] = {
    { "userId", JSON_FIELD_USER, false, offsetof(struct gateway_cancel_request, user_id), 0 },
};

static void text_fill(char *target, size_t size, const char *text)
{
    size_t length = strlen(text);
    assert(length < size);
    memcpy(target, text, length);
}

static void random_uuid(char ret_text[UUID_TEXT_SIZE])
{
    uint8_t random[10];
    uuid_random_bytes(random, sizeof random);
    uuid_v7_make(clock_wall_ms(), random, ret_text);
}

static bool body_read(const struct http_request *request, const struct json_field *fields,
                      size_t field_count, void *target, struct http_answer *answer)
{
    struct json_problem problem;
    if (json_read(request->body, request->body_length, fields, field_count, JSON_UNKNOWN_REFUSED,
                  target, &problem))
        return true;
    http_answer_json_problem(answer, &problem);
    return false;
}

/* Under such an id nobody could ever ask for the booking: `/booking/intent` is another route. */
static bool is_out_of_reach(const char *booking_id)
{
    return ident_is_dots(booking_id) || strcmp(booking_id, "intent") == 0;
}

/* The caller's own id, else the one that its key stands for, else a new one. */
static bool booking_id_choose(const struct http_request *request, const struct intent_body *body,
                              char ret_id[IDENT_SIZE], struct http_answer *answer)
{
    bool is_repeated = false;
    const char *header = http_request_header(request, "Idempotency-Key", &is_repeated);
    char key[IDEMPOTENCY_KEY_SIZE];
    char uuid[UUID_TEXT_SIZE];
    memset(ret_id, 0, IDENT_SIZE);
    if (is_out_of_reach(body->intent_id)) {
        gateway_problem(answer, 422, "invalid-field",
                        "must not be . or .. or intent: GET /booking/{intentId} would not reach it",
                        "/intentId", NULL);
        return false;
    }
    if (is_repeated || (header != NULL && !gateway_idempotency_key_read(header, key))) {
        gateway_problem(answer, 400, "invalid-idempotency-key",
                        "Idempotency-Key must come once and have 1 to 255 visible characters", NULL,
                        NULL);
        return false;
    }
    if (header != NULL)
        gateway_idempotency_key_booking_id(body->user_id, key, uuid);
    else
        random_uuid(uuid);
    if (body->intent_id[0] == '\0') {
        text_fill(ret_id, IDENT_SIZE, uuid);
        return true;
    }
    if (header != NULL && strcmp(body->intent_id, uuid) != 0) {
        gateway_problem(
            answer, 422, "two-keys",
            "a booking is made repeatable by an Idempotency-Key or by an intentId: send "
            "one of the two, since this intentId is not the one that the key makes",
            "/intentId", NULL);
        return false;
    }
    text_fill(ret_id, IDENT_SIZE, body->intent_id);
    return true;
}

/* What one request needs while its thread waits for the engine. */
struct submission {
    struct request request;
    struct gateway_view view; /* after the decision */
};

static void submission_free(struct submission **submission)
{
    free(*submission);
}

/* Large, and the server's threads have small stacks: on the heap. */
static struct submission *submission_new(enum gateway_input type, const char *type_name,
                                         const char *booking_id)
{
    struct submission *submission = memory_alloc(1, sizeof *submission);
    struct input *input = &submission->request.input;
    char uuid[UUID_TEXT_SIZE];
    random_uuid(uuid);
    input->source = INPUT_FROM_REQUEST;
    input->type = (int)type;
    input->type_name = type_name;
    input->is_first = type == GATEWAY_REQUEST_INTENT;
    text_fill(input->id, sizeof input->id, uuid);
    text_fill(input->document_id, sizeof input->document_id, booking_id);
    text_fill(input->correlation_id, sizeof input->correlation_id, booking_id);
    submission->request.state = &submission->view;
    return submission;
}

/* Blocks until the engine has answered. */
static enum reply submit(struct gateway_http *http, const char *booking_id,
                         struct submission *submission)
{
    struct request *request = &submission->request;
    tracing_request_begin(http->observer, booking_id, request);
    if (!daemon_submit(http->daemon, request))
        return REPLY_UNAVAILABLE;
    tracing_request_decided(http->observer, request);
    return request->reply;
}

/* What is no success, the same for every request. */
static void refuse(struct http_answer *answer, enum reply reply, const char *reason,
                   const char *booking_id)
{
    switch (reply) {
    case REPLY_NOT_FOUND:
        gateway_problem(answer, 404, "unknown-booking", "no booking has this id", NULL, booking_id);
        return;
    case REPLY_CONFLICT:
        gateway_problem(answer, 409, "already-failed",
                        "the booking has failed: there is nothing to cancel", NULL, booking_id);
        return;
    case REPLY_UNPROCESSABLE:
        if (reason != NULL && strcmp(reason, "other_content") == 0)
            gateway_problem(answer, 422, "idempotency-conflict",
                            "this booking exists with another user, amount or currency; it stays "
                            "as it was first asked for",
                            NULL, booking_id);
        else if (reason != NULL && strcmp(reason, "user_unknown") == 0)
            gateway_problem(answer, 422, "invalid-field", "say whose booking this is", "/userId",
                            booking_id);
        else
            gateway_problem(answer, 422, "another-user", "the booking belongs to another user",
                            "/userId", booking_id);
        return;
    case REPLY_UNAVAILABLE:
        gateway_problem(answer, 503, "unavailable",
                        "not known to be stored; send the same request again", NULL, booking_id);
        return;
    case REPLY_NONE:
    case REPLY_ACCEPTED:
    case REPLY_REPLAYED:
    case REPLY_OK:
    case REPLY_INTERNAL:
        break;
    }
    gateway_problem(answer, 500, "internal", "the booking cannot be read or written", NULL,
                    booking_id);
}

static void accepted_headers(struct http_answer *answer, const char *booking_id, enum reply reply)
{
    char location[sizeof "/booking/" + IDENT_SIZE];
    snprintf(location, sizeof location, "/booking/%s", booking_id);
    http_answer_header(answer, "Location", location);
    http_answer_header(answer, "Retry-After", RETRY_AFTER_S);
    gateway_trace_header(answer, booking_id);
    if (reply == REPLY_REPLAYED)
        http_answer_header(answer, "Idempotent-Replayed", "true");
}

void gateway_intent_post(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct gateway_http *http = self;
    struct intent_body body = { .amount = 0 };
    char booking_id[IDENT_SIZE];
    text_fill(body.currency, sizeof body.currency, http->currency);
    if (!body_read(request, intent_fields, sizeof intent_fields / sizeof intent_fields[0], &body,
                   answer) ||
        !booking_id_choose(request, &body, booking_id, answer))
        return;

    CLEANUP(submission_free)
    struct submission *submission =
        submission_new(GATEWAY_REQUEST_INTENT, GATEWAY_REQUEST_INTENT_NAME, booking_id);
    struct gateway_intent_request intent = { .amount = body.amount };
    text_fill(intent.user_id, sizeof intent.user_id, body.user_id);
    text_fill(intent.currency, sizeof intent.currency, body.currency);
    memcpy(submission->request.input.payload, &intent, sizeof intent);

    enum reply reply = submit(http, booking_id, submission);
    if (reply != REPLY_ACCEPTED && reply != REPLY_REPLAYED) {
        refuse(answer, reply, submission->request.reason, booking_id);
        return;
    }
    accepted_headers(answer, booking_id, reply);
    gateway_write_accepted(answer, booking_id, &intent);
}

/* No body means the same as an empty object, so the server does not insist on one, nor on its media
 * type: that is checked here. */
static bool cancel_body_read(const struct http_request *request,
                             struct gateway_cancel_request *ret_body, struct http_answer *answer)
{
    static const char json[] = "application/json";
    if (request->body_length == 0)
        return true;
    const char *type = http_request_header(request, "Content-Type", NULL);
    if (type == NULL || strncasecmp(type, json, sizeof json - 1) != 0 ||
        strchr(" \t;", type[sizeof json - 1]) == NULL) {
        gateway_problem(answer, 415, "unsupported-media-type",
                        "exactly one Content-Type: application/json is needed", NULL, NULL);
        return false;
    }
    return body_read(request, cancel_fields, sizeof cancel_fields / sizeof cancel_fields[0],
                     ret_body, answer);
}

void gateway_cancel_post(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct gateway_http *http = self;
    const char *booking_id = request->path_parameter;
    struct gateway_cancel_request body = { .user_id = "" };
    if (!cancel_body_read(request, &body, answer))
        return;

    CLEANUP(submission_free)
    struct submission *submission =
        submission_new(GATEWAY_REQUEST_CANCEL, GATEWAY_REQUEST_CANCEL_NAME, booking_id);
    memcpy(submission->request.input.payload, &body, sizeof body);

    enum reply reply = submit(http, booking_id, submission);
    if (reply != REPLY_ACCEPTED && reply != REPLY_REPLAYED) {
        refuse(answer, reply, submission->request.reason, booking_id);
        return;
    }
    accepted_headers(answer, booking_id, reply);
    gateway_write_cancel(answer, booking_id, &submission->view);
}
