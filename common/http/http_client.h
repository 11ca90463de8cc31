/* http_client.h - one HTTP call by libcurl, bounded in time and size. One client belongs to one
 * thread and keeps its connection alive. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define HTTP_RETRY_AFTER_S_MAX 86400 /* a day: nobody makes us wait for longer */

struct http_client;
struct http_client *http_client_new(void);
struct http_client *http_client_free(struct http_client *client);

struct http_call {
    const char *method;
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
    const char *body;           /* may be NULL */
    size_t body_length;
    long timeout_ms;
};

struct http_reply {
    int status;
    char *body; /* owned by the client until its next call; NUL-terminated */
    size_t body_length;
    long retry_after_s; /* 1 to HTTP_RETRY_AFTER_S_MAX; -1 = none */
    bool was_sent;      /* on failure: false = the server certainly did not get it */
};

/* False: no complete answer (ERROR_RETRY); what the server did is then unknown if was_sent. */
MUST_CHECK bool http_client_call(struct http_client *client, const struct http_call *call,
                                 struct http_reply *ret_reply, struct error *error);
