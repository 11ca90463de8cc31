/* sim_sweep.c - what the sweeps find in a simulated store. */
#include "sim/world/sim.h"
#include "sim/world/sim_store.h"

#include <stdio.h>

static struct sim_store *store_of(const struct sim_worker *worker)
{
    return &worker->sim->stores[worker->service];
}

/* Junk is older than all else. */
static size_t sweep(struct sim_worker *worker, enum memory_wait wait, const struct store_look *look,
                    char (*ret_ids)[IDENT_SIZE])
{
    const struct sim_store *store = store_of(worker);
    bool is_junk_seen = store->junk_at_ms > look->after_ms && store->junk_at_ms <= look->before_ms;
    size_t junk = is_junk_seen ? store->junk_count : 0;
    size_t count = 0;
    for (size_t i = look->skip; i < junk && count < look->limit; i++)
        snprintf(ret_ids[count++], IDENT_SIZE, SIM_JUNK_PREFIX "%zu", i);
    struct store_look rest = *look;
    rest.skip = look->skip > junk ? look->skip - junk : 0;
    rest.limit = look->limit - count;
    size_t found = memory_store_look(&store->memory, wait, &rest, ret_ids + count);
    if (junk > 0 && found > 0)
        anomaly_reached(worker->sim, ANOMALY_F14);
    return count + found;
}

static bool sweep_failed(struct sim_worker *worker)
{
    anomaly_reached(worker->sim, ANOMALY_D11);
    return false;
}

bool sim_store_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                   size_t *ret_count, struct error *error)
{
    struct sim_worker *worker = self;
    if (sim_store_is_away(worker, error))
        return sweep_failed(worker);
    *ret_count = sweep(worker, MEMORY_DUE, look, ret_ids);
    if (*ret_count > 0 && !worker->can_publish && worker->service != SIM_BOOKING)
        anomaly_reached(worker->sim, ANOMALY_E18);
    sim_port_point(worker);
    return true;
}

bool sim_store_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                    size_t *ret_count, struct error *error)
{
    struct sim_worker *worker = self;
    if (sim_store_is_away(worker, error))
        return sweep_failed(worker);
    *ret_count = sweep(worker, MEMORY_OWED, look, ret_ids);
    sim_port_point(worker);
    return true;
}

bool sim_store_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error)
{
    struct sim_worker *worker = self;
    const struct sim_store *store = store_of(worker);
    if (sim_store_is_away(worker, error))
        return false;
    size_t junk = store->junk_count < limit ? store->junk_count : limit;
    *ret_count = junk + memory_store_owing(&store->memory, limit - junk);
    return true;
}
