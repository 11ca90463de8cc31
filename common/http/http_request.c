/* http_request.c - what a handler may ask about its request. */
#include "common/http/http_guard.h"
#include "common/http/http_percent.h"

#include <assert.h>
#include <string.h>

const char *http_request_header(const struct http_request *request, const char *name,
                                bool *ret_is_repeated)
{
    assert(request->connection != NULL && name != NULL);
    size_t count;
    const char *value = http_head_find(request->connection, name, &count);
    if (ret_is_repeated != NULL)
        *ret_is_repeated = count > 1;
    return count == 1 ? value : NULL;
}

bool http_request_query(const struct http_request *request, const char *name, char *buffer,
                        size_t size)
{
    assert(request->query != NULL && name != NULL && size > 0);
    size_t name_length = strlen(name);
    const char *at = request->query;
    while (*at != '\0') {
        size_t length = strcspn(at, "&");
        if (length > name_length && at[name_length] == '=' && memcmp(at, name, name_length) == 0)
            return http_percent_decode(at + name_length + 1, length - name_length - 1, true, buffer,
                                       size);
        at += length;
        if (*at == '&')
            at++;
    }
    return false;
}
