/* http_answer.c - what goes back: header lines and problems (RFC 9457). */
#include "common/http/http_server.h"
#include "common/http/http_status.h"
#include "common/json/json_write.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define PROBLEM_TYPE_SIZE 96
#define RETRY_AFTER_S     "1"

/* What would end the header line early becomes a question mark: a value may hold what a caller
 * sent. A line that finds no room is left out as a whole. */
void http_answer_header(struct http_answer *answer, const char *name, const char *value)
{
    assert(name != NULL && value != NULL);
    size_t used = strlen(answer->headers);
    size_t name_length = strlen(name), value_length = strlen(value);
    if (used + name_length + value_length + strlen(": \r\n") >= sizeof answer->headers)
        return;
    char *at = answer->headers + used;
    memcpy(at, name, name_length);
    at += name_length;
    *at++ = ':';
    *at++ = ' ';
    for (size_t i = 0; i < value_length; i++) {
        bool is_control = (unsigned char)value[i] < ' ' || value[i] == 0x7f;
        *at++ = is_control ? '?' : value[i];
    }
    memcpy(at, "\r\n", sizeof "\r\n");
}

static void errors_write(struct json_writer *writer, const struct http_problem *problem)
{
    json_write_array_begin(writer, "errors");
    json_write_object_begin(writer, NULL);
    json_write_string(writer, "detail", problem->detail);
    json_write_string(writer, "pointer", problem->pointer);
    json_write_object_end(writer);
    json_write_array_end(writer);
}

void http_answer_problem(struct http_answer *answer, const struct http_problem *problem)
{
    bool is_retryable = problem->status == 503 || problem->status == 429;
    char type[PROBLEM_TYPE_SIZE];
    (void)snprintf(type, sizeof type, "/problems/%s", problem->type != NULL ? problem->type : "");

    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "type", problem->type != NULL ? type : "about:blank");
    json_write_string(&writer, "title", http_status_text(problem->status));
    json_write_int(&writer, "status", problem->status);
    if (problem->detail != NULL)
        json_write_string(&writer, "detail", problem->detail);
    if (problem->pointer != NULL)
        errors_write(&writer, problem);
    if (problem->intent_id != NULL)
        json_write_string(&writer, "intentId", problem->intent_id);
    if (problem->trace_id != NULL)
        json_write_string(&writer, "traceId", problem->trace_id);
    json_write_bool(&writer, "retryable", is_retryable);
    json_write_object_end(&writer);

    answer->body_length = json_write_finish(&writer);
    assert(answer->body_length > 0);
    answer->status = problem->status;
    answer->content_type = "application/problem+json";
    if (is_retryable)
        http_answer_header(answer, "Retry-After", RETRY_AFTER_S);
}

void http_answer_json_problem(struct http_answer *answer, const struct json_problem *problem)
{
    assert(answer->body != NULL && problem != NULL);
    struct http_problem http = { .status = 422,
                                 .type = "invalid-field",
                                 .detail = problem->detail,
                                 .pointer = problem->pointer };
    if (problem->is_syntax) {
        http.status = 400;
        http.type = "malformed-json";
    } else if (problem->is_unknown_field) {
        http.status = 400;
        http.type = "unknown-field";
    }
    http_answer_problem(answer, &http);
}
