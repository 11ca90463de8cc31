/* Feeds any bytes to the reader of key sets and checks what must hold for each set that it reads.
 * Built for libFuzzer by clang (meson.build tells how); replay.c runs the committed corpus with any
 * compiler. */
#include "common/jwt/jwk.h"
#include "tests/fuzz/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_key(const struct jwk *key)
{
    static const uint8_t zeros[JWK_SIGNATURE_BYTES_MAX];
    enum jwk_alg alg;
    REQUIRE(key->public_key != NULL);
    REQUIRE(memchr(key->kid, '\0', sizeof key->kid) != NULL);
    REQUIRE(jwk_alg_parse(jwk_alg_name(key->alg), &alg) && alg == key->alg);
    REQUIRE(!jwk_verify(key, "", 0, zeros, 0));
    REQUIRE(!jwk_verify(key, "", 0, zeros, sizeof zeros));
    /* Of Ed25519 any 32 bytes are a key, also a point for which zeros sign everything. */
    REQUIRE(key->alg == JWK_EDDSA || !jwk_verify(key, "", 0, zeros, 64));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct jwk_set set;
    struct error error = { 0 };
    if (!jwk_set_read((const char *)bytes, length, &set, &error)) {
        REQUIRE(error.code == ERROR_REJECT && error.message[0] != '\0');
        return 0;
    }
    REQUIRE(length <= JWK_SET_BYTES_MAX);
    REQUIRE(set.count > 0 && set.count + set.skipped_count <= JWK_KEYS_MAX);
    REQUIRE((set.skipped_count > 0) == (strncmp(set.skipped, "/keys/", 6) == 0));
    for (size_t i = 0; i < set.count; i++)
        check_key(&set.keys[i]);
    jwk_set_done(&set);
    return 0;
}
