/* What the header of a token says decides little: nothing that a token brings along is trusted, and
 * by which key and algorithm it is verified is ours to say. */
#include "tests/unit/jose_case.h"

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

static const char *open_signed(const struct jwk_set *set, const char *header)
{
    char token[JWS_TOKEN_SIZE];
    struct error error;
    assert_true(jws_sign(signer, header, "{}", 2, token, &error));
    return open_with(set, JWS_ALG_ALL, token, strlen(token));
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
    return open_with(&all_keys, JWS_ALG_ALL, token, strlen(token));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_of_the_header_attacked),
        cmocka_unit_test(a_key_in_the_token_is_not_used),
        cmocka_unit_test(at_most_four_keys_are_tried),
        cmocka_unit_test(what_is_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, group_begin, group_end);
}
