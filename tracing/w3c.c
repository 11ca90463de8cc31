/* w3c.c - checks hex digits, versions and zeros of a traceparent, and the members of a tracestate
 * one by one. */
#include "tracing/w3c.h"

#include "common/base/hex.h"

#include <assert.h>
#include <string.h>

#define KEY_BYTES_MAX   256
#define VALUE_BYTES_MAX 256

static bool is_zero(const uint8_t *bytes, size_t count)
{
    uint8_t seen = 0;
    for (size_t i = 0; i < count; i++)
        seen |= bytes[i];
    return seen == 0;
}

bool w3c_traceparent_parse(const char *text, size_t length, struct trace_context *ret_context)
{
    assert((text != NULL || length == 0) && ret_context != NULL);
    struct trace_context context = { .is_set = true };
    uint8_t version;
    if (length < W3C_TRACEPARENT_BYTES || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return false;
    if (!hex_read(text, 1, &version) || version == 0xff)
        return false;
    if (length > W3C_TRACEPARENT_BYTES && (version == 0 || text[W3C_TRACEPARENT_BYTES] != '-'))
        return false;
    if (!hex_read(text + 3, 16, context.trace_id) || !hex_read(text + 36, 8, context.span_id) ||
        !hex_read(text + 53, 1, &context.flags))
        return false;
    if (is_zero(context.trace_id, 16) || is_zero(context.span_id, 8))
        return false;
    context.flags &= W3C_FLAGS_KNOWN;
    *ret_context = context;
    return true;
}

void w3c_traceparent_format(const struct trace_context *context, char ret_text[TRACEPARENT_SIZE])
{
    uint8_t flags = context->flags & W3C_FLAGS_KNOWN;
    assert(!is_zero(context->trace_id, 16) && !is_zero(context->span_id, 8));
    memcpy(ret_text, "00-", 3);
    hex_write(context->trace_id, 16, ret_text + 3);
    ret_text[35] = '-';
    hex_write(context->span_id, 8, ret_text + 36);
    ret_text[52] = '-';
    hex_write(&flags, 1, ret_text + 53);
}

static bool is_key_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The length of the key at the start of the member, 0 when there is none. */
static size_t key_length(const char *member, size_t length)
{
    if (length == 0 || !is_key_start(member[0]))
        return 0;
    size_t at = 1;
    while (at < length && (is_key_start(member[at]) || strchr("_*/@-", member[at]) != NULL) &&
           member[at] != '\0')
        at++;
    return at < length && member[at] == '=' && at <= KEY_BYTES_MAX ? at : 0;
}

static bool value_is_valid(const char *value, size_t length)
{
    if (length == 0 || length > VALUE_BYTES_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (value[i] < 0x20 || value[i] > 0x7e || value[i] == ',' || value[i] == '=')
            return false;
    return true;
}

struct member {
    size_t at, key_length;
};

/* What was cleaned so far, and where its members begin: for the search for a second equal key. */
struct cleaned {
    char *text;
    size_t length;
    struct member members[W3C_MEMBERS_MAX];
    size_t count;
};

static bool member_add(struct cleaned *cleaned, const char *member, size_t length)
{
    size_t key = key_length(member, length);
    size_t comma = cleaned->count > 0 ? 1 : 0;
    if (key == 0 || !value_is_valid(member + key + 1, length - key - 1))
        return false;
    if (cleaned->count == W3C_MEMBERS_MAX || cleaned->length + comma + length >= TRACESTATE_SIZE)
        return false;
    for (size_t i = 0; i < cleaned->count; i++)
        if (cleaned->members[i].key_length == key &&
            memcmp(cleaned->text + cleaned->members[i].at, member, key) == 0)
            return false;
    if (comma == 1)
        cleaned->text[cleaned->length++] = ',';
    cleaned->members[cleaned->count++] = (struct member){ cleaned->length, key };
    memcpy(cleaned->text + cleaned->length, member, length);
    cleaned->length += length;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool w3c_tracestate_clean(const char *text, size_t length, char ret_text[TRACESTATE_SIZE])
{
    assert(text != NULL || length == 0);
    struct cleaned cleaned = { .text = ret_text };
    size_t at = 0;
    while (at < length) {
        const char *comma = memchr(text + at, ',', length - at);
        size_t end = comma != NULL ? (size_t)(comma - text) : length;
        size_t next = end + 1;
        while (at < end && is_blank(text[at]))
            at++;
        while (end > at && is_blank(text[end - 1]))
            end--;
        if (end > at && !member_add(&cleaned, text + at, end - at)) {
            ret_text[0] = '\0';
            return false;
        }
        at = next;
    }
    ret_text[cleaned.length] = '\0';
    return cleaned.length > 0;
}
