/* rfc3339.h - moments as text, as RFC 3339 spells them, in UTC. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RFC3339_SIZE 32 /* whatever the year */

/* Unix time from 0 up: "2026-11-21T10:30:00.123Z", or with nine digits after the point. */
void rfc3339_write_ms(int64_t at_ms, char ret_text[RFC3339_SIZE]);
void rfc3339_write_ns(int64_t at_ns, char ret_text[RFC3339_SIZE]);

#define RFC3339_MS_MAX INT64_C(253402300799999) /* the last millisecond of the year 9999 */

/* Unix time from 0 to RFC3339_MS_MAX of "2026-11-21T10:30:00.123Z" or "…T12:30:00+02:00"; of a
 * fraction three digits count. False: it is none. */
bool rfc3339_read_ms(const char *text, size_t length, int64_t *ret_at_ms);
