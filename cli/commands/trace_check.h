/* trace_check.h - roundtrip trace check: whether the traces of many bookings are whole. */
#pragma once

#include "cli/commands/command.h"

#include <stdint.h>

struct trace_check_options {
    int64_t sample, export_delay_ms;
    bool is_json;
};

MUST_CHECK enum exit_status trace_check(struct cli *cli, const struct trace_check_options *options);
