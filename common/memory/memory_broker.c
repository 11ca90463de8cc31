/* memory_broker.c - queues are arrays in the order of arrival, bindings a table with a bit for each
 * that is lost. */
#include "common/memory/memory_broker.h"

#include <assert.h>
#include <string.h>

struct memory_broker memory_broker_of(struct memory_queue *queues, size_t queue_count,
                                      const struct topology_binding *bindings, size_t binding_count,
                                      struct memory_keeper keeper)
{
    assert(queue_count <= MEMORY_QUEUES_MAX && binding_count <= MEMORY_BINDINGS_MAX);
    return (struct memory_broker){ .queues = queues,
                                   .queue_count = queue_count,
                                   .bindings = bindings,
                                   .binding_count = binding_count,
                                   .keeper = keeper };
}

struct memory_queue memory_queue_of(const char *name, struct memory_entry *entries, size_t room,
                                    struct memory_letter *dead, size_t dead_room)
{
    assert(entries != NULL && (dead != NULL || dead_room == 0));
    return (struct memory_queue){
        .name = name,
        .entries = entries,
        .room = room,
        .dead = dead,
        .dead_room = dead_room,
        .missing = MEMORY_ALL,
    };
}

/* ---- topology ---- */

void memory_broker_declare(struct memory_broker *broker)
{
    assert(broker->queue_count <= MEMORY_QUEUES_MAX);
    for (size_t i = 0; i < broker->queue_count; i++)
        broker->queues[i].missing = 0;
    broker->unbound = 0;
}

void memory_broker_unbind(struct memory_broker *broker, size_t binding)
{
    assert(binding < broker->binding_count);
    broker->unbound |= UINT64_C(1) << binding;
}

void memory_queue_delete(struct memory_queue *queue)
{
    assert(queue->count <= queue->room);
    for (size_t i = queue->count; i-- > 0;)
        if (queue->entries[i].holder != MEMORY_BESIDE)
            memory_queue_remove(queue, &queue->entries[i]);
    queue->missing |= MEMORY_OWN;
    queue->life++;
}

void memory_queue_purge(struct memory_queue *queue)
{
    for (size_t i = queue->count; i-- > 0;)
        if (queue->entries[i].holder == MEMORY_NOBODY)
            memory_queue_remove(queue, &queue->entries[i]);
}

/* ---- messages ---- */

const struct message *memory_message_keep(const struct memory_keeper *keeper,
                                          const struct message *message)
{
    struct message kept = *message;
    kept.body = keeper->keep(keeper->self, message->body, message->body_length);
    return keeper->keep(keeper->self, &kept, sizeof kept);
}

struct memory_entry *memory_queue_put(struct memory_queue *queue, const struct message *message)
{
    assert(queue->count <= queue->room);
    if ((queue->missing & MEMORY_OWN) != 0 || queue->count == queue->room)
        return NULL;
    struct memory_entry *entry = &queue->entries[queue->count++];
    *entry = (struct memory_entry){ .message = message, .holder = MEMORY_NOBODY };
    return entry;
}

void memory_queue_remove(struct memory_queue *queue, struct memory_entry *entry)
{
    assert(entry >= queue->entries && entry < queue->entries + queue->count);
    size_t behind = (size_t)(queue->entries + queue->count - entry) - 1;
    memmove(entry, entry + 1, behind * sizeof *entry);
    queue->count--;
}

bool memory_queue_bury(struct memory_queue *queue, const struct message *message,
                       const char *reason)
{
    assert(queue->dead_count <= queue->dead_room && reason != NULL);
    if (queue->dead_count == queue->dead_room ||
        ((queue->missing | queue->full) & MEMORY_DEAD) != 0)
        return false;
    queue->dead[queue->dead_count++] = (struct memory_letter){ message, reason };
    return true;
}

bool memory_entry_is_ready(const struct memory_entry *entry, int64_t now_ms)
{
    return entry->holder < 0 && entry->ready_at_ms <= now_ms;
}

size_t memory_queue_ready(const struct memory_queue *queue, int64_t now_ms)
{
    assert(queue->count <= queue->room);
    size_t ready = 0;
    for (size_t i = 0; i < queue->count; i++)
        ready += memory_entry_is_ready(&queue->entries[i], now_ms);
    return ready;
}

/* ---- routing ---- */

static struct memory_queue *queue_named(const struct memory_broker *broker, const char *name)
{
    for (size_t i = 0; i < broker->queue_count; i++)
        if (strcmp(broker->queues[i].name, name) == 0)
            return &broker->queues[i];
    assert(false && "every binding leads to a queue");
    return NULL;
}

enum publish_result memory_broker_route(struct memory_broker *broker, const struct message *message,
                                        uint32_t *ret_taken)
{
    assert(broker->binding_count <= MEMORY_BINDINGS_MAX);
    uint32_t taken = 0;
    bool is_refused = false;
    for (size_t i = 0; i < broker->binding_count; i++) {
        if ((broker->unbound >> i & 1) != 0 ||
            strcmp(broker->bindings[i].routing_key, message->type) != 0)
            continue;
        struct memory_queue *queue = queue_named(broker, broker->bindings[i].queue);
        if ((queue->missing & MEMORY_OWN) != 0)
            continue;
        if ((queue->full & MEMORY_OWN) == 0 && memory_queue_put(queue, message) != NULL)
            taken |= UINT32_C(1) << (queue - broker->queues);
        else
            is_refused = true;
    }
    if (ret_taken != NULL)
        *ret_taken = taken;
    return is_refused ? PUBLISH_NACKED : taken != 0 ? PUBLISH_CONFIRMED : PUBLISH_RETURNED;
}
