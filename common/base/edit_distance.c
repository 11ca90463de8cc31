/* edit_distance.c - optimal string alignment: Levenshtein's rows, and the swap looks one row
 * further back. */
#include "common/base/edit_distance.h"

#include <assert.h>
#include <string.h>

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

size_t edit_distance(const char *word, size_t length, const char *known)
{
    size_t rows[3][EDIT_DISTANCE_KNOWN_MAX + 1];
    size_t known_length = strlen(known);
    assert(known_length <= EDIT_DISTANCE_KNOWN_MAX);
    for (size_t j = 0; j <= known_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t *row = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *before_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= known_length; j++) {
            size_t replaced = before[j - 1] + (word[i - 1] != known[j - 1]);
            row[j] = least(replaced, least(row[j - 1], before[j]) + 1);
            if (i > 1 && j > 1 && word[i - 1] == known[j - 2] && word[i - 2] == known[j - 1])
                row[j] = least(row[j], before_that[j - 2] + 1);
        }
    }
    return rows[length % 3][known_length];
}
