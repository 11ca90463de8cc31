/* base64url.c - four characters are three bytes, and the last ones are looked at twice. */
#include "common/jwt/base64url.h"

#include <assert.h>
#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_decode(const char *text, size_t length, void *ret, size_t size, size_t *ret_length)
{
    uint8_t *to = ret;
    uint32_t bits = 0;
    unsigned bit_count = 0;
    size_t written = 0;
    if (length % 4 == 1)
        return false;
    for (size_t i = 0; i < length; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        bit_count += 6;
        if (bit_count < 8)
            continue;
        if (written == size)
            return false;
        bit_count -= 8;
        to[written++] = (uint8_t)(bits >> bit_count);
        bits &= (1U << bit_count) - 1;
    }
    assert(written <= size && bit_count < 8);
    if (bits != 0)
        return false;
    *ret_length = written;
    return true;
}

size_t base64url_encode(const void *bytes, size_t length, char *ret_text)
{
    const uint8_t *from = bytes;
    uint32_t bits = 0;
    unsigned bit_count = 0;
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | from[i];
        for (bit_count += 8; bit_count >= 6; bit_count -= 6)
            ret_text[written++] = alphabet[bits >> (bit_count - 6) & 63];
    }
    if (bit_count > 0)
        ret_text[written++] = alphabet[bits << (6 - bit_count) & 63];
    assert(written == BASE64URL_LENGTH(length));
    return written;
}
