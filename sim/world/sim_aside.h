/* sim_aside.h - deliveries that a worker puts aside. */
#pragma once

#include "sim/world/sim.h"

bool sim_is_blocked(const struct sim *sim);
/* The peer is gone and nobody has told us; the heartbeat will. */
bool sim_is_half_open(const struct sim_worker *worker);
struct sim_hold *sim_hold_of(struct sim_worker *worker, const struct delivery *delivery);
/* When it was first left to a newer release; 0 = never. */
int64_t sim_later_since_ms(const struct sim *sim, const struct memory_entry *entry);
bool sim_bus_quarantine(void *self, const struct delivery *delivery, const char *reason,
                        struct error *error);
bool sim_bus_postpone(void *self, const struct delivery *delivery, const char *reason,
                      int64_t since_ms, struct error *error);
