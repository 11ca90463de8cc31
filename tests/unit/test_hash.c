/* The digests against the examples of FIPS 180-4 and RFC 4231. */
#include "common/base/hash.h"

#include "common/base/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_digest(const uint8_t digest[SHA256_BYTES], const char *hex)
{
    char text[2 * SHA256_BYTES + 1];
    hex_write(digest, SHA256_BYTES, text);
    assert_string_equal(text, hex);
}

/* FIPS 180-4's examples. */
static void sha256_gives_the_known_digests(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    hash_sha256("abc", 3, digest);
    assert_digest(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_sha256(NULL, 0, digest);
    assert_digest(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, test cases 1, 2 and 6. */
static void hmac_gives_the_known_digests(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    uint8_t key[131];
    memset(key, 0x0b, 20);
    hash_hmac_sha256(key, 20, "Hi There", 8, digest);
    assert_digest(digest, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hash_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
    assert_digest(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    memset(key, 0xaa, sizeof key);
    hash_hmac_sha256(key, sizeof key, text, sizeof text - 1, digest);
    assert_digest(digest, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void an_empty_key_is_a_key_and_not_the_last_one(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    hash_hmac_sha256("other", 5, "x", 1, digest);
    hash_hmac_sha256(NULL, 0, NULL, 0, digest);
    assert_digest(digest, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void a_fingerprint_is_the_first_eight_bytes(void **state)
{
    (void)state;
    assert_true(hash_fingerprint("abc", 3) == UINT64_C(0xba7816bf8f01cfea));
    assert_true(hash_fingerprint("abd", 3) != UINT64_C(0xba7816bf8f01cfea));
}

/* FNV's authors' own vectors. */
static void fnv_1a_gives_the_known_numbers(void **state)
{
    (void)state;
    assert_true(hash_text("") == UINT64_C(0xcbf29ce484222325));
    assert_true(hash_text("a") == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(hash_text("foobar") == UINT64_C(0x85944171f73967e8));
    assert_true(hash_text("\xff") == hash_fold(HASH_FOLD_START, (const uint8_t[]){ 0xff }, 1));
}

static void what_is_folded_in_parts_is_as_in_one(void **state)
{
    (void)state;
    uint64_t hash = hash_fold(HASH_FOLD_START, "foo", 3);
    assert_true(hash_fold(hash, "bar", 3) == hash_text("foobar"));
    assert_true(hash_fold(hash, "", 0) == hash);
}

static void a_number_is_folded_in_one_step(void **state)
{
    (void)state;
    assert_true(hash_fold_number(HASH_FOLD_START, 'a') == hash_text("a"));
    assert_true(hash_fold_number(0, UINT64_C(1) << 32) == UINT64_C(0x1b3) << 32);
}

static void comparison_looks_at_every_byte(void **state)
{
    (void)state;
    uint8_t one[SHA256_BYTES] = { 0 };
    for (size_t i = 0; i < sizeof one; i++) {
        uint8_t other[SHA256_BYTES] = { 0 };
        assert_true(hash_equal_constant_time(one, other, sizeof one));
        other[i] = 0x80;
        assert_false(hash_equal_constant_time(one, other, sizeof one));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_known_digests),
        cmocka_unit_test(hmac_gives_the_known_digests),
        cmocka_unit_test(an_empty_key_is_a_key_and_not_the_last_one),
        cmocka_unit_test(a_fingerprint_is_the_first_eight_bytes),
        cmocka_unit_test(fnv_1a_gives_the_known_numbers),
        cmocka_unit_test(what_is_folded_in_parts_is_as_in_one),
        cmocka_unit_test(a_number_is_folded_in_one_step),
        cmocka_unit_test(comparison_looks_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
