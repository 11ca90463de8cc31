/* idempotency_key.c - reads the key, quoted or bare, and makes a booking's id of it and the user's:
 * the same key is the same booking. */
#include "gateway/idempotency_key.h"

#include <stdio.h>
#include <string.h>

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t")] == '\0';
}

static bool quoted_read(const char *at, char ret_key[IDEMPOTENCY_KEY_SIZE])
{
    size_t length = 0;
    for (; *at != '"'; at++) {
        if (*at == '\\' && *++at != '"' && *at != '\\')
            return false;
        if (*at < 0x20 || *at > 0x7e || length == IDEMPOTENCY_KEY_SIZE - 1)
            return false; /* also the end of the text: a quote is missing */
        ret_key[length++] = *at;
    }
    ret_key[length] = '\0';
    return length > 0 && is_blank(at + 1);
}

bool gateway_idempotency_key_read(const char *header, char ret_key[IDEMPOTENCY_KEY_SIZE])
{
    if (header[0] == '"')
        return quoted_read(header + 1, ret_key);
    size_t length = 0;
    for (const char *at = header; !is_blank(at); at++) {
        if (*at <= 0x20 || *at > 0x7e || length == IDEMPOTENCY_KEY_SIZE - 1)
            return false;
        ret_key[length++] = *at;
    }
    ret_key[length] = '\0';
    return length > 0;
}

void gateway_idempotency_key_booking_id(const char *user_id, const char *key,
                                        char ret_id[UUID_TEXT_SIZE])
{
    char text[USER_SIZE + IDEMPOTENCY_KEY_SIZE]; /* a user id holds no line feed */
    int length = snprintf(text, sizeof text, "%s\n%s", user_id, key);
    uuid_v8_derive(text, (size_t)length, ret_id);
}
