/* json_text.c - strings as they stand in the text: checked, compared and copied without being
 * unescaped first. */
#include "common/json/json_text.h"

#include "common/base/hex.h"
#include "common/base/utf8.h"

#include <assert.h>
#include <string.h>

#define HEX_DIGITS 4

static bool is_high_surrogate(uint32_t unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low_surrogate(uint32_t unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* `at` stands at the backslash of \uXXXX. */
static bool unit_read(const char *at, const char *end, uint32_t *ret_unit)
{
    if (end - at < 2 + HEX_DIGITS || at[0] != '\\' || at[1] != 'u')
        return false;
    uint32_t unit = 0;
    for (int i = 0; i < HEX_DIGITS; i++) {
        int digit = hex_digit(at[2 + i]);
        if (digit < 0)
            return false;
        unit = unit << 4 | (uint32_t)digit;
    }
    *ret_unit = unit;
    return true;
}

/* `at` stands at a backslash. Returns the escape's length, or 0 with the reason. */
static size_t escape_scan(const char *at, const char *end, const char **ret_reason)
{
    if (end - at >= 2 && at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL)
        return 2;
    uint32_t unit;
    *ret_reason = "this escape does not exist in JSON";
    if (!unit_read(at, end, &unit))
        return 0;
    *ret_reason = "\\u0000 is not allowed";
    if (unit == 0)
        return 0;
    *ret_reason = "half of a surrogate pair";
    if (is_low_surrogate(unit))
        return 0;
    if (!is_high_surrogate(unit))
        return 2 + HEX_DIGITS;
    uint32_t low;
    if (!unit_read(at + 2 + HEX_DIGITS, end, &low) || !is_low_surrogate(low))
        return 0;
    return 2 * (2 + HEX_DIGITS);
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

const char *json_text_scan(const char *at, const char *end, const char **ret_refused_at,
                           const char **ret_reason)
{
    assert(at <= end && ret_refused_at != NULL && ret_reason != NULL);
    while (at < end && *at != '"') {
        size_t step;
        if (is_plain(*at)) { /* nearly all */
            at++;
            continue;
        }
        if ((unsigned char)*at < 0x20) {
            *ret_reason = "a control character stands in a string";
            step = 0;
        } else if (*at == '\\') {
            step = escape_scan(at, end, ret_reason);
        } else {
            *ret_reason = "this is not UTF-8";
            step = utf8_sequence_bytes(at, (size_t)(end - at));
        }
        *ret_refused_at = at;
        if (step == 0)
            return NULL;
        at += step;
    }
    if (at < end)
        return at;
    *ret_refused_at = end;
    *ret_reason = "the text ends inside a string";
    return NULL;
}

struct json_unescape json_unescape_start(const struct json_span *text)
{
    assert(text->at != NULL || text->length == 0);
    return (struct json_unescape){ .at = text->at, .end = text->at + text->length };
}

static char escape_value(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default: /* a quote, a slash or a backslash */
        return letter;
    }
}

static void unescape_unit(struct json_unescape *walk)
{
    uint32_t scalar = 0;
    bool is_unit = unit_read(walk->at, walk->end, &scalar);
    assert(is_unit);
    walk->at += 2 + HEX_DIGITS;
    if (is_high_surrogate(scalar)) {
        uint32_t low = 0;
        is_unit = unit_read(walk->at, walk->end, &low);
        assert(is_unit && is_low_surrogate(low));
        walk->at += 2 + HEX_DIGITS;
        scalar = 0x10000 + ((scalar - 0xd800) << 10) + (low - 0xdc00);
    }
    walk->pending_count = (unsigned char)utf8_encode(scalar, walk->pending);
    walk->pending_next = 0;
}

int json_unescape_next(struct json_unescape *walk)
{
    if (walk->pending_next < walk->pending_count)
        return (unsigned char)walk->pending[walk->pending_next++];
    if (walk->at == walk->end)
        return -1;
    if (*walk->at != '\\')
        return (unsigned char)*walk->at++;
    assert(walk->end - walk->at >= 2);
    if (walk->at[1] == 'u') {
        unescape_unit(walk);
        return (unsigned char)walk->pending[walk->pending_next++];
    }
    walk->at += 2;
    return (unsigned char)escape_value(walk->at[-1]);
}

/* An escape comes next. */
static bool has_escape(const struct json_unescape *walk)
{
    return walk->at < walk->end && *walk->at == '\\';
}

static int fold(int byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte;
}

bool json_text_equals_folded(const struct json_span *one, const struct json_span *other)
{
    struct json_unescape left = json_unescape_start(one);
    struct json_unescape right = json_unescape_start(other);
    /* Most keys have no escape, and hostile ones may be long and alike: this much goes fast. */
    while (left.at < left.end && right.at < right.end && *left.at != '\\' && *right.at != '\\' &&
           fold((unsigned char)*left.at) == fold((unsigned char)*right.at)) {
        left.at++;
        right.at++;
    }
    if (!has_escape(&left) && !has_escape(&right))
        return left.at == left.end && right.at == right.end;
    for (;;) {
        int byte = json_unescape_next(&left);
        if (fold(byte) != fold(json_unescape_next(&right)))
            return false;
        if (byte < 0)
            return true;
    }
}

bool json_text_equals(const struct json_span *text, const char *name)
{
    assert(name != NULL);
    if (strncmp(name, text->at, text->length) == 0) /* and so without an escape, as names are */
        return name[text->length] == '\0';
    if (memchr(text->at, '\\', text->length) == NULL)
        return false;
    struct json_unescape walk = json_unescape_start(text);
    for (; *name != '\0'; name++)
        if (json_unescape_next(&walk) != (unsigned char)*name)
            return false;
    return json_unescape_next(&walk) < 0;
}

void json_text_point_to(const struct json_span *key, char ret_pointer[JSON_POINTER_SIZE])
{
    char text[JSON_POINTER_SIZE + UTF8_BYTES_MAX];
    size_t length = 0;
    struct json_unescape walk = json_unescape_start(key);
    text[length++] = '/';
    for (int byte; length < JSON_POINTER_SIZE && (byte = json_unescape_next(&walk)) >= 0;) {
        if (byte == '~' || byte == '/') {
            text[length++] = '~';
            text[length++] = byte == '~' ? '0' : '1';
        } else {
            text[length++] = (char)byte;
        }
    }
    size_t kept = utf8_cut(text, length, JSON_POINTER_SIZE - 1);
    if (kept > 0 && kept < length && text[kept - 1] == '~') /* half an escape */
        kept--;
    assert(kept < JSON_POINTER_SIZE);
    memcpy(ret_pointer, text, kept);
    ret_pointer[kept] = '\0';
}
