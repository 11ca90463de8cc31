/* environment_list.c - the lists of pairs among the OTEL_* variables: W3C Baggage's form. */
#include "tracing/export/environment.h"

#include "common/base/hex.h"

#include <assert.h>
#include <string.h>

struct piece {
    const char *at;
    size_t length;
};

static struct piece trimmed(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return (struct piece){ from, (size_t)(to - from) };
}

static bool pool_put(struct tracing_environment *environment, char c)
{
    if (environment->pool_used == sizeof environment->pool)
        return false;
    environment->pool[environment->pool_used++] = c;
    return true;
}

/* Appends the decoded piece; control characters would end a header line early: refused. */
static bool pool_decode(struct tracing_environment *environment, struct piece piece)
{
    for (size_t i = 0; i < piece.length; i++) {
        int c = (unsigned char)piece.at[i];
        if (c == '%') {
            bool is_whole = piece.length - i > 2;
            int high = is_whole ? hex_digit(piece.at[i + 1]) : -1;
            int low = is_whole ? hex_digit(piece.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c < 0x20 || c == 0x7f || !pool_put(environment, (char)c))
            return false;
    }
    return true;
}

static bool pool_text(struct tracing_environment *environment, struct piece piece,
                      const char **ret_text)
{
    const char *text = environment->pool + environment->pool_used;
    if (!pool_decode(environment, piece) || !pool_put(environment, '\0'))
        return false;
    *ret_text = text;
    return true;
}

static bool header_add(struct tracing_environment *environment, struct piece key,
                       struct piece value)
{
    const char *line = environment->pool + environment->pool_used;
    if (environment->header_count == ENVIRONMENT_HEADERS_MAX || !pool_decode(environment, key) ||
        !pool_put(environment, ':') || !pool_put(environment, ' ') ||
        !pool_decode(environment, value) || !pool_put(environment, '\0'))
        return false;
    environment->headers[environment->header_count++] = line;
    environment->headers[environment->header_count] = NULL;
    return true;
}

static bool attribute_add(struct tracing_environment *environment, struct piece key,
                          struct piece value)
{
    struct environment_attribute attribute;
    if (environment->resource_count == ENVIRONMENT_ATTRIBUTES_MAX ||
        !pool_text(environment, key, &attribute.key) ||
        !pool_text(environment, value, &attribute.value))
        return false;
    for (size_t i = 0; i < environment->resource_count; i++)
        if (strcmp(environment->resource[i].key, attribute.key) == 0) {
            environment->resource[i] = attribute; /* keys are unique, the last one wins */
            return true;
        }
    environment->resource[environment->resource_count++] = attribute;
    return true;
}

bool environment_pairs_read(struct tracing_environment *environment, const char *text,
                            bool is_header)
{
    assert(text != NULL && environment->pool_used <= sizeof environment->pool);
    size_t pool = environment->pool_used;
    size_t headers = environment->header_count, resource = environment->resource_count;
    while (*text != '\0') {
        const char *comma = text + strcspn(text, ",");
        const char *equals = memchr(text, '=', (size_t)(comma - text));
        struct piece whole = trimmed(text, comma);
        struct piece key = { text, 0 };
        if (equals != NULL)
            key = trimmed(text, equals);
        if (whole.length > 0) {
            if (key.length == 0)
                goto bad;
            struct piece value = trimmed(equals + 1, comma);
            if (!(is_header ? header_add(environment, key, value)
                            : attribute_add(environment, key, value)))
                goto bad;
        }
        text = *comma == ',' ? comma + 1 : comma;
    }
    return true;
bad:
    environment->pool_used = pool;
    environment->header_count = headers;
    environment->headers[headers] = NULL;
    environment->resource_count = resource;
    return false;
}
