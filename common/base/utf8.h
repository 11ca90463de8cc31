/* utf8.h - RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define UTF8_BYTES_MAX 4

/* Bytes of the well-formed sequence at `at`, of which `left` are readable; 0 when malformed. */
size_t utf8_sequence_bytes(const char *at, size_t left);
/* Writes a scalar value (no surrogate, at most U+10FFFF); returns its bytes. */
size_t utf8_encode(uint32_t scalar, char ret_bytes[UTF8_BYTES_MAX]);
/* The longest prefix of at most `limit` bytes that cuts no character in two. */
size_t utf8_cut(const char *text, size_t length, size_t limit);
