/* sim_afterwards.h - what comes when a world is at rest, and must change nothing: old messages, a
 * flood, a store from its backup. */
#pragma once

#include <stdbool.h>

struct sim;

/* sim_later.c: weeks later old messages and dead letters come again; false: nothing did */
bool sim_weeks_later(struct sim *sim);

/* sim_flood.c: one side of an engine is flooded; false: none was */
bool sim_flood_check(struct sim *sim);

/* sim_restore.c: a backup of the payment service's store, taken and put back */
void sim_backup_take(struct sim *sim);
bool sim_backup_restore(struct sim *sim); /* false: there is none, or it knows too little */
