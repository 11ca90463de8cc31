/* outlet_answer.c - outlet.h's reading of what a collector answers: partial success, status. */
#include "tracing/export/outlet.h"

#include "common/json/json_read.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_SIZE 24

struct partial_success {
    struct json_span rejected;
    struct json_span message;
};

static const struct json_field partial_fields[] = {
    { .name = "rejectedSpans",
      .type = JSON_FIELD_SPAN,
      .offset = offsetof(struct partial_success, rejected) },
    { .name = "errorMessage",
      .type = JSON_FIELD_SPAN,
      .offset = offsetof(struct partial_success, message) },
};

static const struct json_field answer_fields[] = {
    { .name = "partialSuccess", .type = JSON_FIELD_SPAN, .offset = 0 },
};

/* proto3's JSON: a 64-bit number is a string, but a plain number is allowed too. */
static int64_t count_of(const struct json_span *value)
{
    char text[COUNT_SIZE];
    if ((value->kind != JSON_NUMBER && value->kind != JSON_STRING) ||
        value->length >= sizeof text || value->length == 0)
        return 0;
    memcpy(text, value->at, value->length);
    text[value->length] = '\0';
    char *end;
    errno = 0;
    long long count = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' && count > 0 ? count : 0;
}

static void partial_read(const char *body, size_t length, struct outlet_answer *ret_answer)
{
    struct json_problem problem;
    struct json_span partial = { 0 };
    struct partial_success success = { 0 };
    if (!json_read(body, length, answer_fields, 1, JSON_UNKNOWN_IGNORED, &partial, &problem) ||
        partial.at == NULL || partial.kind != JSON_OBJECT)
        return;
    if (!json_read(partial.at, partial.length, partial_fields, 2, JSON_UNKNOWN_IGNORED, &success,
                   &problem))
        return;
    ret_answer->rejected = count_of(&success.rejected);
    if (success.message.kind == JSON_STRING && success.message.at != NULL &&
        !json_string_copy(&success.message, ret_answer->message, sizeof ret_answer->message))
        snprintf(ret_answer->message, sizeof ret_answer->message, "(a long message)");
}

enum outlet_result outlet_answer_read(int status, const char *body, size_t length,
                                      struct outlet_answer *ret_answer)
{
    assert(body != NULL || length == 0);
    if (status >= 200 && status < 300) {
        partial_read(body, length, ret_answer);
        return OUTLET_SENT;
    }
    snprintf(ret_answer->message, sizeof ret_answer->message, "HTTP status %d", status);
    bool may_retry = status == 429 || status == 502 || status == 503 || status == 504;
    return may_retry ? OUTLET_RETRY : OUTLET_FAILED;
}
