/* otlp_json.c - a span from fixed parts, known to be clean JSON and copied as they are; only text
 * from outside is looked at. */
#include "tracing/export/otlp_json.h"

#include "common/base/hex.h"

#include <assert.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define ID_SIZE     33
#define NUMBER_SIZE 24
/* Jaeger compares the clocks of parent and child where their `ip` differs or is missing, and warns
 * of each child that outlasts its parent, as the publish after an answer does. The services of one
 * system have clocks that agree, on whatever hosts they are: so all of them say the same. */
#define OTLP_IP "127.0.0.1"

/* The fixed parts of a span are known to be clean JSON, and otlp_span_write has seen that there is
 * room for all of it: they are copied as they are. */
static inline void put(struct json_writer *writer, const char *piece, size_t length)
{
    memcpy(writer->buffer + writer->length, piece, length);
    writer->length += length;
}

#define PUT(writer, literal) put((writer), "" literal, sizeof(literal) - 1)

static bool is_plain(const char *text, size_t length)
{
    unsigned char odd = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        odd |= (unsigned char)(c < 0x20 || c >= 0x7f || c == '"' || c == '\\');
    }
    return odd == 0;
}

static void put_text(struct json_writer *writer, const char *text, size_t length)
{
    if (is_plain(text, length)) {
        PUT(writer, "\"");
        put(writer, text, length);
        PUT(writer, "\"");
    } else {
        writer->needs_comma = false;
        json_write_string_bytes(writer, NULL, text, length);
    }
}

static void put_digits(struct json_writer *writer, int64_t number)
{
    char text[NUMBER_SIZE];
    size_t at = sizeof text;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        text[--at] = '-';
    put(writer, text + at, sizeof text - at);
}

/* 64-bit numbers travel as strings. */
static void put_number(struct json_writer *writer, int64_t number)
{
    PUT(writer, "\"");
    put_digits(writer, number);
    PUT(writer, "\"");
}

static void put_id(struct json_writer *writer, const uint8_t *id, size_t length)
{
    char hex[ID_SIZE + 2];
    hex[0] = '"';
    hex_write(id, length, hex + 1);
    hex[1 + 2 * length] = '"';
    put(writer, hex, 2 + 2 * length);
}

static void put_attribute(struct json_writer *writer, const struct span *span,
                          const struct span_attribute *attribute)
{
    static const struct {
        const char *text;
        size_t length;
    } heads[] = {
#define X(key, text)                                                                               \
    { "{\"key\":\"" text "\",\"value\":{", sizeof("{\"key\":\"" text "\",\"value\":{") - 1 },
        SPAN_KEYS(X)
#undef X
    };
    put(writer, heads[attribute->key].text, heads[attribute->key].length);
    switch ((enum span_value)attribute->value) {
    case SPAN_VALUE_TEXT:
        PUT(writer, "\"stringValue\":");
        put_text(writer, span->text + attribute->at, attribute->length);
        break;
    case SPAN_VALUE_LASTING:
        PUT(writer, "\"stringValue\":");
        put_text(writer, attribute->lasting, strnlen(attribute->lasting, OTLP_LASTING_MAX));
        break;
    case SPAN_VALUE_INT:
        PUT(writer, "\"intValue\":");
        put_number(writer, attribute->number);
        break;
    }
    PUT(writer, "}}");
}

static size_t cut(size_t count, int64_t limit)
{
    return (int64_t)count > limit ? (size_t)limit : count;
}

static void put_attributes(struct json_writer *writer, const struct span *span, size_t count)
{
    if (count == 0)
        return;
    PUT(writer, ",\"attributes\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            PUT(writer, ",");
        put_attribute(writer, span, &span->attributes[i]);
    }
    PUT(writer, "]");
}

