/* error.c - formats messages; context is put in front, and what is too long is cut at the end. */
#include "common/base/error.h"
#include "common/base/enum_list.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(struct error *error, enum error_code code, const char *format, ...)
{
    assert(error != NULL && code > ERROR_NONE && code < ERROR_CODE_COUNT);
    va_list values;
    va_start(values, format);
    vsnprintf(error->message, sizeof error->message, format, values);
    va_end(values);
    error->code = code;
    return false;
}

bool error_wrap(struct error *error, const char *format, ...)
{
    assert(error->code > ERROR_NONE && error->code < ERROR_CODE_COUNT);
    assert(memchr(error->message, '\0', sizeof error->message) != NULL);
    char inner[ERROR_MESSAGE_BYTES];
    memcpy(inner, error->message, sizeof inner);
    char context[ERROR_MESSAGE_BYTES / 2];
    va_list values;
    va_start(values, format);
    vsnprintf(context, sizeof context, format, values);
    va_end(values);
    int fits = snprintf(error->message, sizeof error->message, "%s: %s", context, inner);
    (void)fits; /* a cut message is still a message */
    return false;
}

const char *error_code_text(enum error_code code)
{
    static const char *const texts[] = { ERROR_CODES(ENUM_TEXT) };
    _Static_assert(sizeof texts / sizeof texts[0] == ERROR_CODE_COUNT, "a text for every code");
    assert(code >= ERROR_NONE && code < ERROR_CODE_COUNT);
    return texts[code];
}
