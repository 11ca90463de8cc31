/* prefer_wait.c - walks over the other preferences, their quoted strings too; what cannot be read
 * asks for no wait. */
#include "gateway/prefer_wait.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char *blank_skip(const char *at)
{
    return at + strspn(at, " \t");
}

/* Up to the comma that ends this preference, quoted strings and all. */
static const char *preference_skip(const char *at)
{
    bool is_quoted = false;
    for (; *at != '\0' && (is_quoted || *at != ','); at++)
        if (is_quoted && *at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '"')
            is_quoted = !is_quoted;
    return at;
}

static int64_t seconds_read(const char *at)
{
    bool is_quoted = *at == '"';
    if (is_quoted)
        at++;
    size_t digits = strspn(at, "0123456789");
    int64_t seconds = 0;
    for (size_t i = 0; i < digits && seconds <= PREFER_WAIT_MAX_S; i++)
        seconds = seconds * 10 + (at[i] - '0');
    at += digits;
    if (is_quoted && *at++ != '"')
        return 0;
    at = blank_skip(at);
    if (digits == 0 || (*at != '\0' && *at != ',' && *at != ';'))
        return 0;
    return seconds < PREFER_WAIT_MAX_S ? seconds : PREFER_WAIT_MAX_S;
}

int64_t gateway_prefer_wait_read(const char *header)
{
    const char *at = header != NULL ? header : "";
    while (*at != '\0') {
        at = blank_skip(at);
        if (strncasecmp(at, "wait", 4) == 0) {
            const char *sign = blank_skip(at + 4);
            if (*sign == '=')
                return seconds_read(blank_skip(sign + 1)); /* the first one counts */
        }
        at = preference_skip(at);
        if (*at == ',')
            at++;
    }
    return 0;
}
