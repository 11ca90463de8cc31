/* hash.h - SHA-256 and HMAC-SHA-256, by OpenSSL (FIPS 180-4, RFC 2104), and FNV-1a. Thread-safe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

void hash_sha256(const void *bytes, size_t length, uint8_t ret_digest[SHA256_BYTES]);
void hash_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                      uint8_t ret_digest[SHA256_BYTES]);
/* The first 8 bytes of the SHA-256 as a number: fingerprints of content. */
uint64_t hash_fingerprint(const void *bytes, size_t length);
/* FNV-1a, with 64 bits: cheap, to notice a change, and for tables in memory that are bounded or
 * where nobody gains by collisions. No defence against somebody who wants the same number. */
#define HASH_FOLD_START UINT64_C(0xcbf29ce484222325)
uint64_t hash_fold(uint64_t hash, const void *bytes, size_t length);
/* The number in one step, where its bytes would be eight. */
uint64_t hash_fold_number(uint64_t hash, uint64_t number);
uint64_t hash_text(const char *text); /* from the start, without its end */
bool hash_equal_constant_time(const void *one, const void *other, size_t length);
