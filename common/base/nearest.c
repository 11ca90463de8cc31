/* nearest.c - up to two edits are a mistake in writing, unless they are the whole word. */
#include "common/base/nearest.h"

#include "common/base/edit_distance.h"

#include <assert.h>
#include <string.h>

bool nearest_is_likely(const char *word, const char *known)
{
    assert(word != NULL && known != NULL);
    size_t distance = edit_distance(word, strlen(word), known);
    return distance <= 2 && distance < strlen(known);
}
