/* exporter.h - the bounded queues of finished spans and the one thread that sends them.
 *
 * Submitting copies the span into a ring that was allocated at the start: no allocation, no wait
 * but for a short lock. What does not fit is dropped and counted, by its trace's id
 * (span_queue.h). The saga's own spans (a booking's root and its waits) have a queue and a resource
 * of their own, and what is queued with them goes at once: who is killed takes no root with him
 * that is older than EXPORTER_GAP_MS and one export. Export calls never overlap.
 * A failing collector costs spans and nothing else: a batch is tried again with backoff until the
 * export time-out, then dropped. A log line is reported when exporting begins to fail and when it
 * works again, not for each batch. */
#pragma once

#include "common/base/enum_list.h"

#include "tracing/export/otlp_json.h"
#include "tracing/export/outlet.h"
#include "tracing/export/span_queue.h"

#include <stdbool.h>
#include <stdint.h>

/* why a span was dropped: the label `reason` of roundtrip_spans_dropped_total */
#define EXPORTER_DROPS(X)                                                                          \
    X(DROP_QUEUE_FULL, "queue_full") /* the exporter is slower than the service */                 \
    X(DROP_FAILED, "export_failed")  /* refused, or not taken within the export time-out */        \
    X(DROP_REJECTED, "rejected")     /* the collector took the request but not this span */        \
    X(DROP_STOPPED, "shutdown")      /* not sent before the process ended */

enum exporter_drop { EXPORTER_DROPS(ENUM_VALUE) DROP_COUNT };
const char *exporter_drop_text(enum exporter_drop drop);

#define EXPORTER_GAP_MS 20 /* between two exports that the saga's spans have hurried */

struct exporter_options {
    struct otlp_resource resource, saga; /* their texts outlive the exporter */
    struct otlp_limits limits;
    struct outlet outlet; /* given away, also on failure */
    size_t queue_max, batch_max;
    struct sampler sampler;
    int64_t schedule_delay_ms, export_timeout_ms;
    void *report_self;
    void (*report)(void *self, const char *text); /* from the exporter's thread */
};

struct exporter_counts {
    uint64_t queued, exported, dropped[DROP_COUNT];
};

struct exporter;
MUST_CHECK struct exporter *exporter_new(const struct exporter_options *options,
                                         struct error *error);
void exporter_submit(struct exporter *exporter, const struct span *span); /* any thread */
/* Sends what is queued, without retries and within timeout_ms, and ends the thread. Spans that come
 * later are dropped. A second call does nothing. */
void exporter_stop(struct exporter *exporter, int64_t timeout_ms);
struct exporter *exporter_free(struct exporter *exporter); /* stopped; returns NULL */
void exporter_counts_get(struct exporter *exporter, struct exporter_counts *ret_counts);
