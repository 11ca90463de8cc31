/* spans.c - takes the spans of one trace out of OTLP JSON and puts them in the order of their tree;
 * a loop of parents is cut. */
#include "cli/sources/spans.h"

#include "cli/screen/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void spans_start(struct spans *spans)
{
    memset(spans, 0, sizeof *spans);
    spans->all = arena_alloc(&spans->arena, SPANS_MAX * sizeof *spans->all);
}

void spans_done(struct spans *spans)
{
    arena_done(&spans->arena);
}

/* ---- reading ---- */

static const char *keep(struct spans *spans, const char *text)
{
    return arena_text(&spans->arena, text, strlen(text));
}

/* The string value of an attribute, or "". */
static const char *attribute_of(const cJSON *attributes, const char *key)
{
    const cJSON *attribute;
    cJSON_ArrayForEach(attribute, attributes)
    {
        if (strcmp(json_text(attribute, "key"), key) == 0)
            return json_text(cJSON_GetObjectItemCaseSensitive(attribute, "value"), "stringValue");
    }
    return "";
}

/* A number in OTLP's JSON, a name where a collector writes the enum's. */
static const char *kind_text(const cJSON *span)
{
    static const char *const kinds[] = {
        "", "internal", "server", "client", "producer", "consumer"
    };
    static const char *const names[] = { "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                         "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                         "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER" };
    const char *name = json_text(span, "kind");
    int64_t number = json_int(span, "kind", 0);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (number == (int64_t)i || strcmp(name, names[i]) == 0)
            if (i > 0)
                return kinds[i];
    return "";
}

static const char *error_text(const cJSON *span, const cJSON *attributes)
{
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(span, "status");
    bool is_error = json_int(status, "code", 0) == 2 ||
                    strcmp(json_text(status, "code"), "STATUS_CODE_ERROR") == 0;
    if (!is_error)
        return "";
    if (json_text(status, "message")[0] != '\0')
        return json_text(status, "message");
    const char *type = attribute_of(attributes, "error.type");
    return type[0] != '\0' ? type : "error";
}

static bool id_take(const char *hex, char ret_id[SPAN_ID_HEX_SIZE])
{
    if (strlen(hex) != SPAN_ID_HEX_SIZE - 1 || strspn(hex, "0123456789abcdef") != strlen(hex) ||
        strspn(hex, "0") == strlen(hex))
        return false;
    memcpy(ret_id, hex, SPAN_ID_HEX_SIZE);
    return true;
}

static bool is_there(const struct spans *spans, const char *id)
{
    for (size_t i = 0; i < spans->count; i++)
        if (strcmp(spans->all[i].id, id) == 0)
            return true;
    return false;
}

static void span_take(struct spans *spans, const cJSON *json, const char *service,
                      const char *instance)
{
    struct trace_span span = { .service = service, .instance = instance };
    const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(json, "attributes");
    if (!id_take(json_text(json, "spanId"), span.id) || is_there(spans, span.id))
        return;
    if (spans->count == SPANS_MAX) {
        spans->is_cut = true;
        return;
    }
    (void)id_take(json_text(json, "parentSpanId"), span.parent);
    span.name = keep(spans, json_text(json, "name"));
    span.kind = kind_text(json);
    span.decision = keep(spans, attribute_of(attributes, "decision"));
    span.state_from = keep(spans, attribute_of(attributes, "state.from"));
    span.state_to = keep(spans, attribute_of(attributes, "state.to"));
    span.message_id = keep(spans, attribute_of(attributes, "messaging.message.id"));
    span.state = keep(spans, attribute_of(attributes, "booking.state"));
    span.error = keep(spans, error_text(json, attributes));
    span.started_ns = json_int(json, "startTimeUnixNano", 0);
    span.ended_ns = json_int(json, "endTimeUnixNano", span.started_ns);
    spans->all[spans->count++] = span;
}

