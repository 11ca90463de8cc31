/* sim_topology.h - queues and bindings that get lost, and how the services bring them back. */
#pragma once

#include "sim/world/sim.h"

void sim_topology_declare(struct sim *sim);            /* all of it is there */
void sim_topology_declared(struct sim_worker *worker); /* by this worker, which connects */
void sim_topology_mind(struct sim_worker *worker);     /* again, if it is time */
/* It has announced something again: perhaps a binding is lost, so it makes sure of them soon. */
void sim_topology_doubt(struct sim_worker *worker);

void sim_binding_lose(struct sim *sim);                          /* one of them, whichever */
bool sim_binding_is_lost(const struct sim *sim, size_t binding); /* by its row of the table */
