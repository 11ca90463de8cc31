/* sim_topology.c - queues and bindings: they get lost one by one, and the services bring them back,
 * as common/rabbitmq/amqp_consumer.c does: when they connect, at intervals, and soon after they
 * have announced something again. */
#include "sim/world/sim_topology.h"
#include "sim/world/sim.h"
#include "sim/world/sim_story.h"

#define INTERVAL_MS 20000 /* ROUNDTRIP_TOPOLOGY_INTERVAL_MS */
#define DOUBT_MS    2000

void sim_topology_declare(struct sim *sim)
{
    memory_broker_declare(&sim->broker);
}

void sim_topology_declared(struct sim_worker *worker)
{
    sim_topology_declare(worker->sim);
    worker->topology_due_ms = worker->sim->now_ms + INTERVAL_MS;
}

void sim_topology_mind(struct sim_worker *worker)
{
    if (worker->bus.session != 0 && worker->topology_due_ms <= worker->sim->now_ms)
        sim_topology_declared(worker);
}

void sim_topology_doubt(struct sim_worker *worker)
{
    int64_t soon_ms = worker->sim->now_ms + DOUBT_MS;
    if (soon_ms < worker->topology_due_ms)
        worker->topology_due_ms = soon_ms;
}

void sim_binding_lose(struct sim *sim)
{
    size_t lost = sim_random_below(&sim->random, sim->broker.binding_count);
    sim_tell(sim, "the binding of %s to %s is lost", sim->broker.bindings[lost].routing_key,
             sim->broker.bindings[lost].queue);
    memory_broker_unbind(&sim->broker, lost);
}

bool sim_binding_is_lost(const struct sim *sim, size_t binding)
{
    return (sim->broker.unbound >> binding & 1) != 0;
}
