/* http.h - the gateway's routes: what clients may ask for. RFC 9110, RFC 7240, RFC 9457.
 *
 *   POST /booking/intent        202 once durable
 *   GET  /booking/{id}          200, 304, 404; Prefer: wait=N waits for the outcome
 *   POST /booking/{id}/cancel   202 once durable, 404, 409, 422
 *   GET  /bookings              newest first, by cursor
 *
 * Handlers run on several threads at once. They share only struct gateway_http. */
#pragma once

#include "common/daemon/daemon.h"
#include "gateway/gateway.h"
#include "tracing/tracing.h"

#include <stdatomic.h>

#define GATEWAY_ROUTE_COUNT 4

struct gateway_http {
    struct daemon *daemon;             /* borrowed */
    struct tracing_observer *observer; /* borrowed */
    const struct participant *participant;
    const char *currency; /* meant where a caller leaves it out */
};

/* `http` is borrowed for as long as the server runs. */
void gateway_routes(struct gateway_http *http, struct http_route ret_routes[GATEWAY_ROUTE_COUNT]);
