/* http_accept.h - what becomes of a connection when the process runs out of descriptors.
 *
 * civetweb tries again at once, without end, at the cost of a core and of every other file that the
 * process wants to open. Here accepting pauses instead, and clients leave the last descriptors to
 * the stores, the broker and the operators. Any thread. */
#pragma once

#include <stdint.h>

/* The operators' port: connections to it may use the last descriptors. */
void http_accept_prefer(int port);

struct http_accept_status {
    uint64_t refused; /* connections that were closed, or accepts that failed */
    int64_t since_ms; /* the last one; INT64_MAX = there was none */
};
void http_accept_status_get(struct http_accept_status *ret_status);
