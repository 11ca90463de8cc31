/* jws.c - three parts between two dots: who signed is looked up by the first, checked by the
 * third, and only then is the second looked at. */
#include "common/jwt/jws.h"

#include "common/json/json_read.h"
#include "common/jwt/base64url.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define ALG_SIZE 16
#define TYP_SIZE 32

struct part { /* borrowed from the token */
    const char *at;
    size_t length;
};

struct parts {
    struct part header;
    struct part payload;
    struct part signature;
    struct part to_verify; /* header and payload with the dot between them */
};

struct header {
    char alg[ALG_SIZE];
    char kid[JWK_KID_SIZE]; /* "": it names no key */
    char typ[TYP_SIZE];     /* "": it does not say */
    struct json_span crit;
};

static const struct json_field header_fields[] = {
    { "alg", JSON_FIELD_TEXT, true, offsetof(struct header, alg), ALG_SIZE },
    { "kid", JSON_FIELD_TEXT, false, offsetof(struct header, kid), JWK_KID_SIZE },
    { "typ", JSON_FIELD_TEXT, false, offsetof(struct header, typ), TYP_SIZE },
    { "crit", JSON_FIELD_SPAN, false, offsetof(struct header, crit), 0 },
};

static bool parts_split(const char *token, size_t length, struct parts *ret)
{
    const char *end = token + length;
    const char *first = memchr(token, '.', length);
    const char *second = first != NULL ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (second == NULL) /* a third dot is no base64url */
        return false;
    ret->header = (struct part){ token, (size_t)(first - token) };
    ret->payload = (struct part){ first + 1, (size_t)(second - first - 1) };
    ret->signature = (struct part){ second + 1, (size_t)(end - second - 1) };
    ret->to_verify = (struct part){ token, (size_t)(second - token) };
    return true;
}

static bool header_read(const struct part *part, struct header *ret, struct jwt_refusal *refusal)
{
    SCRATCH char text[JWS_HEADER_BYTES_MAX];
    size_t length;
    struct json_problem problem;
    memset(ret, 0, sizeof *ret);
    if (!base64url_decode(part->at, part->length, text, sizeof text, &length))
        return jwt_refuse(refusal, JWT_MALFORMED, "the header is not base64url of up to %d bytes",
                          JWS_HEADER_BYTES_MAX);
    if (!json_read(text, length, header_fields, sizeof header_fields / sizeof header_fields[0],
                   JSON_UNKNOWN_IGNORED, ret, &problem))
        return jwt_refuse(refusal, JWT_MALFORMED, "the header is not the JSON object of a JWS");
    return true;
}

/* What signs access tokens writes one of these, or nothing (RFC 9068, 2.1; RFC 7519, 5.1). Another
 * kind of token by the same key is not for us (RFC 8725, 3.11). */
static bool typ_is_ours(const char *typ)
{
    return typ[0] == '\0' || strcasecmp(typ, "JWT") == 0 || strcasecmp(typ, "at+jwt") == 0 ||
           strcasecmp(typ, "application/at+jwt") == 0;
}

static bool header_check(const struct header *header, unsigned algs, enum jwk_alg *ret_alg,
                         struct jwt_refusal *refusal)
{
    if (header->crit.at != NULL)
        return jwt_refuse(refusal, JWT_UNSUPPORTED, "the header has crit: an extension");
    if (!typ_is_ours(header->typ))
        return jwt_refuse(refusal, JWT_UNSUPPORTED, "the header's typ is neither JWT nor at+jwt");
    if (!jwk_alg_parse(header->alg, ret_alg))
        return jwt_refuse(refusal, JWT_WRONG_ALGORITHM,
                          "the header's alg is neither RS256 nor ES256 nor EdDSA");
    if ((algs & JWS_ALG(*ret_alg)) == 0)
        return jwt_refuse(refusal, JWT_WRONG_ALGORITHM, "%s is not allowed here",
                          jwk_alg_name(*ret_alg));
    return true;
}

static bool signature_verify(const struct jwk_set *keys, const struct header *header,
                             enum jwk_alg alg, const struct parts *parts,
                             struct jwt_refusal *refusal)
{
    SCRATCH uint8_t signature[JWK_SIGNATURE_BYTES_MAX];
    size_t length;
    size_t tries = 0;
    bool has_kid = false; /* with another algorithm */
    if (!base64url_decode(parts->signature.at, parts->signature.length, signature, sizeof signature,
                          &length))
        return jwt_refuse(refusal, JWT_MALFORMED,
                          "the signature is not base64url of up to %d bytes",
                          JWK_SIGNATURE_BYTES_MAX);
    for (size_t i = 0; i < keys->count && tries < JWS_TRIES_MAX; i++) {
        const struct jwk *key = &keys->keys[i];
        if (header->kid[0] != '\0' && strcmp(header->kid, key->kid) != 0)
            continue;
        has_kid = true;
        if (key->alg != alg)
            continue;
        tries++;
        if (jwk_verify(key, parts->to_verify.at, parts->to_verify.length, signature, length))
            return true;
    }
    if (tries > 0)
        return jwt_refuse(refusal, JWT_BAD_SIGNATURE, "the signature is not the key's");
    if (has_kid && header->kid[0] != '\0')
        return jwt_refuse(refusal, JWT_WRONG_ALGORITHM, "the key of the token's kid is not for %s",
                          jwk_alg_name(alg));
    return jwt_refuse(refusal, JWT_UNKNOWN_KEY, "no key for %s with the token's kid",
                      jwk_alg_name(alg));
}

bool jws_open(const struct jwk_set *keys, unsigned algs, const char *token, size_t length,
              struct jws_payload *ret, struct jwt_refusal *refusal)
{
    assert((algs & ~JWS_ALG_ALL) == 0);
    struct parts parts;
    struct header header;
    enum jwk_alg alg = JWK_ALG_COUNT;
    if (length > JWS_BYTES_MAX)
        return jwt_refuse(refusal, JWT_MALFORMED, "longer than %d bytes", JWS_BYTES_MAX);
    if (!parts_split(token, length, &parts))
        return jwt_refuse(refusal, JWT_MALFORMED, "not three parts with dots between them");
    if (!header_read(&parts.header, &header, refusal) ||
        !header_check(&header, algs, &alg, refusal) ||
        !signature_verify(keys, &header, alg, &parts, refusal))
        return false;
    if (!base64url_decode(parts.payload.at, parts.payload.length, ret->bytes, sizeof ret->bytes,
                          &ret->length))
        return jwt_refuse(refusal, JWT_MALFORMED, "the claims are not base64url of up to %d bytes",
                          JWS_PAYLOAD_BYTES_MAX);
    return true;
}
