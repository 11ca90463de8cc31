/* nearest.h - of some known words the one that was most likely meant. Pure. */
#pragma once

#include <stddef.h>

/* The edits (insert, delete, replace, swap two neighbours) between two words. Words beyond 64 bytes
 * are far from everything. */
size_t nearest_distance(const char *one, const char *other);

/* Is `known` near enough to `word` to be worth a guess? */
int nearest_is_likely(const char *word, const char *known);
