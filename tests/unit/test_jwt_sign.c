/* What the development's signer signs is what the RFCs have signed, and what the verifier accepts;
 * a file that is no key for it says so. */
#include "tests/unit/jose_case.h"

#include <stdlib.h>
#include <unistd.h>

static void the_token_of_rfc_8037_comes_out_to_the_byte(void **state)
{
    (void)state;
    char token[JWS_TOKEN_SIZE];
    struct error error;
    struct jwt_signer *signer = signer_must_open(ED_SIGNER);
    assert_true(
        jws_sign(signer, "{\"alg\":\"EdDSA\"}", ED_PAYLOAD, strlen(ED_PAYLOAD), token, &error));
    assert_string_equal(token, ED_TOKEN);
    jwt_signer_free(signer);
}

static void the_public_half_is_the_rfcs(void **state)
{
    (void)state;
    char set[JWT_SIGNER_SET_SIZE];
    struct jwt_signer *signer = signer_must_open(ED_SIGNER);
    jwt_signer_set_write(signer, set);
    assert_string_equal(set, "{\"keys\":[{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" ED_X
                             "\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":\"" ED_KID "\"}]}");
    jwt_signer_free(signer);
    signer = signer_must_open(EC_SIGNER);
    jwt_signer_set_write(signer, set);
    assert_string_equal(set, "{\"keys\":[{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" EC_X
                             "\",\"y\":\"" EC_Y "\",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":"
                             "\"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U\"}]}");
    jwt_signer_free(signer);
}

/* ES256 draws a number for each signature, and some have r or s with zeros in front. */
static void what_is_signed_is_opened(void **state)
{
    (void)state;
    static const char *const names[] = { ED_SIGNER, EC_SIGNER };
    for (size_t i = 0; i < 2; i++) {
        char text[JWT_SIGNER_SET_SIZE];
        struct jwk_set set;
        struct jwt_signer *signer = signer_must_open(names[i]);
        jwt_signer_set_write(signer, text);
        set_must_read(text, &set);
        for (int round = 0; round < 600; round++) {
            char token[JWS_TOKEN_SIZE];
            char claims[32];
            struct error error;
            struct jws_payload payload;
            struct jwt_refusal refusal;
            int length = snprintf(claims, sizeof claims, "{\"round\":%d}", round);
            assert_true(jwt_sign(signer, claims, (size_t)length, token, &error));
            assert_true(jws_open(&set, JWS_ALG_ALL, token, strlen(token), &payload, &refusal));
            assert_int_equal(payload.length, length);
            assert_memory_equal(payload.bytes, claims, (size_t)length);
        }
        jwk_set_done(&set);
        jwt_signer_free(signer);
    }
}

static void a_token_that_would_be_too_long_is_not_signed(void **state)
{
    (void)state;
    char token[JWS_TOKEN_SIZE];
    struct error error;
    char *claims = calloc(1, 8192);
    assert_non_null(claims);
    struct jwt_signer *signer = signer_must_open(ED_SIGNER);
    assert_false(jwt_sign(signer, claims, 8192, token, &error));
    assert_int_equal(error.code, ERROR_REJECT);
    /* header 20, signature 86, two dots: 8084 characters are left */
    assert_true(jws_sign(signer, "{\"alg\":\"EdDSA\"}", claims, 6063, token, &error));
    assert_int_equal(strlen(token), JWS_BYTES_MAX);
    assert_false(jws_sign(signer, "{\"alg\":\"EdDSA\"}", claims, 6064, token, &error));
    jwt_signer_free(signer);
    free(claims);
}

