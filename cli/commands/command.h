/* command.h - what a command is, and each of them; cli/commands.c has their table. */
#pragma once

#include "cli/screen/complain.h"
#include "cli/sources/cli.h"
#include "common/base/arguments.h"

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
extern const struct command command_services;
extern const struct command command_book;
extern const struct command command_pay;
extern const struct command command_cancel;
extern const struct command command_bench;

#define OUTPUT_ARGUMENT(options)                                                                   \
    {                                                                                              \
        .name = "--output", .letter = 'o', .type = ARGUMENT_CHOICE,                                \
        .offset = offsetof(options, output), .choices = "table|json",                              \
        .meaning = "table (for people) or json (for scripts)"                                      \
    }
