/* metrics.h - counts what the engine and the HTTP server do, for /metrics (Prometheus text 0.0.4).
 *
 * An observer around the service's own: it counts, forwards every call, logs what people should
 * see, and tells waiters that documents may have changed. Label sets are bounded by tables; no ids
 * in labels. The engine's side is one thread, HTTP's many. */
#pragma once

#include "common/http/http_server.h"
#include "common/saga/engine.h"

#include <stddef.h>
#include <stdint.h>

struct metrics;
struct metrics_setup {
    const char *service, *queue;
    const struct observer_port *engine_next;              /* may be NULL */
    const struct http_observer *http_next;                /* may be NULL */
    void (*changed)(void *self, const char *document_id); /* it is saved; never NULL */
    void *changed_self;
};
struct metrics *metrics_new(const struct metrics_setup *setup);
struct metrics *metrics_free(struct metrics *metrics);
const struct observer_port *metrics_engine_observer(const struct metrics *metrics);
const struct http_observer *metrics_http_observer(const struct metrics *metrics);
/* Appends the text; *length is below `size`, and grows. What does not fit is left out. HTTP's
 * threads. */
void metrics_write(struct metrics *metrics, const struct engine_status *status, char *buffer,
                   size_t size, size_t *length);
