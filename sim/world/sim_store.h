/* sim_store.h - the simulated stores: those of common/memory, with faults around them. */
#pragma once

#include "sim/world/sim.h"

struct store_port sim_store_port(struct sim_worker *worker);
void sim_stores_make(struct sim *sim);
#define SIM_JUNK_PREFIX "junk:"
/* May strike, too; error is set then. */
bool sim_store_is_away(struct sim_worker *worker, struct error *error);
/* sim_sweep.c: the rest of that port */
bool sim_store_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                   size_t *ret_count, struct error *error);
bool sim_store_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                    size_t *ret_count, struct error *error);
bool sim_store_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error);

/* sim_waits.c: what time must not do to documents */
void sim_owed_see(void *self, const struct input *cause, struct message *message);
void sim_wait_see(struct sim_worker *worker, const struct decided *decided);
