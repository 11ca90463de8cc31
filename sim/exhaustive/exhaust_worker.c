/* exhaust_worker.c - the processes of an exhaustive world. Each has one engine for the whole of the
 * exploration: before a step it is given the memory that the state says, after it the memory is
 * taken. A crash leaves the memory of an engine that was just made. */
#include "sim/exhaustive/exhaust.h"
#include "sim/world/sim_story.h"

#include <assert.h>
#include <string.h>

/* ---- making ---- */

static void tell_decided(void *self, const struct decided *decided)
{
    const struct exhaust_worker *worker = self;
    sim_tell(worker->explorer->sim, "%s decides %s %s of %s: %s%s%s, %s -> %s", worker->name,
             decided->input->type_name, decided->input->id, decided->input->document_id,
             decided->verdict, decided->reason != NULL ? " " : "",
             decided->reason != NULL ? decided->reason : "", decided->state_from,
             decided->state_to);
}

static void worker_make(struct exhaust *explorer, enum sim_service service, int number)
{
    struct sim *sim = explorer->sim;
    struct exhaust_worker *worker = &explorer->workers[explorer->worker_count];
    struct engine_limits limits = engine_limits_default;
    snprintf(worker->name, sizeof worker->name, "%s-%d", sim_service_text(service), number);
    worker->observer = (struct observer_port){ .self = worker, .decided = tell_decided };
    worker->explorer = explorer;
    worker->number = (int8_t)explorer->worker_count++;
    worker->service = service;
    memory_bus_init(&worker->bus, &explorer->broker, &explorer->world.queues[service],
                    worker->number, worker->hand, EXHAUST_HELD_MAX);
    worker->bus.session = EXHAUST_SESSION;
    limits.batch_max = (size_t)explorer->plan->batch_max;
    limits.sweep_interval_ms = 0;               /* whoever steps sees what is due */
    limits.pause_consumer_after_ms = INT64_MAX; /* a pause ends with the store's trouble */
    if (!explorer->plan->is_lazy)
        limits.clear_interval_ms = 0;
    struct engine_ports ports = {
        .store = exhaust_store_port(worker),
        .bus = exhaust_bus_port(worker),
        .observer = sim->options.is_told ? &worker->observer : NULL,
    };
    if (service != SIM_BOOKING)
        ports.requests = exhaust_request_port(worker);
    if (service == SIM_PAYMENT)
        ports.effects = exhaust_effect_port(worker);
    worker->engine = engine_new(&sim->participants[service], &ports, &limits);
    engine_state_take(worker->engine, &worker->newborn);
    explorer->world.memories[worker->number] = worker->newborn;
}

void exhaust_workers_make(struct exhaust *explorer)
{
    for (int service = 0; service < SIM_ROLE_COUNT; service++)
        for (int number = 1; number <= explorer->plan->workers[service]; number++)
            worker_make(explorer, (enum sim_service)service, number);
}

/* ---- stepping ---- */

/* I8, of this engine's life. */
static void counters_check(struct exhaust_worker *worker)
{
    struct engine_status status;
    engine_status_get(worker->engine, &status);
    if (status.delivered != status.applied + status.duplicates + status.rejected + status.deferred +
                                status.later + status.quarantined)
        sim_fail(worker->explorer->sim, "I8: the counters of %s do not add up", worker->name);
}

static void worker_crash(struct exhaust_worker *worker)
{
    sim_tell(worker->explorer->sim, "%s dies", worker->name);
    exhaust_bus_lose(worker);
    exhaust_edge_lose(worker);
    worker->explorer->world.memories[worker->number] = worker->newborn;
}

void exhaust_step(struct exhaust_worker *worker)
{
    struct exhaust *explorer = worker->explorer;
    assert(!worker->is_stepping);
    exhaust_bus_restore(worker);
    engine_state_give(worker->engine, &explorer->world.memories[worker->number]);
    worker->request_count = 0;
    worker->is_stepping = true;
    /* The one jump: a process that is killed does not return from its port calls either. */
    if (sigsetjmp(worker->crash_point, 0) == 0) {
        const int64_t now_ms = explorer->world.now_ms;
        (void)engine_step(worker->engine, now_ms + explorer->world.skews_ms[worker->number],
                          now_ms);
        counters_check(worker);
        engine_state_take(worker->engine, &explorer->world.memories[worker->number]);
    } else {
        worker_crash(worker);
    }
    worker->is_stepping = false;
}

static bool owes(const struct exhaust_worker *worker)
{
    const struct memory_document *documents = worker->explorer->world.documents[worker->service];
    for (size_t i = 0; i < EXHAUST_DOCUMENTS_MAX; i++)
        if (documents[i].owed_at_ms != 0)
            return true;
    return false;
}

int64_t exhaust_worker_again_ms(const struct exhaust_worker *worker)
{
    return engine_state_again_ms(&worker->explorer->world.memories[worker->number], owes(worker));
}

/* Without anything to do, its step within a port call would be a step before or after it. */
static bool has_work(const struct exhaust *explorer, enum sim_service service)
{
    const struct exhaust_world *world = &explorer->world;
    const struct memory_queue *queue = &world->queues[service];
    for (size_t i = 0; i < queue->count; i++)
        if (queue->entries[i].holder < 0)
            return true;
    for (size_t i = 0; i < EXHAUST_DOCUMENTS_MAX; i++) {
        const struct memory_document *document = &world->documents[service][i];
        if (document->owed_at_ms != 0 ||
            (document->due_at_ms != 0 &&
             (document->due_at_ms <= world->now_ms || explorer->plan->jumps > 0)))
            return true;
    }
    /* Requests and results are only to be had where there are clients or a provider. */
    return service != SIM_BOOKING;
}

static struct exhaust_worker *other_of(const struct exhaust_worker *worker)
{
    struct exhaust *explorer = worker->explorer;
    for (size_t i = 0; i < explorer->worker_count; i++)
        if (&explorer->workers[i] != worker && explorer->workers[i].service == worker->service &&
            !explorer->workers[i].is_stepping && has_work(explorer, worker->service))
            return &explorer->workers[i];
    return NULL;
}

void exhaust_port_point(struct exhaust_worker *worker)
{
    struct exhaust *explorer = worker->explorer;
    enum event { GO_ON, CRASH, OVERLAP };
    enum event events[3] = { GO_ON };
    size_t count = 1;
    struct exhaust_worker *other = other_of(worker);
    if (explorer->world.crashes > 0)
        events[count++] = CRASH;
    if (other != NULL && !explorer->is_waking)
        events[count++] = OVERLAP;
    enum event event = events[exhaust_choose(explorer, count)];
    if (event == CRASH) {
        explorer->world.crashes--;
        siglongjmp(worker->crash_point, 1);
    }
    if (event == OVERLAP) {
        assert(other != NULL); /* or it was no choice */
        sim_tell(explorer->sim, "meanwhile:");
        explorer->sim->depth++;
        exhaust_step(other);
        explorer->sim->depth--;
    }
}
