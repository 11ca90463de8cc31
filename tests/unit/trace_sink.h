/* trace_sink.h - for tests: an outlet in memory, and the spans that went into it. */
#pragma once

#include "tracing/tracing_state.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SINK_REQUESTS_MAX 256

struct trace_sink {
    char *requests[SINK_REQUESTS_MAX];
    size_t request_count;
    cJSON *parsed[SINK_REQUESTS_MAX];
    size_t parsed_count;
    /* what the next sends answer; after them everything is taken */
    struct {
        enum outlet_result result;
        struct outlet_answer answer;
    } script[8];
    size_t script_count, script_at, send_count;
};

static inline enum outlet_result sink_send(void *self, const char *json, size_t length,
                                           struct outlet_answer *ret_answer)
{
    struct trace_sink *sink = self;
    assert_int_equal(strlen(json), length);
    assert_null(strchr(json, '\n'));
    sink->send_count++;
    if (sink->script_at < sink->script_count) {
        *ret_answer = sink->script[sink->script_at].answer;
        enum outlet_result result = sink->script[sink->script_at++].result;
        if (result != OUTLET_SENT)
            return result;
    }
    assert_true(sink->request_count < SINK_REQUESTS_MAX);
    sink->requests[sink->request_count++] = strdup(json);
    return OUTLET_SENT;
}

static inline void sink_free(void *self)
{
    (void)self; /* the test looks into it after the exporter is gone */
}

static inline struct outlet sink_outlet(struct trace_sink *sink)
{
    return (struct outlet){ .self = sink, .send = sink_send, .free = sink_free };
}

/* OTEL_* as they are when none is set, with all spans recorded. */
static inline void sink_environment(struct tracing_environment *environment)
{
    memset(environment, 0, sizeof *environment);
    environment->sampler = sampler_of_ratio(1.0);
    environment->queue_max = 8192;
    environment->batch_max = 512;
    environment->schedule_delay_ms = 10000; /* only the flush sends */
    environment->export_timeout_ms = 5000;
    environment->attributes_max = environment->events_max = environment->links_max = 128;
}

static inline void sink_done(struct trace_sink *sink)
{
    for (size_t i = 0; i < sink->request_count; i++)
        free(sink->requests[i]);
    for (size_t i = 0; i < sink->parsed_count; i++)
        cJSON_Delete(sink->parsed[i]);
    memset(sink, 0, sizeof *sink);
}

static inline const cJSON *json_at(const cJSON *object, const char *key)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, key);
    if (found == NULL)
        print_error("no %s\n", key);
    assert_non_null(found);
    return found;
}

/* The spans of a request. */
static inline const cJSON *request_spans(const cJSON *request)
{
    const cJSON *resource = cJSON_GetArrayItem(json_at(request, "resourceSpans"), 0);
    return json_at(cJSON_GetArrayItem(json_at(resource, "scopeSpans"), 0), "spans");
}

static inline void sink_parse(struct trace_sink *sink)
{
    for (; sink->parsed_count < sink->request_count; sink->parsed_count++) {
        cJSON *parsed = cJSON_Parse(sink->requests[sink->parsed_count]);
        assert_non_null(parsed);
        sink->parsed[sink->parsed_count] = parsed;
    }
}

/* The n-th span with this name; NULL when there are fewer. */
static inline const cJSON *sink_span(struct trace_sink *sink, const char *name, size_t n)
{
    sink_parse(sink);
    for (size_t i = 0; i < sink->parsed_count; i++) {
        const cJSON *span;
        cJSON_ArrayForEach(span, request_spans(sink->parsed[i]))
        {
            if (strcmp(json_at(span, "name")->valuestring, name) == 0 && n-- == 0)
                return span;
        }
    }
    return NULL;
}

static inline const char *attribute_of(const cJSON *owner, const char *key);

/* The resource that this span was sent under. */
static inline const cJSON *sink_resource_of(struct trace_sink *sink, const cJSON *span)
{
    for (size_t i = 0; i < sink->parsed_count; i++)
        for (const cJSON *one = request_spans(sink->parsed[i])->child; one != NULL; one = one->next)
            if (one == span)
                return json_at(cJSON_GetArrayItem(json_at(sink->parsed[i], "resourceSpans"), 0),
                               "resource");
    return NULL;
}

static inline const char *sink_service_of(struct trace_sink *sink, const cJSON *span)
{
    return attribute_of(sink_resource_of(sink, span), "service.name");
}

static inline size_t sink_span_count(struct trace_sink *sink)
{
    size_t count = 0;
    sink_parse(sink);
    for (size_t i = 0; i < sink->parsed_count; i++)
        count += (size_t)cJSON_GetArraySize(request_spans(sink->parsed[i]));
    return count;
}

/* The text of an attribute (of a span, an event or a resource); an int's is its decimal string.
 * NULL when there is none. */
static inline const char *attribute_of(const cJSON *owner, const char *key)
{
    const cJSON *attribute;
    cJSON_ArrayForEach(attribute, cJSON_GetObjectItemCaseSensitive(owner, "attributes"))
    {
        if (strcmp(json_at(attribute, "key")->valuestring, key) != 0)
            continue;
        const cJSON *value = json_at(attribute, "value")->child;
        assert_non_null(value);
        return value->valuestring;
    }
    return NULL;
}

static inline void assert_attribute(const cJSON *owner, const char *key, const char *expected)
{
    const char *actual = attribute_of(owner, key);
    if (actual == NULL)
        print_error("no attribute %s\n", key);
    assert_non_null(actual);
    assert_string_equal(actual, expected);
}

static inline void assert_text(const cJSON *object, const char *key, const char *expected)
{
    assert_string_equal(json_at(object, key)->valuestring, expected);
}

static inline void assert_number(const cJSON *object, const char *key, int expected)
{
    assert_true(cJSON_IsNumber(json_at(object, key)));
    assert_int_equal(json_at(object, key)->valueint, expected);
}
