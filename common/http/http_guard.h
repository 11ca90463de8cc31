/* http_guard.h - refuses requests that two parsers could read in two ways, before anything acts on
 * them: framing, paths, media types. civetweb lets all of these through: a second Content-Length,
 * "+2", "2abc", Content-Length beside Transfer-Encoding, paths by prefix.
 *
 * Pure; works on the raw header values. RFC 9112 sections 3.2, 6.1 - 6.3; RFC 9110 sections 8.3,
 * 10.1.1. */
#pragma once

#include "common/base/attributes.h"
#include "common/http/http_server.h"

#include <stdbool.h>
#include <stddef.h>

#define HTTP_FIELDS_MAX 63 /* civetweb drops silently what comes after 64 */
#define HTTP_PATH_BYTES 1024

struct http_field {
    const char *name;
    const char *value;
};

struct http_head {
    const char *method;
    const char *path;    /* raw, not decoded, without the query */
    const char *version; /* "1.1" */
    const struct http_field *fields;
    size_t field_count;
};

struct http_framing {
    bool has_length;
    size_t body_length; /* SIZE_MAX: more than anybody could mean */
    bool wants_close;
    bool expects_continue;
};

/* The first field of this name, compared without case; NULL when absent. */
const char *http_head_find(const struct http_head *head, const char *name, size_t *ret_count);

/* Before the route is looked up. False: answer with *ret_refusal and close. Its texts are static.
 */
MUST_CHECK bool http_guard_head(const struct http_head *head, struct http_framing *ret_framing,
                                struct http_problem *ret_refusal);

/* Once the route is known: may this body be read? */
MUST_CHECK bool http_guard_body(const struct http_head *head, const struct http_framing *framing,
                                bool needs_json_body, struct http_problem *ret_refusal);
