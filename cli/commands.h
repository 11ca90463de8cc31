/* commands.h - the table of commands. */
#pragma once

#include "cli/commands/command.h"

extern const struct command *const commands[]; /* ended by NULL */
/* NULL when there is none. */
const struct command *command_find(const char *name);
/* The most similar name, or NULL. */
const char *command_nearest(const char *name);