/* Each made by openssl genpkey, and pkey -pubout. */
static const char *const no_keys[] = {
    "",
    "no key",
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIE\n-----END PRIVATE KEY-----\n",
    /* RSA is verified, not signed with */
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAOzvhyfi0FhdA69m\n"
    "jCoZEE0AfDN9kNmgb+WuzNH6zY9KjvJ/DpkV1oHW32eBmk/MKpfIYT2Rs7YweGl1\n"
    "cfJQI01hc79ArMOzHZQVftztvkkwjHbIQsOCo/RvnWj4Vtdb51vnOATRfcVxHkAS\n"
    "tZ8GxkabxEMEdGID1Hd5PoNB1u/hAgMBAAECgYAywyrIz95lYCA+/xB+oHoOlVEG\n"
    "0xsqlSYEJow5XKuXzJiNuc0N3VDk5n1ctrax7AMgG81BnKrNGNtjdMch7CtzqiPV\n"
    "HT90oEE4tSxopxipeNDYkRg6Z4n4dcxZSrI1SyDIkw9HNuQC1Kf4J5oxUU4He5gq\n"
    "EbJmKaA7NkY3VrJUdQJBAPuycgGQK0ZGP4s9r+HSF2asKKqXzLcxf4t78SGcixPE\n"
    "Myl9M2CnLCyQGeT4PLni0cmHcQ8qo07NcRofWgyrPesCQQDw/HquFNlWZmG2/pzp\n"
    "LzAaPQvFAf78Ot3EhPXSwx9jP1VgcArZ7N2NzFMlur3j9IaRckPk+taJTJWKbxSN\n"
    "VHpjAkBXDqW4PLF7IRkhhDitlwlZDfsS5mZ8hrZi/H+u7IJ+V8KKey+mIqx4zW7n\n"
    "b6Uxdm6xkhNc95Z8zzprmqR+9Uv5AkEApywOkqqF5mjZik9wXFbOwLTucDklQKY5\n"
    "Z3Vw7kdLg9bQjDjNXkXxn8dJOtgjmHntzAH/VV4o61AEQOcz06LxzwJBAL9Xb9Iu\n"
    "atczIXJI37pkEf8FsJ+b753FRemsiYhl0EJYfBM/h2UHt1hNP9jWunNXlTgWT4fi\n"
    "7m8S8k0dPszUgDk=\n"
    "-----END PRIVATE KEY-----\n",
    /* P-384 */
    "-----BEGIN PRIVATE KEY-----\n"
    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDByRNt1YDAC2sSQWTEz\n"
    "hWIdlWbe802wFO4vXT0Ge/6jBhNj2bUCa80ML6TrDKEJbhehZANiAATmPlxZ8mBl\n"
    "fcOOtVyNRsT780G72j/ki9jVgColNVwiXi/Jd7F8p7nDxzFDw22WQ+je3B+Ce80l\n"
    "Im4vjyMnASso9Naf1YA8tHGxXrT+qh9Ph0IiI2aiqU9IdnCTS0kjC7w=\n"
    "-----END PRIVATE KEY-----\n",
    /* X25519 */
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VuBCIEIJhzdkg6qZqiWGDluzLL7YRHy/Viui+j7TjcWBTbW5Vq\n"
    "-----END PRIVATE KEY-----\n",
    /* with the pass phrase "secret" */
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjjDJfRm/W21AICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEENEsVrCA8H/I+UNazeuRfQwEQBTF\n"
    "HA/khQjLiZ63v+2fgDAGD+ATkMovYukxdnKoj5qMaer7PkKzPiYuYODGCJRFFs4u\n"
    "qh7MbgXmMqYCcAflAEQ=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n",
    /* the public half only */
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    "-----END PUBLIC KEY-----\n",
};

static void a_file_that_is_no_key_says_how_to_make_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof no_keys / sizeof no_keys[0]; i++) {
        char path[] = "/tmp/roundtrip-jwt-XXXXXX";
        int file = mkstemp(path);
        struct jwt_signer *signer = NULL;
        struct error error;
        assert_true(file >= 0);
        assert_int_equal(write(file, no_keys[i], strlen(no_keys[i])), strlen(no_keys[i]));
        assert_int_equal(close(file), 0);
        bool is_open = jwt_signer_open(path, &signer, &error);
        assert_int_equal(unlink(path), 0);
        assert_false(is_open);
        assert_null(signer);
        assert_int_equal(error.code, ERROR_REJECT);
        assert_non_null(strstr(error.message, "openssl genpkey -algorithm ed25519"));
    }
}

static void a_file_that_is_not_there_says_so(void **state)
{
    (void)state;
    struct jwt_signer *signer = NULL;
    struct error error;
    assert_false(jwt_signer_open("/nonexistent/key.pem", &signer, &error));
    assert_string_equal(error.message, "/nonexistent/key.pem: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_of_rfc_8037_comes_out_to_the_byte),
        cmocka_unit_test(the_public_half_is_the_rfcs),
        cmocka_unit_test(what_is_signed_is_opened),
        cmocka_unit_test(a_token_that_would_be_too_long_is_not_signed),
        cmocka_unit_test(a_file_that_is_no_key_says_how_to_make_one),
        cmocka_unit_test(a_file_that_is_not_there_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
