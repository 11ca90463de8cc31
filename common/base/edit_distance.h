/* edit_distance.h - how far a word that somebody wrote is from one that is known. Pure. */
#pragma once

#include <stddef.h>

#define EDIT_DISTANCE_KNOWN_MAX 64

/* The edits (insert, delete, replace, swap two neighbours) that lead from the first `length` bytes
 * of `word`, whatever they are, to `known`, one of our own of at most EDIT_DISTANCE_KNOWN_MAX. */
size_t edit_distance(const char *word, size_t length, const char *known);
