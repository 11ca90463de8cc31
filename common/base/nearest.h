/* nearest.h - whether a known word is the one that was most likely meant. Pure. */
#pragma once

#include <stdbool.h>

/* Is `known` near enough to `word` to be worth a guess? */
bool nearest_is_likely(const char *word, const char *known);
