/* nearest.c - the distance between two words, where two letters that changed places count as one
 * mistake. */
#include "cli/nearest.h"

#include <stdint.h>
#include <string.h>

#define WORD_BYTES_MAX 64

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* Optimal string alignment: Levenshtein's rows, and the swap looks one row further back. */
size_t nearest_distance(const char *one, const char *other)
{
    size_t rows[3][WORD_BYTES_MAX + 1];
    size_t one_length = strlen(one);
    size_t other_length = strlen(other);
    if (one_length > WORD_BYTES_MAX || other_length > WORD_BYTES_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= other_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= one_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *before_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= other_length; j++) {
            size_t replaced = before[j - 1] + (one[i - 1] != other[j - 1]);
            row[j] = least(replaced, least(row[j - 1], before[j]) + 1);
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                row[j] = least(row[j], before_that[j - 2] + 1);
        }
    }
    return rows[one_length % 3][other_length];
}

int nearest_is_likely(const char *word, const char *known)
{
    size_t length = strlen(known);
    size_t distance = nearest_distance(word, known);
    return distance <= 2 && distance < length;
}
