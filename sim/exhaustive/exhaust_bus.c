/* exhaust_bus.c - the broker of an exhaustive world, that of common/memory: a bag of messages for
 * each service, of which a worker may be given any, and any once more. */
#include "events/topology.h"
#include "sim/exhaustive/exhaust.h"
#include "sim/world/sim_story.h"

#include <assert.h>
#include <string.h>

static void bus_service(void *self, struct bus_status *ret_status)
{
    (void)self;
    *ret_status = (struct bus_status){
        .session = EXHAUST_SESSION, .can_consume = true, .can_publish = true, .detail = ""
    };
}

/* ---- taking ---- */

void exhaust_bus_restore(struct exhaust_worker *worker)
{
    memory_bus_restore(&worker->bus);
}

static bool is_like_one_before(const struct memory_queue *queue, size_t at)
{
    const struct memory_entry *entry = &queue->entries[at];
    for (size_t i = 0; i < at; i++)
        if (queue->entries[i].holder < 0 && queue->entries[i].message == entry->message &&
            queue->entries[i].delivery_count == entry->delivery_count)
            return true;
    return false;
}

/* Any of those that differ, or none. */
static struct memory_entry *entry_choose(struct exhaust_worker *worker)
{
    struct memory_queue *queue = worker->bus.queue;
    struct memory_entry *ready[EXHAUST_QUEUE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < queue->count; i++)
        if (queue->entries[i].holder < 0 && !is_like_one_before(queue, i))
            ready[count++] = &queue->entries[i];
    size_t chosen = exhaust_choose(worker->explorer, count + 1);
    return chosen == count ? NULL : ready[chosen];
}

static void growth_check(struct exhaust *explorer, const struct memory_queue *queue)
{
    if (queue->count == queue->room)
        sim_fail(explorer->sim, "I6: queue %s grows without bound", queue->name);
}

static void duplicate_maybe(struct exhaust_worker *worker, const struct message *message)
{
    struct exhaust *explorer = worker->explorer;
    if (explorer->world.duplicates == 0 || exhaust_choose(explorer, 2) == 0)
        return;
    explorer->world.duplicates--;
    sim_tell(explorer->sim, "%s will be delivered once more", message->id);
    growth_check(explorer, worker->bus.queue);
    (void)memory_queue_put(worker->bus.queue, message);
}

static size_t bus_take(void *self, size_t limit, struct delivery **ret_deliveries)
{
    struct exhaust_worker *worker = self;
    size_t count = 0;
    while (count < limit && memory_bus_in_hand(&worker->bus) < EXHAUST_HELD_MAX) {
        struct memory_entry *entry = entry_choose(worker);
        if (entry == NULL)
            break;
        const struct message *message = entry->message;
        ret_deliveries[count++] = memory_bus_hand_out(&worker->bus, entry);
        sim_tell(worker->explorer->sim, "%s takes %s %s%s", worker->name, message->type,
                 message->id, entry->delivery_count > 0 ? ", delivered before" : "");
        duplicate_maybe(worker, message);
    }
    if (count > 0)
        exhaust_port_point(worker);
    return count;
}

static bool bus_is_drained(void *self)
{
    const struct exhaust_worker *worker = self;
    const struct memory_queue *queue = worker->bus.queue;
    for (size_t i = 0; i < queue->count; i++)
        if (queue->entries[i].holder < 0 || queue->entries[i].holder == worker->number)
            return false;
    return true;
}

/* ---- publishing ---- */

static const struct message *message_of(const struct exhaust_text *text)
{
    return (const struct message *)(const void *)text->bytes;
}

