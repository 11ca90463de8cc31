/* daemon_hooks.c - what a daemon gets from tracing: the observers, metrics and the flush. */
#include "tracing/observer_state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static void line_add(char *buffer, size_t size, size_t *length, const char *format, ...)
    PRINTF_LIKE(4, 5);

static void line_add(char *buffer, size_t size, size_t *length, const char *format, ...)
{
    va_list values;
    if (*length >= size)
        return;
    va_start(values, format);
    int added = vsnprintf(buffer + *length, size - *length, format, values);
    va_end(values);
    if (added < 0 || (size_t)added >= size - *length)
        buffer[*length] = '\0'; /* a line that does not fit is left out as a whole */
    else
        *length += (size_t)added;
}

static void metrics(void *self, char *buffer, size_t size, size_t *length)
{
    struct tracing_observer *observer = self;
    struct exporter_counts counts = { 0 };
    if (observer->tracing->exporter != NULL)
        exporter_counts_get(observer->tracing->exporter, &counts);
    line_add(buffer, size, length,
             "# HELP roundtrip_spans_queued_total Spans handed to the exporter.\n"
             "# TYPE roundtrip_spans_queued_total counter\n"
             "roundtrip_spans_queued_total %" PRIu64 "\n"
             "# HELP roundtrip_spans_exported_total Spans that the receiver took.\n"
             "# TYPE roundtrip_spans_exported_total counter\n"
             "roundtrip_spans_exported_total %" PRIu64 "\n",
             counts.queued, counts.exported);
    line_add(buffer, size, length,
             "# HELP roundtrip_trace_repeats_total Repeats that changed nothing: counted, without "
             "spans.\n"
             "# TYPE roundtrip_trace_repeats_total counter\n"
             "roundtrip_trace_repeats_total %" PRIuFAST64 "\n",
             atomic_load_explicit(&observer->repeats_total, memory_order_relaxed));
    line_add(buffer, size, length,
             "# HELP roundtrip_spans_dropped_total Spans that were lost, by reason.\n"
             "# TYPE roundtrip_spans_dropped_total counter\n");
    for (int drop = 0; drop < DROP_COUNT; drop++)
        line_add(buffer, size, length, "roundtrip_spans_dropped_total{reason=\"%s\"} %" PRIu64 "\n",
                 exporter_drop_text((enum exporter_drop)drop), counts.dropped[drop]);
}

static void flush(void *self)
{
    struct tracing_observer *observer = self;
    struct exporter *exporter = observer->tracing->exporter;
    int64_t timeout_ms = observer->tracing->environment.export_timeout_ms;
    if (exporter != NULL)
        exporter_stop(exporter,
                      timeout_ms < TRACING_STOP_MS_MAX ? timeout_ms : TRACING_STOP_MS_MAX);
}

struct daemon_tracing tracing_for_daemon(struct tracing_observer *observer)
{
    assert(observer->engine_port.self == observer && observer->http_port_table.self == observer);
    return (struct daemon_tracing){
        .self = observer,
        .engine_observer = &observer->engine_port,
        .http_observer = &observer->http_port_table,
        .metrics = metrics,
        .shutdown = flush,
    };
}
