/* sim_flood.c - after all has come to rest, one side of an engine is flooded and kept full, and
 * what comes on another side must have its turn within a few steps. */
#include "sim/world/sim.h"
#include "sim/world/sim_afterwards.h"
#include "sim/world/sim_clients.h"
#include "sim/world/sim_queue.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_worker.h"

#define FLOODED_PER_1000 40
#define FLOOD_DEPTH      48 /* above the largest batch and prefetch */
#define STEPS_MAX        4

/* One whose store was away when nothing was left to do may not have looked again yet. */
static bool is_at_work(const struct sim_worker *worker)
{
    struct engine_status status;
    if (worker->engine == NULL || worker->bus.session == 0)
        return false;
    engine_status_get(worker->engine, &status);
    return !status.is_paused;
}

static struct sim_worker *worker_find(struct sim *sim, enum sim_service service)
{
    for (size_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].service == service && is_at_work(&sim->workers[i]))
            return &sim->workers[i];
    return NULL;
}

/* One that was answered for good, and is answered the same again. */
static struct sim_op *op_find(struct sim *sim, enum sim_service service)
{
    for (size_t i = 0; i < sim->op_count; i++) {
        struct sim_op *op = &sim->ops[i];
        if (service == SIM_GATEWAY && op->kind == OP_INTENT &&
            sim->bookings[op->booking].is_accepted)
            return op;
        if (service == SIM_PAYMENT && op->kind == OP_CAPTURE &&
            sim->payments[op->payment].is_accepted)
            return op;
    }
    return NULL;
}

static void deliveries_fill(struct sim *sim, enum sim_service service, size_t depth)
{
    while (sim->queues[service].count < depth && sim->failure[0] == '\0')
        (void)sim_queue_put(sim, service, &sim->settled[service]->message);
}

static void requests_fill(struct sim_worker *worker, struct sim_op *op, size_t depth)
{
    while (worker->request_count < depth) {
        op->is_open = true;
        sim_request_send(worker, op);
    }
}

static void flooded_step(struct sim_worker *worker)
{
    worker->sim->now_ms++;
    sim_worker_step(worker);
}

static void request_among_deliveries(struct sim_worker *worker, struct sim_op *op)
{
    int steps = 0;
    for (requests_fill(worker, op, 1); worker->request_count > 0 && steps <= STEPS_MAX; steps++) {
        deliveries_fill(worker->sim, worker->service, FLOOD_DEPTH);
        flooded_step(worker);
    }
    if (worker->request_count > 0)
        sim_fail(worker->sim, "I11: with its queue kept full %s answers no request", worker->name);
}

static void delivery_among_requests(struct sim_worker *worker, struct sim_op *op)
{
    const struct memory_queue *queue = &worker->sim->queues[worker->service];
    int steps = 0;
    for (deliveries_fill(worker->sim, worker->service, 1); queue->count > 0 && steps <= STEPS_MAX;
         steps++) {
        requests_fill(worker, op, FLOOD_DEPTH);
        flooded_step(worker);
    }
    if (queue->count > 0)
        sim_fail(worker->sim, "I11: with requests kept waiting %s takes no delivery", worker->name);
}

bool sim_flood_check(struct sim *sim)
{
    if (!sim_random_chance(&sim->random, FLOODED_PER_1000))
        return false;
    enum sim_service service = sim_random_chance(&sim->random, 500) ? SIM_GATEWAY : SIM_PAYMENT;
    bool is_of_deliveries = sim_random_chance(&sim->random, 500);
    struct sim_worker *worker = worker_find(sim, service);
    struct sim_op *op = op_find(sim, service);
    if (worker == NULL || op == NULL || sim->settled[service] == NULL)
        return false;
    sim_tell(sim, "%s is flooded with %s", worker->name,
             is_of_deliveries ? "deliveries" : "requests");
    anomaly_reached(sim, ANOMALY_E17);
    if (is_of_deliveries)
        request_among_deliveries(worker, op);
    else
        delivery_among_requests(worker, op);
    return true;
}
