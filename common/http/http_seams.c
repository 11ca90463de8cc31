/* http_seams.c - looks at the bytes between one name or value and the next. */
#include "common/http/http_seams.h"

#include <assert.h>
#include <string.h>

/* One colon, cut to a NUL, and blanks; a blank before the colon was cut to a NUL as well. */
static bool name_is_plain(const struct http_field *field)
{
    const char *at = field->name + strlen(field->name);
    for (at++; at < field->value; at++)
        if (*at != ' ' && *at != '\t')
            return false;
    return true;
}

/* A line's CR LF is cut to two NULs. */
static const char *line_end(const struct http_field *field)
{
    const char *at = field->value + strlen(field->value);
    return at[1] == '\0' ? at + 2 : NULL;
}

bool http_seams_are_plain(const struct http_field *fields, size_t count)
{
    assert(fields != NULL || count == 0);
    for (size_t i = 0; i < count; i++) {
        const char *next = line_end(&fields[i]);
        if (!name_is_plain(&fields[i]) || next == NULL)
            return false;
        /* after the last one the empty line, whose LF is cut as well */
        bool is_last = i + 1 == count;
        if (is_last ? memcmp(next, "\r", 2) != 0 : next != fields[i + 1].name)
            return false;
    }
    return true;
}
