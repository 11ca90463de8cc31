/* What the RFCs have signed is opened; whatever of it is changed, and whoever else signs, it is
 * refused, and nothing that a token brings along decides by which key. */
#include "tests/unit/jose_case.h"

#include "common/jwt/base64url.h"

#include <stdlib.h>

static struct jwt_signer *signer;
static struct jwk_set all_keys;

static int group_begin(void **state)
{
    (void)state;
    signer = signer_must_open(ED_SIGNER);
    set_must_read(SET(RSA_KEY "," EC_KEY "," ED_KEY), &all_keys);
    return 0;
}

static int group_end(void **state)
{
    (void)state;
    jwk_set_done(&all_keys);
    jwt_signer_free(signer);
    return 0;
}

/* "accepted", or the reason's name. */
static const char *open_with(const struct jwk_set *set, unsigned algs, const char *token,
                             size_t length)
{
    struct jws_payload payload;
    struct jwt_refusal refusal = { 0 };
    if (jws_open(set, algs, token, length, &payload, &refusal))
        return "accepted";
    assert_true(refusal.detail[0] != '\0');
    return jwt_reason_name(refusal.reason);
}

static const char *open_one(const char *token)
{
    return open_with(&all_keys, JWS_ALG_ALL, token, strlen(token));
}

static const char *open_signed(const struct jwk_set *set, const char *header)
{
    char token[JWS_TOKEN_SIZE];
    struct error error;
    assert_true(jws_sign(signer, header, "{}", 2, token, &error));
    return open_with(set, JWS_ALG_ALL, token, strlen(token));
}

static const char *const rfc_tokens[] = { RSA_TOKEN, EC_TOKEN, ED_TOKEN };
#define RFC_TOKEN_COUNT (sizeof rfc_tokens / sizeof rfc_tokens[0])

static void the_tokens_of_the_rfcs_are_opened(void **state)
{
    (void)state;
    static const char *const payloads[RFC_TOKEN_COUNT] = { JOE_CLAIMS, JOE_CLAIMS, ED_PAYLOAD };
    for (size_t i = 0; i < RFC_TOKEN_COUNT; i++) {
        struct jws_payload payload;
        struct jwt_refusal refusal;
        assert_true(jws_open(&all_keys, JWS_ALG_ALL, rfc_tokens[i], strlen(rfc_tokens[i]), &payload,
                             &refusal));
        assert_int_equal(payload.length, strlen(payloads[i]));
        assert_memory_equal(payload.bytes, payloads[i], payload.length);
    }
}

/* RFC 7515: A.1 is HS256, A.4 ES512, A.5 has no signature, A.6 is JSON. */
static void the_rfcs_other_tokens_are_refused(void **state)
{
    (void)state;
    assert_string_equal(open_one("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE
                                 ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                        "wrong_algorithm");
    assert_string_equal(
        open_one("eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOY"
                 "aRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpE"
                 "HwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"),
        "wrong_algorithm");
    assert_string_equal(open_one("eyJhbGciOiJub25lIn0." JOE "."), "wrong_algorithm");
    assert_string_equal(open_one("{\"payload\":\"" JOE "\",\"signatures\":[]}"), "malformed");
}

static void a_token_that_is_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < RFC_TOKEN_COUNT; i++)
        for (size_t length = 0; length < strlen(rfc_tokens[i]); length++)
            assert_string_not_equal(open_with(&all_keys, JWS_ALG_ALL, rfc_tokens[i], length),
                                    "accepted");
}

static void a_token_with_any_byte_changed_is_refused(void **state)
{
    (void)state;
    static const char others[] = "AQgw_-.= +/\n\"\x80";
    for (size_t i = 0; i < RFC_TOKEN_COUNT; i++) {
        char token[1024];
        size_t length = strlen(rfc_tokens[i]);
        memcpy(token, rfc_tokens[i], length);
        for (size_t at = 0; at < length; at++) {
            for (size_t other = 0; other < sizeof others; other++) { /* and the NUL */
                if (others[other] == rfc_tokens[i][at])
                    continue;
                token[at] = others[other];
                assert_string_not_equal(open_with(&all_keys, JWS_ALG_ALL, token, length),
                                        "accepted");
            }
            token[at] = rfc_tokens[i][at];
        }
        assert_string_equal(open_with(&all_keys, JWS_ALG_ALL, token, length), "accepted");
    }
}

