/* jwk_key.h - OpenSSL's side of a public key, private to jwk.c: its numbers in, an EVP_PKEY out.
 * What makes one returns NULL, or why the numbers are no key that can be trusted. No I/O. */
#pragma once

#include "common/jwt/jwk.h"

#define JWK_POINT_BYTES 32 /* a coordinate of P-256, and a key of Ed25519 */

/* Big endian. */
const char *jwk_key_rsa(const uint8_t *modulus, size_t modulus_length, const uint8_t *exponent,
                        size_t exponent_length, struct evp_pkey_st **ret);
const char *jwk_key_p256(const uint8_t x[JWK_POINT_BYTES], const uint8_t y[JWK_POINT_BYTES],
                         struct evp_pkey_st **ret);
const char *jwk_key_ed25519(const uint8_t x[JWK_POINT_BYTES], struct evp_pkey_st **ret);
void jwk_key_free(struct evp_pkey_st *key);
