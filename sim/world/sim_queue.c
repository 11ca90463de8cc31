/* sim_queue.c - what goes wrong in the queues of common/memory and on the way into them, and what
 * is known of every message id. */
#include "sim/world/sim_queue.h"
#include "common/base/hash.h"
#include "sim/world/sim.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_topology.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED_MAX          40 /* two publishers that try ever more seldom are far below it */
#define FLOOD_COPIES         24 /* more than a document remembers of duplicates */
#define DELIVERY_LIMIT_LEAST 1  /* far below the real one, so that it is met */

const struct sim_message *sim_message_of(const struct memory_entry *entry)
{
    return (const struct sim_message *)(const void *)entry->message;
}

size_t sim_queue_waiting(const struct sim *sim, enum sim_service service)
{
    return memory_queue_ready(&sim->queues[service], sim->now_ms);
}

void sim_queue_purge(struct sim *sim, enum sim_service service)
{
    memory_queue_purge(&sim->queues[service]);
    sim->may_lose_messages = true;
}

void sim_queue_delete(struct sim *sim, enum sim_service service)
{
    if (sim->queues[service].count > 0)
        anomaly_reached(sim, ANOMALY_E4);
    for (size_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].service == service)
            sim_session_end(&sim->workers[i], sim_random_between(&sim->random, 0, 500));
    memory_queue_delete(&sim->queues[service]);
    sim->may_lose_messages = true;
}

/* The delivery limit: a dead letter, until somebody replays it. */
static void entry_bury(struct sim_worker *worker, struct memory_entry *entry)
{
    struct sim *sim = worker->sim;
    sim_tell(sim, "%s was given back too often, a dead letter", entry->message->id);
    sim->may_lose_messages = true;
    (void)memory_queue_bury(worker->bus.queue, entry->message, "the delivery limit");
    sim_message_keep(sim->dead, &sim->dead_count, worker->service, sim_message_of(entry));
    memory_queue_remove(worker->bus.queue, entry);
}

/* What the worker holds goes back to the queue; the worker learns of it at its next service. */
void sim_session_end(struct sim_worker *worker, int64_t reconnect_after_ms)
{
    struct sim *sim = worker->sim;
    struct memory_queue *queue = worker->bus.queue;
    for (size_t i = queue->count; i-- > 0;)
        if (queue->entries[i].holder == worker->bus.number &&
            queue->entries[i].delivery_count + 1 >= DELIVERY_LIMIT_LEAST &&
            sim_fault(sim, FAULT_LIMIT))
            entry_bury(worker, &queue->entries[i]);
    memory_bus_disconnect(&worker->bus);
    worker->half_open_until_ms = 0;
    worker->reconnect_at_ms = sim->now_ms + reconnect_after_ms;
}

static struct sim_message *message_copy(struct sim *sim, const struct message *message)
{
    struct sim_message *copy = arena_alloc(&sim->arena, sizeof *copy);
    copy->message = *message;
    copy->message.timestamp_ms = message->timestamp_ms / 1000 * 1000; /* AMQP knows seconds */
    copy->message.body = arena_text(&sim->arena, message->body, message->body_length);
    return copy;
}

/* A copy of its own for what has come into a queue: it may be late, or its header garbled. */
static struct sim_message *entry_mark(struct sim *sim, enum sim_service service,
                                      struct memory_entry *entry)
{
    struct sim_message *copy = message_copy(sim, entry->message);
    entry->message = &copy->message;
    entry->ready_at_ms = sim->now_ms;
    if (sim_fault(sim, FAULT_DELAY))
        entry->ready_at_ms += sim_random_between(&sim->random, 1, 5000);
    if (sim_fault(sim, FAULT_HEADER))
        snprintf(copy->message.traceparent, sizeof copy->message.traceparent, "zz-garbled");
    sim_service_wake(sim, service);
    return copy;
}

