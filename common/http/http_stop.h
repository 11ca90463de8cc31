/* http_stop.h - ends a civetweb server without the two seconds that it takes by itself.
 *
 * Its listener looks whether it is to stop only when somebody connects, or every 2 s. So one thread
 * stops it, and the caller connects until it has. Returns when all its threads have ended, and the
 * context is gone. */
#pragma once

#include <netinet/in.h>

struct mg_context;

void http_stop(struct mg_context *context, struct in_addr address, int port);
