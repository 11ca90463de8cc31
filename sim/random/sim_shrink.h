/* sim_shrink.h - makes a schedule that fails as short as it can be made. */
#pragma once

#include "sim/random/sim_schedule.h"

/* Runs the seed, records its choices, and drops and lowers choices as long as the schedule still
 * breaks the same invariant. False: the seed does not fail (or not the same way twice). The tape
 * then tells the shortest schedule found; *ret_trials is how many were run. */
bool sim_shrink(struct sim *sim, uint64_t seed, const struct sim_options *options,
                struct sim_tape *ret_tape, size_t *ret_trials);

/* The choices that are not 0. */
size_t sim_tape_weight(const struct sim_tape *tape);
