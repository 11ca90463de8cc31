/* token_rate.c - how many access tokens a core verifies in a second, by algorithm.
 *
 *   token-rate SECONDS
 *
 * One thread, by its CPU time. Signatures are those of the RFCs' examples; the claims are checked
 * apart, as Keycloak writes them. Prints one line each. */
#include "common/base/exit_status.h"
#include "common/jwt/jwt.h"
#include "tests/vectors/jose/rfc_examples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CASES 5
#define BATCH 64
#define NOW_S INT64_C(1700000000)
#define CLAIMS                                                                                     \
    "{\"exp\":1700000300,\"iat\":1700000000,\"jti\":\"ac5d8b1e-6d0f-4d5c-9a53-0e7e9f0c9a11\","     \
    "\"iss\":\"https://id.example/realms/travel\",\"aud\":[\"roundtrip\",\"account\"],"            \
    "\"sub\":\"3f0cd4a4-9b1a-4b0e-8f3e-0a8f4b6f1d11\",\"typ\":\"Bearer\",\"azp\":\"web\","         \
    "\"sid\":\"0c9f6a3e-2b7d-4f55-b9a5-6a3f0a1b2c3d\",\"acr\":\"1\","                              \
    "\"allowed-origins\":[\"https://travel.example\"],\"realm_access\":{\"roles\":["               \
    "\"offline_access\",\"uma_authorization\",\"default-roles-travel\",\"operator\"]},"            \
    "\"resource_access\":{\"account\":{\"roles\":[\"manage-account\",\"view-profile\"]}},"         \
    "\"scope\":\"openid email profile\",\"email_verified\":true,\"name\":\"Alice Example\","       \
    "\"preferred_username\":\"alice\",\"email\":\"alice@example.com\"}"
#define UNKNOWN "eyJhbGciOiJFZERTQSIsImtpZCI6Im5vbmUifQ.e30." /* {"alg":"EdDSA","kid":"none"} */

static const char *const role_names[] = { "operator", "auditor", "partner" };
static const struct jwt_rules rules = { "https://id.example/realms/travel",
                                        "roundtrip",
                                        "sub",
                                        "/realm_access/roles",
                                        role_names,
                                        3,
                                        JWS_ALG_ALL };
static const struct {
    const char *name;
    const char *text;
} cases[CASES] = {
    { "RS256, 2048 bits", RSA_TOKEN },   { "ES256", EC_TOKEN },      { "EdDSA", ED_TOKEN },
    { "refused: unknown key", UNKNOWN }, { "claims alone", CLAIMS },
};

static bool step(const struct jwk_set *set, size_t which)
{
    struct jws_payload payload;
    struct jwt_refusal refusal;
    struct jwt_caller caller;
    const char *text = cases[which].text;
    if (strcmp(text, CLAIMS) == 0)
        return jwt_claims_check(&rules, text, strlen(text), NOW_S, &caller, &refusal);
    bool is_open = jws_open(set, JWS_ALG_ALL, text, strlen(text), &payload, &refusal);
    return strcmp(text, UNKNOWN) == 0 ? !is_open && refusal.reason == JWT_UNKNOWN_KEY : is_open;
}

static double cpu_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static const char keys[] = SET(RSA_KEY "," EC_KEY "," ED_KEY);
    struct jwk_set set;
    struct error error;
    double seconds = argc == 2 ? strtod(argv[1], NULL) : 0;
    if (seconds <= 0) {
        fprintf(stderr, "usage: token-rate SECONDS\n");
        return EXIT_USAGE;
    }
    if (!jwk_set_read(keys, strlen(keys), &set, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return EXIT_FAILURE;
    }
    for (size_t which = 0; which < CASES; which++) {
        unsigned long count = 0;
        double begin_s = cpu_s();
        double spent_s;
        do {
            for (int i = 0; i < BATCH; i++, count++) {
                if (step(&set, which))
                    continue;
                fprintf(stderr, "%s: not judged as it should be\n", cases[which].name);
                return EXIT_FAILURE;
            }
            spent_s = cpu_s() - begin_s;
        } while (spent_s < seconds / CASES);
        printf("%-22s %8.0f a second, %6.1f us each\n", cases[which].name, (double)count / spent_s,
               spent_s * 1e6 / (double)count);
    }
    jwk_set_done(&set);
    return EXIT_SUCCESS;
}
