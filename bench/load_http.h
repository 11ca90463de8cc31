/* load_http.h - keep-alive connections to one server, for a load generator: one thread, epoll.
 *
 * Jobs wait in a queue until a connection is free; each connection has one request under way. A
 * lost connection is opened again. RFC 9112, as far as our own services speak it: answers have a
 * Content-Length. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_REQUEST_SIZE 1024

struct load_job {
    int kind;
    uint32_t saga;
    int64_t due_ns;
};

struct load_answer {
    int status; /* 0: the connection was lost, what the server did is unknown */
    const char *body;
    size_t body_length;
};

/* What the jobs mean. */
struct load_speaker {
    void *self;
    /* Called when the request is sent; may change the job's due_ns. Returns the length. */
    size_t (*write)(void *self, struct load_job *job, char request[LOAD_REQUEST_SIZE]);
    void (*answered)(void *self, const struct load_job *job, const struct load_answer *answer);
};

struct load_pool;
struct load_pool_options {
    const char *url; /* http://host:port */
    size_t connections;
    size_t answer_size; /* the largest head and body */
    int epoll_fd;
    struct load_speaker speaker;
};

MUST_CHECK struct load_pool *load_pool_new(const struct load_pool_options *options,
                                           struct error *error);
struct load_pool *load_pool_free(struct load_pool *pool);

void load_pool_submit(struct load_pool *pool, const struct load_job *job);
/* Jobs that wait for a connection, and connections that wait for a job. */
size_t load_pool_queued(const struct load_pool *pool);
size_t load_pool_idle(const struct load_pool *pool);
/* Sends what waits. False: the server cannot be reached. */
MUST_CHECK bool load_pool_send(struct load_pool *pool, struct error *error);
/* epoll's data.ptr of whatever pool. */
void load_pool_event(void *connection);
