/* jose_case.h - what signs and reads in the tests of common/jwt. */
#pragma once

#include "common/jwt/jwt_sign.h"
#include "tests/vectors/jose/rfc_examples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static inline void set_must_read(const char *text, struct jwk_set *ret)
{
    struct error error = { 0 };
    if (!jwk_set_read(text, strlen(text), ret, &error))
        fail_msg("%s", error.message);
}

/* "accepted", or the reason's name. */
static inline const char *open_with(const struct jwk_set *set, unsigned algs, const char *token,
                                    size_t length)
{
    struct jws_payload payload;
    struct jwt_refusal refusal = { 0 };
    if (jws_open(set, algs, token, length, &payload, &refusal))
        return "accepted";
    assert_true(refusal.detail[0] != '\0');
    return jwt_reason_name(refusal.reason);
}

#ifdef TEST_VECTORS
static inline struct jwt_signer *signer_must_open(const char *name)
{
    char path[512];
    struct error error = { 0 };
    struct jwt_signer *signer = NULL;
    (void)snprintf(path, sizeof path, "%s/jose/%s", TEST_VECTORS, name);
    if (!jwt_signer_open(path, &signer, &error))
        fail_msg("%s", error.message);
    return signer;
}
#define ED_SIGNER "rfc8037_a1.pem"
#define EC_SIGNER "rfc7515_a3.pem"
#endif
