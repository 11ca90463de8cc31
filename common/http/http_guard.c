/* http_guard.c - the checks one by one: length, coding, path, Host, Expect, media type, each with
 * the problem that it answers. */
#include "common/http/http_guard.h"
#include "common/http/http_percent.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define JSON_MEDIA_TYPE   "application/json"
#define LENGTH_DIGITS_MAX 18 /* fits size_t */
#define HOST_BYTES_MAX    253

static bool refuse(struct http_problem *refusal, int status, const char *type, const char *detail)
{
    *refusal = (struct http_problem){ .status = status, .type = type, .detail = detail };
    return false;
}

static bool refuse_bad(struct http_problem *refusal, const char *detail)
{
    return refuse(refusal, 400, "bad-request", detail);
}

const char *http_head_find(const struct http_head *head, const char *name, size_t *ret_count)
{
    assert(head->field_count <= HTTP_FIELDS_MAX && name != NULL);
    const char *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < head->field_count; i++) {
        if (strcasecmp(head->fields[i].name, name) != 0)
            continue;
        if (count++ == 0)
            first = head->fields[i].value;
    }
    if (ret_count != NULL)
        *ret_count = count;
    return first;
}

/* ---- path ---- */

/* One segment, also with its dots and slashes hidden behind %2e and %2f. */
static bool segment_is_plain(const char *segment, size_t length)
{
    size_t dots = 0, bytes = 0, taken;
    for (size_t i = 0; i < length; i += taken) {
        int byte = http_percent_byte(segment + i, length - i, &taken);
        if (byte <= ' ' || byte >= 0x7f || byte == '/' || byte == '\\')
            return false;
        bytes++;
        if (byte == '.')
            dots++;
    }
    bool is_dot_segment = bytes == dots && (dots == 1 || dots == 2);
    return bytes > 0 && !is_dot_segment;
}

static bool path_is_plain(const char *path)
{
    if (path[0] != '/' || strnlen(path, HTTP_PATH_BYTES) == HTTP_PATH_BYTES)
        return false;
    for (const char *at = path + 1; *at != '\0';) {
        size_t length = strcspn(at, "/");
        if (!segment_is_plain(at, length))
            return false;
        at += length;
        if (*at == '/')
            at++;
    }
    return true;
}

/* ---- framing ---- */

static bool length_parse(const char *text, size_t *ret_length)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits + strspn(text + digits, " \t")] != '\0')
        return false;
    size_t zeros = strspn(text, "0");
    if (digits - zeros > LENGTH_DIGITS_MAX) {
        *ret_length = SIZE_MAX;
        return true;
    }
    *ret_length = 0;
    for (size_t i = zeros; i < digits; i++)
        *ret_length = *ret_length * 10 + (size_t)(text[i] - '0');
    return true;
}

static bool framing_read(const struct http_head *head, struct http_framing *framing,
                         struct http_problem *refusal)
{
    size_t lengths, codings;
    const char *length = http_head_find(head, "Content-Length", &lengths);
    (void)http_head_find(head, "Transfer-Encoding", &codings);
    if (codings > 0 && lengths > 0)
        return refuse_bad(refusal, "Content-Length and Transfer-Encoding exclude each other");
    if (codings > 0)
        return refuse(refusal, 411, "length-required",
                      "a body needs a Content-Length; chunked is not taken");
    if (lengths > 1)
        return refuse_bad(refusal, "more than one Content-Length");
    framing->has_length = lengths == 1;
    if (framing->has_length && !length_parse(length, &framing->body_length))
        return refuse_bad(refusal, "Content-Length is not a number");
    return true;
}

/* uri-host [":" port], RFC 3986 3.2.2: a name or an address, nothing that could be a path, a user
 * or a second host. */
static bool host_is_valid(const char *host)
{
    bool is_literal = host[0] == '[';
    size_t length = is_literal ? strcspn(host, "]") + 1
                               : strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "0123456789-._~%!$&'()*+;=");
    if (is_literal &&
        (strspn(host + 1, "0123456789abcdefABCDEF:.") + 2 != length || host[length - 1] != ']'))
        return false;
    const char *port = host + length;
    if (length == 0 || length > HOST_BYTES_MAX || (*port != '\0' && *port != ':'))
        return false;
    return *port == '\0' || port[1 + strspn(port + 1, "0123456789")] == '\0';
}

