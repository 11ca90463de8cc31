/* announcement.h - where a message that may be announced again was owed first. With the body, which
 * its owner rebuilds from its state, it gives the same bytes again. Plain value. */
#pragma once

#include <stdint.h>

#define ANNOUNCEMENT_NEVER (-1) /* as position */

struct announcement {
    int64_t version;  /* of the document */
    int64_t position; /* within that version */
    int64_t at_ms;
};
