/* exhaust_bus.c - the broker of an exhaustive world: a bag of messages for each service, of which a
 * worker may be given any, and any once more. */
#include "events/topology.h"
#include "services/registry.h"
#include "sim/exhaustive/exhaust.h"

#include <assert.h>
#include <string.h>

static struct exhaust_queue *queue_of(const struct exhaust_worker *worker)
{
    return &worker->explorer->world.queues[worker->service];
}

static const struct message *message_of(const struct exhaust_text *text)
{
    return (const struct message *)(const void *)text->bytes;
}

static void bus_service(void *self, struct bus_status *ret_status)
{
    (void)self;
    *ret_status =
        (struct bus_status){ .session = 1, .can_consume = true, .can_publish = true, .detail = "" };
}

/* ---- taking ---- */

static void hand_fill(struct exhaust_worker *worker, const struct exhaust_event *event)
{
    struct delivery *delivery = &worker->deliveries[event->slot];
    delivery->tag = (uint64_t)event->slot + 1;
    delivery->session = 1;
    delivery->delivery_count = event->was_delivered ? 1 : 0;
    delivery->malformed[0] = '\0';
    delivery->message = *message_of(event->message);
    worker->is_taken[event->slot] = true;
}

void exhaust_bus_restore(struct exhaust_worker *worker)
{
    const struct exhaust_queue *queue = queue_of(worker);
    memset(worker->is_taken, 0, sizeof worker->is_taken);
    for (size_t i = 0; i < queue->count; i++)
        if (queue->events[i].worker == worker->number)
            hand_fill(worker, &queue->events[i]);
}

static bool is_like_one_before(const struct exhaust_queue *queue, size_t at)
{
    const struct exhaust_event *event = &queue->events[at];
    for (size_t i = 0; i < at; i++)
        if (queue->events[i].worker < 0 && queue->events[i].message == event->message &&
            queue->events[i].was_delivered == event->was_delivered)
            return true;
    return false;
}

/* Any of those that differ, or none. */
static struct exhaust_event *event_choose(struct exhaust_worker *worker)
{
    struct exhaust_queue *queue = queue_of(worker);
    struct exhaust_event *ready[EXHAUST_QUEUE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < queue->count; i++)
        if (queue->events[i].worker < 0 && !is_like_one_before(queue, i))
            ready[count++] = &queue->events[i];
    size_t chosen = exhaust_choose(worker->explorer, count + 1);
    return chosen == count ? NULL : ready[chosen];
}

static void event_put(struct exhaust *explorer, enum sim_service service,
                      const struct exhaust_text *message)
{
    struct exhaust_queue *queue = &explorer->world.queues[service];
    if (queue->count == EXHAUST_QUEUE_MAX) {
        sim_fail(explorer->sim, "I6: queue %s grows without bound", services[service]->queue);
        return;
    }
    queue->events[queue->count++] = (struct exhaust_event){ .message = message, .worker = -1 };
}

static void duplicate_maybe(struct exhaust_worker *worker, const struct exhaust_text *message)
{
    struct exhaust *explorer = worker->explorer;
    if (explorer->world.duplicates == 0 || exhaust_choose(explorer, 2) == 0)
        return;
    explorer->world.duplicates--;
    sim_tell(explorer->sim, "%s will be delivered once more", message_of(message)->id);
    event_put(explorer, worker->service, message);
}

static size_t bus_take(void *self, size_t limit, struct delivery **ret_deliveries)
{
    struct exhaust_worker *worker = self;
    size_t count = 0;
    for (int8_t slot = 0; slot < EXHAUST_HELD_MAX && count < limit; slot++) {
        if (worker->is_taken[slot])
            continue;
        struct exhaust_event *event = event_choose(worker);
        if (event == NULL)
            break;
        event->worker = worker->number;
        event->slot = slot;
        hand_fill(worker, event);
        sim_tell(worker->explorer->sim, "%s takes %s %s%s", worker->name,
                 message_of(event->message)->type, message_of(event->message)->id,
                 event->was_delivered ? ", delivered before" : "");
        ret_deliveries[count++] = &worker->deliveries[slot];
        duplicate_maybe(worker, event->message);
    }
    if (count > 0)
        exhaust_port_point(worker);
    return count;
}