/* As it goes over the wire, and nothing behind the ends of its texts. */
static const struct exhaust_text *message_keep(struct exhaust *explorer,
                                               const struct message *message, bool is_repeat)
{
    struct message kept;
    memset(&kept, 0, sizeof kept); /* the padding too: kept messages are compared as bytes */
    snprintf(kept.id, sizeof kept.id, "%s", message->id);
    snprintf(kept.type, sizeof kept.type, "%s", message->type);
    snprintf(kept.correlation_id, sizeof kept.correlation_id, "%s", message->correlation_id);
    snprintf(kept.app_id, sizeof kept.app_id, "%s", message->app_id);
    kept.timestamp_ms = message->timestamp_ms / 1000 * 1000; /* AMQP knows seconds */
    kept.schema_version = message->schema_version;
    kept.is_repeat = is_repeat;
    uint64_t hash = exhaust_mix_bytes(3, &kept, sizeof kept);
    hash = exhaust_mix_bytes(hash, message->body, message->body_length);
    const struct exhaust_text *body =
        exhaust_keep(&explorer->pool, message->body, message->body_length,
                     exhaust_mix_bytes(4, message->body, message->body_length));
    kept.body = (const char *)body->bytes;
    kept.body_length = message->body_length;
    return exhaust_keep(&explorer->pool, &kept, sizeof kept, hash);
}

/* Its place among those that were published; mark_count: it was not. */
static size_t mark_at(const struct exhaust_world *world, const char *message_id)
{
    size_t at = 0;
    while (at < world->mark_count && strcmp(message_of(world->marks[at])->id, message_id) != 0)
        at++;
    return at;
}

bool exhaust_is_confirmed(const struct exhaust *explorer, const char *message_id)
{
    const struct exhaust_world *world = &explorer->world;
    size_t at = mark_at(world, message_id);
    return at < world->mark_count && (world->confirmed >> at & 1) != 0;
}

/* I2: what is published again under an id is the same, byte by byte. */
static void mark_add(struct exhaust *explorer, const struct exhaust_text *message)
{
    struct exhaust_world *world = &explorer->world;
    size_t at = mark_at(world, message_of(message)->id);
    if (at == world->mark_count) {
        assert(world->mark_count < EXHAUST_MARKS_MAX);
        world->marks[world->mark_count++] = message;
    } else if (world->marks[at] != message) { /* each content is kept once */
        sim_fail(explorer->sim, "I2: %s was published with other bytes than before",
                 message_of(message)->id);
    }
}

static struct memory_queue *queue_named(struct exhaust *explorer, const char *name)
{
    struct memory_queue *queue = explorer->world.queues;
    while (strcmp(queue->name, name) != 0) {
        queue++;
        assert(queue < explorer->world.queues + SIM_ROLE_COUNT);
    }
    return queue;
}

/* Into each of its queues, but for one that is full, or that it is not bound to any more: then
 * nobody is told. False: it was refused. */
static bool route(struct exhaust *explorer, const struct message *message)
{
    struct exhaust_world *world = &explorer->world;
    size_t bound[SIM_ROLE_COUNT]; /* bindings */
    size_t count = 0;
    for (size_t i = 0; i < explorer->broker.binding_count; i++)
        if (strcmp(explorer->broker.bindings[i].routing_key, message->type) == 0) {
            growth_check(explorer, queue_named(explorer, explorer->broker.bindings[i].queue));
            bound[count++] = i;
        }
    size_t refusing = world->refusals > 0 ? count : 0;
    size_t missing = world->misses > 0 && count > 1 ? count : 0; /* of one alone it is returned */
    size_t chosen = exhaust_choose(explorer, 1 + refusing + missing);
    assert(chosen == 0 || count > 0);
    bool is_refused = chosen > 0 && chosen <= refusing;
    struct memory_queue *left_out = NULL;
    if (chosen > 0) {
        size_t binding = bound[(chosen - 1) % count];
        left_out = queue_named(explorer, explorer->broker.bindings[binding].queue);
        left_out->full = is_refused ? MEMORY_OWN : 0;
        explorer->broker.unbound = is_refused ? 0 : UINT64_C(1) << binding;
        sim_tell(explorer->sim, "queue %s %s", left_out->name,
                 is_refused ? "is full" : "has lost its binding for a moment");
    }
    (void)memory_broker_route(
        &explorer->broker, message_of(message_keep(explorer, message, message->is_repeat)), NULL);
    if (left_out != NULL)
        left_out->full = 0;
    explorer->broker.unbound = 0;
    world->refusals -= is_refused;
    world->misses -= chosen > refusing;
    return !is_refused;
}

