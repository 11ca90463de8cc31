/* sim_bus.h - the bus of a worker: that of common/memory, with faults around it. */
#pragma once

#include "sim/world/sim.h"

struct bus_port sim_bus_port(struct sim_worker *worker);
