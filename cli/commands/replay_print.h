/* replay_print.h - what a replay has found, for people and for scripts. One thread. */
#pragma once

#include "cli/screen/json.h"
#include "cli/sources/cli.h"
#include "replay/replay_decide.h"

struct replay_report {
    const struct cli *cli;
    bool is_json;
    bool is_short; /* many documents: only what is not equal is told */
    int64_t counts[REPLAY_IMPOSSIBLE + 1];
    int64_t told_ms; /* the last progress line */
    bool is_telling; /* stderr is a terminal */
    cJSON *findings;
};

void replay_report_start(struct replay_report *report, const struct cli *cli, const char *output,
                         bool is_short);
void replay_report_add(struct replay_report *report, const struct service_description *service,
                       const char *id, const struct replay_finding *finding);
/* The last line; OK only if every document was replayed and is equal. */
enum exit_status replay_report_end(struct replay_report *report);
