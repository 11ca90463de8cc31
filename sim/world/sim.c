/* sim.c - the memory of a simulated world: made once, cleared for each schedule. */
#include "sim/world/sim.h"

#include "common/base/memory.h"
#include "events/topology.h"
#include "replay/replay_decide.h"
#include "services/registry.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* By role: each of the three has its part against clients and provider of the world. */
static void roles_check(const struct sim *sim)
{
    static const char *const names[] = {
        [SIM_GATEWAY] = "gateway", [SIM_BOOKING] = "booking", [SIM_PAYMENT] = "payment"
    };
    assert(sim->service_count >= SIM_ROLE_COUNT);
    for (int role = 0; role < SIM_ROLE_COUNT; role++)
        assert(strcmp(services[role]->name, names[role]) == 0);
    for (size_t i = sim->service_count; services[i] != NULL; i++)
        assert(services[i]->participant == NULL);
}

static void rules_find(struct sim *sim)
{
    sim->rules[SIM_GATEWAY] = &sim->gateway_config;
    sim->rules[SIM_BOOKING] = &sim->booking_rules;
    sim->rules[SIM_PAYMENT] = &sim->payment_rules;
    for (size_t service = SIM_ROLE_COUNT; service < sim->service_count; service++)
        sim->rules[service] = service_default_rules(services[service], &sim->defaults);
}

static void *any_state_new(const struct sim *sim)
{
    size_t bytes_max = 0;
    for (size_t service = 0; service < sim->service_count; service++) {
        size_t bytes = services[service]->participant(sim->rules[service]).state_size;
        bytes_max = bytes > bytes_max ? bytes : bytes_max;
    }
    return memory_alloc(1, bytes_max);
}

struct sim *sim_new(void)
{
    struct sim *sim = memory_alloc(1, sizeof *sim);
    sim->replayer = replayer_new();
    while (services[sim->service_count] != NULL &&
           services[sim->service_count]->participant != NULL)
        sim->service_count++;
    roles_check(sim);
    rules_find(sim);
    sim->any_state = any_state_new(sim);
    struct memory_keeper keeper = memory_keeper_arena(&sim->arena);
    for (size_t service = 0; service < sim->service_count; service++)
        sim->stores[service].memory =
            memory_store_of(sim->stores[service].documents, SIM_DOCUMENTS_MAX, keeper);
    sim->backup.memory = memory_store_of(sim->backup.documents, SIM_DOCUMENTS_MAX, keeper);
    return sim;
}

struct sim *sim_free(struct sim *sim)
{
    for (size_t service = 0; service < sim->service_count; service++)
        for (int i = 0; i < SIM_WORKERS_PER_SERVICE_MAX; i++)
            sim->engines[service][i] = engine_free(sim->engines[service][i]);
    for (int i = 0; i < SIM_WORKERS_PER_SERVICE_MAX; i++)
        sim->effect_queues[i] = effect_queue_free(sim->effect_queues[i]);
    sim->replayer = replayer_free(sim->replayer);
    arena_done(&sim->arena);
    arena_done(&sim->defaults);
    free(sim->any_state);
    free(sim);
    return NULL;
}

/* Only what the last schedule has used: the tables are far larger than most worlds. */
void sim_clear(struct sim *sim)
{
    const size_t schedule_begin = offsetof(struct sim, seed);
    for (size_t i = 0; i < sim->mark_count; i++)
        sim->mark_index[sim->marks[i].index_at] = 0;
    for (size_t service = 0; service < sim->service_count; service++) {
        struct sim_store *store = &sim->stores[service];
        sim->queues[service] = memory_queue_of(services[service]->queue, sim->entries[service],
                                               SIM_QUEUE_MAX, sim->letters[service], SIM_DEAD_MAX);
        store->memory.count = 0;
        store->away_until_ms = store->readonly_until_ms = 0;
        store->junk_count = 0;
        store->junk_at_ms = 0;
    }
    sim->broker = memory_broker_of(sim->queues, sim->service_count, event_bindings,
                                   event_binding_count, memory_keeper_arena(&sim->arena));
    sim->backup.memory.count = 0;
    arena_clear(&sim->arena);
    memset((unsigned char *)sim + schedule_begin, 0, sizeof *sim - schedule_begin);
}