static void a_token_with_anything_added_is_refused(void **state)
{
    (void)state;
    static const char *const added[] = { ".", "A", "AA", "AAAA", "=", "==", " ", "\n", ".AAAA" };
    for (size_t i = 0; i < RFC_TOKEN_COUNT; i++) {
        for (size_t j = 0; j < sizeof added / sizeof added[0]; j++) {
            char token[1024];
            (void)snprintf(token, sizeof token, "%s%s", rfc_tokens[i], added[j]);
            assert_string_not_equal(open_one(token), "accepted");
            (void)snprintf(token, sizeof token, "%s%s", added[j], rfc_tokens[i]);
            assert_string_not_equal(open_one(token), "accepted");
        }
        assert_string_equal(open_with(&all_keys, JWS_ALG_ALL, rfc_tokens[i],
                                      strlen(rfc_tokens[i]) + 1), /* with its NUL */
                            "malformed");
    }
}

/* Each of them has bits to spare at its end. */
static void a_signature_has_one_spelling(void **state)
{
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < RFC_TOKEN_COUNT; i++) {
        char token[1024];
        int accepted = 0;
        (void)snprintf(token, sizeof token, "%s", rfc_tokens[i]);
        for (size_t j = 0; j < 64; j++) {
            token[strlen(token) - 1] = alphabet[j];
            accepted += strcmp(open_one(token), "accepted") == 0;
        }
        assert_int_equal(accepted, 1);
    }
}

/* How X.509 has it; JOSE has r and s only. */
static void a_signature_in_der_is_refused(void **state)
{
    (void)state;
    const char *signature = strrchr(EC_TOKEN, '.') + 1;
    uint8_t raw[64];
    uint8_t der[71] = { 0x30, 69, 0x02, 32 };
    char text[BASE64URL_LENGTH(sizeof der) + 1];
    char token[512];
    size_t length;
    assert_true(base64url_decode(signature, strlen(signature), raw, sizeof raw, &length));
    assert_int_equal(length, 64);
    assert_true(raw[0] < 0x80 && raw[32] >= 0x80);
    memcpy(der + 4, raw, 32);
    der[36] = 0x02;
    der[37] = 33;
    der[38] = 0;
    memcpy(der + 39, raw + 32, 32);
    text[base64url_encode(der, sizeof der, text)] = '\0';
    (void)snprintf(token, sizeof token, "%.*s%s", (int)(signature - EC_TOKEN), EC_TOKEN, text);
    assert_string_equal(open_one(token), "bad_signature");
}

