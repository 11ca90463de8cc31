/* jwt.h - who is calling: verifies an access token (JWT: RFC 7519, RFC 9068) by the rules of
 * RFC 8725.
 *
 * The issuer and one of the audiences are ours, exactly; `exp` is required; `exp`, `nbf` and `iat`
 * are looked at with a minute of leeway, since clocks differ. The user is a claim of the first
 * level and must be a user id as ours are: an id that is changed to fit could be somebody else's.
 * Dates may have a fraction (RFC 7519, 2), which is dropped; with an exponent, a sign, or beyond
 * the year 9999 they are refused: somebody wrote milliseconds, and such a token would never expire.
 * Roles are an array of strings, or words with blanks between them as in `scope`; a token without
 * that claim has none.
 *
 * Pure: the time is given. Any thread. About 20 KiB of stack. */
#pragma once

#include "common/base/error.h"
#include "common/base/ident.h"
#include "common/jwt/jws.h"

#define JWT_LEEWAY_S          60
#define JWT_RULE_BYTES_MAX    500 /* of an issuer, an audience, a claim's name or its pointer */
#define JWT_ROLE_BYTES_MAX    63
#define JWT_ROLES_MAX         32
#define JWT_POINTER_STEPS_MAX 8

/* Borrowed, and as jwt_rules_check has it. */
struct jwt_rules {
    const char *issuer;
    const char *audience;
    const char *user_claim;    /* "sub" */
    const char *roles_pointer; /* RFC 6901, "/realm_access/roles"; NULL: nobody has roles */
    const char *const *roles;  /* that are asked about; a token may have any number of others */
    size_t role_count;
    unsigned algs; /* jws.h */
};

struct jwt_caller {
    char user[USER_SIZE];
    uint32_t roles; /* bit i: has rules->roles[i] */
    int64_t expires_at_s;
};

/* ERROR_REJECT names what is wrong with rules that somebody configured. */
MUST_CHECK bool jwt_rules_check(const struct jwt_rules *rules, struct error *error);

MUST_CHECK bool jwt_verify(const struct jwk_set *keys, const struct jwt_rules *rules,
                           const char *token, size_t length, int64_t now_s, struct jwt_caller *ret,
                           struct jwt_refusal *refusal);

/* Its second half: the claims of a token whose signature holds. */
MUST_CHECK bool jwt_claims_check(const struct jwt_rules *rules, const char *text, size_t length,
                                 int64_t now_s, struct jwt_caller *ret,
                                 struct jwt_refusal *refusal);
