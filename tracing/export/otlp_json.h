/* otlp_json.h - spans as OTLP/HTTP JSON: ExportTraceServiceRequest of opentelemetry-proto, in its
 * JSON form: lowerCamelCase keys, hex ids, enums as numbers, 64-bit numbers as decimal strings, no
 * empty list, no id of zeros. Pure; writes through a struct json_writer.
 *
 * A request is begun, gets one span after the other, and is ended; whoever writes it checks that
 * OTLP_SPAN_BYTES_MAX are free before each span. A span's own tracestate is left out: it says
 * nothing that a reader of our traces needs. */
#pragma once

#include "common/json/json_write.h"
#include "tracing/export/environment.h"
#include "tracing/export/span.h"

#define OTLP_SCHEMA_URL     "https://opentelemetry.io/schemas/1.44.0"
#define OTLP_LASTING_MAX    256   /* bytes of one lasting text */
#define OTLP_SPAN_BYTES_MAX 65536 /* one span, if each of its bytes had to be escaped */
#define OTLP_END_BYTES_MAX  64
#define OTLP_FLAG_KNOWN     0x100
#define OTLP_FLAG_REMOTE    0x200

struct otlp_resource {
    const char *service_name, *instance_id;
    const struct environment_attribute *extra; /* beat what is ours, except service.name */
    size_t extra_count;
    /* Nothing that differs between processes, hosts and releases is in it: its spans are the same
     * bytes whoever sends them. */
    bool is_shared;
};

struct otlp_limits { /* OTEL_SPAN_*_COUNT_LIMIT */
    int64_t attributes_max, events_max, links_max;
};

void otlp_request_begin(struct json_writer *writer, const struct otlp_resource *resource);
void otlp_span_write(struct json_writer *writer, const struct span *span,
                     const struct otlp_limits *limits);
/* The length of the request, 0 when it did not fit. */
size_t otlp_request_end(struct json_writer *writer);