static void growth_check(struct sim *sim, enum sim_service service)
{
    if (sim->queues[service].count == SIM_QUEUE_MAX)
        sim_fail(sim, "I6: queue %s grows without bound", sim->queues[service].name);
}

struct sim_message *sim_queue_put(struct sim *sim, enum sim_service service,
                                  const struct message *message)
{
    growth_check(sim, service);
    struct memory_entry *entry = memory_queue_put(&sim->queues[service], message);
    return entry == NULL ? NULL : entry_mark(sim, service, entry);
}

/* The broker has put it there once. */
static void queue_taken(struct sim *sim, enum sim_service service, const struct message *message)
{
    struct memory_queue *queue = &sim->queues[service];
    (void)entry_mark(sim, service, &queue->entries[queue->count - 1]);
    int copies = sim_fault(sim, FAULT_DUPLICATE) ? 2 : 1;
    if (sim_fault(sim, FAULT_FLOOD))
        copies = FLOOD_COPIES;
    for (int i = 1; i < copies; i++)
        (void)sim_queue_put(sim, service, message);
}

/* One queue took it and another did not: however long that goes on, the former must not be flooded.
 */
static void refusal_see(struct sim *sim, const struct message *message)
{
    struct sim_mark *mark = sim_mark(sim, message->id);
    anomaly_reached(sim, ANOMALY_E16);
    if (++mark->refused_count > REFUSED_MAX)
        sim_fail(sim, "E16: %s is published again and again, and one queue of its is full",
                 message->id);
}

/* Whether a lost binding keeps it from a queue; and a queue may not be there. */
static bool is_missed(struct sim *sim, const struct message *message)
{
    bool is_missed_by_one = false;
    for (size_t i = 0; i < sim->broker.binding_count; i++) {
        if (strcmp(sim->broker.bindings[i].routing_key, message->type) != 0)
            continue;
        is_missed_by_one |= sim_binding_is_lost(sim, i);
        for (size_t service = 0; service < sim->service_count; service++)
            if (strcmp(sim->queues[service].name, sim->broker.bindings[i].queue) == 0 &&
                (sim->queues[service].missing & MEMORY_OWN) != 0)
                sim->may_lose_messages = true;
    }
    sim->may_lose_messages |= is_missed_by_one;
    return is_missed_by_one;
}

enum publish_result sim_route(struct sim *sim, const struct message *message)
{
    uint32_t taken;
    for (size_t service = 0; service < sim->service_count; service++) {
        growth_check(sim, (enum sim_service)service);
        sim->queues[service].full = sim->full_until_ms[service] > sim->now_ms ? MEMORY_OWN : 0;
    }
    bool is_missed_by_one = is_missed(sim, message);
    enum publish_result result = memory_broker_route(&sim->broker, message, &taken);
    for (size_t service = 0; service < sim->service_count; service++)
        if ((taken >> service & 1) != 0)
            queue_taken(sim, (enum sim_service)service, message);
    if (is_missed_by_one && taken != 0)
        anomaly_reached(sim, ANOMALY_E16b);
    if (result == PUBLISH_NACKED && taken != 0)
        refusal_see(sim, message);
    return result;
}

struct sim_mark *sim_mark(struct sim *sim, const char *message_id)
{
    uint64_t hash = hash_text(message_id);
    size_t at = hash % SIM_MARK_INDEX;
    for (; sim->mark_index[at] != 0; at = (at + 1) % SIM_MARK_INDEX) {
        struct sim_mark *known = &sim->marks[sim->mark_index[at] - 1U];
        if (known->id_hash == hash)
            return known;
    }
    if (sim->mark_count == SIM_MARKS_MAX) {
        fprintf(stderr, "seed %llu: too many message ids\n", (unsigned long long)sim->seed);
        abort();
    }
    struct sim_mark *mark = &sim->marks[sim->mark_count++];
    memset(mark, 0, sizeof *mark);
    mark->id_hash = hash;
    mark->index_at = at;
    sim->mark_index[at] = (uint16_t)sim->mark_count;
    return mark;
}
