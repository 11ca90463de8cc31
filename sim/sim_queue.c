/* sim_queue.c - the broker's side of the simulated bus: queues, routing, sessions, and what is
 * known of every message id. */
#include "common/base/hash.h"
#include "sim/sim.h"
#include "wire/events.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const queue_names[SIM_SERVICE_COUNT] = { QUEUE_GATEWAY, QUEUE_BOOKING,
                                                            QUEUE_PAYMENT };

void sim_topology_declare(struct sim *sim)
{
    for (int service = 0; service < SIM_SERVICE_COUNT; service++)
        sim->queues[service].exists = true;
}

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
    for (size_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].service == service)
            sim_session_end(&sim->workers[i], sim_random_between(&sim->random, 0, 500));
    while (queue->count > 0)
        sim_message_forget(queue, queue->messages[queue->count - 1]);
    queue->exists = false;
    sim->may_lose_messages = true;
}

/* What the worker holds goes back to the queue; the worker learns of it at its next service. */
void sim_session_end(struct sim_worker *worker, int64_t reconnect_after_ms)
{
    for (size_t i = 0; i < worker->delivery_count; i++) {
        struct sim_delivery *delivery = worker->deliveries[i];
        if (delivery->source == NULL)
            continue;
        delivery->source->held = NULL;
        delivery->source->delivery_count++;
        delivery->source = NULL;
    }
    worker->session = 0;
    worker->reconnect_at_ms = worker->sim->now_ms + reconnect_after_ms;
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

static void queue_put(struct sim *sim, enum sim_service service, const struct message *message)
{
    struct sim_queue *queue = &sim->queues[service];
    if (queue->count == SIM_QUEUE_MAX) {
        sim_fail(sim, "I6: queue %s grows without bound", queue_names[service]);
        return;
    }
    struct sim_message *copy = message_copy(sim, message);
    copy->ready_at_ms = sim->now_ms;
    if (sim_fault(sim, FAULT_DELAY))
        copy->ready_at_ms += sim_random_between(&sim->random, 1, 5000);
    queue->messages[queue->count++] = copy;
    sim_service_wake(sim, service);
}

bool sim_route(struct sim *sim, const struct message *message)
{
    bool is_routed = false;
    for (size_t i = 0; i < wire_binding_count; i++) {
        if (strcmp(wire_bindings[i].routing_key, message->type) != 0)
            continue;
        for (int service = 0; service < SIM_SERVICE_COUNT; service++) {
            if (strcmp(queue_names[service], wire_bindings[i].queue) != 0)
                continue;
            if (!sim->queues[service].exists) {
                sim->may_lose_messages = true;
                continue;
            }
            is_routed = true;
            queue_put(sim, (enum sim_service)service, message);
            if (sim_fault(sim, FAULT_DUPLICATE))
                queue_put(sim, (enum sim_service)service, message);
        }
    }
    return is_routed;
}

/* Somebody with access to the broker publishes what no service can read. */
void sim_poison_publish(struct sim *sim)
{
    static const struct poison {
        const char *type, *body;
    } poisons[] = {
        { EVENT_PAYMENT_CAPTURED, "{\"paymentId\":\"p1\"" },
        { EVENT_PAYMENT_CAPTURED, "{\"paymentId\":\"p1\",\"intentId\":\"b1\",\"userId\":\"u1\","
                                  "\"amount\":-5,\"currency\":\"EUR\"}" },
        { EVENT_INTENT_CREATED, "[]" },
        { EVENT_BOOKING_FAILED, "{\"intentId\":\"b1\",\"reason\":\"x\",\"payments\":{}}" },
        { "booking.exploded", "{}" },
    };
    enum sim_service service = (enum sim_service)sim_random_below(&sim->random, SIM_SERVICE_COUNT);
    struct sim_queue *queue = &sim->queues[service];
    if (!queue->exists || queue->count == SIM_QUEUE_MAX)
        return;
    const struct poison *poison =
        &poisons[sim_random_below(&sim->random, sizeof poisons / sizeof poisons[0])];
    struct message message = { .schema_version = MESSAGE_SCHEMA_VERSION };
    snprintf(message.id, sizeof message.id, "poison:%zu", ++sim->poison_count);
    snprintf(message.type, sizeof message.type, "%s", poison->type);
    message.body = poison->body;
    message.body_length = strlen(poison->body);
    if (sim_random_chance(&sim->random, 200))
        message.schema_version = 7;
    queue_put(sim, service, &message);
    queue->messages[queue->count - 1]->is_malformed = sim_random_chance(&sim->random, 300);
    sim_tell(sim, "somebody publishes nonsense to %s: %s %s", queue_names[service], message.id,
             message.type);
}

static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}

struct sim_mark *sim_mark(struct sim *sim, const char *message_id)
{
    uint64_t hash = hash_of(message_id);
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
