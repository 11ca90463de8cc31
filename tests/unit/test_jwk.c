/* Of a set of keys those are used that can verify a token, and of the others it is said why not. */
#include "tests/unit/jose_case.h"

#include "common/jwt/base64url.h"

#include <stdlib.h>

/* A key with one more member. */
#define EC_WITH(member)                                                                            \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"," member "}"
#define ED_WITH(member)  "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"," member "}"
#define RSA_WITH(member) "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"," member "}"
#define RSA_E(exponent)  "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"" exponent "\"}"

static void the_kind_of_a_key_decides_its_algorithm(void **state)
{
    (void)state;
    struct jwk_set set;
    set_must_read(SET(RSA_WITH("\"kid\":\"a\"") "," EC_WITH("\"alg\":\"ES256\"") "," ED_KEY), &set);
    assert_int_equal(set.count, 3);
    assert_int_equal(set.skipped_count, 0);
    assert_string_equal(set.skipped, "");
    assert_int_equal(set.keys[0].alg, JWK_RS256);
    assert_string_equal(set.keys[0].kid, "a");
    assert_int_equal(set.keys[1].alg, JWK_ES256);
    assert_string_equal(set.keys[1].kid, "");
    assert_int_equal(set.keys[2].alg, JWK_EDDSA);
    jwk_set_done(&set);
}

static void what_says_how_it_is_used_is_used_so(void **state)
{
    (void)state;
    static const char *const keys[] = {
        RSA_WITH("\"use\":\"sig\",\"alg\":\"RS256\",\"x5c\":[\"MIIC\"],\"x5t#S256\":\"a\""),
        EC_WITH("\"key_ops\":[\"sign\",\"verify\"]"),
        ED_WITH("\"key_ops\":[\"verify\"],\"use\":\"sig\",\"alg\":\"EdDSA\",\"ext\":true"),
        RSA_E("Aw"),
        RSA_E("AAEAAQ"),
        "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"_____w\"}",
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char text[2048];
        struct jwk_set set;
        (void)snprintf(text, sizeof text, "{\"keys\":[%s]}", keys[i]);
        set_must_read(text, &set);
        assert_int_equal(set.count, 1);
        jwk_set_done(&set);
    }
}

