/* jwt_claims.c - what a token that is signed says, and whether it says it to us. */
#include "common/json/json_read.h"
#include "common/jwt/jwt.h"

#include <assert.h>
#include <string.h>

#define DATE_S_MAX INT64_C(253402300799) /* the end of the year 9999 */

/* What each check needs. */
struct claims {
    const struct json_object *object;
    const struct jwt_rules *rules;
    struct jwt_refusal *refusal;
};

static bool text_is(const struct json_span *span, const char *text)
{
    char copy[JWT_RULE_BYTES_MAX + 1];
    return json_string_copy(span, copy, sizeof copy) && strcmp(copy, text) == 0;
}

static bool issuer_check(const struct claims *claims)
{
    const struct json_span *issuer = json_object_find(claims->object, "iss");
    if (issuer != NULL && text_is(issuer, claims->rules->issuer))
        return true;
    return jwt_refuse(claims->refusal, JWT_WRONG_ISSUER, "the issuer (iss) is not %s",
                      claims->rules->issuer);
}

static bool audience_has(const struct json_span *audience, const char *name)
{
    const char *cursor = NULL;
    struct json_span element;
    if (audience->kind == JSON_STRING)
        return text_is(audience, name);
    while (json_array_next(audience, &cursor, &element))
        if (text_is(&element, name))
            return true;
    return false;
}

static bool audience_check(const struct claims *claims)
{
    const char *ours = claims->rules->audience;
    const struct json_span *audience = json_object_find(claims->object, "aud");
    if (audience != NULL && audience_has(audience, ours))
        return true;
    if (audience != NULL && audience_has(audience, "account"))
        return jwt_refuse(claims->refusal, JWT_WRONG_AUDIENCE,
                          "the audience (aud) is not %.100s but \"account\", which Keycloak puts "
                          "into every token; there, give the client a scope with a mapper of type "
                          "Audience for it",
                          ours);
    return jwt_refuse(claims->refusal, JWT_WRONG_AUDIENCE,
                      "the audience (aud) has no %.100s; have the issuer put it into tokens", ours);
}

/* Seconds, a fraction dropped. */
static bool date_parse(const struct json_span *span, int64_t *ret_s)
{
    int64_t seconds = 0;
    size_t i = 0;
    if (span->kind != JSON_NUMBER)
        return false;
    for (; i < span->length && span->at[i] >= '0' && span->at[i] <= '9'; i++) {
        seconds = seconds * 10 + (span->at[i] - '0');
        if (seconds > DATE_S_MAX)
            return false;
    }
    if (i == 0)
        return false;
    if (i < span->length && span->at[i] == '.')
        for (i++; i < span->length && span->at[i] >= '0' && span->at[i] <= '9';)
            i++;
    *ret_s = seconds;
    return i == span->length;
}

/* An absent one leaves `ret_s` as it was. */
static bool date_read(const struct claims *claims, const char *name, bool is_required,
                      int64_t *ret_s)
{
    const struct json_span *span = json_object_find(claims->object, name);
    if (span == NULL && !is_required)
        return true;
    if (span != NULL && date_parse(span, ret_s))
        return true;
    return jwt_refuse(claims->refusal, JWT_BAD_CLAIMS,
                      "%s must be seconds since 1970 as a number, up to the year 9999", name);
}

static bool dates_check(const struct claims *claims, int64_t now_s, int64_t *ret_expires_at_s)
{
    int64_t not_before_s = 0;
    int64_t issued_at_s = 0;
    if (!date_read(claims, "exp", true, ret_expires_at_s) ||
        !date_read(claims, "nbf", false, &not_before_s) ||
        !date_read(claims, "iat", false, &issued_at_s))
        return false;
    if (now_s - JWT_LEEWAY_S >= *ret_expires_at_s)
        return jwt_refuse(claims->refusal, JWT_EXPIRED, "expired %lld s ago",
                          (long long)(now_s - *ret_expires_at_s));
    if (now_s + JWT_LEEWAY_S < not_before_s || now_s + JWT_LEEWAY_S < issued_at_s)
        return jwt_refuse(claims->refusal, JWT_NOT_YET_VALID,
                          "nbf or iat lies more than %d s ahead of our clock", JWT_LEEWAY_S);
    return true;
}

