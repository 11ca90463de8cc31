/* uuid.c - UUIDs of version 7 from time and random bytes, of version 8 from a hash, and the reader
 * of their text. */
#include "common/base/uuid.h"

#include "common/base/hash.h"
#include "common/base/hex.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define UUID_BYTES 16

static bool is_dash_at(size_t text_index)
{
    return text_index == 8 || text_index == 13 || text_index == 18 || text_index == 23;
}

static void uuid_finish(uint8_t bytes[UUID_BYTES], unsigned version, char ret_text[UUID_TEXT_SIZE])
{
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | version << 4);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    char hex[2 * UUID_BYTES + 1];
    hex_write(bytes, UUID_BYTES, hex);
    const char *next = hex;
    for (size_t i = 0; i < UUID_TEXT_SIZE - 1; i++)
        ret_text[i] = is_dash_at(i) ? '-' : *next++;
    ret_text[UUID_TEXT_SIZE - 1] = '\0';
}

void uuid_v7_make(int64_t now_ms, const uint8_t random[10], char ret_text[UUID_TEXT_SIZE])
{
    assert(now_ms >= 0 && now_ms < INT64_C(1) << 48);
    uint8_t bytes[UUID_BYTES];
    for (unsigned i = 0; i < 6; i++)
        bytes[i] = (uint8_t)(now_ms >> (40 - 8 * i));
    memcpy(bytes + 6, random, 10);
    uuid_finish(bytes, 7, ret_text);
}

void uuid_v8_derive(const void *bytes, size_t length, char ret_text[UUID_TEXT_SIZE])
{
    assert(bytes != NULL || length == 0);
    uint8_t digest[SHA256_BYTES];
    hash_sha256(bytes, length, digest);
    uuid_finish(digest, 8, ret_text);
}

bool uuid_parse(const char *text, uint8_t ret_bytes[16])
{
    assert(text != NULL && ret_bytes != NULL);
    static const size_t groups[] = { 4, 2, 2, 2, 6 };
    uint8_t bytes[UUID_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (!hex_read(text, groups[i], bytes + count))
            return false;
        text += 2 * groups[i];
        count += groups[i];
        if (*text++ != (count < UUID_BYTES ? '-' : '\0'))
            return false;
    }
    memcpy(ret_bytes, bytes, sizeof bytes);
    return true;
}

void uuid_random_bytes(void *ret_bytes, size_t length)
{
    assert(ret_bytes != NULL || length == 0);
    unsigned char *at = ret_bytes;
    while (length > 0) {
        ssize_t got = getrandom(at, length, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            perror("getrandom");
            abort(); /* ids that are not random would merge strangers' bookings */
        }
        at += got;
        length -= (size_t)got;
    }
}

void uuid_v7_generate(int64_t now_ms, char ret_text[UUID_TEXT_SIZE])
{
    assert(now_ms >= 0);
    uint8_t random[10];
    uuid_random_bytes(random, sizeof random);
    uuid_v7_make(now_ms, random, ret_text);
}
