/* hex.c - the sixteen digits, written and read. */
#include "common/base/hex.h"

#include <assert.h>

void hex_write(const uint8_t *bytes, size_t length, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    assert(bytes != NULL || length == 0);
    for (size_t i = 0; i < length; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 0xf];
    }
    ret_text[2 * length] = '\0';
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_read(const char *text, size_t length, uint8_t *ret_bytes)
{
    assert(text != NULL && ret_bytes != NULL);
    for (size_t i = 0; i < 2 * length; i++) {
        int digit = text[i] >= 'A' && text[i] <= 'F' ? -1 : hex_digit(text[i]);
        if (digit < 0)
            return false;
        ret_bytes[i / 2] = (uint8_t)(ret_bytes[i / 2] << 4 | digit);
    }
    return true;
}
