/* environment.h - the OTEL_* variables, read once into a plain struct.
 *
 * The rules are those of the OpenTelemetry specification: an empty value counts as unset, a
 * boolean is true only for "true" in any case, a bad number or an unknown choice warns and is
 * ignored. Three defaults differ on purpose:
 *
 * - OTEL_TRACES_EXPORTER, when unset, is `otlp` only if an OTLP endpoint is set. Otherwise it is
 *   `otlp/file` if ROUNDTRIP_TRACE_FILE is set, else `none`. The specification's default, `otlp` to
 *   localhost, would make every service on a machine without a collector try for ever and warn.
 *   (`otlp/file` is ours: JSON lines like `otlp/stdout`, appended to ROUNDTRIP_TRACE_FILE. Several
 *   processes may share the file.)
 * - OTEL_BSP_MAX_QUEUE_SIZE is 8192, not 2048: one full batch of the engine ends in some 2,000
 *   spans at once, and beyond half of the queue traces are left out.
 * - The protocol is `http/json`, where the specification says http/protobuf.
 *
 * Not there, and a warning says so: gzip, gRPC, protobuf. `console` is the same as `otlp/stdout`.
 * OTEL_TRACES_EXPORTER takes one name, not a list. Pure, but for what `get` reads. */
#pragma once

#include "tracing/export/sampler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENVIRONMENT_TEXT_SIZE      512
#define ENVIRONMENT_HEADERS_MAX    16
#define ENVIRONMENT_ATTRIBUTES_MAX 32
#define ENVIRONMENT_POOL_BYTES     8192 /* all attribute and header texts together */
#define ENVIRONMENT_QUEUE_MAX      65536

enum environment_exporter { EXPORTER_NONE, EXPORTER_OTLP, EXPORTER_STDOUT, EXPORTER_FILE };

struct environment_attribute {
    const char *key, *value;
};

struct tracing_environment {
    enum environment_exporter exporter;
    char endpoint[ENVIRONMENT_TEXT_SIZE]; /* the complete URL of the traces */
    char file[ENVIRONMENT_TEXT_SIZE];
    char certificate[ENVIRONMENT_TEXT_SIZE], client_key[ENVIRONMENT_TEXT_SIZE],
        client_certificate[ENVIRONMENT_TEXT_SIZE];    /* "" = none */
    const char *headers[ENVIRONMENT_HEADERS_MAX + 1]; /* "Name: value", NULL-terminated */
    size_t header_count;
    struct environment_attribute resource[ENVIRONMENT_ATTRIBUTES_MAX]; /* without service.name */
    size_t resource_count;
    char service_name[ENVIRONMENT_TEXT_SIZE]; /* "" = the environment names none */
    int64_t timeout_ms;                       /* of one request; 0 = none */
    int64_t schedule_delay_ms, export_timeout_ms, queue_max, batch_max;
    int64_t attributes_max, events_max, links_max; /* per span */
    struct sampler sampler;
    bool is_quiet; /* OTEL_LOG_LEVEL none or error: no warnings */
    char pool[ENVIRONMENT_POOL_BYTES];
    size_t pool_used;
};

struct environment_source {
    void *self;
    const char *(*get)(void *self, const char *name); /* NULL = unset */
    void (*warn)(void *self, const char *text);
};

void environment_read(const struct environment_source *source,
                      struct tracing_environment *ret_environment);

/* environment_list.c: "k=v,k2=v2", both percent-encoded. One bad entry discards the whole value:
 * false, and nothing is added. With `is_header` the pairs become "k: v" lines in `headers`, else
 * `resource`. */
bool environment_pairs_read(struct tracing_environment *environment, const char *text,
                            bool is_header);
