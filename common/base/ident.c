/* ident.c - which characters an identifier may have, by hand so that no locale widens it. */
#include "common/base/ident.h"

/* By hand: isalnum follows the locale, and a locale must not widen an identifier. */
static bool is_ident_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == ':' || c == '-';
}

bool ident_is_valid(const char *text, size_t length)
{
    if (length == 0 || length > IDENT_BYTES_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_ident_char(text[i]))
            return false;
    return true;
}

bool user_is_valid(const char *text, size_t length)
{
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
    return text[0] == '.' && (text[1] == '\0' || (text[1] == '.' && text[2] == '\0'));
}
