/* url.h - what an absolute http URL (RFC 3986, scheme://[user@]host[:port][/...]) says about where
 * it leads. Pure; borrows its argument. */
#pragma once

#include <stdbool.h>

/* localhost, 127.0.0.0/8 or [::1]: such a call never leaves the machine, so no proxy that the
 * environment names (http_proxy, all_proxy) may get it. */
bool url_is_loopback(const char *url);
