/* uuid.h - RFC 9562. Canonical lower-case text of 36 characters. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_TEXT_SIZE 37

/* Version 7: the time and random bytes, both given by the caller. Pure. */
void uuid_v7_make(int64_t now_ms, const uint8_t random[10], char ret_text[UUID_TEXT_SIZE]);
/* The same with random bytes of the operating system's; for shells, never for cores. */
void uuid_v7_generate(int64_t now_ms, char ret_text[UUID_TEXT_SIZE]);
/* Version 8: derived from any bytes by SHA-256. The same bytes give the same id. Pure. */
void uuid_v8_derive(const void *bytes, size_t length, char ret_text[UUID_TEXT_SIZE]);
/* Only the canonical lower-case form counts. */
bool uuid_parse(const char *text, uint8_t ret_bytes[16]);
/* Random bytes of the operating system's; for shells, never for cores. */
void uuid_random_bytes(void *ret_bytes, size_t length);
