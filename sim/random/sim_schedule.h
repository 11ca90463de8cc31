/* sim_schedule.h - one schedule of a simulated world, in which everything follows from the seed.
 *
 * It has three acts: chaos (clients, steps and faults in random order, each schedule with a random
 * subset of the faults), healing (no more faults, until nothing is left to do), and the oracle,
 * which looks at stores, bus and provider from outside. The first thing found wrong ends it. */
#pragma once

#include "sim/world/sim.h"

/* False: `failure` says which invariant broke. */
bool sim_run(struct sim *sim, uint64_t seed, const struct sim_options *options);
/* Right after sim_run(): once more without observers, which must end in the same bytes. */
bool sim_unobserved_check(struct sim *sim, uint64_t seed);

/* sim_plan.c: what clients and the provider are going to say */
void sim_clients_plan(struct sim *sim);
