/* sim_queue.c - the broker's side of the simulated bus: queues, routing, sessions, and what is
 * known of every message id. */
#include "common/base/hash.h"
#include "events/topology.h"
#include "services/registry.h"
#include "sim/sim_topology.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED_MAX          40 /* two publishers that try ever more seldom are far below it */
#define FLOOD_COPIES         24 /* more than a document remembers of duplicates */
#define DELIVERY_LIMIT_LEAST 1  /* far below the real one, so that it is met */

bool sim_message_is_ready(const struct sim *sim, const struct sim_message *message)
{
    return message->held == NULL && message->ready_at_ms <= sim->now_ms;
}

size_t sim_queue_waiting(const struct sim *sim, enum sim_service service)
{
    const struct sim_queue *queue = &sim->queues[service];
    size_t waiting = 0;
    for (size_t i = 0; i < queue->count; i++)
        waiting += sim_message_is_ready(sim, queue->messages[i]);
    return waiting;
}

void sim_message_forget(struct sim_queue *queue, struct sim_message *message)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (queue->messages[i] != message)
            continue;
        memmove(&queue->messages[i], &queue->messages[i + 1],
                (queue->count - i - 1) * sizeof queue->messages[0]);
        queue->count--;
        break;
    }
    if (message->held != NULL)
        message->held->source = NULL;
}

void sim_queue_purge(struct sim *sim, enum sim_service service)
{
    struct sim_queue *queue = &sim->queues[service];
    for (size_t i = queue->count; i-- > 0;)
        if (queue->messages[i]->held == NULL)
            sim_message_forget(queue, queue->messages[i]);
    sim->may_lose_messages = true;
}

void sim_queue_delete(struct sim *sim, enum sim_service service)
{
    struct sim_queue *queue = &sim->queues[service];
    if (queue->count > 0)
        anomaly_reached(sim, ANOMALY_E4);
    for (size_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].service == service)
            sim_session_end(&sim->workers[i], sim_random_between(&sim->random, 0, 500));
    while (queue->count > 0)
        sim_message_forget(queue, queue->messages[queue->count - 1]);
    queue->exists = false;
    sim->may_lose_messages = true;
}

/* The delivery limit: a dead letter, until somebody replays it. */
static void message_bury(struct sim_worker *worker, struct sim_message *message)
{
    struct sim *sim = worker->sim;
    sim_tell(sim, "%s was given back too often, a dead letter", message->message.id);
    sim->may_lose_messages = true;
    sim->queues[worker->service].dead_count++;
    sim_message_keep(sim->dead, &sim->dead_count, worker->service, message);
    sim_message_forget(&sim->queues[worker->service], message);
}

/* What the worker holds goes back to the queue; the worker learns of it at its next service. */
void sim_session_end(struct sim_worker *worker, int64_t reconnect_after_ms)
{
    struct sim *sim = worker->sim;
    for (size_t i = 0; i < worker->delivery_count; i++) {
        struct sim_delivery *delivery = worker->deliveries[i];
        if (delivery->source == NULL)
            continue;
        struct sim_message *message = delivery->source;
        message->held = NULL;
        message->delivery_count++;
        delivery->source = NULL;
        if (message->delivery_count >= DELIVERY_LIMIT_LEAST && sim_fault(sim, FAULT_LIMIT))
            message_bury(worker, message);
    }
    worker->half_open_until_ms = 0;
    worker->session = 0;
    worker->reconnect_at_ms = sim->now_ms + reconnect_after_ms;
}

void sim_delivery_free(struct sim_worker *worker, struct sim_delivery *delivery)
{
    for (size_t i = 0; i < worker->delivery_count; i++)
        if (worker->deliveries[i] == delivery) {
            worker->deliveries[i] = worker->deliveries[--worker->delivery_count];
            break;
        }
}

static struct sim_message *message_copy(struct sim *sim, const struct message *message)
{
    struct sim_message *copy = arena_alloc(&sim->arena, sizeof *copy);
    copy->message = *message;
    copy->message.timestamp_ms = message->timestamp_ms / 1000 * 1000; /* AMQP knows seconds */
    copy->message.body = arena_text(&sim->arena, message->body, message->body_length);
    return copy;
}

struct sim_message *sim_queue_put(struct sim *sim, enum sim_service service,
                                  const struct message *message)
{
    struct sim_queue *queue = &sim->queues[service];
    if (queue->count == SIM_QUEUE_MAX) {
        sim_fail(sim, "I6: queue %s grows without bound", services[service]->queue);
        return NULL;
    }
    struct sim_message *copy = message_copy(sim, message);
    copy->ready_at_ms = sim->now_ms;
    if (sim_fault(sim, FAULT_DELAY))
        copy->ready_at_ms += sim_random_between(&sim->random, 1, 5000);
    if (sim_fault(sim, FAULT_HEADER))
        snprintf(copy->message.traceparent, sizeof copy->message.traceparent, "zz-garbled");
    queue->messages[queue->count++] = copy;
    sim_service_wake(sim, service);
    return copy;
}

static void queue_put(struct sim *sim, enum sim_service service, const struct message *message)
{
    int copies = sim_fault(sim, FAULT_DUPLICATE) ? 2 : 1;
    if (sim_fault(sim, FAULT_FLOOD))
        copies = FLOOD_COPIES;
    for (int i = 0; i < copies; i++)
        (void)sim_queue_put(sim, service, message);
}

/* One queue took it and another did not: however long that goes on, the former must not be flooded.
 */
static enum publish_result refused(struct sim *sim, const struct message *message, bool is_routed)
{
    struct sim_mark *mark = sim_mark(sim, message->id);
    if (!is_routed)
        return PUBLISH_NACKED;
    anomaly_reached(sim, ANOMALY_E16);
    if (++mark->refused_count > REFUSED_MAX)
        sim_fail(sim, "E16: %s is published again and again, and one queue of its is full",
                 message->id);
    return PUBLISH_NACKED;
}

enum publish_result sim_route(struct sim *sim, const struct message *message)
{
    bool is_routed = false;
    bool is_refused = false;
    bool is_missed = false; /* by a queue whose binding is lost */
    for (size_t i = 0; i < event_binding_count; i++) {
        if (strcmp(event_bindings[i].routing_key, message->type) != 0)
            continue;
        if (sim_binding_is_lost(sim, i)) {
            is_missed = true;
            sim->may_lose_messages = true;
            continue;
        }
        for (int service = 0; service < SIM_SERVICE_COUNT; service++) {
            if (strcmp(services[service]->queue, event_bindings[i].queue) != 0)
                continue;
            if (!sim->queues[service].exists) {
                sim->may_lose_messages = true;
                continue;
            }
            if (sim->queues[service].full_until_ms > sim->now_ms) {
                is_refused = true;
                continue;
            }
            is_routed = true;
            queue_put(sim, (enum sim_service)service, message);
        }
    }
    if (is_missed && is_routed)
        anomaly_reached(sim, ANOMALY_E16b);
    if (is_refused)
        return refused(sim, message, is_routed);
    return is_routed ? PUBLISH_CONFIRMED : PUBLISH_RETURNED;
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
