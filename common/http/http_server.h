/* http_server.h - civetweb behind a small door: guarded requests in, complete answers out.
 *
 * Refuses by itself what no handler should see (smuggling, odd paths, no length, oversize, slow
 * bodies, wrong media type, wrong method, unknown path) with problem+json. Handlers run on
 * civetweb's threads, several at a time; they may block for a bounded time. RFC 9110, RFC 9112, RFC
 * 9457. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/json/json_read.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_BODY_BYTES_MAX     16384
#define HTTP_ANSWER_BYTES_MAX   262144
#define HTTP_HEADERS_EXTRA_SIZE 1024

struct http_request {
    const char *method;
    const char *route; /* the template that matched: "/booking/{id}" */
    const char *path;
    const char *query;          /* "" = none */
    const char *path_parameter; /* the value of {…}, NULL if the route has none; a valid ident */
    const char *body;
    size_t body_length;
    const char *remote_address;
    bool is_loopback;
    void *connection; /* for http_request_header */
    void *peer;       /* for http_request_is_abandoned */
};

/* NULL when absent. A header that comes more than once is NULL too and sets *ret_is_repeated if
 * given. */
const char *http_request_header(const struct http_request *request, const char *name,
                                bool *ret_is_repeated);
/* A query parameter, decoded into buffer; false when absent or too long. */
bool http_request_query(const struct http_request *request, const char *name, char *buffer,
                        size_t size);

/* The client has closed its side: nobody waits for the answer. */
bool http_request_is_abandoned(const struct http_request *request);

struct http_answer {
    int status;
    const char *content_type; /* default application/json */
    char *body;               /* HTTP_ANSWER_BYTES_MAX bytes of room, on the heap */
    size_t body_length;
    char headers[HTTP_HEADERS_EXTRA_SIZE]; /* complete lines "Name: value\r\n" */
    bool close;
};

void http_answer_header(struct http_answer *answer, const char *name, const char *value);

/* application/problem+json (RFC 9457). Any of pointer, intent_id, trace_id may be NULL.
 * 503 and 429 get Retry-After: 1 and retryable true. */
struct http_problem {
    int status;
    const char *type; /* last part of the type URI: "invalid-field"; NULL = about:blank */
    const char *detail;
    const char *pointer;
    const char *intent_id;
    const char *trace_id;
};
void http_answer_problem(struct http_answer *answer, const struct http_problem *problem);
/* A refused JSON body: 400 or 422 with the pointer. */
void http_answer_json_problem(struct http_answer *answer, const struct json_problem *problem);

typedef void http_handler(void *self, const struct http_request *request,
                          struct http_answer *answer);

struct http_route {
    const char *method;   /* one method; the same path may have several rows */
    const char *path;     /* exact, or with one {id} segment */
    bool needs_json_body; /* POST with Content-Type application/json, body read before the handler
                             runs */
    http_handler *handle;
    void *self;
};

/* Called after every answer, on its thread (metrics, spans), with when it began and ended by the
 * wall clock. The request's route is "" for an unknown path. `answered` may be NULL. */
struct http_observer {
    void *self;
    void (*answered)(void *self, const struct http_request *request,
                     const struct http_answer *answer, int64_t started_ns, int64_t ended_ns);
};

struct http_server_options {
    const char *bind_address;                /* "127.0.0.1" */
    int port;                                /* 0 = any free one */
    const char *bind_setting, *port_setting; /* the variables that an error names; NULL = the public
                                                listener's */
    int threads;                             /* default 64 */
    bool is_preferred;               /* may use the last descriptors; one server of a process */
    int connections_per_address_max; /* 0 = three quarters of the threads, loopback exempt */
};

struct http_server;
MUST_CHECK struct http_server *
http_server_start(const struct http_server_options *options, const struct http_route *routes,
                  size_t route_count, const struct http_observer *observer,
                  struct error *error); /* a busy port: names the port and the way out */
int http_server_port(const struct http_server *server);
/* Threads that hold no connection. Any thread. */
size_t http_server_threads_left(const struct http_server *server);
struct http_server *
http_server_stop(struct http_server *server); /* waits for handlers; returns NULL */
