/* arguments.h - reads a command's arguments by a table into a plain struct.
 *
 * Options are --name VALUE, --name=VALUE or -x; a table entry whose name does not begin with a dash
 * is positional, in the order of the table; "--" ends the options. What is wrong is said in one
 * line, with the nearest option. */
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum argument_type {
    ARGUMENT_TEXT,   /* const char *, borrowed */
    ARGUMENT_IDENT,  /* the same, an identifier by ident.h */
    ARGUMENT_USER,   /* the same, a user's */
    ARGUMENT_CHOICE, /* the same, one of `choices`, separated by | */
    ARGUMENT_INT,    /* int64_t, minimum .. maximum */
    ARGUMENT_FLAG,   /* bool */
};

struct argument {
    const char *name; /* "--limit", or "BOOKING" for a positional one; NULL ends the table */
    char letter;      /* '\0' = none */
    enum argument_type type;
    bool is_required;
    size_t offset;
    const char *choices;
    int64_t minimum, maximum;
    const char *meaning; /* one line, for the help */
};

/* A row of a table for `struct options`; behind the meaning what else it has: .letter = 'q'. */
#define ARGUMENT(kind, options, member, word, text, ...)                                           \
    {                                                                                              \
        .name = word, .type = ARGUMENT_##kind, .offset = offsetof(struct options, member),         \
        .meaning = text, __VA_ARGS__                                                               \
    }

/* Absent ones leave the target as it was. False: `messages` has the reason. */
MUST_CHECK bool arguments_read(const struct argument *table, int count, char *const *words,
                               void *target, FILE *messages);

/* One line an argument, and the short form for a usage line. */
void arguments_print_help(const struct argument *table, FILE *out);
void arguments_print_usage(const struct argument *table, FILE *out);
