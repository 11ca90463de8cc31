/* environment.c - one reader for each group of variables; each warning says what was expected. */
#include "tracing/export/environment.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WARNING_SIZE        1024
#define DEFAULT_ENDPOINT    "http://localhost:4318"
#define DEFAULT_TIMEOUT_MS  10000
#define DEFAULT_DELAY_MS    5000
#define DEFAULT_EXPORT_MS   30000
#define DEFAULT_QUEUE       8192 /* the spans of some full batches of the engine */
#define DEFAULT_BATCH       512
#define DEFAULT_COUNT_LIMIT 128
#define LIMIT_MAX           1000000
#define MILLISECONDS_MAX    INT64_C(86400000)

static const char *text_get(const struct environment_source *source, const char *name)
{
    const char *value = source->get(source->self, name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* OTEL_EXPORTER_OTLP_TRACES_<what>, else OTEL_EXPORTER_OTLP_<what>; ret_name tells which. */
static const char *otlp_get(const struct environment_source *source, const char *what,
                            char ret_name[64])
{
    snprintf(ret_name, 64, "OTEL_EXPORTER_OTLP_TRACES_%s", what);
    const char *value = text_get(source, ret_name);
    if (value != NULL)
        return value;
    snprintf(ret_name, 64, "OTEL_EXPORTER_OTLP_%s", what);
    return text_get(source, ret_name);
}

static void warn(const struct environment_source *source, const struct tracing_environment *read,
                 const char *name, const char *value, const char *way_out)
{
    char text[WARNING_SIZE];
    if (read->is_quiet)
        return;
    snprintf(text, sizeof text, "%s=%.100s is ignored: %s", name, value, way_out);
    source->warn(source->self, text);
}

/* What may hold a secret (headers) is never repeated in a warning. */
static void warn_of_list(const struct environment_source *source,
                         const struct tracing_environment *read, const char *name)
{
    char text[WARNING_SIZE];
    if (read->is_quiet)
        return;
    snprintf(text, sizeof text,
             "%s is ignored as a whole: expected key=value,… with %% , and = percent-encoded, %d "
             "pairs at most",
             name, ENVIRONMENT_HEADERS_MAX);
    source->warn(source->self, text);
}

static int64_t number_read(const struct environment_source *source,
                           const struct tracing_environment *read, const char *name,
                           const char *value, int64_t default_value, int64_t minimum,
                           int64_t maximum)
{
    if (value == NULL)
        return default_value;
    char *end, way_out[80];
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno == 0 && end != value && *end == '\0' && number >= minimum && number <= maximum)
        return number;
    snprintf(way_out, sizeof way_out, "expected a number from %lld to %lld", (long long)minimum,
             (long long)maximum);
    warn(source, read, name, value, way_out);
    return default_value;
}

static int64_t number_get(const struct environment_source *source,
                          const struct tracing_environment *read, const char *name,
                          int64_t default_value, int64_t minimum, int64_t maximum)
{
    return number_read(source, read, name, text_get(source, name), default_value, minimum, maximum);
}

static bool url_is_http(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

static void endpoint_read(const struct environment_source *source, struct tracing_environment *read)
{
    const char *names[] = { "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT" };
    for (int i = 0; i < 2; i++) {
        const char *url = text_get(source, names[i]);
        if (url == NULL)
            continue;
        if (!url_is_http(url) || strlen(url) + sizeof "/v1/traces" > sizeof read->endpoint) {
            warn(source, read, names[i], url, "expected a URL like http://localhost:4318");
            continue;
        }
        size_t length = strlen(url);
        bool has_slash = url[length - 1] == '/';
        snprintf(read->endpoint, sizeof read->endpoint, "%s%s%s", url,
                 i == 0 || has_slash ? "" : "/", i == 0 ? "" : "v1/traces");
        return;
    }
    snprintf(read->endpoint, sizeof read->endpoint, "%s/v1/traces", DEFAULT_ENDPOINT);
}

static void path_read(const struct environment_source *source, const char *what,
                      char ret_path[ENVIRONMENT_TEXT_SIZE])
{
    char name[64];
    const char *value = otlp_get(source, what, name);
    snprintf(ret_path, ENVIRONMENT_TEXT_SIZE, "%s", value != NULL ? value : "");
}

static void transport_read(const struct environment_source *source,
                           struct tracing_environment *read)
{
    char name[64];
    endpoint_read(source, read);
    path_read(source, "CERTIFICATE", read->certificate);
    path_read(source, "CLIENT_KEY", read->client_key);
    path_read(source, "CLIENT_CERTIFICATE", read->client_certificate);
    const char *timeout = otlp_get(source, "TIMEOUT", name);
    read->timeout_ms =
        number_read(source, read, name, timeout, DEFAULT_TIMEOUT_MS, 0, MILLISECONDS_MAX);
    const char *headers = otlp_get(source, "HEADERS", name);
    if (headers != NULL && !environment_pairs_read(read, headers, true))
        warn_of_list(source, read, name);
    const char *compression = otlp_get(source, "COMPRESSION", name);
    if (compression != NULL && strcmp(compression, "none") != 0)
        warn(source, read, name, compression, "only none is there, spans leave uncompressed");
    const char *protocol = otlp_get(source, "PROTOCOL", name);
    if (protocol != NULL && strcmp(protocol, "http/json") != 0)
        warn(source, read, name, protocol, "only http/json is there");
}

static void exporter_read(const struct environment_source *source, struct tracing_environment *read)
{
    static const struct {
        const char *name;
        enum environment_exporter exporter;
    } choices[] = {
        { "none", EXPORTER_NONE },      { "otlp", EXPORTER_OTLP },
        { "console", EXPORTER_STDOUT }, { "otlp/stdout", EXPORTER_STDOUT },
        { "otlp/file", EXPORTER_FILE },
    };
    const char *file = text_get(source, "ROUNDTRIP_TRACE_FILE");
    bool has_endpoint = text_get(source, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != NULL ||
                        text_get(source, "OTEL_EXPORTER_OTLP_ENDPOINT") != NULL;
    snprintf(read->file, sizeof read->file, "%s", file != NULL ? file : "");
    read->exporter = has_endpoint ? EXPORTER_OTLP : file != NULL ? EXPORTER_FILE : EXPORTER_NONE;

    const char *wanted = text_get(source, "OTEL_TRACES_EXPORTER");
    for (size_t i = 0; wanted != NULL && i < sizeof choices / sizeof choices[0]; i++)
        if (strcmp(choices[i].name, wanted) == 0) {
            read->exporter = choices[i].exporter;
            wanted = NULL;
        }
    if (wanted != NULL)
        warn(source, read, "OTEL_TRACES_EXPORTER", wanted,
             "expected none, otlp, console, otlp/stdout or otlp/file");
    if (read->exporter == EXPORTER_FILE && file == NULL) {
        warn(source, read, "OTEL_TRACES_EXPORTER", "otlp/file",
             "set ROUNDTRIP_TRACE_FILE to the file's path; no spans leave");
        read->exporter = EXPORTER_NONE;
    }
    const char *disabled = text_get(source, "OTEL_SDK_DISABLED");
    if (disabled != NULL && strcasecmp(disabled, "true") == 0)
        read->exporter = EXPORTER_NONE;
}

static double ratio_read(const struct environment_source *source,
                         const struct tracing_environment *read)
{
    const char *value = text_get(source, "OTEL_TRACES_SAMPLER_ARG");
    if (value == NULL)
        return 1.0;
    char *end;
    double ratio = strtod(value, &end);
    if (end != value && *end == '\0' && ratio >= 0.0 && ratio <= 1.0)
        return ratio;
    warn(source, read, "OTEL_TRACES_SAMPLER_ARG", value, "expected a number from 0 to 1");
    return 1.0;
}

static void sampler_read(const struct environment_source *source, struct tracing_environment *read)
{
    const char *name = text_get(source, "OTEL_TRACES_SAMPLER");
    const char *known = name == NULL                             ? "always_on"
                        : strncmp(name, "parentbased_", 12) == 0 ? name + 12
                                                                 : name;
    read->sampler = sampler_of_ratio(1.0);
    if (strcmp(known, "always_off") == 0)
        read->sampler = sampler_of_ratio(0.0);
    else if (strcmp(known, "traceidratio") == 0)
        read->sampler = sampler_of_ratio(ratio_read(source, read));
    else if (strcmp(known, "always_on") != 0)
        warn(source, read, "OTEL_TRACES_SAMPLER", name,
             "expected always_on, always_off, traceidratio, or one of them with parentbased_");
}

static void limits_read(const struct environment_source *source, struct tracing_environment *read)
{
    read->schedule_delay_ms =
        number_get(source, read, "OTEL_BSP_SCHEDULE_DELAY", DEFAULT_DELAY_MS, 1, MILLISECONDS_MAX);
    read->export_timeout_ms =
        number_get(source, read, "OTEL_BSP_EXPORT_TIMEOUT", DEFAULT_EXPORT_MS, 1, MILLISECONDS_MAX);
    read->queue_max = number_get(source, read, "OTEL_BSP_MAX_QUEUE_SIZE", DEFAULT_QUEUE, 1,
                                 ENVIRONMENT_QUEUE_MAX);
    int64_t batch = read->queue_max < DEFAULT_BATCH ? read->queue_max : DEFAULT_BATCH;
    read->batch_max =
        number_get(source, read, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", batch, 1, read->queue_max);
    read->attributes_max = number_get(source, read, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
                                      DEFAULT_COUNT_LIMIT, 0, LIMIT_MAX);
    read->events_max =
        number_get(source, read, "OTEL_SPAN_EVENT_COUNT_LIMIT", DEFAULT_COUNT_LIMIT, 0, LIMIT_MAX);
    read->links_max =
        number_get(source, read, "OTEL_SPAN_LINK_COUNT_LIMIT", DEFAULT_COUNT_LIMIT, 0, LIMIT_MAX);
}

static void propagators_check(const struct environment_source *source,
                              const struct tracing_environment *read)
{
    const char *list = text_get(source, "OTEL_PROPAGATORS");
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ",");
        bool is_known = (length == 12 && memcmp(list, "tracecontext", 12) == 0) ||
                        (length == 7 && memcmp(list, "baggage", 7) == 0);
        if (!is_known) {
            warn(source, read, "OTEL_PROPAGATORS", list,
                 "tracecontext is built in, there is no other");
            return;
        }
        list += length + (list[length] == ',' ? 1 : 0);
    }
}

/* service.name is kept apart, because OTEL_SERVICE_NAME beats it. */
static void resource_read(const struct environment_source *source, struct tracing_environment *read)
{
    const char *list = text_get(source, "OTEL_RESOURCE_ATTRIBUTES");
    if (list != NULL && !environment_pairs_read(read, list, false))
        warn_of_list(source, read, "OTEL_RESOURCE_ATTRIBUTES");
    for (size_t i = 0; i < read->resource_count; i++) {
        if (strcmp(read->resource[i].key, "service.name") != 0)
            continue;
        snprintf(read->service_name, sizeof read->service_name, "%s", read->resource[i].value);
        read->resource[i] = read->resource[--read->resource_count];
        break;
    }
    const char *name = text_get(source, "OTEL_SERVICE_NAME");
    if (name != NULL)
        snprintf(read->service_name, sizeof read->service_name, "%s", name);
}

void environment_read(const struct environment_source *source,
                      struct tracing_environment *ret_environment)
{
    assert(source->get != NULL && source->warn != NULL);
    memset(ret_environment, 0, sizeof *ret_environment);
    const char *level = text_get(source, "OTEL_LOG_LEVEL");
    ret_environment->is_quiet =
        level != NULL && (strcasecmp(level, "none") == 0 || strcasecmp(level, "error") == 0);
    exporter_read(source, ret_environment);
    transport_read(source, ret_environment);
    sampler_read(source, ret_environment);
    limits_read(source, ret_environment);
    propagators_check(source, ret_environment);
    resource_read(source, ret_environment);
}
