/* sim_storage.h - a simulated store: that of common/memory, and what is known of its documents. */
#pragma once

#include "common/memory/memory_store.h"
#include "sim/world/sim_limits.h"

struct sim_life {      /* of a document's state */
    int64_t since_ms;  /* by the world's own time, which is never set */
    size_t life_count; /* of the worker that stored it so */
};

struct sim_store {
    struct memory_store memory; /* of these documents, which are never removed */
    struct memory_document documents[SIM_DOCUMENTS_MAX];
    struct sim_life lives[SIM_DOCUMENTS_MAX];
    int64_t away_until_ms;
    int64_t readonly_until_ms;
    size_t junk_count; /* documents that nobody can read, due and owing since junk_at_ms */
    int64_t junk_at_ms;
};
