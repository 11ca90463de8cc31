/* What the RFCs have signed is opened; whatever of it is changed, it is refused. */
#include "tests/unit/jose_case.h"

#include "common/jwt/base64url.h"

#include <pthread.h>

static struct jwk_set all_keys;

static int group_begin(void **state)
{
    (void)state;
    set_must_read(SET(RSA_KEY "," EC_KEY "," ED_KEY), &all_keys);
    return 0;
}

static int group_end(void **state)
{
    (void)state;
    jwk_set_done(&all_keys);
    return 0;
}

static const char *open_one(const char *token)
{
    return open_with(&all_keys, JWS_ALG_ALL, token, strlen(token));
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

static void an_algorithm_that_is_not_allowed_is_refused(void **state)
{
    (void)state;
    for (unsigned algs = 0; algs <= JWS_ALG_ALL; algs++)
        for (unsigned i = 0; i < RFC_TOKEN_COUNT; i++)
            assert_string_equal(open_with(&all_keys, algs, rfc_tokens[i], strlen(rfc_tokens[i])),
                                (algs & JWS_ALG(i)) != 0 ? "accepted" : "wrong_algorithm");
}

static void *open_often(void *self)
{
    size_t *accepted = self;
    for (int round = 0; round < 50; round++)
        for (size_t i = 0; i < RFC_TOKEN_COUNT; i++)
            *accepted += strcmp(open_one(rfc_tokens[i]), "accepted") == 0;
    return NULL;
}

static void any_thread_verifies_by_the_same_set(void **state)
{
    (void)state;
    pthread_t threads[4];
    size_t accepted[4] = { 0 };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_often, &accepted[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(accepted[i], 50 * RFC_TOKEN_COUNT);
    }
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
        cmocka_unit_test(an_algorithm_that_is_not_allowed_is_refused),
        cmocka_unit_test(any_thread_verifies_by_the_same_set),
        cmocka_unit_test(without_keys_each_token_is_of_an_unknown_one),
    };
    return cmocka_run_group_tests(tests, group_begin, group_end);
}
