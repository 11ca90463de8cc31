/* jwk.h - public keys as an issuer publishes them (JWK and JWK set: RFC 7517, RFC 7518 section 6,
 * RFC 8037), and what a signature by one of them is.
 *
 * A key is for one algorithm, which follows from its kind: RSA signs RS256, P-256 ES256, Ed25519
 * EdDSA; a key whose own `alg` says otherwise is not used. So a token never chooses how it is
 * verified (RFC 8725, 3.1).
 *
 * A set is read as a whole, its keys one by one: a key that cannot be used (another kind, another
 * `use`, weak, broken) is skipped and told, since issuers put keys for encryption and for other
 * algorithms beside ours, and one bad key must not lock everybody out. Symmetric keys are never
 * used. Nor is a key with its private half: who can read the set can sign with it, so its
 * signatures prove nothing.
 *
 * Left out on purpose: RS384 and longer, PS*, ES384, Ed448, keys by certificate (x5c, x5u).
 * A set does not change once it is read; any thread may verify by it. No I/O. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JWK_KEYS_MAX            32
#define JWK_SET_BYTES_MAX       ((size_t)64 * 1024)
#define JWK_KID_SIZE            129
#define JWK_RSA_BITS_MIN        2048
#define JWK_RSA_BITS_MAX        4096 /* more would only let a caller make us work */
#define JWK_SIGNATURE_BYTES_MAX (JWK_RSA_BITS_MAX / 8)
#define JWK_SKIPPED_SIZE        160

enum jwk_alg { JWK_RS256, JWK_ES256, JWK_EDDSA, JWK_ALG_COUNT };

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

struct jwk {
    char kid[JWK_KID_SIZE]; /* "": it has none */
    enum jwk_alg alg;
    struct evp_pkey_st *public_key; /* owned */
};

struct jwk_set {
    struct jwk keys[JWK_KEYS_MAX];
    size_t count;
    size_t skipped_count;
    char skipped[JWK_SKIPPED_SIZE]; /* which key was skipped first, and why; "": none */
};

/* "RS256", "ES256", "EdDSA", exactly. */
MUST_CHECK bool jwk_alg_parse(const char *name, enum jwk_alg *ret);
const char *jwk_alg_name(enum jwk_alg alg);

/* {"keys":[...]}. ERROR_REJECT when it is none, too large, or has no key that can be used; then
 * there is nothing to give back. Otherwise jwk_set_done gives the keys back. */
MUST_CHECK bool jwk_set_read(const char *text, size_t length, struct jwk_set *ret,
                             struct error *error);
void jwk_set_done(struct jwk_set *set);

/* The signature as JWS has it (RFC 7518, 3.3 and 3.4; RFC 8037, 3.1): ES256 is r and s, 32 bytes
 * each. */
MUST_CHECK bool jwk_verify(const struct jwk *key, const void *message, size_t length,
                           const uint8_t *signature, size_t signature_length);
