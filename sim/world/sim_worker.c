/* sim_worker.c - the processes: an engine each, that may die at any of its port calls and is then
 * made anew on the same store and bus. */
#include "sim/world/sim_worker.h"
#include "sim/world/sim.h"
#include "sim/world/sim_bus.h"
#include "sim/world/sim_clients.h"
#include "sim/world/sim_provider.h"
#include "sim/world/sim_queue.h"
#include "sim/world/sim_store.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_trace.h"

#include <string.h>

#define NESTING_MAX    2
#define PORT_CALLS_MAX 14 /* a step seldom makes more */
#define HOUR_MS        3600000
#define DOWN_MS_MAX    5000
#define FROZEN_MS_MAX  60000
#define TWINS_AT_ONCE  700 /* per 1000 steps within a port call */

static void engine_start(struct sim_worker *worker)
{
    struct engine_ports ports = {
        .store = sim_store_port(worker),
        .bus = sim_bus_port(worker),
    };
    if (worker->service == SIM_GATEWAY || worker->service == SIM_PAYMENT)
        ports.requests = sim_request_port(worker);
    if (worker->service == SIM_PAYMENT) {
        sim_pool_open(worker);
        ports.effects = sim_effect_port(worker);
    }
    if (!worker->sim->options.is_unobserved)
        ports.observer = sim_observer_port(worker);
    const struct participant *participant = worker->is_newer
                                                ? &worker->sim->newer[worker->service]
                                                : &worker->sim->participants[worker->service];
    struct engine **memory = &worker->sim->engines[worker->service][worker->number - 1];
    if (*memory == NULL)
        *memory = engine_new(participant, &ports, &worker->limits);
    else
        engine_restart(*memory, participant, &ports, &worker->limits);
    worker->engine = *memory;
    worker->life_count++;
    worker->sleeps_until_ms = 0;
}

static void worker_make(struct sim *sim, enum sim_service service, int number)
{
    static const size_t batches[] = { 1, 2, 4, 32 };
    static const int64_t pauses_ms[] = { 500, 5000, 60000 };
    struct sim_worker *worker = &sim->workers[sim->worker_count++];
    memset(worker, 0, sizeof *worker);
    worker->sim = sim;
    worker->service = service;
    memory_bus_init(&worker->bus, &sim->broker, &sim->queues[service], (int16_t)number,
                    sim->hands[worker - sim->workers], SIM_PREFETCH);
    worker->number = number;
    snprintf(worker->name, sizeof worker->name, "%s-%d", sim_service_text(service), number);
    worker->limits = engine_limits_default;
    worker->limits.batch_max = batches[sim_random_below(&sim->random, 4)];
    worker->limits.conflict_rounds_max = (int)sim_random_between(&sim->random, 2, 4);
    worker->limits.pause_consumer_after_ms = pauses_ms[sim_random_below(&sim->random, 3)];
    if (sim_random_chance(&sim->random, 100))
        worker->limits.owed_documents_max = 2;
    worker->calls_room = (size_t)sim_random_between(&sim->random, 1, SIM_CALLS_ROOM_MAX);
    worker->callers = (size_t)sim_random_between(&sim->random, 1, 3);
    if (sim_fault(sim, FAULT_SKEW))
        worker->skew_ms = sim_random_between(&sim->random, -HOUR_MS, HOUR_MS);
}

void sim_workers_make(struct sim *sim)
{
    static const int second_shares[SIM_SIZE_COUNT] = { 250, 400, 500 };
    for (size_t service = 0; service < sim->service_count; service++) {
        int count = sim_random_chance(&sim->random, second_shares[sim->size]) ? 2 : 1;
        for (int number = 1; number <= count; number++)
            worker_make(sim, (enum sim_service)service, number);
    }
}

/* I8, of this engine's life. */
static void counters_check(struct sim_worker *worker)
{
    struct engine_status status;
    engine_status_get(worker->engine, &status);
    if (status.delivered != status.applied + status.duplicates + status.rejected + status.deferred +
                                status.later + status.quarantined)
        sim_fail(worker->sim, "I8: the counters of %s do not add up", worker->name);
}