/* What the header says, signed by the key of ours. */
static const struct {
    const char *header;
    const char *verdict;
} headers[] = {
    { "{\"alg\":\"EdDSA\"}", "accepted" },
    { " {\n\"alg\" :\t\"EdDSA\" }\r\n", "accepted" },
    { "{\"alg\":\"Ed\\u0044SA\"}", "accepted" },
    { "{\"alg\":\"EdDSA\",\"kid\":\"ours\"}", "accepted" },
    { "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}", "accepted" },
    { "{\"alg\":\"EdDSA\",\"typ\":\"jwt\"}", "accepted" },
    { "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}", "accepted" },
    { "{\"alg\":\"EdDSA\",\"typ\":\"AT+JWT\"}", "accepted" },
    { "{\"alg\":\"EdDSA\",\"typ\":\"application/at+jwt\"}", "accepted" },
    { "{\"alg\":\"EdDSA\",\"cty\":\"JWT\",\"b64\":false,\"zip\":\"DEF\"}", "accepted" },
    { "{\"alg\":\"EdDSA\",\"jku\":\"https://evil.example/\",\"x5u\":\"file:///etc/passwd\"}",
      "accepted" },
    { "{\"alg\":\"EdDSA\",\"jwk\":" EC_KEY ",\"x5c\":[\"MIIC\"],\"x5t\":7}", "accepted" },
    /* algorithms */
    { "{\"alg\":\"none\"}", "wrong_algorithm" },
    { "{\"alg\":\"None\"}", "wrong_algorithm" },
    { "{\"alg\":\"nOnE\"}", "wrong_algorithm" },
    { "{\"alg\":\"HS256\"}", "wrong_algorithm" },
    { "{\"alg\":\"HS512\"}", "wrong_algorithm" },
    { "{\"alg\":\"eddsa\"}", "wrong_algorithm" },
    { "{\"alg\":\"EdDSA \"}", "wrong_algorithm" },
    { "{\"alg\":\"Ed25519\"}", "wrong_algorithm" },
    { "{\"alg\":\"PS256\"}", "wrong_algorithm" },
    { "{\"alg\":\"RSA-OAEP\",\"enc\":\"A128GCM\"}", "wrong_algorithm" },
    { "{\"alg\":\"RS256\"}", "bad_signature" },
    { "{\"alg\":\"ES256\"}", "bad_signature" },
    { "{\"alg\":\"RS256\",\"kid\":\"ours\"}", "wrong_algorithm" },
    { "{\"alg\":\"ES256\",\"kid\":\"ours\"}", "wrong_algorithm" },
    { "{}", "malformed" },
    { "{\"alg\":\"\"}", "malformed" },
    { "{\"alg\":null}", "malformed" },
    { "{\"alg\":5}", "malformed" },
    { "{\"alg\":[\"EdDSA\"]}", "malformed" },
    { "{\"alg\":{\"alg\":\"EdDSA\"}}", "malformed" },
    { "{\"alg\":\"EdDSA\\u0000\"}", "malformed" },
    { "{\"alg\":\"EdDSAEdDSAEdDSAEdDSA\"}", "malformed" },
    { "{\"Alg\":\"EdDSA\"}", "malformed" },
    /* twice the same */
    { "{\"alg\":\"none\",\"alg\":\"EdDSA\"}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\"}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"ALG\":\"none\"}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"\\u0061lg\":\"none\"}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"jwk\":{\"kty\":\"EC\",\"kty\":\"RSA\"}}", "malformed" },
    /* keys */
    { "{\"alg\":\"EdDSA\",\"kid\":\"theirs\"}", "unknown_key" },
    { "{\"alg\":\"EdDSA\",\"kid\":\"OURS\"}", "unknown_key" },
    { "{\"alg\":\"EdDSA\",\"kid\":\"ours \"}", "unknown_key" },
    { "{\"alg\":\"EdDSA\",\"kid\":\"../../../dev/null\"}", "unknown_key" },
    { "{\"alg\":\"EdDSA\",\"kid\":\"' OR 1=1 --\"}", "unknown_key" },
    { "{\"alg\":\"EdDSA\",\"kid\":\"other\"}", "bad_signature" },
    { "{\"alg\":\"EdDSA\",\"kid\":\"\"}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"kid\":null}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"kid\":0}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"kid\":[\"ours\"]}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"kid\":\"ours\\u0000\"}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"kid\":\"ours\\n\"}", "malformed" },
    /* extensions */
    { "{\"alg\":\"EdDSA\",\"crit\":[\"exp\"],\"exp\":1}", "unsupported" },
    { "{\"alg\":\"EdDSA\",\"crit\":[\"b64\"],\"b64\":false}", "unsupported" },
    { "{\"alg\":\"EdDSA\",\"crit\":[]}", "unsupported" },
    { "{\"alg\":\"EdDSA\",\"crit\":null}", "unsupported" },
    { "{\"alg\":\"EdDSA\",\"crit\":\"\"}", "unsupported" },
    /* other kinds of token */
    { "{\"alg\":\"EdDSA\",\"typ\":\"logout+jwt\"}", "unsupported" },
    { "{\"alg\":\"EdDSA\",\"typ\":\"dpop+jwt\"}", "unsupported" },
    { "{\"alg\":\"EdDSA\",\"typ\":\"secevent+jwt\"}", "unsupported" },
    { "{\"alg\":\"EdDSA\",\"typ\":\"JOSE\"}", "unsupported" },
    { "{\"alg\":\"EdDSA\",\"typ\":\"JWT \"}", "unsupported" },
    { "{\"alg\":\"EdDSA\",\"typ\":\"\"}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"typ\":null}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"typ\":1}", "malformed" },
    /* no object */
    { "", "malformed" },
    { "[]", "malformed" },
    { "\"EdDSA\"", "malformed" },
    { "null", "malformed" },
    { "{\"alg\":\"EdDSA\"", "malformed" },
    { "{\"alg\":\"EdDSA\"}{}", "malformed" },
    { "{\"alg\":\"EdDSA\",}", "malformed" },
    { "{'alg':'EdDSA'}", "malformed" },
    { "\xef\xbb\xbf{\"alg\":\"EdDSA\"}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"x\":\"\xff\"}", "malformed" },
    { "{\"alg\":\"EdDSA\",\"x\":01}", "malformed" },
};

