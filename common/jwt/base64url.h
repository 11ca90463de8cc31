/* base64url.h - the base64 of tokens and keys (RFC 4648, section 5; RFC 7515, section 2).
 * One text for each value: no padding, no other alphabet, no white space, and the bits that are
 * left over are zero. Pure. */
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

#define BASE64URL_LENGTH(bytes) (((bytes)*4 + 2) / 3) /* characters for so many bytes */

/* False: it is no base64url, or more than `size` bytes; what was written up to there stays. */
MUST_CHECK bool base64url_decode(const char *text, size_t length, void *ret, size_t size,
                                 size_t *ret_length);
/* BASE64URL_LENGTH(length) characters without a final NUL; returns how many. */
size_t base64url_encode(const void *bytes, size_t length, char *ret_text);
