/* json_text.h - JSON strings, below json_read.h and only for its files. No allocation. Pure. */
#pragma once

#include "common/json/json_read.h"

#include <stdbool.h>
#include <stddef.h>

/* `at` stands behind the opening quote. Returns the closing quote, or NULL with the place and the
 * reason of the refusal: raw control characters, malformed UTF-8, unknown escapes, \u0000, lone
 * surrogates, no end. */
const char *json_text_scan(const char *at, const char *end, const char **ret_refused_at,
                           const char **ret_reason);

/* Walks the unescaped bytes of a string that json_text_scan has passed. */
struct json_unescape {
    const char *at;
    const char *end;
    char pending[4];
    unsigned char pending_count;
    unsigned char pending_next;
};

struct json_unescape json_unescape_start(const struct json_span *text);
int json_unescape_next(struct json_unescape *walk); /* the byte, or -1 at the end */

/* Both unescaped; ASCII letters of either case are the same. */
bool json_text_equals_folded(const struct json_span *one, const struct json_span *other);
bool json_text_equals(const struct json_span *text, const char *name); /* a name of ours: no `\` */

/* "/key" by RFC 6901, cut to whole characters where it would not fit. */
void json_text_point_to(const struct json_span *key, char ret_pointer[JSON_POINTER_SIZE]);
