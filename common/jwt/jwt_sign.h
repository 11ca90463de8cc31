/* jwt_sign.h - signs tokens for development and for tests, by a private key in a file; in a
 * library of its own, which no service is linked with. The key is an Ed25519 or P-256 one in PEM
 * (RFC 5958), without a pass phrase: openssl genpkey -algorithm ed25519 -out FILE
 *
 * The key's id is its thumbprint (RFC 7638), so that whoever has the key needs no other file. */
#pragma once

#include "common/jwt/jws.h"

#define JWT_SIGNER_SET_SIZE 512
#define JWS_TOKEN_SIZE      (JWS_BYTES_MAX + 1)

struct jwt_signer;

/* ERROR_REJECT: the file cannot be read, or holds no such key. */
MUST_CHECK bool jwt_signer_open(const char *path, struct jwt_signer **ret, struct error *error);
void jwt_signer_free(struct jwt_signer *signer);

/* The JWK set with its public half: what jwk_set_read takes. */
void jwt_signer_set_write(const struct jwt_signer *signer, char ret_set[JWT_SIGNER_SET_SIZE]);

/* An access token (at+jwt) of these claims, a JSON object. ERROR_REJECT: it would be longer
 * than JWS_BYTES_MAX. */
MUST_CHECK bool jwt_sign(const struct jwt_signer *signer, const char *claims, size_t length,
                         char ret_token[JWS_TOKEN_SIZE], struct error *error);
/* The same with a header of the caller's, for tests of what verifies. */
MUST_CHECK bool jws_sign(const struct jwt_signer *signer, const char *header, const char *payload,
                         size_t length, char ret_token[JWS_TOKEN_SIZE], struct error *error);
