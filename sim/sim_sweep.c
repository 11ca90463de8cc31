/* sim_sweep.c - what the sweeps find in a simulated store. */
#include "sim/sim_store.h"

#include <stdio.h>
#include <string.h>

static struct sim_store *store_of(const struct sim_worker *worker)
{
    return &worker->sim->stores[worker->service];
}

struct waiting {
    int64_t time_ms;
    const char *id; /* NULL: junk */
};

static bool is_looked_at(const struct store_look *look, int64_t time_ms)
{
    return time_ms > look->after_ms && time_ms <= look->before_ms;
}

/* Those whose time is looked at, the earliest first. Junk is older than all else. */
static size_t waiting_find(struct sim *sim, const struct sim_store *store, bool is_owed,
                           const struct store_look *look, struct waiting *ret_waiting)
{
    size_t junk = is_looked_at(look, store->junk_at_ms) ? store->junk_count : 0;
    size_t count = junk;
    for (size_t i = 0; i < junk; i++)
        ret_waiting[i] = (struct waiting){ store->junk_at_ms, NULL };
    for (size_t i = 0; i < store->count; i++) {
        const struct sim_document *document = &store->documents[i];
        int64_t time_ms = is_owed ? document->owed_at_ms : document->due_at_ms;
        if (!is_looked_at(look, time_ms))
            continue;
        size_t at = count++;
        for (; at > junk && ret_waiting[at - 1].time_ms > time_ms; at--)
            ret_waiting[at] = ret_waiting[at - 1];
        ret_waiting[at] = (struct waiting){ time_ms, document->id };
    }
    if (junk > 0 && count > junk)
        anomaly_reached(sim, ANOMALY_F14);
    return count;
}

static size_t sweep(struct sim_worker *worker, bool is_owed, const struct store_look *look,
                    char (*ret_ids)[IDENT_SIZE])
{
    struct waiting waiting[SIM_DOCUMENTS_MAX + SIM_JUNK_MAX];
    size_t found = waiting_find(worker->sim, store_of(worker), is_owed, look, waiting);
    size_t count = 0;
    for (size_t i = look->skip; i < found && count < look->limit; i++)
        if (waiting[i].id == NULL)
            snprintf(ret_ids[count++], IDENT_SIZE, SIM_JUNK_PREFIX "%zu", i);
        else
            memcpy(ret_ids[count++], waiting[i].id, IDENT_SIZE);
    return count;
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
    *ret_count = sweep(worker, false, look, ret_ids);
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
    *ret_count = sweep(worker, true, look, ret_ids);
    sim_port_point(worker);
    return true;
}

bool sim_store_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error)
{
    struct sim_worker *worker = self;
    const struct sim_store *store = store_of(worker);
    if (sim_store_is_away(worker, error))
        return false;
    *ret_count = store->junk_count < limit ? store->junk_count : limit;
    for (size_t i = 0; i < store->count && *ret_count < limit; i++)
        *ret_count += store->documents[i].owed_at_ms != 0;
    return true;
}
