/* daemon_tracing.h - what a process takes of tracing, which comes from above this layer: observers
 * of its parts, lines for its metrics, and a way to flush. A plain value; self is tracing's own. */
#pragma once

#include <stddef.h>

struct http_observer;
struct observer_port;

struct daemon_tracing {
    void *self;
    const struct observer_port *engine_observer; /* may be NULL */
    const struct http_observer *http_observer;   /* may be NULL */
    void (*metrics)(void *self, char *buffer, size_t size,
                    size_t *length); /* appends Prometheus lines; may be NULL */
    void (*shutdown)(void *self);    /* flushes; bounded */
};