void sim_worker_stop(struct sim_worker *worker)
{
    if (worker->engine != NULL)
        counters_check(worker);
    worker->engine = NULL;
    worker->publish_count = 0;
    sim_session_end(worker, 0);
    memory_bus_forget(&worker->bus);
    sim_clients_lose(worker);
    sim_pool_lose(worker);
    worker->is_write_failing = false;
}

/* What this crash leaves behind. */
static void crash_see(struct sim_worker *worker)
{
    static const enum sim_anomaly met[] = {
        [PHASE_TAKEN] = ANOMALY_D1,     [PHASE_SAVED] = ANOMALY_D2, [PHASE_PUBLISHING] = ANOMALY_D3,
        [PHASE_PUBLISHED] = ANOMALY_D5, [PHASE_ACKED] = ANOMALY_D4,
    };
    struct sim *sim = worker->sim;
    if (worker->phase == PHASE_PUBLISHED && memory_bus_in_hand(&worker->bus) == 0)
        anomaly_reached(sim, ANOMALY_D4);
    else if (worker->phase != PHASE_IDLE)
        anomaly_reached(sim, met[worker->phase]);
    if (worker->phase == PHASE_SAVED && worker->publish_count > 0)
        anomaly_reached(sim, ANOMALY_D13);
    for (size_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].service == worker->service && &sim->workers[i] != worker &&
            sim->workers[i].engine != NULL)
            anomaly_reached(sim, ANOMALY_D9);
    for (size_t i = 0; i < sim->call_count; i++)
        if (sim->calls[i].worker == worker && sim->calls[i].has_arrived &&
            sim->calls[i].result.status == REFUND_SUCCEEDED)
            anomaly_reached(sim, ANOMALY_C3);
}

/* F11: after a write that failed a service is paused until one is acknowledged, and does not keep
 * its deliveries for much longer than it says. */
static void pause_check(struct sim_worker *worker, int64_t began_ms)
{
    struct sim *sim = worker->sim;
    struct engine_status status;
    if (!worker->is_write_failing)
        return;
    engine_status_get(worker->engine, &status);
    int64_t failing_ms = began_ms - worker->write_failing_since_ms; /* a step may freeze */
    if (!status.is_paused)
        sim_fail(sim, "F11: %s goes on, and no write was acknowledged", worker->name);
    else if (!worker->bus.is_paused && memory_bus_in_hand(&worker->bus) > 0 &&
             failing_ms > worker->limits.pause_consumer_after_ms + 2 * worker->limits.pause_max_ms)
        sim_fail(sim, "F11: %s keeps its deliveries without a store", worker->name);
}

static void worker_crash(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    crash_see(worker);
    worker->crash_count++;
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
    const int64_t began_ms = sim->now_ms;
    worker->is_stepping = true;
    worker->depth = sim->depth++;
    sim->steps++;
    worker->is_frozen = false;
    worker->began_ms = sim->now_ms;
    worker->conflict_count = 0;
    worker->phase = PHASE_IDLE;
    worker->saved_count = 0;
    worker->crash_in =
        sim_fault(sim, FAULT_CRASH) ? (int)sim_random_below(&sim->random, PORT_CALLS_MAX) : -1;
    /* The one jump: a process that is killed does not return from its port calls either. */
    if (sigsetjmp(worker->crash_point, 0) == 0) {
        struct engine_turn turn =
            engine_step(worker->engine, sim->now_ms + worker->skew_ms, sim->now_ms);
        sim_trace_step_end(worker);
        pause_check(worker, began_ms);
        worker->stepped_at_ms = sim->now_ms;
        worker->sleeps_until_ms = sim->now_ms + turn.idle_ms;
    } else {
        worker_crash(worker);
    }
    sim->depth = worker->depth;
    worker->is_stepping = false;
}

struct sim_worker *sim_worker_up(struct sim *sim, enum sim_service service)
{
    struct sim_worker *up[SIM_WORKERS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].service == service && sim->workers[i].engine != NULL &&
            sim->workers[i].request_count < SIM_REQUESTS_MAX)
            up[count++] = &sim->workers[i];
    return count == 0 ? NULL : up[sim_random_below(&sim->random, count)];
}

