/* timeline.h - what happened to a booking and its payments, in order, repetitions folded in.
 * Pure. */
#pragma once

#include "cli/sources/dossier.h"

#define TIMELINE_STEPS_MAX (HISTORY_MAX * (SERVICES_MAX + DOSSIER_PAYMENTS_MAX))

struct step {
    int64_t at_ms;
    const char *service; /* "gateway" */
    const char *document_id;
    const struct history_entry *entry;
    int64_t last_ms; /* of the repetitions */
    int times;       /* 1 = once */
};

struct timeline {
    struct step *steps; /* in the dossier's arena */
    size_t count;
    int64_t not_remembered; /* beyond what the services keep */
};

void timeline_make(struct dossier *dossier, struct timeline *ret_timeline);
