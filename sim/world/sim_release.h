/* sim_release.h - releases side by side: some workers are of a newer one. */
#pragma once

#include "sim/world/sim.h"

void sim_release_strike(struct sim *sim); /* a worker is rolled forward or back */
void sim_release_finish(struct sim *sim); /* all of them forward, once one was */
