/* http_percent.c - decodes one byte at a time; a control character, written plainly or escaped, is
 * refused. */
#include "common/http/http_percent.h"

#include "common/base/hex.h"

#include <assert.h>

#define ESCAPE_SIZE 3

int http_percent_byte(const char *at, size_t left, size_t *ret_taken)
{
    assert(left > 0 && ret_taken != NULL);
    *ret_taken = 1;
    if (*at != '%')
        return (unsigned char)*at;
    int high = left < ESCAPE_SIZE ? -1 : hex_digit(at[1]);
    int low = high < 0 ? -1 : hex_digit(at[2]);
    if (low < 0)
        return -1;
    *ret_taken = ESCAPE_SIZE;
    return high * 16 + low;
}

bool http_percent_decode(const char *text, size_t length, bool plus_is_blank, char *buffer,
                         size_t size)
{
    assert(size > 0 && buffer != NULL);
    size_t used = 0, taken;
    for (size_t i = 0; i < length; i += taken) {
        int byte = http_percent_byte(text + i, length - i, &taken);
        if (plus_is_blank && text[i] == '+')
            byte = ' ';
        if (byte < ' ' || byte == 0x7f || used + 1 >= size)
            return false;
        buffer[used++] = (char)byte;
    }
    if (size == 0)
        return false;
    buffer[used] = '\0';
    return true;
}
