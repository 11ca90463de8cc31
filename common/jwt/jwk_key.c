/* jwk_key.c - public keys and signatures by OpenSSL's EVP. It keeps a queue of errors for each
 * thread, and libcurl on the same thread would take ours for its own, so each failure empties it.
 */
#include "common/jwt/jwk_key.h"

#include "common/base/memory.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#define DER_INTEGER_BYTES_MAX (2 + 1 + JWK_POINT_BYTES)
#define EXPONENT_BITS_MAX     32

/* Keys of a smart card's generator that can be factored (CVE-2017-15361): their modulus is, modulo
 * each small prime, a power of 65537. A sound one is that for all of these once in 2^28. */
static bool is_roca(const BIGNUM *modulus)
{
    static const BN_ULONG primes[] = { 11, 13, 17,  19,  37,  53,  61,  71, 73,
                                       79, 97, 103, 107, 109, 127, 151, 157 };
    for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
        BN_ULONG rest = BN_mod_word(modulus, primes[i]);
        BN_ULONG power = 1;
        do
            power = power * 65537 % primes[i];
        while (power != rest && power != 1);
        if (power != rest)
            return false;
    }
    return true;
}

static const char *rsa_refusal(const BIGNUM *modulus, const BIGNUM *exponent)
{
    int bits = BN_num_bits(modulus);
    if (bits < JWK_RSA_BITS_MIN || bits > JWK_RSA_BITS_MAX || !BN_is_odd(modulus))
        return "n is not base64url of an odd number of 2048 to 4096 bits";
    if (BN_num_bits(exponent) > EXPONENT_BITS_MAX || !BN_is_odd(exponent) || BN_is_one(exponent))
        return "e is not base64url of an odd number from 3 to 2^32";
    return is_roca(modulus) ? "n can be factored (CVE-2017-15361)" : NULL;
}

static const char *key_from(const char *type, OSSL_PARAM *parameters, EVP_PKEY **ret)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    bool is_made = context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
                   EVP_PKEY_fromdata(context, ret, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
    EVP_PKEY_CTX_free(context);
    if (is_made)
        return NULL;
    ERR_clear_error();
    return "is no valid public key";
}

static const char *rsa_make(const BIGNUM *modulus, const BIGNUM *exponent, EVP_PKEY **ret)
{
    OSSL_PARAM_BLD *builder = memory_check(OSSL_PARAM_BLD_new());
    bool is_pushed = OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
                     OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1;
    OSSL_PARAM *parameters = memory_check(is_pushed ? OSSL_PARAM_BLD_to_param(builder) : NULL);
    const char *refusal = key_from("RSA", parameters, ret);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    return refusal;
}

const char *jwk_key_rsa(const uint8_t *modulus, size_t modulus_length, const uint8_t *exponent,
                        size_t exponent_length, struct evp_pkey_st **ret)
{
    BIGNUM *n = memory_check(BN_bin2bn(modulus, (int)modulus_length, NULL));
    BIGNUM *e = memory_check(BN_bin2bn(exponent, (int)exponent_length, NULL));
    const char *refusal = rsa_refusal(n, e);
    if (refusal == NULL)
        refusal = rsa_make(n, e, ret);
    BN_free(n);
    BN_free(e);
    return refusal;
}

/* OpenSSL refuses a point that is not on the curve. */
const char *jwk_key_p256(const uint8_t x[JWK_POINT_BYTES], const uint8_t y[JWK_POINT_BYTES],
                         struct evp_pkey_st **ret)
{
    uint8_t point[1 + 2 * JWK_POINT_BYTES] = { POINT_CONVERSION_UNCOMPRESSED };
    char group[] = "P-256";
    memcpy(point + 1, x, JWK_POINT_BYTES);
    memcpy(point + 1 + JWK_POINT_BYTES, y, JWK_POINT_BYTES);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    return key_from("EC", parameters, ret);
}

const char *jwk_key_ed25519(const uint8_t x[JWK_POINT_BYTES], struct evp_pkey_st **ret)
{
    *ret = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, JWK_POINT_BYTES);
    if (*ret != NULL)
        return NULL;
    ERR_clear_error();
    return "is no valid public key";
}

void jwk_key_free(struct evp_pkey_st *key)
{
    EVP_PKEY_free(key);
}

/* A number without a sign as DER has it (X.690, 8.3): no zeros in front, but one where the first
 * bit would say that it is negative. */
static size_t der_integer(const uint8_t number[JWK_POINT_BYTES], uint8_t *to)
{
    size_t zeros = 0;
    while (zeros < JWK_POINT_BYTES - 1 && number[zeros] == 0)
        zeros++;
    size_t length = JWK_POINT_BYTES - zeros;
    size_t sign = number[zeros] >> 7;
    to[0] = 0x02;
    to[1] = (uint8_t)(sign + length);
    to[2] = 0;
    memcpy(to + 2 + sign, number + zeros, length);
    return 2 + sign + length;
}

/* SEQUENCE of r and s. Both short forms: the whole is at most 70 bytes long. */
static size_t der_signature(const uint8_t pair[2 * JWK_POINT_BYTES], uint8_t *to)
{
    size_t length = der_integer(pair, to + 2);
    length += der_integer(pair + JWK_POINT_BYTES, to + 2 + length);
    to[0] = 0x30;
    to[1] = (uint8_t)length;
    assert(length <= (size_t)2 * DER_INTEGER_BYTES_MAX);
    return 2 + length;
}

bool jwk_verify(const struct jwk *key, const void *message, size_t length, const uint8_t *signature,
                size_t signature_length)
{
    uint8_t der[2 + 2 * DER_INTEGER_BYTES_MAX];
    assert(key->public_key != NULL);
    if (key->alg == JWK_ES256) {
        if (signature_length != (size_t)2 * JWK_POINT_BYTES)
            return false;
        signature_length = der_signature(signature, der);
        signature = der;
    }
    const EVP_MD *digest = key->alg == JWK_EDDSA ? NULL : EVP_sha256();
    EVP_MD_CTX *context = memory_check(EVP_MD_CTX_new());
    bool is_valid = EVP_DigestVerifyInit(context, NULL, digest, NULL, key->public_key) == 1 &&
                    EVP_DigestVerify(context, signature, signature_length, message, length) == 1;
    EVP_MD_CTX_free(context);
    if (!is_valid)
        ERR_clear_error();
    return is_valid;
}
