/* jwk.c - reads the members of keys, skips what cannot be used, and says why. */
#include "common/jwt/jwk.h"

#include "common/json/json_read.h"
#include "common/jwt/base64url.h"
#include "common/jwt/jwk_key.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct kind {
    const char *alg;
    const char *kty;
    const char *crv; /* NULL: the kind has no curves */
} kinds[JWK_ALG_COUNT] = {
    [JWK_RS256] = { "RS256", "RSA", NULL },
    [JWK_ES256] = { "ES256", "EC", "P-256" },
    [JWK_EDDSA] = { "EdDSA", "OKP", "Ed25519" },
};

bool jwk_alg_parse(const char *name, enum jwk_alg *ret)
{
    for (int alg = 0; alg < JWK_ALG_COUNT; alg++) {
        if (strcmp(name, kinds[alg].alg) == 0) {
            *ret = (enum jwk_alg)alg;
            return true;
        }
    }
    return false;
}

const char *jwk_alg_name(enum jwk_alg alg)
{
    assert(alg < JWK_ALG_COUNT);
    return kinds[alg].alg;
}

static bool says(const struct json_object *object, const char *name, const char *text)
{
    char value[16];
    const struct json_span *span = json_object_find(object, name);
    return span != NULL && json_string_copy(span, value, sizeof value) && strcmp(value, text) == 0;
}

static bool has(const struct json_object *object, const char *name)
{
    return json_object_find(object, name) != NULL;
}

static bool kind_find(const struct json_object *object, enum jwk_alg *ret)
{
    for (int alg = 0; alg < JWK_ALG_COUNT; alg++) {
        const struct kind *kind = &kinds[alg];
        if (says(object, "kty", kind->kty) &&
            (kind->crv == NULL || says(object, "crv", kind->crv))) {
            *ret = (enum jwk_alg)alg;
            return true;
        }
    }
    return false;
}

static bool has_private_half(const struct json_object *object)
{
    static const char *const names[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (has(object, names[i]))
            return true;
    return false;
}

static bool may_verify(const struct json_object *object)
{
    const struct json_span *operations = json_object_find(object, "key_ops");
    if (has(object, "use") && !says(object, "use", "sig"))
        return false;
    if (operations == NULL)
        return true;
    const char *cursor = NULL;
    struct json_span operation;
    char name[16];
    while (json_array_next(operations, &cursor, &operation))
        if (json_string_copy(&operation, name, sizeof name) && strcmp(name, "verify") == 0)
            return true;
    return false;
}

/* The text has no escapes: none of them stands in the alphabet. */
static size_t bytes_read(const struct json_object *object, const char *name, uint8_t *to,
                         size_t size)
{
    const struct json_span *span = json_object_find(object, name);
    size_t length;
    if (span == NULL || span->kind != JSON_STRING ||
        !base64url_decode(span->at, span->length, to, size, &length))
        return 0;
    return length;
}

/* NULL, or why there is no key. */
static const char *material_read(const struct json_object *object, struct jwk *key)
{
    uint8_t first[JWK_RSA_BITS_MAX / 8 + 1];
    uint8_t second[JWK_POINT_BYTES];
    size_t first_length =
        bytes_read(object, key->alg == JWK_RS256 ? "n" : "x", first, sizeof first);
    if (key->alg == JWK_RS256) {
        size_t length = bytes_read(object, "e", second, sizeof second);
        return jwk_key_rsa(first, first_length, second, length, &key->public_key);
    }
    if (first_length != JWK_POINT_BYTES)
        return "x is not base64url of 32 bytes";
    if (key->alg == JWK_EDDSA)
        return jwk_key_ed25519(first, &key->public_key);
    if (bytes_read(object, "y", second, sizeof second) != JWK_POINT_BYTES)
        return "y is not base64url of 32 bytes";
    return jwk_key_p256(first, second, &key->public_key);
}

/* NULL, or why the key is skipped. */
static const char *key_read(const struct json_span *text, struct jwk *ret)
{
    SCRATCH struct json_object object;
    struct json_problem problem;
    memset(ret, 0, sizeof *ret);
    if (text->kind != JSON_OBJECT || !json_object_scan(text->at, text->length, &object, &problem))
        return "is no object";
    const struct json_span *kid = json_object_find(&object, "kid");
    if (kid != NULL && !json_string_copy(kid, ret->kid, sizeof ret->kid))
        return "kid is not a string of at most 128 bytes";
    if (!kind_find(&object, &ret->alg))
        return "is neither RSA nor EC P-256 nor OKP Ed25519";
    if (has_private_half(&object))
        return "has its private half, so anybody can sign with it; publish n, e or x, y only";
    if (has(&object, "alg") && !says(&object, "alg", kinds[ret->alg].alg))
        return "is for another algorithm than RS256 (RSA), ES256 (P-256), EdDSA (Ed25519)";
    if (!may_verify(&object))
        return "is not for signatures (use, key_ops)";
    return material_read(&object, ret);
}

static void skip(struct jwk_set *set, size_t position, const char *reason)
{
    if (set->skipped_count++ == 0)
        snprintf(set->skipped, sizeof set->skipped, "/keys/%zu %s", position, reason);
}

static bool keys_read(const struct json_span *keys, struct jwk_set *set, struct error *error)
{
    const char *cursor = NULL;
    struct json_span text;
    for (size_t position = 0; json_array_next(keys, &cursor, &text); position++) {
        if (position == JWK_KEYS_MAX)
            return error_set(error, ERROR_REJECT, "more than %d keys", JWK_KEYS_MAX);
        const char *reason = key_read(&text, &set->keys[set->count]);
        if (reason == NULL)
            set->count++;
        else
            skip(set, position, reason);
    }
    if (set->count > 0)
        return true;
    return error_set(error, ERROR_REJECT, "no key that can be used%s%s",
                     set->skipped_count > 0 ? ": " : "", set->skipped);
}

bool jwk_set_read(const char *text, size_t length, struct jwk_set *ret, struct error *error)
{
    SCRATCH struct json_object object;
    struct json_problem problem;
    memset(ret, 0, sizeof *ret);
    if (length > JWK_SET_BYTES_MAX)
        return error_set(error, ERROR_REJECT, "longer than %zu bytes", JWK_SET_BYTES_MAX);
    if (!json_object_scan(text, length, &object, &problem))
        return error_set(error, ERROR_REJECT, "%s%s%s", problem.pointer,
                         problem.pointer[0] != '\0' ? " " : "", problem.detail);
    const struct json_span *keys = json_object_find(&object, "keys");
    if (keys == NULL || keys->kind != JSON_ARRAY)
        return error_set(error, ERROR_REJECT, "/keys must be an array of keys (RFC 7517)");
    if (keys_read(keys, ret, error))
        return true;
    jwk_set_done(ret);
    return false;
}

void jwk_set_done(struct jwk_set *set)
{
    assert(set->count <= JWK_KEYS_MAX);
    for (size_t i = 0; i < set->count; i++)
        jwk_key_free(set->keys[i].public_key);
    set->count = 0;
}
