/* sim.c - the memory of a simulated world: made once, cleared for each schedule. */
#include "sim/world/sim.h"

#include "common/base/memory.h"
#include "events/topology.h"
#include "replay/replay_decide.h"
#include "services/registry.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct sim *sim_new(void)
{
    struct sim *sim = memory_alloc(1, sizeof *sim);
    sim->replayer = replayer_new();
    struct memory_keeper keeper = memory_keeper_arena(&sim->arena);
    for (int service = 0; service < SIM_SERVICE_COUNT; service++)
        sim->stores[service].memory =
            memory_store_of(sim->stores[service].documents, SIM_DOCUMENTS_MAX, keeper);
    sim->backup.memory = memory_store_of(sim->backup.documents, SIM_DOCUMENTS_MAX, keeper);
    return sim;
}

struct sim *sim_free(struct sim *sim)
{
    for (int service = 0; service < SIM_SERVICE_COUNT; service++)
        for (int i = 0; i < SIM_WORKERS_PER_SERVICE_MAX; i++)
            sim->engines[service][i] = engine_free(sim->engines[service][i]);
    for (int i = 0; i < SIM_WORKERS_PER_SERVICE_MAX; i++)
        sim->effect_queues[i] = effect_queue_free(sim->effect_queues[i]);
    sim->replayer = replayer_free(sim->replayer);
    arena_done(&sim->arena);
    free(sim);
    return NULL;
}

/* Only what the last schedule has used: the tables are far larger than most worlds. */
void sim_clear(struct sim *sim)
{
    const size_t schedule_begin = offsetof(struct sim, seed);
    for (size_t i = 0; i < sim->mark_count; i++)
        sim->mark_index[sim->marks[i].index_at] = 0;
    for (int service = 0; service < SIM_SERVICE_COUNT; service++) {
        struct sim_store *store = &sim->stores[service];
        sim->queues[service] = memory_queue_of(services[service]->queue, sim->entries[service],
                                               SIM_QUEUE_MAX, sim->letters[service], SIM_DEAD_MAX);
        store->memory.count = 0;
        store->away_until_ms = store->readonly_until_ms = 0;
        store->junk_count = 0;
        store->junk_at_ms = 0;
    }
    sim->broker = memory_broker_of(sim->queues, SIM_SERVICE_COUNT, event_bindings,
                                   event_binding_count, memory_keeper_arena(&sim->arena));
    sim->backup.memory.count = 0;
    arena_clear(&sim->arena);
    memset((unsigned char *)sim + schedule_begin, 0, sizeof *sim - schedule_begin);
}