static const struct {
    const char *key;
    const char *reason;
} skipped[] = {
    { "1", "is no object" },
    { "[]", "is no object" },
    { "null", "is no object" },
    { "{}", "is neither RSA" },
    { "{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", "is neither RSA" },
    { "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}",
      "is neither RSA" },
    { "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}",
      "is neither" },
    { "{\"kty\":\"EC\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}", "is neither RSA" },
    { "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ED_X "\"}", "is neither RSA" },
    { "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" ED_X "\"}", "is neither RSA" },
    { "{\"kty\":\"okp\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}", "is neither RSA" },
    { "{\"kty\":1,\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}", "is neither RSA" },
    { ED_WITH("\"kid\":1"), "kid is not" },
    { ED_WITH("\"kid\":\"0123456789012345678901234567890123456789012345678901234567890123456789"
              "01234567890123456789012345678901234567890123456789012345678\""),
      "kid is not" },
    { ED_WITH("\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""), "has its private half" },
    { EC_WITH("\"d\":null"), "has its private half" },
    { RSA_WITH("\"p\":\"AA\""), "has its private half" },
    { RSA_WITH("\"qi\":\"AA\""), "has its private half" },
    { RSA_WITH("\"oth\":[]"), "has its private half" },
    { RSA_WITH("\"k\":\"AA\""), "has its private half" },
    { RSA_WITH("\"alg\":\"RSA-OAEP\""), "is for another algorithm" },
    { RSA_WITH("\"alg\":\"RS512\""), "is for another algorithm" },
    { RSA_WITH("\"alg\":\"PS256\""), "is for another algorithm" },
    { RSA_WITH("\"alg\":\"HS256\""), "is for another algorithm" },
    { RSA_WITH("\"alg\":\"rs256\""), "is for another algorithm" },
    { RSA_WITH("\"alg\":\"none\""), "is for another algorithm" },
    { RSA_WITH("\"alg\":null"), "is for another algorithm" },
    { EC_WITH("\"alg\":\"RS256\""), "is for another algorithm" },
    { ED_WITH("\"alg\":\"ES256\""), "is for another algorithm" },
    { RSA_WITH("\"use\":\"enc\""), "is not for signatures" },
    { RSA_WITH("\"use\":[\"sig\"]"), "is not for signatures" },
    { RSA_WITH("\"use\":\"SIG\""), "is not for signatures" },
    { RSA_WITH("\"key_ops\":[]"), "is not for signatures" },
    { RSA_WITH("\"key_ops\":[\"encrypt\",\"wrapKey\"]"), "is not for signatures" },
    { RSA_WITH("\"key_ops\":[\"sign\"]"), "is not for signatures" },
    { RSA_WITH("\"key_ops\":\"verify\""), "is not for signatures" },
    { RSA_WITH("\"use\":\"enc\",\"key_ops\":[\"verify\"]"), "is not for signatures" },
    { "{\"kty\":\"RSA\",\"e\":\"AQAB\"}", "n is not" },
    { "{\"kty\":\"RSA\",\"n\":1,\"e\":\"AQAB\"}", "n is not" },
    { "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "n is not" },
    { "{\"kty\":\"RSA\",\"n\":\"" RSA_N "==\",\"e\":\"AQAB\"}", "n is not" },
    { "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\"}", "e is not" },
    { RSA_E(""), "e is not" },
    { RSA_E("AQ"), "e is not" },
    { RSA_E("AA"), "e is not" },
    { RSA_E("Ag"), "e is not" },
    { RSA_E("AQAA"), "e is not" },
    { RSA_E("AQAAAAE"), "e is not" },
    { RSA_E("AQAB="), "e is not" },
    { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"y\":\"" EC_Y "\"}", "x is not" },
    { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\"}", "y is not" },
    { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"AAAA\"}", "y is not" },
    { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_Y "\",\"y\":\"" EC_X "\"}", "is no valid" },
    { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
      "\"y\":"
      "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
      "is no valid" },
    { "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", "x is not" },
    { "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\"}", "x is not" },
    { "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA" ED_X "\"}", "x is not" },
    { "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "=\"}", "x is not" },
    { "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\\u0031" ED_X "\"}", "x is not" },
};

/* Beside a key that is used, and alone, where there is no set without it. */
static void a_key_that_cannot_be_used_is_skipped_with_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++) {
        char text[4096];
        struct jwk_set set;
        struct error error;
        (void)snprintf(text, sizeof text, "{\"keys\":[%s,%s]}", EC_KEY, skipped[i].key);
        set_must_read(text, &set);
        if (set.count != 1 || set.skipped_count != 1 || strncmp(set.skipped, "/keys/1 ", 8) != 0 ||
            strstr(set.skipped, skipped[i].reason) == NULL)
            fail_msg("%s: %s", skipped[i].key, set.skipped);
        jwk_set_done(&set);
        (void)snprintf(text, sizeof text, "{\"keys\":[%s]}", skipped[i].key);
        assert_false(jwk_set_read(text, strlen(text), &set, &error));
        assert_int_equal(error.code, ERROR_REJECT);
        assert_non_null(strstr(error.message, "no key that can be used: /keys/0"));
        assert_non_null(strstr(error.message, skipped[i].reason));
    }
}

/* A modulus of so many bits, all ones. */
static bool modulus_is_read(size_t bits)
{
    uint8_t bytes[JWK_RSA_BITS_MAX / 8 + 2];
    char n[BASE64URL_LENGTH(sizeof bytes) + 1];
    char text[1024];
    struct jwk_set set;
    struct error error;
    size_t length = (bits + 7) / 8;
    memset(bytes, 0xff, sizeof bytes);
    bytes[0] = (uint8_t)(0xff >> (8 * length - bits));
    n[base64url_encode(bytes, length, n)] = '\0';
    (void)snprintf(text, sizeof text, "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}]}",
                   n);
    bool is_read = jwk_set_read(text, strlen(text), &set, &error);
    if (is_read)
        jwk_set_done(&set);
    return is_read;
}

static void a_modulus_has_2048_to_4096_bits(void **state)
{
    (void)state;
    assert_false(modulus_is_read(1024));
    assert_false(modulus_is_read(2047));
    assert_true(modulus_is_read(2048));
    assert_true(modulus_is_read(3072));
    assert_true(modulus_is_read(4096));
    assert_false(modulus_is_read(4097));
    assert_false(modulus_is_read(4104));
}

/* Some libraries write one (RFC 7518, 6.3.1.1); the number is the same. */
static void a_zero_before_the_modulus_is_no_harm(void **state)
{
    (void)state;
    uint8_t bytes[257] = { 0 };
    char n[BASE64URL_LENGTH(sizeof bytes) + 1];
    char text[1024];
    struct jwk_set set;
    struct jws_payload payload;
    struct jwt_refusal refusal;
    size_t length;
    assert_true(base64url_decode(RSA_N, strlen(RSA_N), bytes + 1, 256, &length));
    n[base64url_encode(bytes, sizeof bytes, n)] = '\0';
    (void)snprintf(text, sizeof text, "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}]}",
                   n);
    set_must_read(text, &set);
    assert_true(jws_open(&set, JWS_ALG_ALL, RSA_TOKEN, strlen(RSA_TOKEN), &payload, &refusal));
    jwk_set_done(&set);
}

static void a_set_has_up_to_32_keys(void **state)
{
    (void)state;
    char text[8192];
    for (int count = 31; count <= 34; count++) {
        struct jwk_set set;
        struct error error;
        int length = snprintf(text, sizeof text, "{\"keys\":[%s", ED_KEY);
        for (int i = 1; i < count; i++)
            length += snprintf(text + length, sizeof text - (size_t)length, ",%s",
                               i % 2 == 1 ? ED_KEY : "{}");
        (void)snprintf(text + length, sizeof text - (size_t)length, "]}");
        bool is_read = jwk_set_read(text, strlen(text), &set, &error);
        assert_int_equal(is_read, count <= JWK_KEYS_MAX);
        if (is_read)
            jwk_set_done(&set);
        else
            assert_string_equal(error.message, "more than 32 keys");
    }
}

static void a_set_has_up_to_64_kib(void **state)
{
    (void)state;
    struct jwk_set set;
    struct error error;
    char *text = malloc(JWK_SET_BYTES_MAX + 1);
    assert_non_null(text);
    memset(text, ' ', JWK_SET_BYTES_MAX + 1);
    memcpy(text, SET(ED_KEY), strlen(SET(ED_KEY)));
    assert_true(jwk_set_read(text, JWK_SET_BYTES_MAX, &set, &error));
    jwk_set_done(&set);
    assert_false(jwk_set_read(text, JWK_SET_BYTES_MAX + 1, &set, &error));
    assert_string_equal(error.message, "longer than 65536 bytes");
    free(text);
}

static void what_is_no_set_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        ED_KEY,
        "[" ED_KEY "]",
        "{\"keys\":[]}",
        "{\"keys\":{}}",
        "{\"keys\":null}",
        "{\"keys\":\"" ED_X "\"}",
        "{\"Keys\":[" ED_KEY "]}",
        "{\"keys\":[" ED_KEY "],\"keys\":[" EC_KEY "]}",
        "{\"keys\":[" ED_WITH("\"kty\":\"OKP\"") "]}",
        "{\"keys\":[" ED_WITH("\"X\":\"AAAA\"") "]}",
        SET(ED_KEY) "x",
        "\xef\xbb\xbf" SET(ED_KEY),
        "<html>",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct jwk_set set;
        struct error error = { 0 };
        if (jwk_set_read(texts[i], strlen(texts[i]), &set, &error))
            fail_msg("was read: %s", texts[i]);
        assert_int_equal(error.code, ERROR_REJECT);
        assert_true(error.message[0] != '\0');
    }
}

