/* cli.h - what a command is run with: where the system is, where its output goes, when to stop. */
#pragma once

#include "cli/sources/settings.h"
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
