/* hash.c - OpenSSL's digests, with SHA-256 looked up once for the whole process. */
#include "common/base/hash.h"

#include <assert.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <string.h>

/* What EVP_sha256 stands for is looked up by name at each use, which takes longer than to hash a
 * message. Made once, never changed or freed. */
static EVP_MD *sha256_algorithm;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void sha256_fetch(void)
{
    sha256_algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    assert(sha256_algorithm != NULL);
}

void hash_sha256(const void *bytes, size_t length, uint8_t ret_digest[SHA256_BYTES])
{
    unsigned digest_length = 0;
    (void)pthread_once(&sha256_once, sha256_fetch);
    int done = EVP_Digest(length > 0 ? bytes : "", length, ret_digest, &digest_length,
                          sha256_algorithm, NULL);
    assert(done == 1 && digest_length == SHA256_BYTES);
}

void hash_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                      uint8_t ret_digest[SHA256_BYTES])
{
    assert(key_length <= INT_MAX);
    unsigned digest_length = 0;
    const unsigned char *done = HMAC(EVP_sha256(), key, (int)key_length, length > 0 ? bytes : "",
                                     length, ret_digest, &digest_length);
    assert(done != NULL && digest_length == SHA256_BYTES);
}

uint64_t hash_fingerprint(const void *bytes, size_t length)
{
    assert(bytes != NULL || length == 0);
    uint8_t digest[SHA256_BYTES];
    hash_sha256(bytes, length, digest);
    uint64_t fingerprint = 0;
    for (size_t i = 0; i < sizeof fingerprint; i++)
        fingerprint = fingerprint << 8 | digest[i];
    return fingerprint;
}

/* Inline, because it is made for each byte of what a decision sends. */
static inline uint64_t step(uint64_t hash, uint64_t number)
{
    return (hash ^ number) * UINT64_C(0x100000001b3);
}

uint64_t hash_fold_number(uint64_t hash, uint64_t number)
{
    return step(hash, number);
}

uint64_t hash_fold(uint64_t hash, const void *bytes, size_t length)
{
    assert(bytes != NULL || length == 0);
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        hash = step(hash, at[i]);
    return hash;
}

uint64_t hash_text(const char *text)
{
    assert(text != NULL);
    uint64_t hash = HASH_FOLD_START;
    for (; *text != '\0'; text++)
        hash = step(hash, (unsigned char)*text);
    return hash;
}

bool hash_equal_constant_time(const void *one, const void *other, size_t length)
{
    assert(one != NULL && other != NULL);
    return CRYPTO_memcmp(one, other, length) == 0;
}
