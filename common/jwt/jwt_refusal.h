/* jwt_refusal.h - why a token is refused: a closed list for logs and metrics, and a sentence for
 * whoever operates us. A client is told invalid_token and nothing else (RFC 6750, 3.1), so that
 * nobody can find out step by step what would pass. */
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>

#define JWT_DETAIL_SIZE 256

/* reason, its name in logs and metrics, and when */
#define JWT_REASONS(X)                                                                             \
    X(JWT_MALFORMED, "malformed")             /* no JWS in compact form, or larger than we read */ \
    X(JWT_UNSUPPORTED, "unsupported")         /* its `typ` is another, or it has a `crit` */       \
    X(JWT_WRONG_ALGORITHM, "wrong_algorithm") /* none, HS256, not allowed, or not the key's */     \
    X(JWT_UNKNOWN_KEY, "unknown_key")         /* perhaps a new one: read the set again */          \
    X(JWT_BAD_SIGNATURE, "bad_signature")     /* of a token without kid: perhaps a new key's */    \
    X(JWT_BAD_CLAIMS, "bad_claims") /* signed, but a claim is missing or not as RFC 7519 has it */ \
    X(JWT_WRONG_ISSUER, "wrong_issuer")                                                            \
    X(JWT_WRONG_AUDIENCE, "wrong_audience")                                                        \
    X(JWT_EXPIRED, "expired")                                                                      \
    X(JWT_NOT_YET_VALID, "not_yet_valid")                                                          \
    X(JWT_BAD_SUBJECT, "bad_subject") /* missing, or no user id as ours are (ident.h) */

enum jwt_reason {
#define X(reason, name) reason,
    JWT_REASONS(X)
#undef X
        JWT_REASON_COUNT
};

/* The detail has no text of the token's: whoever sends one does not write our logs. */
struct jwt_refusal {
    enum jwt_reason reason;
    char detail[JWT_DETAIL_SIZE];
};

/* Returns false, so that a caller can `return jwt_refuse(...)`. */
bool jwt_refuse(struct jwt_refusal *refusal, enum jwt_reason reason, const char *format, ...)
    PRINTF_LIKE(3, 4);

const char *jwt_reason_name(enum jwt_reason reason);
