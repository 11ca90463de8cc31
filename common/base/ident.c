/* ident.c - which characters an identifier may have, by hand so that no locale widens it. */
#include "common/base/ident.h"

#include <assert.h>
#include <limits.h>

/* By hand: isalnum follows the locale, and a locale must not widen an identifier. A table, because
 * the ids of a document are checked again at every step. */
#define OF(c)   [c] = true
#define FIVE(c) OF(c), OF((c) + 1), OF((c) + 2), OF((c) + 3), OF((c) + 4)
#define LETTERS(c)                                                                                 \
    FIVE(c), FIVE((c) + 5), FIVE((c) + 10), FIVE((c) + 15), FIVE((c) + 20), OF((c) + 25)
static const bool ident_chars[UCHAR_MAX + 1] = {
    LETTERS('a'), LETTERS('A'), FIVE('0'), FIVE('5'), OF('_'), OF('.'), OF(':'), OF('-'),
};

static bool is_ident_char(char c)
{
    return ident_chars[(unsigned char)c];
}

bool ident_is_valid(const char *text, size_t length)
{
    assert(text != NULL || length == 0);
    if (length == 0 || length > IDENT_BYTES_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_ident_char(text[i]))
            return false;
    return true;
}

bool user_is_valid(const char *text, size_t length)
{
    assert(text != NULL || length == 0);
    if (length == 0 || length > USER_BYTES_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_ident_char(text[i]) && text[i] != '@' && text[i] != '+' && text[i] != '|' &&
            text[i] != '/')
            return false;
    return true;
}

bool ident_is_dots(const char *text)
{
    assert(text != NULL);
    return text[0] == '.' && (text[1] == '\0' || (text[1] == '.' && text[2] == '\0'));
}
