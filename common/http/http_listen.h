/* http_listen.h - can this address be listened on? civetweb tells too little about why not.
 * Private to the server. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/http/http_server.h"

#include <stdbool.h>

/* ERROR_REJECT: no address; ERROR_RETRY: taken, or not allowed. Names the setting and the way out.
 */
MUST_CHECK bool http_listen_probe(const struct http_server_options *options, struct error *error);
