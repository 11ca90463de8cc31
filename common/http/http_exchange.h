/* http_exchange.h - one request and its answer while a thread works on them, whatever brought the
 * bytes: from the raw head to the rendered answer. Private to the server. One thread. */
#pragma once

#include "common/http/http_connections.h"
#include "common/http/http_guard.h"
#include "common/http/http_routes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_EXCHANGE_FIELDS 64

/* A thread's buffers, used by one request after the other: civetweb's stacks are too small for
 * them. Out of memory aborts: it happens only at start. */
struct http_workspace;
struct http_workspace *http_workspace_new(void);
struct http_workspace *http_workspace_free(struct http_workspace *workspace);
char *http_workspace_body(struct http_workspace *workspace); /* HTTP_BODY_BYTES_MAX + 1 */

struct http_exchange {
    struct http_workspace *workspace;
    struct http_field fields[HTTP_EXCHANGE_FIELDS];
    struct http_head head;
    struct http_framing framing;
    struct http_match match;
    const struct http_route *route;
    struct http_request request;
    struct http_answer answer;
    bool is_refused; /* the answer is a refusal, no handler may run */
    int64_t started_ns;
};

void http_exchange_init(struct http_exchange *exchange, struct http_workspace *workspace);
/* The answer is this problem, and the connection ends with it. */
void http_exchange_refuse(struct http_exchange *exchange, int status, const char *type,
                          const char *detail);
/* Guards the head and finds the route; sets `route`, or refuses. head and request are filled. */
void http_exchange_route(struct http_exchange *exchange, const struct http_route *routes,
                         size_t count);
/* The bytes to send, in the workspace. */
const char *http_exchange_render(struct http_exchange *exchange, size_t *ret_length);
void http_exchange_observe(struct http_exchange *exchange, const struct http_observer *observer);
