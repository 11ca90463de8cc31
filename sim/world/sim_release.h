/* sim_release.h - releases side by side: some workers are of a newer one. */
#pragma once

#include "sim/world/sim.h"

void sim_newer_make(struct sim *sim);                      /* after the participants are known */
void sim_release_strike(struct sim *sim);                  /* a worker is rolled forward or back */
void sim_release_finish(struct sim *sim);                  /* all of them forward, once one was */
bool sim_is_newer(const struct memory_document *document); /* only the newer release reads it */
/* A document as this worker has just stored it gets what its release stores beside. */
void sim_newer_store(struct sim_worker *worker, struct memory_document *document);
/* A save must not drop any of that, and an older release must not save what it cannot read. */
void sim_newer_check(struct sim_worker *worker, const struct memory_document *document,
                     const struct record *record);
