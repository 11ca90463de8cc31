/* contract_bus_memory.c - the bus of common/memory, and a broker whose time passes as a test waits.
 */
#include "common/memory/memory_bus.h"
#include "tests/contract/contract_bus.h"

#include <stdio.h>
#include <string.h>

#define MESSAGES_MAX 4096
#define DEAD_MAX     64
#define BUSES_MAX    4
#define MOMENT_MS    10

static struct arena kept;
static struct memory_entry entries[2][MESSAGES_MAX];
static struct memory_letter dead[2][DEAD_MAX];
static struct memory_queue queues[2];
static struct memory_broker broker;
static struct memory_bus buses[BUSES_MAX];
static struct memory_held hands[BUSES_MAX][BUS_PREFETCH_MAX];
static int16_t bus_count;

static void memory_reset(void)
{
    static const char *const names[] = { RIG_QUEUE, RIG_OTHER };
    arena_clear(&kept);
    for (size_t i = 0; i < 2; i++)
        queues[i] = memory_queue_of(names[i], entries[i], MESSAGES_MAX, dead[i], DEAD_MAX);
    broker =
        memory_broker_of(queues, 2, rig_bindings, rig_binding_count, memory_keeper_arena(&kept));
    bus_count = 0;
}

static int64_t memory_now_ms(void)
{
    return broker.now_ms;
}

static void memory_pass(void)
{
    broker.now_ms += MOMENT_MS;
}

static void memory_wait(struct rig *rig)
{
    (void)rig;
    memory_pass();
}

static struct rig memory_open(int64_t prefetch)
{
    assert_true(bus_count < BUSES_MAX);
    struct memory_bus *bus = &buses[bus_count];
    memory_bus_init(bus, &broker, &queues[0], bus_count, hands[bus_count], (size_t)prefetch);
    bus_count++;
    return (struct rig){
        .bus = bus, .port = memory_bus_port(bus), .now_ms = memory_now_ms, .wait = memory_wait
    };
}

static void memory_close(struct rig *rig)
{
    memory_bus_forget(rig->bus);
}

/* Which queue, and which of the three that it stands for. */
static struct memory_queue *queue_of(const char *name, enum memory_part *ret_part)
{
    for (size_t i = 0; i < 2; i++) {
        const char *suffix = name + strlen(queues[i].name);
        if (strncmp(name, queues[i].name, strlen(queues[i].name)) != 0)
            continue;
        *ret_part = strcmp(suffix, ".dead") == 0    ? MEMORY_DEAD
                    : strcmp(suffix, ".later") == 0 ? MEMORY_LATER
                                                    : MEMORY_OWN;
        return &queues[i];
    }
    fail_msg("no queue %s", name);
    return NULL;
}

static bool is_later(const struct memory_entry *entry)
{
    return entry->holder == MEMORY_BESIDE && entry->ready_at_ms > broker.now_ms;
}

static uint32_t memory_ready(const char *name)
{
    enum memory_part part;
    const struct memory_queue *queue = queue_of(name, &part);
    size_t later = 0;
    for (size_t i = 0; i < queue->count; i++)
        later += is_later(&queue->entries[i]);
    return (uint32_t)(part == MEMORY_DEAD    ? queue->dead_count
                      : part == MEMORY_LATER ? later
                                             : memory_queue_ready(queue, broker.now_ms));
}

static void letter_fill(struct letter *letter, const struct message *message, const char *reason)
{
    *letter = (struct letter){ .body_length = message->body_length };
    (void)snprintf(letter->reason, sizeof letter->reason, "%s", reason);
    (void)snprintf(letter->traceparent, sizeof letter->traceparent, "%s", message->traceparent);
    (void)snprintf(letter->id, sizeof letter->id, "%s", message->id);
    (void)snprintf(letter->type, sizeof letter->type, "%s", message->type);
}

static bool memory_get(const char *name, struct letter *ret_letter)
{
    enum memory_part part;
    struct memory_queue *queue = queue_of(name, &part);
    if (part == MEMORY_DEAD && queue->dead_count > 0) {
        letter_fill(ret_letter, queue->dead[0].message, queue->dead[0].reason);
        memmove(queue->dead, queue->dead + 1, --queue->dead_count * sizeof queue->dead[0]);
        return true;
    }
    for (size_t i = 0; part != MEMORY_DEAD && i < queue->count; i++) {
        struct memory_entry *entry = &queue->entries[i];
        if (part == MEMORY_LATER ? !is_later(entry) : !memory_entry_is_ready(entry, broker.now_ms))
            continue;
        letter_fill(ret_letter, entry->message, "");
        ret_letter->later_since_ms = entry->later_since_ms;
        ret_letter->delivery_count = entry->delivery_count;
        memory_queue_remove(queue, entry);
        return true;
    }
    return false;
}

static void memory_unbind(const char *queue, const char *key)
{
    for (size_t i = 0; i < rig_binding_count; i++)
        if (strcmp(rig_bindings[i].queue, queue) == 0 &&
            strcmp(rig_bindings[i].routing_key, key) == 0)
            memory_broker_unbind(&broker, i);
}

static void memory_delete(const char *name)
{
    enum memory_part part;
    struct memory_queue *queue = queue_of(name, &part);
    if (part == MEMORY_OWN)
        memory_queue_delete(queue);
    else
        queue->missing |= part;
}

static void memory_limit(const char *name, bool is_full)
{
    enum memory_part part;
    struct memory_queue *queue = queue_of(name, &part);
    queue->full = is_full ? queue->full | part : queue->full & ~(unsigned)part;
}

static void memory_close_connections(void)
{
    for (int16_t i = 0; i < bus_count; i++)
        memory_bus_disconnect(&buses[i]);
}

const struct bus_backend bus_memory = {
    .name = "memory",
    .later_ms = MEMORY_LATER_MS,
    .reset = memory_reset,
    .open = memory_open,
    .close = memory_close,
    .pass = memory_pass,
    .ready = memory_ready,
    .get = memory_get,
    .unbind = memory_unbind,
    .delete_queue = memory_delete,
    .limit = memory_limit,
    .close_connections = memory_close_connections,
};
