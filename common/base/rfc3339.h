/* rfc3339.h - moments as text, as RFC 3339 spells them, in UTC. Pure. */
#pragma once

#include <stdint.h>

#define RFC3339_SIZE 32 /* whatever the year */

/* Unix time from 0 up: "2026-11-21T10:30:00.123Z", or with nine digits after the point. */
void rfc3339_write_ms(int64_t at_ms, char ret_text[RFC3339_SIZE]);
void rfc3339_write_ns(int64_t at_ns, char ret_text[RFC3339_SIZE]);

/* Unix time of what was written in UTC, to the second: a fraction is left out. 0 when it is
 * none. */
int64_t rfc3339_read_ms(const char *text);