void spans_take(struct spans *spans, const cJSON *otlp, const char *trace_id)
{
    const cJSON *resource_spans;
    const cJSON *scope_spans;
    const cJSON *span;
    cJSON_ArrayForEach(resource_spans, cJSON_GetObjectItemCaseSensitive(otlp, "resourceSpans"))
    {
        const cJSON *resource = cJSON_GetObjectItemCaseSensitive(resource_spans, "resource");
        const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(resource, "attributes");
        const char *service = keep(spans, attribute_of(attributes, "service.name"));
        const char *instance = keep(spans, attribute_of(attributes, "service.instance.id"));
        cJSON_ArrayForEach(scope_spans,
                           cJSON_GetObjectItemCaseSensitive(resource_spans, "scopeSpans"))
        {
            cJSON_ArrayForEach(span, cJSON_GetObjectItemCaseSensitive(scope_spans, "spans"))
            {
                if (strcmp(json_text(span, "traceId"), trace_id) == 0)
                    span_take(spans, span, service, instance);
            }
        }
    }
}

/* ---- the tree ---- */

static int compare_starts(const void *one, const void *other)
{
    const struct trace_span *a = one;
    const struct trace_span *b = other;
    if (a->started_ns != b->started_ns)
        return a->started_ns < b->started_ns ? -1 : 1;
    return strcmp(a->id, b->id);
}

static uint32_t index_of(const struct spans *spans, const char *id)
{
    for (size_t i = 0; i < spans->count && id[0] != '\0'; i++)
        if (strcmp(spans->all[i].id, id) == 0)
            return (uint32_t)i + 1;
    return 0;
}

/* Spans that claim to be their own ancestors would hang off no root: the claim is not believed. */
static bool is_ancestor(const struct spans *spans, const uint32_t *parents, uint32_t of,
                        uint32_t self)
{
    for (size_t steps = 0; of != 0 && steps <= spans->count; steps++) {
        if (of == self)
            return true;
        of = parents[of - 1];
    }
    return false;
}

static void children_link(struct spans *spans, uint32_t *parents)
{
    for (size_t i = 0; i < spans->count; i++) {
        uint32_t parent = index_of(spans, spans->all[i].parent);
        bool is_loop = is_ancestor(spans, parents, parent, (uint32_t)i + 1);
        parents[i] = is_loop ? 0 : parent;
        spans->all[i].is_orphan = parents[i] == 0 && spans->all[i].parent[0] != '\0';
        spans->all[i].first_child = spans->all[i].next = 0;
    }
    for (size_t i = spans->count; i-- > 0;) { /* backwards: each list ends up in order */
        if (parents[i] == 0)
            continue;
        struct trace_span *parent = &spans->all[parents[i] - 1];
        spans->all[i].is_last = parent->first_child == 0;
        spans->all[i].next = parent->first_child;
        parent->first_child = (uint32_t)i + 1;
    }
}

void spans_tree(struct spans *spans, uint32_t *ret_order)
{
    uint32_t *parents = arena_alloc(&spans->arena, (spans->count + 1) * sizeof *parents);
    size_t count = 0;
    qsort(spans->all, spans->count, sizeof *spans->all, compare_starts);
    children_link(spans, parents);
    for (size_t root = 0; root < spans->count; root++) {
        if (parents[root] != 0)
            continue;
        uint32_t at = (uint32_t)root + 1;
        int depth = 0;
        while (at != 0) { /* down first, then on, then up until there is a next one */
            spans->all[at - 1].depth = depth;
            assert(count < spans->count);
            ret_order[count++] = at - 1;
            if (spans->all[at - 1].first_child != 0) {
                at = spans->all[at - 1].first_child;
                depth++;
                continue;
            }
            while (at != 0 && spans->all[at - 1].next == 0) {
                at = parents[at - 1];
                depth--;
            }
            at = at != 0 ? spans->all[at - 1].next : 0;
        }
    }
    assert(count == spans->count);
}
