/* ident.h - identifiers as they come from outside: bookings, users, payments.
 * `^[A-Za-z0-9_.:-]{1,64}$`. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDENT_BYTES_MAX 64
#define IDENT_SIZE      (IDENT_BYTES_MAX + 1)
#define REASON_SIZE     64

bool ident_is_valid(const char *text, size_t length);

/* FNV-1a, for tables in memory: bounded ones, where nobody gains by collisions. */
uint64_t ident_hash(const char *ident);
