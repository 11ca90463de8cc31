/* announcement.h - where a message that may be announced again was owed first. With the body, which
 * its owner rebuilds from its state, it gives the same bytes again. Plain value; kept in the
 * state's document. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bson_fields;
struct bson_output;

#define ANNOUNCEMENT_NEVER (-1) /* as position */

struct announcement {
    int64_t version;  /* of the document */
    int64_t position; /* within that version */
    int64_t at_ms;
};

void announcement_write(struct bson_output *output, const char *key,
                        const struct announcement *announcement);
/* False: there is none of that name, or no version could have owed it so. */
bool announcement_read(struct bson_fields *fields, const char *key,
                       struct announcement *ret_announcement);
