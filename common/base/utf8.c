/* utf8.c - how long the character at a place is, its bytes, and where a text may be cut. */
#include "common/base/utf8.h"

#include <assert.h>
#include <stdbool.h>

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t utf8_sequence_bytes(const char *at, size_t left)
{
    assert(at != NULL && left > 0);
    if (left == 0)
        return 0;
    unsigned char first = (unsigned char)at[0];
    if (first < 0x80)
        return 1;
    size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || left < bytes)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if (!is_continuation(at[i]))
            return 0;
    unsigned char second = (unsigned char)at[1];
    bool is_overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    bool is_surrogate = first == 0xed && second > 0x9f;
    bool is_beyond = first == 0xf4 && second > 0x8f;
    return is_overlong || is_surrogate || is_beyond ? 0 : bytes;
}

static char continuation(uint32_t scalar, unsigned shift)
{
    return (char)(0x80 | ((scalar >> shift) & 0x3f));
}

size_t utf8_encode(uint32_t scalar, char ret_bytes[UTF8_BYTES_MAX])
{
    assert(scalar <= 0x10ffff && !(scalar >= 0xd800 && scalar <= 0xdfff));
    if (scalar < 0x80) {
        ret_bytes[0] = (char)scalar;
        return 1;
    }
    if (scalar < 0x800) {
        ret_bytes[0] = (char)(0xc0 | (scalar >> 6));
        ret_bytes[1] = continuation(scalar, 0);
        return 2;
    }
    if (scalar < 0x10000) {
        ret_bytes[0] = (char)(0xe0 | (scalar >> 12));
        ret_bytes[1] = continuation(scalar, 6);
        ret_bytes[2] = continuation(scalar, 0);
        return 3;
    }
    ret_bytes[0] = (char)(0xf0 | (scalar >> 18));
    ret_bytes[1] = continuation(scalar, 12);
    ret_bytes[2] = continuation(scalar, 6);
    ret_bytes[3] = continuation(scalar, 0);
    return 4;
}

size_t utf8_cut(const char *text, size_t length, size_t limit)
{
    assert(text != NULL || length == 0);
    if (length <= limit)
        return length;
    size_t cut = limit;
    while (cut > 0 && limit - cut < UTF8_BYTES_MAX && is_continuation(text[cut]))
        cut--;
    return cut;
}
