/* sim_jobs.h - many schedules, in several processes, and what they have come to. */
#pragma once

#include "sim/random/sim_schedule.h"

#define SIM_JOBS_MAX 64

struct sim_campaign {
    int64_t from;      /* the first seed; they are tried in order, dealt out to the jobs */
    int64_t schedules; /* at most so many; 0 = until the time is over */
    double seconds;    /* at most so long; 0 = until the schedules are through */
    int64_t jobs;
};

struct sim_tally {
    uint64_t schedules, steps, port_calls;
    double seconds;
    uint64_t reached[ANOMALY_COUNT]; /* schedules that met it */
    bool has_failed;
    uint64_t seed; /* that failed, the lowest one */
    char failure[SIM_FAILURE_SIZE];
};

/* Forks, waits, adds up. Progress goes to stderr every two seconds. A schedule that breaks an
 * invariant, or ends its process, ends the campaign. False: a process could not be started. */
bool sim_campaign_run(const struct sim_campaign *campaign, struct sim_tally *ret_tally);