static void bus_publish_begin(void *self, const struct message *const *messages, size_t count)
{
    struct exhaust_worker *worker = self;
    assert(count <= EXHAUST_MARKS_MAX);
    worker->published = messages;
    worker->published_count = count;
    for (size_t i = 0; i < count; i++) {
        mark_add(worker->explorer, message_keep(worker->explorer, messages[i], false));
        worker->is_refused[i] = !route(worker->explorer, messages[i]);
        sim_tell(worker->explorer->sim, "%s publishes %s %s%s", worker->name, messages[i]->type,
                 messages[i]->id, messages[i]->is_repeat ? " again" : "");
        exhaust_port_point(worker); /* some are out, some are not */
    }
}

/* At once: a step of these worlds ends with nothing on its way. Late confirms are the simulator's.
 */
static bool bus_publish_end(void *self, bool is_waiting, enum publish_result *ret_results)
{
    const struct exhaust_worker *worker = self;
    struct exhaust_world *world = &worker->explorer->world;
    (void)is_waiting;
    for (size_t i = 0; i < worker->published_count; i++) {
        ret_results[i] = worker->is_refused[i] ? PUBLISH_NACKED : PUBLISH_CONFIRMED;
        if (!worker->is_refused[i])
            world->confirmed |= UINT64_C(1) << mark_at(world, worker->published[i]->id);
    }
    return true;
}

/* ---- settling ---- */

static bool bus_quarantine(void *self, const struct delivery *delivery, const char *reason,
                           struct error *error)
{
    struct exhaust_worker *worker = self;
    (void)error;
    sim_fail(worker->explorer->sim, "H1: %s of a sound service is quarantined: %s",
             delivery->message.id, reason);
    return true;
}

static void bus_ack(void *self, struct delivery *const *deliveries, size_t count)
{
    struct exhaust_worker *worker = self;
    struct exhaust *explorer = worker->explorer;
    for (size_t i = 0; i < count; i++) {
        const struct message *message = &deliveries[i]->message;
        /* I7: an ack only after the commit. Every event that booking takes leaves a document,
         * but for a decline of what it does not know. */
        if (worker->service == SIM_BOOKING && strcmp(message->type, EVENT_PAYMENT_DECLINED) != 0 &&
            exhaust_document_find(explorer, SIM_BOOKING, message->correlation_id) == NULL)
            sim_fail(explorer->sim, "I7: %s was acked with nothing stored", message->id);
        memory_bus_settle(&worker->bus, deliveries[i]);
    }
    exhaust_port_point(worker);
}

/* Counted up to one: how often matters to nobody here, and a state is to come again. */
void exhaust_bus_lose(struct exhaust_worker *worker)
{
    struct memory_queue *queue = worker->bus.queue;
    memory_bus_forget(&worker->bus);
    worker->bus.session = EXHAUST_SESSION;
    for (size_t i = 0; i < queue->count; i++)
        if (queue->entries[i].delivery_count > 1)
            queue->entries[i].delivery_count = 1;
}

static void bus_pause(void *self)
{
    (void)self;
    assert(false && "no pause of these worlds is so long");
}

struct bus_port exhaust_bus_port(struct exhaust_worker *worker)
{
    return (struct bus_port){
        .self = worker,
        .service = bus_service,
        .take = bus_take,
        .publish_begin = bus_publish_begin,
        .publish_end = bus_publish_end,
        .quarantine = bus_quarantine,
        .ack = bus_ack,
        .is_drained = bus_is_drained,
        .pause = bus_pause,
        .resume = bus_pause,
    };
}
