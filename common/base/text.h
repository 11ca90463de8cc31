/* text.h - copies text into a field of fixed size. */
#pragma once

#include <stddef.h>

/* Cuts what does not fit; the final NUL always does. size > 0. As snprintf with "%s", which costs
 * ten times as much, and a message copies a dozen texts. */
void text_copy(char *to, size_t size, const char *from);
