/* Wycheproof's signatures, keys and tokens are judged as it expects: what is invalid is refused,
 * and what is valid is accepted if its algorithm is one of ours. */
#include "common/jwt/base64url.h"
#include "common/jwt/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>
#include <cmocka.h>

#define FILE_BYTES_MAX ((size_t)512 * 1024)
#define BYTES_MAX      4096

/* How many were accepted and refused, so that a file that is not read is noticed. */
struct tally {
    int accepted;
    int refused;
};

static cJSON *vectors_read(const char *name)
{
    char path[512];
    assert_true(snprintf(path, sizeof path, "%s/wycheproof/%s", TEST_VECTORS, name) <
                (int)sizeof path);
    FILE *file = fopen(path, "rb");
    char *text = malloc(FILE_BYTES_MAX);
    assert_non_null(file);
    assert_non_null(text);
    size_t length = fread(text, 1, FILE_BYTES_MAX, file);
    assert_true(length < FILE_BYTES_MAX && fclose(file) == 0);
    cJSON *vectors = cJSON_ParseWithLength(text, length);
    assert_non_null(vectors);
    free(text);
    return vectors;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL ? text : "";
}

static int number_of(const cJSON *test)
{
    return (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(test, "tcId"));
}

static size_t bytes_of(const cJSON *object, const char *name, uint8_t bytes[BYTES_MAX])
{
    const char *text = text_of(object, name);
    size_t length = strlen(text) / 2;
    assert_true(length <= BYTES_MAX);
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        bytes[i] = (uint8_t)byte;
    }
    return length;
}

/* A key, or a set of them. */
static bool set_read(const cJSON *key, struct jwk_set *ret)
{
    struct error error;
    char *text = cJSON_PrintUnformatted(key);
    bool is_set = cJSON_GetObjectItemCaseSensitive(key, "keys") != NULL;
    size_t size = strlen(text) + sizeof "{\"keys\":[]}";
    char *set = malloc(size);
    assert_non_null(set);
    (void)snprintf(set, size, is_set ? "%s" : "{\"keys\":[%s]}", text);
    bool is_read = jwk_set_read(set, strlen(set), ret, &error);
    free(set);
    cJSON_free(text);
    return is_read;
}

/* Wycheproof writes no JWK for points with a coordinate that begins with zeros. */
static cJSON *point_jwk(const cJSON *group)
{
    uint8_t point[BYTES_MAX];
    char text[2][BASE64URL_LENGTH(32) + 1] = { 0 };
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "publicKey");
    assert_int_equal(bytes_of(key, "uncompressed", point), 65);
    for (size_t i = 0; i < 2; i++)
        (void)base64url_encode(point + 1 + 32 * i, 32, text[i]);
    cJSON *jwk = cJSON_CreateObject();
    cJSON_AddStringToObject(jwk, "kty", "EC");
    cJSON_AddStringToObject(jwk, "crv", "P-256");
    cJSON_AddStringToObject(jwk, "x", text[0]);
    cJSON_AddStringToObject(jwk, "y", text[1]);
    return jwk;
}

static void judge(struct tally *tally, const cJSON *test, bool is_valid, bool is_accepted)
{
    if (is_valid != is_accepted)
        fail_msg("%d (%s) was %s", number_of(test), text_of(test, "comment"),
                 is_accepted ? "accepted" : "refused");
    tally->accepted += is_accepted;
    tally->refused += !is_accepted;
}

static struct tally signatures_judge(const char *file, const char *key_name, enum jwk_alg alg)
{
    struct tally tally = { 0 };
    cJSON *vectors = vectors_read(file);
    const cJSON *group;
    const cJSON *test;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(vectors, "testGroups"))
    {
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, key_name);
        cJSON *made = key == NULL ? point_jwk(group) : NULL;
        struct jwk_set set;
        assert_true(set_read(key != NULL ? key : made, &set));
        cJSON_Delete(made);
        assert_int_equal(set.keys[0].alg, alg);
        cJSON_ArrayForEach(test, cJSON_GetObjectItemCaseSensitive(group, "tests"))
        {
            uint8_t message[BYTES_MAX];
            uint8_t signature[BYTES_MAX];
            size_t length = bytes_of(test, "msg", message);
            size_t signature_length = bytes_of(test, "sig", signature);
            judge(&tally, test, strcmp(text_of(test, "result"), "valid") == 0,
                  jwk_verify(&set.keys[0], message, length, signature, signature_length));
        }
        jwk_set_done(&set);
    }
    cJSON_Delete(vectors);
    return tally;
}

