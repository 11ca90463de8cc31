/* ident.h - identifiers as they come from outside. Bookings, payments, refunds:
 * `^[A-Za-z0-9_.:-]{1,64}$`; users: `^[A-Za-z0-9_.:@+|/-]{1,128}$`, as identity providers make
 * them, so never a part of a path. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDENT_BYTES_MAX 64
#define IDENT_SIZE      (IDENT_BYTES_MAX + 1)
#define USER_BYTES_MAX  128
#define USER_SIZE       (USER_BYTES_MAX + 1)
#define REASON_SIZE     64

bool ident_is_valid(const char *text, size_t length);
bool user_is_valid(const char *text, size_t length);
/* "." and "..": what a client resolves before it asks (RFC 3986, 5.2.4), so that it never reaches
 * what has such an id. */
bool ident_is_dots(const char *text);
