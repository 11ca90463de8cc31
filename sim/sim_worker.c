/* sim_worker.c - the processes: an engine each, that may die at any of its port calls and is then
 * made anew on the same store and bus. */
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

#define NESTING_MAX    2
#define PORT_CALLS_MAX 14 /* a step seldom makes more */
#define HOUR_MS        3600000
#define DOWN_MS_MAX    5000

static void engine_start(struct sim_worker *worker)
{
    struct engine_ports ports = {
        .store = sim_store_port(worker),
        .bus = sim_bus_port(worker),
    };
    if (worker->service != SIM_BOOKING)
        ports.requests = sim_request_port(worker);
    if (worker->service == SIM_PAYMENT)
        ports.effects = sim_effect_port(worker);
    ports.observer = sim_observer_port(worker);
    worker->engine =
        engine_new(&worker->sim->participants[worker->service], &ports, &worker->limits);
    worker->idle_ms = 0;
}

static void worker_make(struct sim *sim, enum sim_service service, int number)
{
    static const size_t batches[] = { 1, 2, 4, 32 };
    static const int64_t pauses_ms[] = { 500, 5000, 60000 };
    struct sim_worker *worker = &sim->workers[sim->worker_count++];
    worker->sim = sim;
    worker->service = service;
    snprintf(worker->name, sizeof worker->name, "%s-%d", sim_service_text(service), number);
    worker->limits = engine_limits_default;
    worker->limits.batch_max = batches[sim_random_below(&sim->random, 4)];
    worker->limits.conflict_rounds_max = (int)sim_random_between(&sim->random, 1, 4);
    worker->limits.pause_consumer_after_ms = pauses_ms[sim_random_below(&sim->random, 3)];
    if (sim_random_chance(&sim->random, 100))
        worker->limits.owed_documents_max = 2;
    if (sim_fault(sim, FAULT_SKEW))
        worker->skew_ms = sim_random_between(&sim->random, -HOUR_MS, HOUR_MS);
}

void sim_workers_make(struct sim *sim)
{
    for (int service = 0; service < SIM_SERVICE_COUNT; service++) {
        int count = sim_random_chance(&sim->random, 500) ? 2 : 1;
        for (int number = 1; number <= count; number++)
            worker_make(sim, (enum sim_service)service, number);
    }
}

/* I8, of this engine's life. */
static void counters_check(struct sim_worker *worker)
{
    struct engine_status status;
    engine_status_get(worker->engine, &status);
    if (status.delivered !=
        status.applied + status.duplicates + status.rejected + status.quarantined)
        sim_fail(worker->sim, "I8: the counters of %s do not add up", worker->name);
}

void sim_worker_stop(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    if (worker->engine != NULL)
        counters_check(worker);
    worker->engine = engine_free(worker->engine);
    sim_session_end(worker, 0);
    while (worker->delivery_count > 0)
        sim_delivery_free(worker, worker->deliveries[0]);
    sim_clients_lose(worker);
    for (size_t i = 0; i < sim->call_count; i++)
        if (sim->calls[i].worker == worker)
            sim->calls[i].worker = NULL;
    worker->is_paused = false;
    worker->reported_session = 0;
}

static void worker_crash(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    sim_tell(sim, "%s dies", worker->name);
    sim_worker_stop(worker);
    worker->down_until_ms = sim->now_ms + sim_random_between(&sim->random, 0, DOWN_MS_MAX);
}

void sim_worker_step(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    if (worker->is_stepping || (worker->down_until_ms > sim->now_ms && !sim->is_healed))
        return;
    if (worker->engine == NULL)
        engine_start(worker);
    worker->is_stepping = true;
    worker->depth = sim->depth++;
    worker->crash_in =
        sim_fault(sim, FAULT_CRASH) ? (int)sim_random_below(&sim->random, PORT_CALLS_MAX) : -1;
    /* The one jump: a process that is killed does not return from its port calls either. */
    if (sigsetjmp(worker->crash_point, 0) == 0) {
        struct engine_turn turn = engine_step(worker->engine, sim->now_ms + worker->skew_ms);
        worker->idle_ms = turn.idle_ms;
        worker->has_worked = turn.inputs_handled > 0;
    } else {
        worker_crash(worker);
    }
    sim->depth = worker->depth;
    worker->is_stepping = false;
}

void sim_port_point(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    if (worker->crash_in == 0)
        siglongjmp(worker->crash_point, 1);
    if (worker->crash_in > 0)
        worker->crash_in--;
    if (sim->depth < NESTING_MAX && sim_fault(sim, FAULT_CONCURRENT))
        sim_worker_step(&sim->workers[sim_random_below(&sim->random, sim->worker_count)]);
}
