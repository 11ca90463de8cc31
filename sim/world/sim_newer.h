/* sim_newer.h - what a newer release stores, and what must become of it. */
#pragma once

#include "sim/world/sim.h"

/* The participants that ship, by the rules that are set, and those of the newer release. */
void sim_participants_make(struct sim *sim);
bool sim_is_newer(const struct memory_document *document); /* only the newer release reads it */
/* A document as this worker has just stored it gets what its release stores beside. */
void sim_newer_store(struct sim_worker *worker, struct memory_document *document);
/* A save must not drop any of that, and an older release must not save what it cannot read. */
void sim_newer_check(struct sim_worker *worker, const struct memory_document *document,
                     const struct record *record);
