/* error.h - an error is a value that says what the caller should do about it.
 *
 * A function that can fail returns bool and fills `struct error` only on failure. Callers add
 * their context in front, so that a message reads from the outside in:
 * "save booking 7f3: mongodb: not primary". Never thrown away silently. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/enum_list.h"

#include <stdbool.h>

#define ERROR_MESSAGE_BYTES 256

/* code, its text, and what the caller does */
#define ERROR_CODES(X)                                                                             \
    X(ERROR_NONE, "none")           /* nothing failed */                                           \
    X(ERROR_RETRY, "retry")         /* the world is at fault and may mend: try again later */      \
    X(ERROR_CONFLICT, "conflict")   /* somebody else was first: load again, decide again */        \
    X(ERROR_REJECT, "reject")       /* the input is at fault: refuse it, do not try again */       \
    X(ERROR_NOT_FOUND, "not found") /* what was asked for does not exist */                        \
    X(ERROR_BUG, "bug")             /* we are at fault: keep the input, alert */                   \
    X(ERROR_NEWER, "newer")         /* a release after this one knows it: leave it to that one */

enum error_code { ERROR_CODES(ENUM_VALUE) ERROR_CODE_COUNT };

struct error {
    enum error_code code;
    char message[ERROR_MESSAGE_BYTES];
};

/* Sets code and message; returns false, so that a caller can `return error_set(...)`. */
bool error_set(struct error *error, enum error_code code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Puts "context: " in front of the message; returns false. */
bool error_wrap(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

const char *error_code_text(enum error_code code);
