/* jwt_sign.c - reads a private key and signs with it, by OpenSSL's EVP. */
#include "common/jwt/jwt_sign.h"

#include "common/base/hash.h"
#include "common/base/memory.h"
#include "common/jwt/base64url.h"

#include <assert.h>
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINT_BYTES          32
#define POINT_TEXT_SIZE      (BASE64URL_LENGTH(POINT_BYTES) + 1)
#define SIGNATURE_BYTES      64 /* of both algorithms */
#define DER_BYTES_MAX        72
#define SIGNATURE_TEXT_BYTES (BASE64URL_LENGTH(SIGNATURE_BYTES) + 2) /* and two dots */
#define HEADER_SIZE          128

struct jwt_signer {
    EVP_PKEY *key;
    enum jwk_alg alg;
    char
        members[256]; /* of the public key, as its thumbprint has them: in their order, no blanks */
    char kid[BASE64URL_LENGTH(SHA256_BYTES) + 1];
};

/* A key with a pass phrase is refused instead of asking on a terminal. */
static int pass_phrase_refuse(char *buffer, int size, int is_writing, void *self)
{
    (void)buffer, (void)size, (void)is_writing, (void)self;
    return -1;
}

static bool point_write(const EVP_PKEY *key, const char *name, char ret_text[POINT_TEXT_SIZE])
{
    BIGNUM *number = NULL;
    uint8_t bytes[POINT_BYTES];
    bool is_read = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
                   BN_bn2binpad(number, bytes, sizeof bytes) == POINT_BYTES;
    BN_free(number);
    if (is_read)
        ret_text[base64url_encode(bytes, sizeof bytes, ret_text)] = '\0';
    return is_read;
}

static bool members_write(struct jwt_signer *signer)
{
    char x[POINT_TEXT_SIZE];
    char y[POINT_TEXT_SIZE];
    char group[16] = "";
    uint8_t bytes[POINT_BYTES];
    size_t length = sizeof bytes;
    if (EVP_PKEY_is_a(signer->key, "ED25519") == 1 &&
        EVP_PKEY_get_raw_public_key(signer->key, bytes, &length) == 1) {
        signer->alg = JWK_EDDSA;
        x[base64url_encode(bytes, length, x)] = '\0';
        (void)snprintf(signer->members, sizeof signer->members,
                       "\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"", x);
        return true;
    }
    if (EVP_PKEY_get_group_name(signer->key, group, sizeof group, NULL) != 1 ||
        strcmp(group, "prime256v1") != 0 ||
        !point_write(signer->key, OSSL_PKEY_PARAM_EC_PUB_X, x) ||
        !point_write(signer->key, OSSL_PKEY_PARAM_EC_PUB_Y, y))
        return false;
    signer->alg = JWK_ES256;
    (void)snprintf(signer->members, sizeof signer->members,
                   "\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"", x, y);
    return true;
}

static void kid_write(struct jwt_signer *signer)
{
    char text[sizeof signer->members + 2];
    uint8_t digest[SHA256_BYTES];
    int length = snprintf(text, sizeof text, "{%s}", signer->members);
    hash_sha256(text, (size_t)length, digest);
    signer->kid[base64url_encode(digest, sizeof digest, signer->kid)] = '\0';
}

bool jwt_signer_open(const char *path, struct jwt_signer **ret, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, ERROR_REJECT, "%s: %s", path, strerror(errno));
    struct jwt_signer *signer = memory_alloc(1, sizeof *signer);
    signer->key = PEM_read_PrivateKey(file, NULL, pass_phrase_refuse, NULL);
    (void)fclose(file);
    if (signer->key == NULL || !members_write(signer)) {
        ERR_clear_error();
        jwt_signer_free(signer);
        return error_set(
            error, ERROR_REJECT,
            "%s: no private key of Ed25519 or P-256 in PEM without a pass phrase; make "
            "one by openssl genpkey -algorithm ed25519",
            path);
    }
    kid_write(signer);
    *ret = signer;
    return true;
}

void jwt_signer_free(struct jwt_signer *signer)
{
    if (signer != NULL)
        EVP_PKEY_free(signer->key);
    free(signer);
}

void jwt_signer_set_write(const struct jwt_signer *signer, char ret_set[JWT_SIGNER_SET_SIZE])
{
    int length = snprintf(ret_set, JWT_SIGNER_SET_SIZE,
                          "{\"keys\":[{%s,\"use\":\"sig\",\"alg\":\"%s\",\"kid\":\"%s\"}]}",
                          signer->members, jwk_alg_name(signer->alg), signer->kid);
    assert(length < JWT_SIGNER_SET_SIZE);
}

/* r and s from DER, each in 32 bytes. */
static bool pair_write(const uint8_t *der, size_t length, uint8_t ret_pair[SIGNATURE_BYTES])
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)length);
    bool is_written =
        signature != NULL &&
        BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret_pair, POINT_BYTES) == POINT_BYTES &&
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret_pair + POINT_BYTES, POINT_BYTES) ==
            POINT_BYTES;
    ECDSA_SIG_free(signature);
    return is_written;
}

static bool signature_make(const struct jwt_signer *signer, const char *text, size_t length,
                           uint8_t ret_signature[SIGNATURE_BYTES])
{
    uint8_t bytes[DER_BYTES_MAX];
    size_t written = sizeof bytes;
    const EVP_MD *digest = signer->alg == JWK_ES256 ? EVP_sha256() : NULL;
    EVP_MD_CTX *context = memory_check(EVP_MD_CTX_new());
    bool is_made = EVP_DigestSignInit(context, NULL, digest, NULL, signer->key) == 1 &&
                   EVP_DigestSign(context, bytes, &written, (const uint8_t *)text, length) == 1;
    EVP_MD_CTX_free(context);
    if (is_made && signer->alg == JWK_ES256)
        return pair_write(bytes, written, ret_signature);
    if (is_made)
        memcpy(ret_signature, bytes, SIGNATURE_BYTES);
    return is_made;
}

bool jws_sign(const struct jwt_signer *signer, const char *header, const char *payload,
              size_t length, char ret_token[JWS_TOKEN_SIZE], struct error *error)
{
    uint8_t signature[SIGNATURE_BYTES];
    size_t header_length = strlen(header);
    if (BASE64URL_LENGTH(header_length) + BASE64URL_LENGTH(length) + SIGNATURE_TEXT_BYTES >
        JWS_BYTES_MAX)
        return error_set(error, ERROR_REJECT, "the token would have more than %d bytes",
                         JWS_BYTES_MAX);
    size_t written = base64url_encode(header, header_length, ret_token);
    ret_token[written++] = '.';
    written += base64url_encode(payload, length, ret_token + written);
    if (!signature_make(signer, ret_token, written, signature)) {
        ERR_clear_error();
        return error_set(error, ERROR_BUG, "OpenSSL cannot sign with this key");
    }
    ret_token[written++] = '.';
    written += base64url_encode(signature, sizeof signature, ret_token + written);
    ret_token[written] = '\0';
    assert(written < JWS_TOKEN_SIZE);
    return true;
}

bool jwt_sign(const struct jwt_signer *signer, const char *claims, size_t length,
              char ret_token[JWS_TOKEN_SIZE], struct error *error)
{
    char header[HEADER_SIZE];
    (void)snprintf(header, sizeof header, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
                   jwk_alg_name(signer->alg), signer->kid);
    return jws_sign(signer, header, claims, length, ret_token, error);
}
