/* jws.h - opens a signed text in compact form (JWS: RFC 7515), by a key of a set and never by
 * anything that the text itself brings along: `jku`, `x5u`, `jwk` and `x5c` are not looked at,
 * `none` and HS* are no algorithms, and an extension that must be understood (`crit`) is refused.
 * Pure. */
#pragma once

#include "common/jwt/jwk.h"
#include "common/jwt/jwt_refusal.h"

#define JWS_BYTES_MAX         8192
#define JWS_HEADER_BYTES_MAX  1024
#define JWS_PAYLOAD_BYTES_MAX 4096
/* Keys that are tried, when a token names none or several have its name: one verification is the
 * most expensive thing that a stranger can ask for. The first ones of the set. */
#define JWS_TRIES_MAX 4

#define JWS_ALG(alg) (1U << (alg))
#define JWS_ALG_ALL  (JWS_ALG(JWK_ALG_COUNT) - 1)

struct jws_payload {
    size_t length;
    char bytes[JWS_PAYLOAD_BYTES_MAX];
};

/* algs: JWS_ALG of each that is allowed. A token with a `kid` is verified by the keys of that
 * name, any other by each key of its algorithm. The payload is decoded only once the signature
 * holds. */
MUST_CHECK bool jws_open(const struct jwk_set *keys, unsigned algs, const char *token,
                         size_t length, struct jws_payload *ret, struct jwt_refusal *refusal);
