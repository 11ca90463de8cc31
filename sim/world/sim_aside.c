/* sim_aside.c - deliveries that a worker puts aside: dead letters, and what is left to a newer
 * release and comes back. */
#include "sim/world/sim_aside.h"
#include "sim/world/sim.h"
#include "sim/world/sim_queue.h"
#include "sim/world/sim_story.h"

#include <assert.h>
#include <string.h>

#define LATER_POISON_MS 3600000 /* nobody comes for it: a day of it shall not take long */
#define DAY_MS          86400000

bool sim_is_blocked(const struct sim *sim)
{
    return sim->blocked_until_ms > sim->now_ms;
}

bool sim_is_half_open(const struct sim_worker *worker)
{
    return worker->half_open_until_ms != 0;
}

/* Outages of days are not about releases: for what is sound a newer one comes within the day. */
int64_t sim_later_since_ms(const struct sim *sim, const struct memory_entry *entry)
{
    bool is_kept = entry->later_since_ms == 0 || sim_message_of(entry)->is_poison ||
                   sim->now_ms - entry->later_since_ms < DAY_MS / 2;
    return is_kept ? entry->later_since_ms : sim->now_ms - MEMORY_LATER_MS;
}

struct sim_hold *sim_hold_of(struct sim_worker *worker, const struct delivery *delivery)
{
    const struct memory_held *held = (const struct memory_held *)(const void *)delivery;
    assert(held >= worker->bus.hand && held < worker->bus.hand + worker->bus.prefetch);
    return &worker->holds[held - worker->bus.hand];
}

static void quarantine_check(struct sim_worker *worker, const struct memory_entry *entry,
                             const char *reason)
{
    struct sim *sim = worker->sim;
    const struct sim_message *source = sim_message_of(entry);
    if (memory_bus_in_hand(&worker->bus) > 1)
        anomaly_reached(sim, ANOMALY_E8);
    if (source->quarantine_meets == ANOMALY_H2 && entry->later_since_ms == 0)
        sim_fail(sim, "H2: %s was not left to a newer release: %s", source->message.id, reason);
    if (source->is_poison)
        anomaly_reached(sim, source->quarantine_meets);
    else if (source->is_forged)
        anomaly_reached(sim, ANOMALY_A10);
    else if (!sim->is_restored || !sim_mark(sim, source->message.id)->is_of_payment)
        sim_fail(sim, "H1: %s of a sound service is quarantined: %s", source->message.id, reason);
}

/* What can be put aside now; NULL: nobody takes it. */
static struct memory_entry *entry_aside(struct sim_worker *worker, const struct delivery *delivery)
{
    struct memory_entry *entry = memory_bus_entry(&worker->bus, delivery);
    bool is_taken = entry != NULL && !sim_is_half_open(worker) && !sim_is_blocked(worker->sim) &&
                    !sim_fault(worker->sim, FAULT_QUARANTINE);
    return is_taken ? entry : NULL;
}

bool sim_bus_quarantine(void *self, const struct delivery *delivery, const char *reason,
                        struct error *error)
{
    struct sim_worker *worker = self;
    struct sim *sim = worker->sim;
    sim_port_point(worker);
    const struct memory_entry *entry = entry_aside(worker, delivery);
    if (entry == NULL || !memory_queue_bury(worker->bus.queue, entry->message,
                                            arena_text(&sim->arena, reason, strlen(reason)))) {
        anomaly_reached(sim, ANOMALY_E9);
        return error_set(error, ERROR_RETRY, "the dead letter queue does not take it");
    }
    sim_hold_of(worker, delivery)->is_quarantined = true;
    sim_message_keep(sim->dead, &sim->dead_count, worker->service, sim_message_of(entry));
    sim_tell(sim, "%s quarantines %s: %s", worker->name, delivery->message.id, reason);
    quarantine_check(worker, entry, reason);
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
    const struct memory_entry *entry = entry_aside(worker, delivery);
    if (entry == NULL)
        return error_set(error, ERROR_RETRY, "the queue for later does not take it");
    bool is_poison = sim_message_of(entry)->is_poison;
    if (worker->is_newer && !is_poison)
        sim_fail(sim, "F12: %s is of the newest release, and leaves %s to another", worker->name,
                 delivery->message.id);
    sim->broker.now_ms = sim->now_ms;
    struct memory_entry *left = memory_bus_leave(&worker->bus, entry, since_ms);
    if (left == NULL)
        return error_set(error, ERROR_RETRY, "the queue for later is full");
    if (is_poison)
        left->ready_at_ms = sim->now_ms + LATER_POISON_MS;
    sim_service_wake(sim, worker->service);
    sim_hold_of(worker, delivery)->is_postponed = true;
    sim_tell(sim, "%s leaves %s to a newer release: %s", worker->name, delivery->message.id,
             reason);
    if (!is_poison)
        anomaly_reached(sim, ANOMALY_F12);
    sim_port_point(worker);
    return true;
}
