/* signature.c - reads the header strictly, makes the MAC, and compares it in constant time before
 * it looks at the clock. */
#include "payment/signature.h"

#include "common/base/hash.h"
#include "common/base/hex.h"
#include "common/base/memory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMESTAMP_DIGITS_MAX 12 /* seconds until the year 33658; cannot overflow */
#define V1_DIGITS            (2 * SHA256_BYTES)

struct signature {
    const char *timestamp; /* borrowed from the header: signed as it was written */
    size_t timestamp_length;
    int64_t at_s;
    const char *v1[SIGNATURE_V1_MAX];
    size_t v1_count;
};

static bool timestamp_read(const char *text, size_t length, struct signature *signature)
{
    if (signature->timestamp || length == 0 || length > TIMESTAMP_DIGITS_MAX)
        return false;
    int64_t at_s = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        at_s = at_s * 10 + (text[i] - '0');
    }
    signature->timestamp = text;
    signature->timestamp_length = length;
    signature->at_s = at_s;
    return true;
}

static bool v1_read(const char *text, size_t length, struct signature *signature)
{
    if (length != V1_DIGITS || signature->v1_count == SIGNATURE_V1_MAX)
        return false;
    if (strspn(text, "0123456789abcdef") < V1_DIGITS)
        return false;
    signature->v1[signature->v1_count++] = text;
    return true;
}

static bool header_read(const char *header, struct signature *ret)
{
    *ret = (struct signature){ 0 };
    if (strnlen(header, SIGNATURE_HEADER_BYTES_MAX + 1) > SIGNATURE_HEADER_BYTES_MAX)
        return false;
    const char *at = header;
    for (;;) {
        at += strspn(at, " ");
        size_t length = strcspn(at, ", ");
        const char *equals = memchr(at, '=', length);
        if (!equals)
            return false;
        const char *value = equals + 1;
        size_t name_length = (size_t)(equals - at);
        size_t value_length = length - name_length - 1;
        if (name_length == 1 && at[0] == 't') {
            if (!timestamp_read(value, value_length, ret))
                return false;
        } else if (name_length == 2 && memcmp(at, "v1", 2) == 0) {
            if (!v1_read(value, value_length, ret))
                return false;
        }
        at += length;
        at += strspn(at, " ");
        if (*at == '\0')
            break;
        if (*at++ != ',')
            return false;
    }
    return ret->timestamp && ret->v1_count > 0;
}

static void v1_make(const char *secret, const char *timestamp, size_t timestamp_length,
                    const char *body, size_t body_length, char ret_hex[V1_DIGITS + 1])
{
    /* One buffer, because hash.h hashes one: a webhook is at most 16 KiB. */
    size_t length = timestamp_length + 1 + body_length;
    char *bytes = memory_room(length);
    memcpy(bytes, timestamp, timestamp_length);
    bytes[timestamp_length] = '.';
    if (body_length > 0)
        memcpy(bytes + timestamp_length + 1, body, body_length);
    uint8_t digest[SHA256_BYTES];
    hash_hmac_sha256(secret, strlen(secret), bytes, length, digest);
    free(bytes);
    hex_write(digest, sizeof digest, ret_hex);
}

enum signature_verdict payment_signature_verify(const char *header, const char *secret,
                                                const char *body, size_t body_length, int64_t now_s)
{
    if (!header)
        return SIGNATURE_MISSING;
    struct signature signature;
    if (!header_read(header, &signature))
        return SIGNATURE_MALFORMED;
    if (secret[0] == '\0')
        return SIGNATURE_MISMATCH;
    char expected[V1_DIGITS + 1];
    v1_make(secret, signature.timestamp, signature.timestamp_length, body, body_length, expected);
    bool is_match = false;
    for (size_t i = 0; i < signature.v1_count; i++) {
        bool is_equal = hash_equal_constant_time(signature.v1[i], expected, V1_DIGITS);
        is_match = is_match || is_equal;
    }
    if (!is_match)
        return SIGNATURE_MISMATCH;
    int64_t age_s = now_s - signature.at_s;
    if (age_s > SIGNATURE_TOLERANCE_S || age_s < -SIGNATURE_TOLERANCE_S)
        return SIGNATURE_STALE;
    return SIGNATURE_VALID;
}

void payment_signature_sign(const char *secret, const char *body, size_t body_length, int64_t at_s,
                            char ret_text[SIGNATURE_TEXT_SIZE])
{
    char timestamp[24];
    int length = snprintf(timestamp, sizeof timestamp, "%" PRId64, at_s);
    assert(length > 0 && (size_t)length < sizeof timestamp);
    char hex[V1_DIGITS + 1];
    v1_make(secret, timestamp, (size_t)length, body, body_length, hex);
    (void)snprintf(ret_text, SIGNATURE_TEXT_SIZE, "t=%s,v1=%s", timestamp, hex);
}

const char *payment_signature_verdict_text(enum signature_verdict verdict)
{
    static const char *const texts[] = {
        [SIGNATURE_VALID] = "valid",         [SIGNATURE_MISSING] = "missing",
        [SIGNATURE_MALFORMED] = "malformed", [SIGNATURE_MISMATCH] = "mismatch",
        [SIGNATURE_STALE] = "stale",
    };
    return texts[verdict];
}
