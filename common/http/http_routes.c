/* http_routes.c - compares paths with the table twice, exact rows first, and gathers what Allow
 * must name. */
#include "common/http/http_routes.h"
#include "common/http/http_percent.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* True when the path is the template's, its {id} filled by a valid ident. */
static bool template_matches(const char *template, const char *path, char parameter[IDENT_SIZE])
{
    const char *brace = strchr(template, '{');
    if (brace == NULL)
        return false;
    size_t prefix = (size_t)(brace - template);
    const char *suffix = strchr(brace, '}') + 1;
    if (strncmp(template, path, prefix) != 0)
        return false;
    const char *segment = path + prefix;
    size_t length = strcspn(segment, "/");
    if (strcmp(segment + length, suffix) != 0)
        return false;
    return http_percent_decode(segment, length, false, parameter, IDENT_SIZE) &&
           ident_is_valid(parameter, strlen(parameter));
}

static bool route_matches(const struct http_route *route, bool is_exact, const char *path,
                          char parameter[IDENT_SIZE])
{
    if (!is_exact)
        return template_matches(route->path, path, parameter);
    return strchr(path, '{') == NULL && strcmp(route->path, path) == 0;
}

static void allow_add(char allow[HTTP_ALLOW_SIZE], const char *method)
{
    size_t length = strlen(allow);
    (void)snprintf(allow + length, HTTP_ALLOW_SIZE - length, "%s%s", length > 0 ? ", " : "",
                   method);
    if (strcmp(method, "GET") == 0)
        allow_add(allow, "HEAD");
}

void http_routes_match(const struct http_route *routes, size_t count, const char *method,
                       const char *path, struct http_match *ret_match)
{
    assert(routes != NULL || count == 0);
    assert(method != NULL && path != NULL);
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    *ret_match = (struct http_match){ 0 };
    for (int is_exact = 1; is_exact >= 0 && ret_match->allow[0] == '\0'; is_exact--) {
        for (size_t i = 0; i < count; i++) {
            char parameter[IDENT_SIZE] = "";
            if (!route_matches(&routes[i], is_exact == 1, path, parameter))
                continue;
            if (strcmp(routes[i].method, wanted) == 0) {
                *ret_match = (struct http_match){ .route = &routes[i] };
                memcpy(ret_match->parameter, parameter, sizeof ret_match->parameter);
                return;
            }
            allow_add(ret_match->allow, routes[i].method);
        }
    }
}
