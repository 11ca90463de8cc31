/* sim_worker.h - the processes step, and die. */
#pragma once

#include "sim/world/sim.h"

/* sim_worker.c */
void sim_workers_make(struct sim *sim);
void sim_worker_step(struct sim_worker *worker); /* may crash inside */
void sim_worker_stop(struct sim_worker *worker); /* the process is gone */
/* When it should step next: now or before where something waits for it; 0 = never. */
int64_t sim_worker_next_ms(const struct sim_worker *worker);