static void each_field_of_the_header_attacked(void **state)
{
    (void)state;
    struct jwk_set set;
    set_must_read(SET("{\"kid\":\"ours\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"},"
                      "{\"kid\":\"other\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
                      "\"fU0Of2FTpptiQrUiq77mhf2kQg-INLEIw72uNp71Sfo\"}," RSA_KEY "," EC_KEY),
                  &set);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const char *verdict = open_signed(&set, headers[i].header);
        if (strcmp(verdict, headers[i].verdict) != 0)
            fail_msg("%s: %s instead of %s", headers[i].header, verdict, headers[i].verdict);
    }
    jwk_set_done(&set);
}

/* RFC 8725, 2.9: the attacker signs with his key, and sends it along. */
static void a_key_in_the_token_is_not_used(void **state)
{
    (void)state;
    struct jwk_set set;
    set_must_read(SET(EC_KEY), &set);
    assert_string_equal(open_signed(&set, "{\"alg\":\"EdDSA\",\"jwk\":" ED_KEY "}"), "unknown_key");
    jwk_set_done(&set);
    set_must_read(SET("{\"kid\":\"a\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
                      "\"fU0Of2FTpptiQrUiq77mhf2kQg-INLEIw72uNp71Sfo\"}"),
                  &set);
    assert_string_equal(open_signed(&set, "{\"alg\":\"EdDSA\",\"kid\":\"a\",\"jwk\":" ED_KEY "}"),
                        "bad_signature");
    jwk_set_done(&set);
}

static void an_algorithm_that_is_not_allowed_is_refused(void **state)
{
    (void)state;
    for (unsigned algs = 0; algs <= JWS_ALG_ALL; algs++)
        for (unsigned i = 0; i < RFC_TOKEN_COUNT; i++)
            assert_string_equal(open_with(&all_keys, algs, rfc_tokens[i], strlen(rfc_tokens[i])),
                                (algs & JWS_ALG(i)) != 0 ? "accepted" : "wrong_algorithm");
}

/* A set in which so many other keys stand before ours. */
static const char *open_behind(int others, const char *member, const char *header)
{
    char text[4096] = "{\"keys\":[";
    size_t length = strlen(text);
    struct jwk_set set;
    for (int i = 0; i < others; i++)
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",%s\"x\":"
                                   "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%c\"},",
                                   member, "AEIMQUYcgk"[i]);
    (void)snprintf(text + length, sizeof text - length,
                   "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",%s\"x\":\"" ED_X "\"}]}", member);
    set_must_read(text, &set);
    const char *verdict = open_signed(&set, header);
    jwk_set_done(&set);
    return verdict;
}