static void put_events(struct json_writer *writer, const struct span *span, size_t count)
{
    if (count == 0)
        return;
    PUT(writer, ",\"events\":[");
    for (size_t i = 0; i < count; i++) {
        const struct span_event *event = &span->events[i];
        if (i > 0)
            PUT(writer, ",");
        PUT(writer, "{\"timeUnixNano\":");
        put_number(writer, event->at_ns);
        PUT(writer, ",\"name\":");
        put_text(writer, event->name, strnlen(event->name, OTLP_LASTING_MAX));
        if (event->wait_ms >= 0) {
            PUT(writer, ",\"attributes\":[{\"key\":\"booking.wait_ms\",\"value\":{\"intValue\":");
            put_number(writer, event->wait_ms);
            PUT(writer, "}}]");
        } else if (event->count > 0) {
            PUT(writer, ",\"attributes\":[{\"key\":\"count\",\"value\":{\"intValue\":");
            put_number(writer, event->count);
            PUT(writer, "}}]");
        }
        PUT(writer, "}");
    }
    PUT(writer, "]");
}

static void put_flags(struct json_writer *writer, uint8_t w3c_flags, bool is_remote)
{
    PUT(writer, ",\"flags\":");
    put_digits(writer, w3c_flags | OTLP_FLAG_KNOWN | (is_remote ? OTLP_FLAG_REMOTE : 0));
}

/* A link to the parent itself (a message's context is both). Stores with one list of references, as
 * Jaeger's, keep one of the two: told the kind, they keep the parent. */
static bool is_to_parent(const struct span *span, const struct span_link *link)
{
    return memcmp(link->span_id, span->place.parent_id, sizeof link->span_id) == 0 &&
           memcmp(link->trace_id, span->place.trace_id, sizeof link->trace_id) == 0;
}

static void put_links(struct json_writer *writer, const struct span *span, size_t count)
{
    if (count == 0)
        return;
    PUT(writer, ",\"links\":[");
    for (size_t i = 0; i < count; i++) {
        const struct span_link *link = &span->links[i];
        if (i > 0)
            PUT(writer, ",");
        PUT(writer, "{\"traceId\":");
        put_id(writer, link->trace_id, sizeof link->trace_id);
        PUT(writer, ",\"spanId\":");
        put_id(writer, link->span_id, sizeof link->span_id);
        put_flags(writer, link->flags, link->is_remote);
        if (is_to_parent(span, link))
            PUT(writer, ",\"attributes\":[{\"key\":\"opentracing.ref_type\","
                        "\"value\":{\"stringValue\":\"child_of\"}}]");
        PUT(writer, "}");
    }
    PUT(writer, "]");
}

static void put_status(struct json_writer *writer, const struct span *span)
{
    if (span->status != SPAN_STATUS_ERROR)
        return;
    PUT(writer, ",\"status\":{\"code\":2");
    if (span->message_length > 0) {
        PUT(writer, ",\"message\":");
        put_text(writer, span->text + span->message_at, span->message_length);
    }
    PUT(writer, "}");
}

static void put_dropped(struct json_writer *writer, const char *key, size_t count)
{
    if (count == 0)
        return;
    writer->needs_comma = true;
    json_write_int(writer, key, (int64_t)count);
}

/* The ids, the place in the trace, the name, the kind and the times. */
static void put_head(struct json_writer *writer, const struct span *span)
{
    static const uint8_t none[8];
    PUT(writer, "{\"traceId\":");
    put_id(writer, span->place.trace_id, sizeof span->place.trace_id);
    PUT(writer, ",\"spanId\":");
    put_id(writer, span->place.span_id, sizeof span->place.span_id);
    if (memcmp(span->place.parent_id, none, sizeof none) != 0) {
        PUT(writer, ",\"parentSpanId\":");
        put_id(writer, span->place.parent_id, sizeof span->place.parent_id);
    }
    put_flags(writer, span->place.flags, span->place.is_parent_remote);
    PUT(writer, ",\"name\":");
    put_text(writer, span->text + span->name_at, span->name_length);
    PUT(writer, ",\"kind\":");
    put(writer, &"012345"[span->kind], 1);
    PUT(writer, ",\"startTimeUnixNano\":");
    put_number(writer, span->started_ns);
    PUT(writer, ",\"endTimeUnixNano\":");
    put_number(writer, span->ended_ns);
}

