/* jwt.c - a token's signature and its claims, and whether rules make sense. */
#include "common/jwt/jwt.h"

#include <string.h>

bool jwt_verify(const struct jwk_set *keys, const struct jwt_rules *rules, const char *token,
                size_t length, int64_t now_s, struct jwt_caller *ret, struct jwt_refusal *refusal)
{
    SCRATCH struct jws_payload claims;
    return jws_open(keys, rules->algs, token, length, &claims, refusal) &&
           jwt_claims_check(rules, claims.bytes, claims.length, now_s, ret, refusal);
}

static bool text_check(const char *what, const char *text, struct error *error)
{
    if (text != NULL && text[0] != '\0' && strlen(text) <= JWT_RULE_BYTES_MAX)
        return true;
    return error_set(error, ERROR_REJECT, "the %s must have 1 to %d characters", what,
                     JWT_RULE_BYTES_MAX);
}

static bool pointer_is_valid(const char *pointer)
{
    size_t steps = 0;
    if (pointer[0] != '/')
        return false;
    for (const char *at = pointer; *at != '\0'; at++) {
        steps += *at == '/';
        if (*at == '~' && at[1] != '0' && at[1] != '1')
            return false;
    }
    return steps <= JWT_POINTER_STEPS_MAX;
}

bool jwt_rules_check(const struct jwt_rules *rules, struct error *error)
{
    if (!text_check("issuer", rules->issuer, error) ||
        !text_check("audience", rules->audience, error) ||
        !text_check("user's claim", rules->user_claim, error))
        return false;
    if (rules->roles_pointer != NULL && (strlen(rules->roles_pointer) > JWT_RULE_BYTES_MAX ||
                                         !pointer_is_valid(rules->roles_pointer)))
        return error_set(error, ERROR_REJECT,
                         "the roles' claim must be a JSON pointer of up to %d steps, as "
                         "/realm_access/roles",
                         JWT_POINTER_STEPS_MAX);
    if ((rules->algs & JWS_ALG_ALL) == 0 || (rules->algs & ~JWS_ALG_ALL) != 0)
        return error_set(error, ERROR_REJECT, "the algorithms must be some of RS256, ES256, EdDSA");
    return true;
}
