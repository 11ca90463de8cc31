/* http_seams.h - did civetweb read the whole head? It cuts names and values out of the received
 * bytes in place, stops without a word at a line that it does not take for a field (folded, or
 * without a name), and drops blanks before a colon. A Content-Length behind such a line, or named
 * with a blank, would be read by one parser and not by another. The bytes between the pieces tell.
 * RFC 9112 sections 2.2, 5.1, 5.2. Private to the server. Pure. */
#pragma once

#include "common/http/http_guard.h"

#include <stdbool.h>

/* Only for fields that point into the received bytes, which end with an empty line. */
bool http_seams_are_plain(const struct http_field *fields, size_t count);