static void a_set_that_is_cut_anywhere_is_refused(void **state)
{
    (void)state;
    static const char text[] = SET(RSA_KEY "," EC_KEY "," ED_KEY);
    for (size_t length = 0; length < sizeof text - 1; length++) {
        struct jwk_set set;
        struct error error;
        assert_false(jwk_set_read(text, length, &set, &error));
    }
}

static void algorithms_have_one_spelling(void **state)
{
    (void)state;
    enum jwk_alg alg;
    for (int i = 0; i < JWK_ALG_COUNT; i++) {
        assert_true(jwk_alg_parse(jwk_alg_name((enum jwk_alg)i), &alg));
        assert_int_equal(alg, i);
    }
    static const char *const others[] = { "",      "none",  "None",  "HS256", "rs256",   "RS256 ",
                                          "RS384", "PS256", "ES384", "eddsa", "Ed25519", "EDDSA" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(jwk_alg_parse(others[i], &alg));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kind_of_a_key_decides_its_algorithm),
        cmocka_unit_test(what_says_how_it_is_used_is_used_so),
        cmocka_unit_test(a_key_that_cannot_be_used_is_skipped_with_its_reason),
        cmocka_unit_test(a_modulus_has_2048_to_4096_bits),
        cmocka_unit_test(a_zero_before_the_modulus_is_no_harm),
        cmocka_unit_test(a_set_has_up_to_32_keys),
        cmocka_unit_test(a_set_has_up_to_64_kib),
        cmocka_unit_test(what_is_no_set_is_refused),
        cmocka_unit_test(a_set_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(algorithms_have_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