static void at_most_four_keys_are_tried(void **state)
{
    (void)state;
    assert_string_equal(open_behind(3, "", "{\"alg\":\"EdDSA\"}"), "accepted");
    assert_string_equal(open_behind(4, "", "{\"alg\":\"EdDSA\"}"), "bad_signature");
    assert_string_equal(open_behind(3, "\"kid\":\"a\",", "{\"alg\":\"EdDSA\",\"kid\":\"a\"}"),
                        "accepted");
    assert_string_equal(open_behind(4, "\"kid\":\"a\",", "{\"alg\":\"EdDSA\",\"kid\":\"a\"}"),
                        "bad_signature");
    assert_string_equal(open_behind(4, "", "{\"alg\":\"EdDSA\",\"kid\":\"a\"}"), "unknown_key");
}

/* A header or payload of so many bytes. */
static const char *open_sized(size_t header_bytes, size_t payload_bytes)
{
    static char payload[8192];
    char header[2048] = "{\"alg\":\"EdDSA\"";
    char token[JWS_TOKEN_SIZE];
    struct error error;
    memset(payload, 'x', sizeof payload);
    size_t length = strlen(header);
    memset(header + length, ' ', header_bytes - length - 1);
    header[header_bytes - 1] = '}';
    header[header_bytes] = '\0';
    assert_true(jws_sign(signer, header, payload, payload_bytes, token, &error));
    return open_one(token);
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    assert_string_equal(open_sized(JWS_HEADER_BYTES_MAX, JWS_PAYLOAD_BYTES_MAX), "accepted");
    assert_string_equal(open_sized(JWS_HEADER_BYTES_MAX + 1, 2), "malformed");
    assert_string_equal(open_sized(64, JWS_PAYLOAD_BYTES_MAX + 1), "malformed");
    char *token = malloc(JWS_BYTES_MAX + 1);
    assert_non_null(token);
    memset(token, 'A', JWS_BYTES_MAX + 1);
    memcpy(token, "eyJhbGciOiJFZERTQSJ9.", 21);
    token[JWS_BYTES_MAX - 87] = '.';
    assert_string_equal(open_with(&all_keys, JWS_ALG_ALL, token, JWS_BYTES_MAX), "bad_signature");
    assert_string_equal(open_with(&all_keys, JWS_ALG_ALL, token, JWS_BYTES_MAX + 1), "malformed");
    token[21] = '.';
    assert_string_equal(open_with(&all_keys, JWS_ALG_ALL, token, 22 + 683), "bad_signature");
    assert_string_equal(open_with(&all_keys, JWS_ALG_ALL, token, 22 + 684), "malformed");
    free(token);
}

static void without_keys_each_token_is_of_an_unknown_one(void **state)
{
    (void)state;
    const struct jwk_set none = { 0 };
    for (size_t i = 0; i < RFC_TOKEN_COUNT; i++)
        assert_string_equal(open_with(&none, JWS_ALG_ALL, rfc_tokens[i], strlen(rfc_tokens[i])),
                            "unknown_key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tokens_of_the_rfcs_are_opened),
        cmocka_unit_test(the_rfcs_other_tokens_are_refused),
        cmocka_unit_test(a_token_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(a_token_with_any_byte_changed_is_refused),
        cmocka_unit_test(a_token_with_anything_added_is_refused),
        cmocka_unit_test(a_signature_has_one_spelling),
        cmocka_unit_test(a_signature_in_der_is_refused),
        cmocka_unit_test(each_field_of_the_header_attacked),
        cmocka_unit_test(a_key_in_the_token_is_not_used),
        cmocka_unit_test(an_algorithm_that_is_not_allowed_is_refused),
        cmocka_unit_test(at_most_four_keys_are_tried),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(without_keys_each_token_is_of_an_unknown_one),
    };
    return cmocka_run_group_tests(tests, group_begin, group_end);
}
