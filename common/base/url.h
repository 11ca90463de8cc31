/* url.h - what an absolute http URL (RFC 3986, scheme://[user@]host[:port][/...]) says about where
 * it leads. Pure; borrows its argument. */
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

#define URL_BYTES_MAX 500 /* of an address that somebody configures */

/* http:// or https:// with a host, without blanks, at most URL_BYTES_MAX. */
bool url_is_http(const char *url);

/* localhost, 127.0.0.0/8 or [::1]: such a call never leaves the machine, so no proxy that the
 * environment names (http_proxy, all_proxy) may get it. */
bool url_is_loopback(const char *url);

/* `path` begins with '/'; slashes at the end of `base` are left out. False: there is no room. */
MUST_CHECK bool url_join(char *to, size_t size, const char *base, const char *path);
