/* config.h - configuration from the environment, checked once at start.
 *
 * A daemon describes its variables in a table; config_read fills a plain struct from it, reports
 * every bad value in one go (naming the variable and the way out), also where only two values
 * together are bad, and warns about a ROUNDTRIP_* variable that nobody knows, with the nearest
 * known name. An empty value counts as unset. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum config_type {
    CONFIG_TEXT,     /* const char *, borrowed from the environment or the default */
    CONFIG_SECRET,   /* the same, masked when printed */
    CONFIG_URL,      /* the same, its password masked when printed */
    CONFIG_HTTP,     /* the same, and it is http:// or https:// with a host */
    CONFIG_INT,      /* int64_t, minimum .. maximum */
    CONFIG_CHOICE,   /* const char *, one of `choices`, separated by | */
    CONFIG_CURRENCY, /* const char *, a currency of ISO 4217 */
    CONFIG_ADDRESS,  /* const char *, an IPv4 address */
};

struct config_option {
    const char *name; /* ROUNDTRIP_PREFETCH */
    enum config_type type;
    size_t offset;             /* into the daemon's struct */
    const char *default_value; /* as text; NULL = must be set */
    int64_t minimum, maximum;  /* CONFIG_INT */
    const char *choices;       /* CONFIG_CHOICE */
    const char *meaning;       /* one line, for --help and the README's table */
    const char *not_below;     /* CONFIG_INT: the option whose value this one must reach; or NULL */
};

/* A row of a table for `struct options`; behind the meaning what else it has: .minimum = 1. */
#define CONFIG_OPTION(kind, options, member, variable, value, text, ...)                           \
    {                                                                                              \
        .name = variable, .type = CONFIG_##kind, .offset = offsetof(struct options, member),       \
        .default_value = value, .meaning = text, __VA_ARGS__                                       \
    }

/* Fills target. Problems and warnings go to `messages`, one a line; false when any value is bad.
 * Several tables may describe one target (common options and the service's own): pass them all,
 * ended by an option whose name is NULL in each, and the list ended by NULL. */
MUST_CHECK bool config_read(const struct config_option *const *tables, void *target,
                            FILE *messages);

/* What config_read fills in where the environment says nothing. What must be set is left alone. */
void config_defaults(const struct config_option *const *tables, void *target);

/* NAME=value lines of what is in force, secrets masked. */
void config_print(const struct config_option *const *tables, const void *target, FILE *out);
void config_print_help(const struct config_option *const *tables, FILE *out);
