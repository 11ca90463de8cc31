/* hex.h - bytes as hexadecimal digits. Thread-safe. */
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lower case: 2 * length + 1 characters with the final NUL. */
void hex_write(const uint8_t *bytes, size_t length, char *ret_text);
/* So many bytes from twice as many digits, lower case only; reads no further than the first
 * character that is none. False: there is one, and ret_bytes are anything. */
MUST_CHECK bool hex_read(const char *text, size_t length, uint8_t *ret_bytes);
/* The value of a digit of either case; -1: it is none. */
int hex_digit(char c);
