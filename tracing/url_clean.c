/* url_clean.c - takes user and password out of a URL and the values out of query parameters that
 * sound secret; finds host and port. */
#include "tracing/url_clean.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct text {
    char *at;
    size_t length;
    bool is_cut;
};

static void add(struct text *text, const char *piece, size_t length)
{
    if (length >= URL_CLEAN_SIZE - text->length)
        text->is_cut = true;
    if (text->is_cut)
        return;
    memcpy(text->at + text->length, piece, length);
    text->length += length;
}

static bool finish(struct text *text)
{
    text->at[text->is_cut ? 0 : text->length] = '\0';
    return !text->is_cut;
}

static bool is_secret(const char *name, size_t length)
{
    static const char *const words[] = { "key", "secret", "token", "pass",
                                         "sig", "auth",   "cred",  "session" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t word = strlen(words[i]);
        for (size_t at = 0; at + word <= length; at++)
            if (strncasecmp(name + at, words[i], word) == 0)
                return true;
    }
    return memchr(name, '%', length) != NULL; /* an encoded name hides what it says */
}

static void query_add(struct text *text, const char *query, size_t length)
{
    size_t at = 0;
    while (at < length) {
        const char *ampersand = memchr(query + at, '&', length - at);
        size_t end = ampersand != NULL ? (size_t)(ampersand - query) : length;
        const char *equals = memchr(query + at, '=', end - at);
        size_t name_end = equals != NULL ? (size_t)(equals - query) : end;
        if (equals != NULL && is_secret(query + at, name_end - at)) {
            add(text, query + at, name_end + 1 - at);
            add(text, "REDACTED", 8);
        } else {
            add(text, query + at, end - at);
        }
        if (ampersand != NULL)
            add(text, "&", 1);
        at = end + 1;
    }
}

bool url_query_clean(const char *query, char ret_text[URL_CLEAN_SIZE])
{
    assert(query != NULL);
    struct text text = { .at = ret_text };
    query_add(&text, query, strlen(query));
    return finish(&text);
}

/* The authority without the user: from ret to ret + length. NULL when there is no "://". */
static const char *authority_find(const char *url, size_t *ret_length)
{
    const char *start = strstr(url, "://");
    if (start == NULL)
        return NULL;
    start += 3;
    const char *end = start + strcspn(start, "/?#");
    for (const char *c = start; c < end; c++)
        if (*c == '@')
            start = c + 1;
    *ret_length = (size_t)(end - start);
    return start;
}

bool url_clean(const char *url, char ret_text[URL_CLEAN_SIZE])
{
    assert(url != NULL);
    struct text text = { .at = ret_text };
    size_t authority_length = 0;
    const char *authority = authority_find(url, &authority_length);
    if (authority == NULL) {
        ret_text[0] = '\0';
        return false;
    }
    const char *scheme_end = strstr(url, "://");
    add(&text, url, (size_t)(scheme_end - url) + 3);
    add(&text, authority, authority_length);
    const char *path = authority + authority_length;
    size_t path_length = strcspn(path, "?#");
    add(&text, path, path_length);
    if (path[path_length] == '?') {
        const char *query = path + path_length + 1;
        add(&text, "?", 1);
        query_add(&text, query, strcspn(query, "#"));
    }
    return finish(&text);
}

static int default_port(const char *url)
{
    static const struct {
        const char *scheme;
        int port;
    } schemes[] = { { "https:", 443 }, { "http:", 80 }, { "amqps:", 5671 }, { "amqp:", 5672 } };
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncmp(url, schemes[i].scheme, strlen(schemes[i].scheme)) == 0)
            return schemes[i].port;
    return 0;
}

bool url_authority(const char *url, char ret_host[URL_HOST_SIZE], int *ret_port)
{
    assert(url != NULL && ret_port != NULL);
    size_t length = 0;
    const char *host = authority_find(url, &length);
    if (host == NULL)
        return false;
    const char *colon = NULL;
    for (size_t i = 0; i < length && host[0] != '['; i++)
        if (host[i] == ':')
            colon = host + i;
    const char *bracket = host[0] == '[' ? memchr(host, ']', length) : NULL;
    if (bracket != NULL && bracket + 1 < host + length && bracket[1] == ':')
        colon = bracket + 1;
    size_t host_length = colon != NULL ? (size_t)(colon - host) : length;
    if (host_length == 0 || host_length >= URL_HOST_SIZE)
        return false;
    memcpy(ret_host, host, host_length);
    ret_host[host_length] = '\0';
    if (colon != NULL)
        *ret_port = (int)strtol(colon + 1, NULL, 10);
    else
        *ret_port = default_port(url);
    return true;
}
