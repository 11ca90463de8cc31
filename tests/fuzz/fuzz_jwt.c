/* Feeds any bytes to what reads tokens, as a token, as its claims, and as base64url. Built for
 * libFuzzer by clang (meson.build tells how); replay.c runs the committed corpus with any compiler.
 */
#include "common/jwt/base64url.h"
#include "common/jwt/jwt.h"
#include "tests/fuzz/require.h"
#include "tests/vectors/jose/rfc_examples.h"

#include <string.h>

#define NOW_S INT64_C(1700000000)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char *const role_names[] = { "operator", "auditor" };
static const struct jwt_rules rules[] = {
    { "joe", "us", "sub", NULL, NULL, 0, JWS_ALG_ALL },
    { "joe", "us", "sub", "/realm_access/roles", role_names, 2, JWS_ALG_ALL },
    { "joe", "us", "https://a/b", "/https:~1~1a~1b~0/c", role_names, 2, JWS_ALG_ALL },
    { "joe", "us", "sub", "/scope", role_names, 2, JWS_ALG_ALL },
};

static void check_refusal(const struct jwt_refusal *refusal)
{
    REQUIRE(refusal->reason < JWT_REASON_COUNT);
    REQUIRE(refusal->detail[0] != '\0');
    REQUIRE(memchr(refusal->detail, '\0', sizeof refusal->detail) != NULL);
}

/* Only what the RFCs' keys have signed is opened. */
static void check_token(const char *text, size_t length)
{
    static const char *const signed_tokens[] = { RSA_TOKEN, EC_TOKEN, ED_TOKEN };
    static struct jwk_set set;
    struct error error;
    struct jws_payload payload;
    struct jwt_refusal refusal = { .reason = JWT_REASON_COUNT };
    bool is_known = false;
    if (set.count == 0)
        REQUIRE(jwk_set_read(SET(RSA_KEY "," EC_KEY "," ED_KEY),
                             strlen(SET(RSA_KEY "," EC_KEY "," ED_KEY)), &set, &error));
    for (size_t i = 0; i < sizeof signed_tokens / sizeof signed_tokens[0]; i++)
        is_known |=
            length == strlen(signed_tokens[i]) && memcmp(text, signed_tokens[i], length) == 0;
    REQUIRE(jws_open(&set, JWS_ALG_ALL, text, length, &payload, &refusal) == is_known);
    if (!is_known)
        check_refusal(&refusal);
}

static void check_claims(const struct jwt_rules *as, const char *text, size_t length)
{
    struct jwt_caller caller = { 0 };
    struct jwt_refusal refusal = { .reason = JWT_REASON_COUNT };
    struct error error;
    REQUIRE(jwt_rules_check(as, &error));
    if (!jwt_claims_check(as, text, length, NOW_S, &caller, &refusal)) {
        check_refusal(&refusal);
        REQUIRE(caller.user[0] == '\0' && caller.roles == 0);
        return;
    }
    REQUIRE(user_is_valid(caller.user, strlen(caller.user)));
    REQUIRE(caller.roles < 1U << as->role_count);
    REQUIRE(caller.expires_at_s > NOW_S - JWT_LEEWAY_S);
}

/* What is read is what would be written, and what is written can be read. */
static void check_base64url(const uint8_t *bytes, size_t length)
{
    static char text[BASE64URL_LENGTH(JWS_BYTES_MAX)];
    static uint8_t decoded[JWS_BYTES_MAX];
    size_t decoded_length;
    if (length > JWS_BYTES_MAX)
        return;
    if (base64url_decode((const char *)bytes, length, decoded, sizeof decoded, &decoded_length)) {
        REQUIRE(base64url_encode(decoded, decoded_length, text) == length);
        REQUIRE(memcmp(text, bytes, length) == 0);
    }
    size_t written = base64url_encode(bytes, length, text);
    REQUIRE(written == BASE64URL_LENGTH(length));
    REQUIRE(base64url_decode(text, written, decoded, sizeof decoded, &decoded_length));
    REQUIRE(decoded_length == length && memcmp(decoded, bytes, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *text = (const char *)bytes;
    check_base64url(bytes, length);
    check_token(text, length);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        check_claims(&rules[i], text, length);
    return 0;
}