void sim_service_wake(struct sim *sim, enum sim_service service)
{
    for (size_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].service == service)
            sim->workers[i].sleeps_until_ms = 0;
}

static void earlier(int64_t *at_ms, int64_t candidate_ms)
{
    if (*at_ms == 0 || candidate_ms < *at_ms)
        *at_ms = candidate_ms;
}

/* What the broker has for it, and what it holds itself. */
static int64_t traffic_next_ms(const struct sim_worker *worker)
{
    const struct memory_queue *queue = worker->bus.queue;
    int64_t next_ms = 0;
    if (worker->request_count > 0 || memory_bus_in_hand(&worker->bus) > 0 ||
        worker->publish_count > 0)
        earlier(&next_ms, worker->stepped_at_ms);
    for (size_t i = 0; i < queue->count; i++)
        if (queue->entries[i].holder < 0)
            earlier(&next_ms, queue->entries[i].ready_at_ms);
    if (worker->calls != NULL) {
        struct effect_queue_status calls;
        effect_queue_status_get(worker->calls, &calls);
        if (calls.finished > 0)
            earlier(&next_ms, worker->stepped_at_ms);
    }
    return next_ms;
}

/* The deadlines of its store by its own clock, and messages that are owed: from then on they are
 * dropped or published again, its engine knows when. */
static int64_t documents_next_ms(const struct sim_worker *worker)
{
    const struct sim_store *store = &worker->sim->stores[worker->service];
    int64_t next_ms = 0;
    for (size_t i = 0; i < store->memory.count; i++) {
        const struct memory_document *document = &store->documents[i];
        if (document->due_at_ms != 0)
            earlier(&next_ms, document->due_at_ms - worker->skew_ms);
        if (document->owed_at_ms != 0)
            earlier(&next_ms,
                    document->owed_at_ms + worker->limits.clear_interval_ms - worker->skew_ms);
    }
    return next_ms;
}

int64_t sim_worker_next_ms(const struct sim_worker *worker)
{
    if (worker->engine == NULL)
        return worker->down_until_ms != 0 ? worker->down_until_ms : worker->sim->now_ms;
    int64_t next_ms = traffic_next_ms(worker);
    if (worker->bus.session == 0 &&
        !worker->bus.is_paused) /* who connects declares the topology, too */
        earlier(&next_ms,
                worker->reconnect_at_ms != 0 ? worker->reconnect_at_ms : worker->stepped_at_ms);
    int64_t document_ms = documents_next_ms(worker);
    if (document_ms != 0)
        earlier(&next_ms, document_ms);
    return next_ms == 0 || next_ms > worker->sleeps_until_ms ? next_ms : worker->sleeps_until_ms;
}

/* Another worker of the same service, which may be at the same document; else any. */
static struct sim_worker *rival_choose(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    size_t at = (size_t)(worker - sim->workers);
    if (sim_random_chance(&sim->random, TWINS_AT_ONCE))
        for (size_t i = 1; i < sim->worker_count; i++) {
            struct sim_worker *other = &sim->workers[(at + i) % sim->worker_count];
            if (other->service == worker->service)
                return other;
        }
    return &sim->workers[sim_random_below(&sim->random, sim->worker_count)];
}

void sim_port_point(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    sim->port_calls++;
    if (worker->crash_in == 0)
        siglongjmp(worker->crash_point, 1);
    if (worker->crash_in > 0)
        worker->crash_in--;
    if (sim->depth >= NESTING_MAX || !sim_fault(sim, FAULT_CONCURRENT))
        return;
    if (sim_fault(sim, FAULT_FREEZE)) {
        worker->is_frozen = true;
        sim->now_ms += sim_random_between(&sim->random, 1, FROZEN_MS_MAX);
        sim_tell(sim, "%s freezes, the others go on", worker->name);
    }
    sim_worker_step(rival_choose(worker));
}
