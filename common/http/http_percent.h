/* http_percent.h - RFC 3986 section 2.1 escapes. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Decodes into buffer with final NUL; false when it does not fit, an escape is none, or the result
 * holds a control character. With plus_is_blank a + becomes a blank (query strings). */
bool http_percent_decode(const char *text, size_t length, bool plus_is_blank, char *buffer,
                         size_t size);
/* The byte at *at, decoded, of `left` readable characters; -1 for an escape that is none. */
int http_percent_byte(const char *at, size_t left, size_t *ret_taken);
