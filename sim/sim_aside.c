/* sim_aside.c - deliveries that a worker puts aside: dead letters, and what is left to a newer
 * release and comes back. */
#include "sim/sim_aside.h"

#include <assert.h>

#define LATER_TTL_MS        5000
#define LATER_TTL_POISON_MS 3600000 /* nobody comes for it: a day of it shall not take long */
#define DAY_MS              86400000

bool sim_is_blocked(const struct sim *sim)
{
    return sim->blocked_until_ms > sim->now_ms;
}

bool sim_is_half_open(const struct sim_worker *worker)
{
    return worker->half_open_until_ms != 0;
}

/* Outages of days are not about releases: for what is sound a newer one comes within the day. */
int64_t sim_later_since_ms(const struct sim *sim, const struct sim_message *message)
{
    bool is_kept = message->later_since_ms == 0 || message->is_poison ||
                   sim->now_ms - message->later_since_ms < DAY_MS / 2;
    return is_kept ? message->later_since_ms : sim->now_ms - LATER_TTL_MS;
}

struct sim_delivery *sim_delivery_of(const struct sim_worker *worker,
                                     const struct delivery *delivery)
{
    for (size_t i = 0; i < worker->delivery_count; i++)
        if (&worker->deliveries[i]->delivery == delivery)
            return worker->deliveries[i];
    assert(false && "the engine names a delivery that it does not hold");
    return NULL;
}

static void quarantine_check(struct sim_worker *worker, const struct sim_message *source,
                             const char *reason)
{
    struct sim *sim = worker->sim;
    if (worker->delivery_count > 1)
        anomaly_reached(sim, ANOMALY_E8);
    if (source->quarantine_meets == ANOMALY_H2 && source->later_since_ms == 0)
        sim_fail(sim, "H2: %s was not left to a newer release: %s", source->message.id, reason);
    if (source->is_poison)
        anomaly_reached(sim, source->quarantine_meets);
    else if (source->is_forged)
        anomaly_reached(sim, ANOMALY_A10);
    else if (!sim->is_restored || !sim_mark(sim, source->message.id)->is_of_payment)
        sim_fail(sim, "H1: %s of a sound service is quarantined: %s", source->message.id, reason);
}

bool sim_bus_quarantine(void *self, const struct delivery *delivery, const char *reason,
                        struct error *error)
{
    struct sim_worker *worker = self;
    struct sim *sim = worker->sim;
    sim_port_point(worker);
    struct sim_delivery *held = sim_delivery_of(worker, delivery);
    if (held->source == NULL || sim_is_half_open(worker) || sim_is_blocked(sim) ||
        sim_fault(sim, FAULT_QUARANTINE)) {
        anomaly_reached(sim, ANOMALY_E9);
        return error_set(error, ERROR_RETRY, "the dead letter queue does not take it");
    }
    held->is_quarantined = true;
    sim->queues[worker->service].dead_count++;
    sim_message_keep(sim->dead, &sim->dead_count, worker->service, held->source);
    sim_tell(sim, "%s quarantines %s: %s", worker->name, delivery->message.id, reason);
    quarantine_check(worker, held->source, reason);
    sim_port_point(worker);
    return true;
}

/* It waits with a stamp; the original leaves the queue with its ack. */
bool sim_bus_postpone(void *self, const struct delivery *delivery, const char *reason,
                      int64_t since_ms, struct error *error)
{
    struct sim_worker *worker = self;
    struct sim *sim = worker->sim;
    sim_port_point(worker);
    struct sim_delivery *held = sim_delivery_of(worker, delivery);
    if (held->source == NULL || sim_is_half_open(worker) || sim_is_blocked(sim) ||
        sim_fault(sim, FAULT_QUARANTINE))
        return error_set(error, ERROR_RETRY, "the queue for later does not take it");
    if (worker->is_newer && !held->source->is_poison)
        sim_fail(sim, "F12: %s is of the newest release, and leaves %s to another", worker->name,
                 delivery->message.id);
    const struct sim_message *source = held->source;
    struct sim_message *copy = sim_queue_put(sim, worker->service, &source->message);
    if (copy == NULL)
        return error_set(error, ERROR_RETRY, "the queue for later is full");
    struct message message = copy->message;
    *copy = *source;
    copy->message = message;
    copy->held = NULL;
    copy->delivery_count = 0;
    copy->later_since_ms = since_ms;
    copy->ready_at_ms = sim->now_ms + (source->is_poison ? LATER_TTL_POISON_MS : LATER_TTL_MS);
    held->is_postponed = true;
    sim_tell(sim, "%s leaves %s to a newer release: %s", worker->name, delivery->message.id,
             reason);
    if (!source->is_poison)
        anomaly_reached(sim, ANOMALY_F12);
    sim_port_point(worker);
    return true;
}
