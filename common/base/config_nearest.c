/* config_nearest.c - looks through the environment for unknown ROUNDTRIP_* names, and measures how
 * far each known one is. */
#include "common/base/config_nearest.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#define PREFIX         "ROUNDTRIP_"
#define NAME_BYTES_MAX 64 /* of our own names; a longer one of the environment is told cut */

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* Levenshtein's, by rows. `other` is one of ours. */
static size_t edit_distance(const char *one, size_t one_length, const char *other,
                            size_t other_length)
{
    size_t row[NAME_BYTES_MAX + 1];
    assert(other_length <= NAME_BYTES_MAX);
    for (size_t j = 0; j <= other_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= one_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= other_length; j++) {
            size_t replaced = diagonal + (one[i - 1] != other[j - 1]);
            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[other_length];
}

/* NULL when the name is known; otherwise the nearest one. */
static const char *name_find_nearest(const struct config_option *const *tables, const char *name,
                                     size_t length)
{
    const char *nearest = "";
    size_t nearest_distance = SIZE_MAX;
    for (size_t i = 0; tables[i] != NULL; i++) {
        for (const struct config_option *option = tables[i]; option->name != NULL; option++) {
            size_t option_length = strlen(option->name);
            if (option_length == length && memcmp(option->name, name, length) == 0)
                return NULL;
            size_t distance = edit_distance(name, length, option->name, option_length);
            if (distance < nearest_distance) {
                nearest = option->name;
                nearest_distance = distance;
            }
        }
    }
    return nearest;
}

void config_warn_unknown(const struct config_option *const *tables, FILE *messages)
{
    for (char **at = environ; *at != NULL; at++) {
        size_t length = strcspn(*at, "=");
        if (strncmp(*at, PREFIX, sizeof PREFIX - 1) != 0 || (*at)[length] == '\0' ||
            (*at)[length + 1] == '\0')
            continue;
        const char *nearest = name_find_nearest(tables, *at, length);
        if (nearest != NULL)
            fprintf(messages, "%.*s is not known and ignored; the nearest known name is %s\n",
                    (int)least(length, NAME_BYTES_MAX), *at, nearest);
    }
}
