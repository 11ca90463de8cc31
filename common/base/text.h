/* text.h - copies text into a field of fixed size, writes numbers as text, reads digits. */
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_INT_SIZE 21 /* of the longest int64_t, with its NUL */

/* Cuts what does not fit; the final NUL always does. size > 0. As snprintf with "%s", which costs
 * ten times as much, and a message copies a dozen texts. Returns the length of the copy. */
size_t text_copy(char *to, size_t size, const char *from);
/* The parts one after the other, cut like a copy. */
void text_join(char *to, size_t size, const char *const *parts, size_t count);
/* Decimal, as snprintf with PRId64. Returns the length. */
size_t text_int(char ret_text[TEXT_INT_SIZE], int64_t value);

/* A decimal integer and nothing else. Strict: strtoll alone would also take spaces, a plus sign and
 * leading zeros. */
MUST_CHECK bool text_read_int(const char *text, int64_t *ret_value);
/* Is it one of the words that `choices` has, separated by |? "" is none. */
bool text_is_choice(const char *choices, const char *text);
