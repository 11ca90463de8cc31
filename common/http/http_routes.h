/* http_routes.h - finds the row of the route table that a request means. Paths match exactly, or
 * with one {id} segment; an exact row goes before one with {id}. HEAD is answered by GET's row.
 * Pure. */
#pragma once

#include "common/base/ident.h"
#include "common/http/http_server.h"

#include <stddef.h>

#define HTTP_ALLOW_SIZE 64

struct http_match {
    const struct http_route *route; /* NULL: no such path, or no such method on it */
    char parameter[IDENT_SIZE];     /* "" = the route has none */
    char allow[HTTP_ALLOW_SIZE];    /* without a route: the path's methods; "" = no such path */
};

/* `path` has passed http_guard_head. */
void http_routes_match(const struct http_route *routes, size_t count, const char *method,
                       const char *path, struct http_match *ret_match);
