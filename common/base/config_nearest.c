/* config_nearest.c - looks through the environment for unknown ROUNDTRIP_* names, and for the known
 * one that each is nearest to. */
#include "common/base/config_nearest.h"

#include "common/base/edit_distance.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#define PREFIX           "ROUNDTRIP_"
#define NAME_SHOWN_BYTES 64 /* a longer one is told cut */

/* NULL when the name is known; otherwise the nearest one. */
static const char *name_find_nearest(const struct config_option *const *tables, const char *name,
                                     size_t length)
{
    const char *nearest = "";
    size_t nearest_distance = SIZE_MAX;
    for (size_t i = 0; tables[i] != NULL; i++) {
        for (const struct config_option *option = tables[i]; option->name != NULL; option++) {
            size_t distance = edit_distance(name, length, option->name);
            if (distance == 0)
                return NULL;
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
    assert(tables != NULL && messages != NULL);
    for (char **at = environ; *at != NULL; at++) {
        size_t length = strcspn(*at, "=");
        if (strncmp(*at, PREFIX, sizeof PREFIX - 1) != 0 || (*at)[length] == '\0' ||
            (*at)[length + 1] == '\0')
            continue;
        const char *nearest = name_find_nearest(tables, *at, length);
        if (nearest != NULL)
            fprintf(messages, "%.*s is not known and ignored; the nearest known name is %s\n",
                    length < NAME_SHOWN_BYTES ? (int)length : NAME_SHOWN_BYTES, *at, nearest);
    }
}
