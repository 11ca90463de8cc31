/* http_connections.h - who is connected, and for how long a connection may keep its thread.
 *
 * civetweb gives every connection a thread and reads a body for as long as bytes drip in: a few
 * slow senders would hold all threads. Here a body has one deadline for the whole of it, enforced
 * by a watcher thread that ends the reading side of the socket; and one address may hold only so
 * many threads. Any thread. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_connections;
struct http_connection;

struct http_peer {
    const char *address; /* as text */
    int port, local_port;
    bool is_loopback;
};

/* per_address_max 0: three quarters of connections_max, and loopback is exempt (a proxy on this
 * host speaks for everybody). */
MUST_CHECK struct http_connections *
http_connections_new(size_t connections_max, size_t per_address_max, struct error *error);
/* Once nobody is connected any more. */
struct http_connections *http_connections_free(struct http_connections *connections);

/* From the connection's own thread, before anything is known about it. */
struct http_connection *http_connection_enter(struct http_connections *connections);
void http_connection_leave(struct http_connection *connection);

/* With its first request, when civetweb says who it is. False: its address holds enough threads
 * already, refuse it. */
MUST_CHECK bool http_connection_identify(struct http_connection *connection,
                                         const struct http_peer *peer);

/* That what came cannot be a request has been answered; the connection ends. */
void http_connection_refuse(struct http_connection *connection);
bool http_connection_is_refused(const struct http_connection *connection);

/* From watch to unwatch the connection's thread reads, identified; after timeout_ms its reading
 * ends. */
void http_connection_watch(struct http_connection *connection, int64_t timeout_ms);
bool http_connection_unwatch(struct http_connection *connection); /* true: it was ended */

/* The other side has closed. From the connection's own thread, identified. */
bool http_connection_is_abandoned(struct http_connection *connection);

size_t http_connections_left(struct http_connections *connections); /* threads without one */
/* Every thread has its connection: others may be waiting, so let go of this one soon. */
bool http_connections_are_full(struct http_connections *connections);
