/* command.h - what every command gets, and the table of commands. */
#pragma once

#include "cli/arguments.h"
#include "cli/settings.h"
#include "common/base/exit_status.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

struct cli {
    struct settings settings;
    FILE *out;
    bool has_colours;
    const volatile sig_atomic_t *is_stopped; /* Ctrl-C */
};

struct command {
    const char *name;
    const char *summary;              /* one line */
    const char *details;              /* for `help NAME`; NULL = none */
    const struct argument *arguments; /* describe the options struct */
    size_t options_size;
    enum exit_status (*run)(struct cli *cli, const void *options);
};

extern const struct command command_show;
extern const struct command command_list;
extern const struct command command_listen;
extern const struct command command_trace;
extern const struct command command_ledger;
extern const struct command command_dead;
extern const struct command command_stuck;
extern const struct command command_audit;
extern const struct command command_replay;
extern const struct command command_doctor;
extern const struct command command_book;
extern const struct command command_pay;
extern const struct command command_cancel;
extern const struct command command_bench;

extern const struct command *const commands[]; /* ended by NULL */
/* NULL when there is none. */
const struct command *command_find(const char *name);
/* The most similar name, or NULL. */
const char *command_nearest(const char *name);

/* "roundtrip: " and the message, on stderr. */
void complain(const char *format, ...) PRINTF_LIKE(1, 2);
bool output_is_json(const char *output);
