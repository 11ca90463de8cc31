/* prefer_wait.h - the preference `wait` in a Prefer header (RFC 7240, section 4.3). Pure. */
#pragma once

#include <stdint.h>

#define PREFER_WAIT_MAX_S 30

/* Seconds, at most PREFER_WAIT_MAX_S; 0 when the header (NULL = none) does not ask for a wait, or
 * asks for it in a form that the RFC does not know: a preference is never an error. */
int64_t gateway_prefer_wait_read(const char *header);
