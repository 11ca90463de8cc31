/* sim_trace.h - what observers of the engines are told, and see in it. */
#pragma once

#include "sim/world/sim.h"

/* sim_watch.c: what the engine tells of itself */
const struct observer_port *sim_observer_port(struct sim_worker *worker);

/* sim_trace.c: what observers are told */
void sim_trace_saved(struct sim_worker *worker, const struct memory_document *before,
                     const struct record *record);
void sim_trace_decided(struct sim_worker *worker, const struct decided *decided);
void sim_trace_step_end(struct sim_worker *worker);
