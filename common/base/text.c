/* text.c - copies that never overrun and digits without printf, for what every message needs. */
#include "common/base/text.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

size_t text_copy(char *to, size_t size, const char *from)
{
    assert(size > 0 && from != NULL);
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = '\0';
    return length;
}

void text_join(char *to, size_t size, const char *const *parts, size_t count)
{
    assert(size > 0 && (parts != NULL || count == 0));
    size_t length = 0;
    to[0] = '\0';
    for (size_t i = 0; i < count; i++)
        length += text_copy(to + length, size - length, parts[i]);
}

size_t text_int(char ret_text[TEXT_INT_SIZE], int64_t value)
{
    char digits[TEXT_INT_SIZE];
    char *first = digits + sizeof digits;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    *--first = '\0';
    do {
        *--first = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        *--first = '-';
    size_t size = (size_t)(digits + sizeof digits - first);
    memcpy(ret_text, first, size);
    return size - 1;
}

bool text_read_int(const char *text, int64_t *ret_value)
{
    assert(text != NULL && ret_value != NULL);
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (digits[0] < '0' || digits[0] > '9' || (digits[0] == '0' && text[1] != '\0'))
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *ret_value = value;
    return true;
}

bool text_is_choice(const char *choices, const char *text)
{
    assert(choices != NULL && text != NULL);
    size_t length = strlen(text);
    for (const char *at = choices; length > 0; at++) {
        size_t choice_length = strcspn(at, "|");
        if (choice_length == length && memcmp(at, text, length) == 0)
            return true;
        at += choice_length;
        if (*at == '\0')
            break;
    }
    return false;
}