static bool bus_is_drained(void *self)
{
    const struct exhaust_worker *worker = self;
    const struct exhaust_queue *queue = queue_of(worker);
    for (size_t i = 0; i < queue->count; i++)
        if (queue->events[i].worker < 0 || queue->events[i].worker == worker->number)
            return false;
    return true;
}

/* ---- publishing ---- */

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

static enum sim_service service_of(const char *queue)
{
    for (int service = 0; service < SIM_SERVICE_COUNT; service++)
        if (strcmp(services[service]->queue, queue) == 0)
            return (enum sim_service)service;
    assert(false && "every binding leads to the queue of a service");
    return (enum sim_service)0;
}

/* Into each of its queues, but for one that is full, or that it is not bound to any more: then
 * nobody is told. False: it was refused. */
static bool route(struct exhaust *explorer, const struct message *message)
{
    struct exhaust_world *world = &explorer->world;
    const struct exhaust_text *kept = message_keep(explorer, message, message->is_repeat);
    enum sim_service bound[SIM_SERVICE_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < event_binding_count; i++)
        if (strcmp(event_bindings[i].routing_key, message->type) == 0)
            bound[count++] = service_of(event_bindings[i].queue);
    size_t refusing = world->refusals > 0 ? count : 0;
    size_t missing = world->misses > 0 && count > 1 ? count : 0; /* of one alone it is returned */
    size_t chosen = exhaust_choose(explorer, 1 + refusing + missing);
    assert(chosen == 0 || count > 0);
    size_t left_out = chosen == 0 ? count : (chosen - 1) % count;
    for (size_t i = 0; i < count; i++)
        if (i != left_out)
            event_put(explorer, bound[i], kept);
    bool is_refused = chosen > 0 && chosen <= refusing;
    world->refusals -= is_refused;
    world->misses -= chosen > refusing;
    if (chosen > 0)
        sim_tell(explorer->sim, "the queue of %s %s", sim_service_text(bound[left_out]),
                 is_refused ? "is full" : "has lost its binding for a moment");
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

static struct exhaust_event *event_of(const struct exhaust_worker *worker,
                                      const struct delivery *delivery)
{
    struct exhaust_queue *queue = queue_of(worker);
    for (size_t i = 0; i < queue->count; i++)
        if (queue->events[i].worker == worker->number &&
            &worker->deliveries[queue->events[i].slot] == delivery)
            return &queue->events[i];
    assert(false && "the engine names a delivery that it does not hold");
    return NULL;
}

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
    struct exhaust_queue *queue = queue_of(worker);
    for (size_t i = 0; i < count; i++) {
        const struct message *message = &deliveries[i]->message;
        /* I7: an ack only after the commit. Every event that booking takes leaves a document,
         * but for a decline of what it does not know. */
        if (worker->service == SIM_BOOKING && strcmp(message->type, EVENT_PAYMENT_DECLINED) != 0 &&
            exhaust_document_find(explorer, SIM_BOOKING, message->correlation_id) == NULL)
            sim_fail(explorer->sim, "I7: %s was acked with nothing stored", message->id);
        struct exhaust_event *event = event_of(worker, deliveries[i]);
        worker->is_taken[event->slot] = false;
        *event = queue->events[--queue->count];
    }
    exhaust_port_point(worker);
}

void exhaust_bus_lose(struct exhaust_worker *worker)
{
    struct exhaust_queue *queue = queue_of(worker);
    for (size_t i = 0; i < queue->count; i++)
        if (queue->events[i].worker == worker->number) {
            queue->events[i].worker = -1;
            queue->events[i].was_delivered = true;
        }
    memset(worker->is_taken, 0, sizeof worker->is_taken);
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