static bool connection_read(const struct http_head *head, struct http_framing *framing,
                            struct http_problem *refusal)
{
    size_t hosts, expectations;
    const char *host = http_head_find(head, "Host", &hosts);
    const char *connection = http_head_find(head, "Connection", NULL);
    const char *expectation = http_head_find(head, "Expect", &expectations);
    bool is_11 = strcmp(head->version, "1.1") == 0;
    if (hosts > 1 || (is_11 && hosts == 0))
        return refuse_bad(refusal, "exactly one Host is needed");
    if (hosts == 1 && !host_is_valid(host))
        return refuse_bad(refusal, "Host is no name or address with an optional port");
    framing->wants_close =
        !is_11 || (connection != NULL && strcasestr(connection, "close") != NULL);
    framing->expects_continue = expectations > 0;
    if (expectations > 0 && strcasecmp(expectation, "100-continue") != 0)
        return refuse(refusal, 417, "expectation-failed", "only 100-continue can be expected");
    return true;
}

bool http_guard_head(const struct http_head *head, struct http_framing *ret_framing,
                     struct http_problem *ret_refusal)
{
    assert(head->method != NULL && head->path != NULL && ret_framing != NULL);
    *ret_framing = (struct http_framing){ 0 };
    if (head->field_count > HTTP_FIELDS_MAX)
        return refuse(ret_refusal, 431, "headers-too-large", "more than 63 header fields");
    if (!framing_read(head, ret_framing, ret_refusal))
        return false;
    if (!path_is_plain(head->path))
        return refuse_bad(ret_refusal, "the path is not a plain one");
    return connection_read(head, ret_framing, ret_refusal);
}

/* ---- body ---- */

/* Other parameters of a JSON body mean nothing (RFC 8259 11), but this one would change how its
 * bytes are to be read. */
static bool parameter_is_harmless(const char *name, size_t length, const char *value,
                                  size_t value_length)
{
    if (length != strlen("charset") || strncasecmp(name, "charset", length) != 0)
        return true;
    if (value_length >= 2 && value[0] == '"' && value[value_length - 1] == '"') {
        value++;
        value_length -= 2;
    }
    return value_length == strlen("utf-8") && strncasecmp(value, "utf-8", value_length) == 0;
}

/* application/json, with parameters or without. */
static bool media_type_is_json(const char *value)
{
    size_t length = strcspn(value, "; \t");
    if (length != strlen(JSON_MEDIA_TYPE) || strncasecmp(value, JSON_MEDIA_TYPE, length) != 0)
        return false;
    for (const char *at = value + length;;) {
        at += strspn(at, " \t");
        if (*at == '\0')
            return true;
        if (*at++ != ';')
            return false;
        at += strspn(at, " \t");
        size_t name_length = strcspn(at, "=; \t");
        const char *text = at + name_length + (at[name_length] == '=' ? 1 : 0);
        size_t text_length = strcspn(text, "; \t");
        if (!parameter_is_harmless(at, name_length, text, text_length))
            return false;
        at = text + text_length;
    }
}

bool http_guard_body(const struct http_head *head, const struct http_framing *framing,
                     bool needs_json_body, struct http_problem *ret_refusal)
{
    assert(framing != NULL && ret_refusal != NULL);
    bool is_post = strcmp(head->method, "POST") == 0;
    if (is_post && !framing->has_length)
        return refuse(ret_refusal, 411, "length-required", "a POST needs a Content-Length");
    if (!is_post && framing->body_length > 0)
        return refuse_bad(ret_refusal, "only a POST may have a body");
    if (framing->body_length > HTTP_BODY_BYTES_MAX)
        return refuse(ret_refusal, 413, "content-too-large", "a body may have 16384 bytes");
    if (!needs_json_body)
        return true;
    size_t types;
    const char *type = http_head_find(head, "Content-Type", &types);
    if (types != 1 || !media_type_is_json(type))
        return refuse(ret_refusal, 415, "unsupported-media-type",
                      "exactly one Content-Type: application/json is needed, and no charset but "
                      "utf-8");
    const char *coding = http_head_find(head, "Content-Encoding", NULL);
    if (coding != NULL && strcasecmp(coding, "identity") != 0)
        return refuse(ret_refusal, 415, "unsupported-media-type",
                      "no Content-Encoding is understood: send the body as it is");
    return true;
}