static void signatures_of_ed25519(void **state)
{
    (void)state;
    struct tally tally = signatures_judge("ed25519_test.json", "publicKeyJwk", JWK_EDDSA);
    assert_int_equal(tally.accepted, 88);
    assert_int_equal(tally.refused, 63);
}

static void signatures_of_p256(void **state)
{
    (void)state;
    struct tally tally =
        signatures_judge("ecdsa_secp256r1_sha256_p1363_test.json", "publicKeyJwk", JWK_ES256);
    assert_int_equal(tally.accepted, 173);
    assert_int_equal(tally.refused, 89);
}

static void signatures_of_rsa(void **state)
{
    (void)state;
    struct tally tally =
        signatures_judge("rsa_signature_2048_sha256_test.json", "keyJwk", JWK_RS256);
    assert_int_equal(tally.accepted, 9);
    assert_int_equal(tally.refused, 250);
}

static bool alg_is_ours(const cJSON *key)
{
    enum jwk_alg alg;
    const cJSON *keys = cJSON_GetObjectItemCaseSensitive(key, "keys");
    return jwk_alg_parse(text_of(keys != NULL ? cJSON_GetArrayItem(keys, 0) : key, "alg"), &alg);
}

static struct tally tokens_judge(const char *file)
{
    struct tally tally = { 0 };
    cJSON *vectors = vectors_read(file);
    const cJSON *group;
    const cJSON *test;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(vectors, "testGroups"))
    {
        const cJSON *public_key = cJSON_GetObjectItemCaseSensitive(group, "public");
        const cJSON *key =
            public_key != NULL ? public_key : cJSON_GetObjectItemCaseSensitive(group, "private");
        struct jwk_set set;
        bool is_read = set_read(key, &set);
        cJSON_ArrayForEach(test, cJSON_GetObjectItemCaseSensitive(group, "tests"))
        {
            struct jws_payload payload;
            struct jwt_refusal refusal;
            const char *token = text_of(test, "jws");
            judge(&tally, test, alg_is_ours(key) && strcmp(text_of(test, "result"), "valid") == 0,
                  is_read && jws_open(&set, JWS_ALG_ALL, token, strlen(token), &payload, &refusal));
        }
        if (is_read)
            jwk_set_done(&set);
    }
    cJSON_Delete(vectors);
    return tally;
}

static void tokens(void **state)
{
    (void)state;
    struct tally tally = tokens_judge("json_web_signature_test.json");
    assert_int_equal(tally.accepted, 10);
    assert_int_equal(tally.refused, 391);
}

static void sets_of_keys(void **state)
{
    (void)state;
    struct tally tally = tokens_judge("json_web_key_test.json");
    assert_int_equal(tally.accepted, 1);
    assert_int_equal(tally.refused, 25);
}

static bool parts_decode(const char *token)
{
    uint8_t bytes[BYTES_MAX];
    for (const char *at = token; *at != '\0';) {
        size_t length = strcspn(at, ".");
        size_t decoded;
        if (!base64url_decode(at, length, bytes, sizeof bytes, &decoded))
            return false;
        at += length + (at[length] == '.');
    }
    return true;
}

/* The group's tokens are HS256, so the test above refuses them all; here is why, of each.
 * Wycheproof calls two valid that have a ? within (372, 373), and gives a sound token for what a
 * padding would be (367, 370). */
static void base64_is_strict(void **state)
{
    (void)state;
    struct tally tally = { 0 };
    cJSON *vectors = vectors_read("json_web_signature_test.json");
    const cJSON *group;
    const cJSON *test;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(vectors, "testGroups"))
    {
        if (strcmp(text_of(group, "comment"), "base64") != 0)
            continue;
        cJSON_ArrayForEach(test, cJSON_GetObjectItemCaseSensitive(group, "tests"))
        {
            int number = number_of(test);
            bool is_sound =
                number == 367 || number == 370 ||
                (strcmp(text_of(test, "result"), "valid") == 0 && number != 372 && number != 373);
            judge(&tally, test, is_sound, parts_decode(text_of(test, "jws")));
        }
    }
    assert_int_equal(tally.accepted, 7);
    assert_int_equal(tally.refused, 14);
    cJSON_Delete(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_ed25519), cmocka_unit_test(signatures_of_p256),
        cmocka_unit_test(signatures_of_rsa),     cmocka_unit_test(tokens),
        cmocka_unit_test(sets_of_keys),          cmocka_unit_test(base64_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