void otlp_span_write(struct json_writer *writer, const struct span *span,
                     const struct otlp_limits *limits)
{
    assert(!writer->failed && writer->size - writer->length > OTLP_SPAN_BYTES_MAX);
    size_t before = writer->length;
    size_t attributes = cut(span->attribute_count, limits->attributes_max);
    size_t events = cut(span->event_count, limits->events_max);
    size_t links = cut(span->link_count, limits->links_max);
    bool is_first = writer->length > 0 && writer->buffer[writer->length - 1] == '[';
    if (!is_first)
        PUT(writer, ",");
    put_head(writer, span);
    put_attributes(writer, span, attributes);
    put_events(writer, span, events);
    put_links(writer, span, links);
    put_status(writer, span);
    put_dropped(writer, "droppedAttributesCount",
                span->dropped_attributes + span->attribute_count - attributes);
    put_dropped(writer, "droppedEventsCount", span->dropped_events + span->event_count - events);
    put_dropped(writer, "droppedLinksCount", span->dropped_links + span->link_count - links);
    PUT(writer, "}");
    assert(writer->length - before <= OTLP_SPAN_BYTES_MAX);
}

static void resource_put(struct json_writer *writer, const char *key, const char *value)
{
    json_write_object_begin(writer, NULL);
    json_write_string(writer, "key", key);
    json_write_object_begin(writer, "value");
    json_write_string(writer, "stringValue", value);
    json_write_object_end(writer);
    json_write_object_end(writer);
}

/* What of the environment's attributes concerns the whole system. */
static bool is_of_system(const char *key)
{
    static const char *const keys[] = { "service.namespace", "deployment.environment",
                                        "deployment.environment.name" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static bool is_wanted(const struct otlp_resource *resource, const char *key)
{
    return !resource->is_shared || is_of_system(key);
}

static bool is_overridden(const struct otlp_resource *resource, const char *key)
{
    for (size_t i = 0; i < resource->extra_count; i++)
        if (strcmp(resource->extra[i].key, key) == 0)
            return is_wanted(resource, key);
    return false;
}

static void resource_write(struct json_writer *writer, const struct otlp_resource *resource)
{
    char host[HOST_NAME_MAX + 1] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    const struct {
        const char *key, *value;
        bool is_own; /* of this process, host or release */
    } ours[] = {
        { "service.namespace", "roundtrip", false },
        { "service.version", ROUNDTRIP_VERSION, true },
        { "service.instance.id", resource->instance_id, true },
        { "host.name", host, true },
        { "ip", OTLP_IP, false },
        { "telemetry.sdk.name", "roundtrip", false },
        { "telemetry.sdk.language", "c", false },
        { "telemetry.sdk.version", ROUNDTRIP_VERSION, true },
    };
    resource_put(writer, "service.name", resource->service_name);
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (ours[i].value[0] != '\0' && !(ours[i].is_own && resource->is_shared) &&
            !is_overridden(resource, ours[i].key))
            resource_put(writer, ours[i].key, ours[i].value);
    for (size_t i = 0; i < resource->extra_count; i++)
        if (is_wanted(resource, resource->extra[i].key))
            resource_put(writer, resource->extra[i].key, resource->extra[i].value);
}

void otlp_request_begin(struct json_writer *writer, const struct otlp_resource *resource)
{
    assert(resource->service_name != NULL && resource->instance_id != NULL);
    json_write_object_begin(writer, NULL);
    json_write_array_begin(writer, "resourceSpans");
    json_write_object_begin(writer, NULL);
    json_write_object_begin(writer, "resource");
    json_write_array_begin(writer, "attributes");
    resource_write(writer, resource);
    json_write_array_end(writer);
    json_write_object_end(writer);
    json_write_array_begin(writer, "scopeSpans");
    json_write_object_begin(writer, NULL);
    json_write_object_begin(writer, "scope");
    json_write_string(writer, "name", "roundtrip");
    if (!resource->is_shared)
        json_write_string(writer, "version", ROUNDTRIP_VERSION);
    json_write_object_end(writer);
    json_write_string(writer, "schemaUrl", OTLP_SCHEMA_URL);
    json_write_array_begin(writer, "spans");
}

size_t otlp_request_end(struct json_writer *writer)
{
    assert(writer->size > writer->length);
    json_write_array_end(writer);
    json_write_object_end(writer);
    json_write_array_end(writer);
    json_write_object_end(writer);
    json_write_array_end(writer);
    json_write_object_end(writer);
    return json_write_finish(writer);
}
