/* url.c - finds the host of a URL, and whether it is this machine. */
#include "common/base/url.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HOST_BYTES_MAX 253 /* a domain name, RFC 1035 */
#define LOOPBACK_NET   127 /* 127.0.0.0/8, RFC 1122 3.2.1.3 */

/* The host as it stands, an IPv6 address without its brackets; "" where there is none. */
static void host_copy(const char *url, char ret_host[HOST_BYTES_MAX + 1])
{
    ret_host[0] = '\0';
    const char *authority = strstr(url, "://");
    if (authority == NULL)
        return;
    authority += 3;
    const char *end = authority + strcspn(authority, "/?#");
    for (const char *at = authority; at < end; at++)
        if (*at == '@')
            authority = at + 1;
    const char *closing =
        *authority == '[' ? memchr(authority, ']', (size_t)(end - authority)) : NULL;
    const char *host = closing != NULL ? authority + 1 : authority;
    size_t length = closing != NULL ? (size_t)(closing - host) : strcspn(host, ":/?#");
    if (length > HOST_BYTES_MAX)
        return;
    memcpy(ret_host, host, length);
    ret_host[length] = '\0';
}

bool url_is_http(const char *url)
{
    assert(url != NULL);
    char host[HOST_BYTES_MAX + 1];
    size_t length = strlen(url);
    host_copy(url, host);
    return (strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0) &&
           host[0] != '\0' && length <= URL_BYTES_MAX && strcspn(url, " \t\r\n") == length;
}

bool url_join(char *to, size_t size, const char *base, const char *path)
{
    assert(size > 0 && base != NULL && path != NULL);
    size_t length = strlen(base);
    while (length > 0 && base[length - 1] == '/')
        length--;
    int written = snprintf(to, size, "%.*s%s", (int)length, base, path);
    return written >= 0 && (size_t)written < size;
}

bool url_is_loopback(const char *url)
{
    char host[HOST_BYTES_MAX + 1];
    struct in_addr four;
    struct in6_addr six;
    assert(url != NULL);
    host_copy(url, host);
    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == LOOPBACK_NET;
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}