static bool user_read(const struct claims *claims, char ret_user[USER_SIZE])
{
    const char *name = claims->rules->user_claim;
    const struct json_span *user = json_object_find(claims->object, name);
    if (user != NULL && json_string_copy(user, ret_user, USER_SIZE) &&
        user_is_valid(ret_user, strlen(ret_user)))
        return true;
    return jwt_refuse(claims->refusal, JWT_BAD_SUBJECT,
                      "%.64s must be a string of 1 to %d of the characters "
                      "A-Z a-z 0-9 _ . : @ + | / - to be a user id",
                      name, USER_BYTES_MAX);
}

/* One step of a pointer, unescaped; returns what follows it. */
static const char *step_next(const char *at, char ret_name[JWT_RULE_BYTES_MAX + 1])
{
    size_t length = 0;
    assert(*at == '/');
    for (at++; *at != '\0' && *at != '/'; at++) {
        char c = *at;
        if (c == '~')
            c = *++at == '1' ? '/' : '~';
        ret_name[length++] = c;
    }
    ret_name[length] = '\0';
    return at;
}

/* False: there is nothing at that place. Steps lead through objects only. */
static bool pointer_follow(const struct json_object *object, const char *pointer,
                           struct json_span *ret)
{
    SCRATCH struct json_object inner;
    char name[JWT_RULE_BYTES_MAX + 1];
    struct json_problem problem;
    for (const char *at = pointer; *at != '\0';) {
        at = step_next(at, name);
        const struct json_span *found = json_object_find(object, name);
        if (found == NULL)
            return false;
        *ret = *found;
        if (*at == '\0')
            return true;
        if (ret->kind != JSON_OBJECT || !json_object_scan(ret->at, ret->length, &inner, &problem))
            return false;
        object = &inner;
    }
    return false;
}

static uint32_t role_bit(const struct jwt_rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->role_count; i++)
        if (strcmp(rules->roles[i], name) == 0)
            return UINT32_C(1) << i;
    return 0;
}

static uint32_t words_read(const struct jwt_rules *rules, char *words)
{
    uint32_t roles = 0;
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        roles |= role_bit(rules, word);
    return roles;
}

/* False: an element is no string. */
static bool list_read(const struct jwt_rules *rules, const struct json_span *list,
                      uint32_t *ret_roles)
{
    const char *cursor = NULL;
    struct json_span element;
    char name[JWT_ROLE_BYTES_MAX + 1];
    while (json_array_next(list, &cursor, &element)) {
        if (element.kind != JSON_STRING)
            return false;
        if (json_string_copy(&element, name, sizeof name)) /* a longer one is none of ours */
            *ret_roles |= role_bit(rules, name);
    }
    return true;
}

static bool roles_read(const struct claims *claims, uint32_t *ret_roles)
{
    SCRATCH char words[JWS_PAYLOAD_BYTES_MAX + 1];
    const struct jwt_rules *rules = claims->rules;
    struct json_span roles;
    *ret_roles = 0;
    if (rules->roles_pointer == NULL ||
        !pointer_follow(claims->object, rules->roles_pointer, &roles))
        return true;
    if (roles.kind == JSON_STRING && json_string_copy(&roles, words, sizeof words)) {
        *ret_roles = words_read(rules, words);
        return true;
    }
    if (roles.kind == JSON_ARRAY && list_read(rules, &roles, ret_roles))
        return true;
    return jwt_refuse(claims->refusal, JWT_BAD_CLAIMS,
                      "%.100s is neither an array of strings nor a string of words",
                      rules->roles_pointer);
}

bool jwt_claims_check(const struct jwt_rules *rules, const char *text, size_t length, int64_t now_s,
                      struct jwt_caller *ret, struct jwt_refusal *refusal)
{
    SCRATCH struct json_object object;
    struct json_problem problem;
    struct jwt_caller caller = { 0 };
    assert(rules->role_count <= JWT_ROLES_MAX && now_s >= 0 && now_s <= DATE_S_MAX);
    if (!json_object_scan(text, length, &object, &problem))
        return jwt_refuse(refusal, JWT_BAD_CLAIMS,
                          "the claims are no JSON object as we read it: %s", problem.detail);
    const struct claims claims = { &object, rules, refusal };
    if (!issuer_check(&claims) || !audience_check(&claims) ||
        !dates_check(&claims, now_s, &caller.expires_at_s) || !user_read(&claims, caller.user) ||
        !roles_read(&claims, &caller.roles))
        return false;
    *ret = caller;
    return true;
}
