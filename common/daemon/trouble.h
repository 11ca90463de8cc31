/* trouble.h - when something that goes wrong is worth a line in the log: once when it has begun,
 * once when it is over. What comes and goes many times a second is one trouble, not a flood of
 * lines. Pure; any clock that does not step. */
#pragma once

#include "common/base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define TROUBLE_TELL_AFTER_MS  1000  /* it lasts so long: until then its reason may change */
#define TROUBLE_OVER_AFTER_MS  3000  /* all is well for so long */
#define TROUBLE_OTHER_AFTER_MS 60000 /* another reason is told so long after the last line */
#define TROUBLE_REASONS_MAX    5     /* lines about one trouble, without its end */

struct trouble { /* zeroed at first */
    bool is_bad, is_told;
    int64_t changed_ms; /* since when it is bad, or well */
    int64_t began_ms, told_ms;
    int told_count;
    char told[ERROR_MESSAGE_BYTES];
};

enum trouble_news {
    TROUBLE_NOTHING_NEW,
    TROUBLE_BEGINS, /* or another reason is seen */
    TROUBLE_IS_OVER,
};

/* `detail` says what is wrong; NULL = nothing is. With TROUBLE_IS_OVER *ret_lasted_ms is how long
 * it was. */
enum trouble_news trouble_look(struct trouble *trouble, const char *detail, int64_t now_ms,
                               int64_t *ret_lasted_ms);
