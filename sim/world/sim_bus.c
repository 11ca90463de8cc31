/* sim_bus.c - the bus as a worker's engine sees it. */
#include "sim/world/sim_bus.h"
#include "common/base/hash.h"
#include "events/topology.h"
#include "sim/world/sim.h"
#include "sim/world/sim_aside.h"
#include "sim/world/sim_document.h"
#include "sim/world/sim_queue.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_topology.h"
#include "sim/world/sim_words.h"

#include <assert.h>
#include <string.h>

#define HEARTBEAT_DEADLINE_MS 20000

static void connect_see(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    const struct sim_store *store = &sim->stores[worker->service];
    for (size_t service = 0; service < sim->service_count; service++)
        if ((sim->queues[service].missing & MEMORY_OWN) != 0)
            anomaly_reached(sim, ANOMALY_E15);
    if (worker->service != SIM_BOOKING || sim_queue_waiting(sim, SIM_BOOKING) == 0)
        return;
    for (size_t i = 0; i < store->memory.count; i++)
        if (store->documents[i].due_at_ms != 0 &&
            store->documents[i].due_at_ms <= sim->now_ms + worker->skew_ms)
            anomaly_reached(sim, ANOMALY_G4);
}

static void connect_when_due(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    if (worker->bus.session != 0 || worker->bus.is_paused ||
        sim->broker_away_until_ms > sim->now_ms || worker->reconnect_at_ms > sim->now_ms)
        return;
    connect_see(worker);
    memory_bus_connect(&worker->bus);
    sim_topology_declared(worker);
    sim_tell(sim, "%s connects, session %llu", worker->name,
             (unsigned long long)worker->bus.session);
}

static void connection_strike(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    if (worker->bus.session == 0)
        return;
    if (sim_is_half_open(worker) && (sim->is_healed || worker->half_open_until_ms <= sim->now_ms)) {
        sim_tell(sim, "%s hears no heartbeat", worker->name);
        anomaly_reached(sim, ANOMALY_E13);
        sim_session_end(worker, 0);
    } else if (!sim_is_half_open(worker) && sim_fault(sim, FAULT_HALF_OPEN)) {
        sim_tell(sim, "the connection of %s is half open", worker->name);
        worker->half_open_until_ms = sim->now_ms + HEARTBEAT_DEADLINE_MS;
    } else if (sim_fault(sim, FAULT_DISCONNECT)) {
        sim_tell(sim, "%s loses its connection", worker->name);
        if (memory_bus_in_hand(&worker->bus) > 0)
            anomaly_reached(sim, ANOMALY_E6);
        sim_session_end(worker, sim_random_between(&sim->random, 0, 3000));
    }
}

static void bus_service(void *self, struct bus_status *ret_status)
{
    struct sim_worker *worker = self;
    struct sim *sim = worker->sim;
    sim_port_point(worker);
    connection_strike(worker);
    if (worker->bus.session != 0 && sim->broker_away_until_ms > sim->now_ms)
        sim_session_end(worker, 0);
    connect_when_due(worker);
    sim_topology_mind(worker);
    worker->bus.told_session = worker->bus.session;
    *ret_status = (struct bus_status){
        .session = worker->bus.session,
        .can_consume = worker->bus.session != 0,
        .can_publish = (worker->bus.session != 0 || worker->bus.is_paused) &&
                       !sim_is_blocked(sim) && sim->broker_away_until_ms <= sim->now_ms,
        .detail = worker->bus.session == 0 ? "not connected"
                  : sim_is_blocked(sim)    ? "blocked"
                                           : "",
    };
    worker->can_publish = ret_status->can_publish;
}

/* The first message that is ready, or any of them. */
static struct memory_entry *entry_choose(struct sim *sim, const struct memory_queue *queue)
{
    size_t count = memory_queue_ready(queue, sim->now_ms);
    if (count == 0)
        return NULL;
    size_t skip = sim_fault(sim, FAULT_REORDER) ? sim_random_below(&sim->random, count) : 0;
    for (size_t i = 0;; i++)
        if (memory_entry_is_ready(&queue->entries[i], sim->now_ms) && skip-- == 0)
            return &queue->entries[i];
}

static struct delivery *delivery_make(struct sim_worker *worker, struct memory_entry *entry)
{
    struct delivery *made = memory_bus_hand_out(&worker->bus, entry);
    if (made == NULL)
        return NULL;
    *sim_hold_of(worker, made) = (struct sim_hold){ 0 };
    made->later_since_ms = sim_later_since_ms(worker->sim, entry);
    if (sim_message_of(entry)->is_malformed)
        snprintf(made->malformed, sizeof made->malformed, "no message id");
    return made;
}

static size_t bus_take(void *self, size_t limit, struct delivery **ret_deliveries)
{
    struct sim_worker *worker = self;
    struct sim *sim = worker->sim;
    sim_port_point(worker);
    if (worker->bus.session == 0 || worker->bus.session != worker->bus.told_session ||
        sim_is_half_open(worker))
        return 0;
    sim->broker.now_ms = sim->now_ms;
    size_t count = 0;
    for (struct memory_entry *entry;
         count < limit && (entry = entry_choose(sim, worker->bus.queue)) != NULL; count++) {
        struct delivery *delivery = delivery_make(worker, entry);
        if (delivery == NULL)
            break;
        ret_deliveries[count] = delivery;
    }
    if (count > 0)
        worker->phase = PHASE_TAKEN;
    return count;
}

/* I2: what is published again under an id is the same, byte by byte. */
static struct sim_mark *content_check(struct sim_worker *worker, const struct message *message)
{
    struct sim *sim = worker->sim;
    struct sim_mark *mark = sim_mark(sim, message->id);
    uint64_t hash = HASH_FOLD_START;
    const char *const texts[] = { message->type, message->correlation_id, message->app_id };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        hash = hash_fold(hash, texts[i], strlen(texts[i]));
    hash = hash_fold(hash, message->body, message->body_length);
    hash = hash_fold_number(hash, (uint64_t)message->timestamp_ms);
    if (mark->type[0] == '\0') {
        mark->content_hash = hash;
        mark->is_of_payment = worker->service == SIM_PAYMENT;
        memcpy(mark->type, message->type, sizeof mark->type);
        memcpy(mark->booking_id, message->correlation_id, sizeof mark->booking_id);
    } else if (mark->content_hash != hash) {
        sim_fail(sim, "I2: %s was published with other bytes than before", message->id);
    }
    return mark;
}

static enum publish_result message_publish(struct sim_worker *worker, const struct message *message)
{
    struct sim *sim = worker->sim;
    struct sim_mark *mark = content_check(worker, message);
    if (message->is_repeat)
        sim_topology_doubt(worker);
    if ((worker->bus.session == 0 && !worker->bus.is_paused) || sim_is_half_open(worker) ||
        sim_is_blocked(sim) || sim->broker_away_until_ms > sim->now_ms)
        return PUBLISH_UNKNOWN;
    bool is_nacked = sim_fault(sim, FAULT_NACK);
    bool is_unknown = !is_nacked && sim_fault(sim, FAULT_UNKNOWN);
    if ((is_nacked || is_unknown) && sim_random_chance(&sim->random, 500))
        return is_nacked ? PUBLISH_NACKED : PUBLISH_UNKNOWN;
    enum publish_result routed = sim_route(sim, message);
    if (routed == PUBLISH_RETURNED)
        sim_topology_declare(sim); /* before it is tried again */
    if (routed != PUBLISH_CONFIRMED)
        return routed;
    if (mark->published_by != NULL && mark->published_by != worker)
        anomaly_reached(sim, ANOMALY_D7);
    mark->published_by = worker;
    if (is_nacked || is_unknown)
        return is_nacked ? PUBLISH_NACKED : PUBLISH_UNKNOWN;
    if (worker->bus.session != 0 && sim_fault(sim, FAULT_BREAK)) {
        sim_tell(sim, "%s loses its connection among its publishes", worker->name);
        anomaly_reached(sim, ANOMALY_E1);
        sim_session_end(worker, sim_random_between(&sim->random, 0, 3000));
        return PUBLISH_UNKNOWN;
    }
    return PUBLISH_CONFIRMED;
}

static void bus_publish_begin(void *self, const struct message *const *messages, size_t count)
{
    static const char *const texts[] = { "confirmed", "returned", "nacked", "unknown" };
    struct sim_worker *worker = self;
    assert(worker->publish_count < BUS_PUBLISHES_MAX && count > 0 && count <= BUS_PUBLISH_MAX);
    struct sim_publish *publish = &worker->publishes[worker->publish_count];
    publish->messages = messages;
    publish->results = arena_alloc(&worker->sim->arena, count * sizeof *publish->results);
    sim_port_point(worker);
    for (size_t i = 0; i < count; i++) {
        worker->phase = PHASE_PUBLISHING;
        enum publish_result result = message_publish(worker, messages[i]);
        if (result != PUBLISH_CONFIRMED)
            anomaly_reached(worker->sim, result == PUBLISH_RETURNED ? ANOMALY_E3 : ANOMALY_E2);
        publish->results[i] = result;
        sim_tell(worker->sim, "%s publishes %s %s%s: %s", worker->name, messages[i]->type,
                 messages[i]->id, messages[i]->is_repeat ? " again" : "", texts[result]);
        sim_port_point(worker); /* some are out, some are not */
    }
    publish->count = count;
    publish->session = worker->bus.session;
    worker->publish_count++;
}

/* What the broker confirmed, the engine hears now, or never, where the connection is gone. */
static bool bus_publish_end(void *self, bool is_waiting, enum publish_result *ret_results)
{
    struct sim_worker *worker = self;
    struct sim *sim = worker->sim;
    struct sim_publish *publish = &worker->publishes[0];
    sim_port_point(worker);
    assert(worker->publish_count > 0);
    if (!is_waiting && sim_fault(sim, FAULT_CONFIRM_LATE))
        return false;
    bool are_confirmed = true;
    for (size_t i = 0; i < publish->count; i++) {
        if (worker->bus.session != publish->session && sim_random_chance(&sim->random, 500))
            publish->results[i] = PUBLISH_UNKNOWN;
        ret_results[i] = publish->results[i];
        if (ret_results[i] == PUBLISH_CONFIRMED)
            sim_mark(sim, publish->messages[i]->id)->is_confirmed = true;
        are_confirmed &= ret_results[i] == PUBLISH_CONFIRMED;
    }
    if (are_confirmed)
        worker->phase = PHASE_PUBLISHED;
    worker->publish_count--;
    memmove(publish, publish + 1, worker->publish_count * sizeof *publish);
    sim_port_point(worker);
    return true;
}

/* I7: an ack only after the durable commit. Every event that booking takes is in the history of its
 * document, but for a decline that was decided when there was none, of which none is kept; what
 * nobody can read is in the dead letter queue. */
static void commit_check(struct sim_worker *worker, const struct delivery *delivery)
{
    struct sim *sim = worker->sim;
    const struct message *message = &delivery->message;
    const struct sim_hold *hold = sim_hold_of(worker, delivery);
    bool is_poison = strncmp(message->id, "poison:", 7) == 0;
    if (hold->is_postponed)
        return;
    if (is_poison && !hold->is_quarantined)
        sim_fail(sim, "I7: %s was acked and is kept nowhere", message->id);
    if (is_poison || worker->service != SIM_BOOKING ||
        (strcmp(message->type, EVENT_PAYMENT_DECLINED) == 0 &&
         (hold->is_of_nothing || sim->options.is_unobserved)))
        return;
    const struct memory_document *document =
        sim_document_find(sim, SIM_BOOKING, message->correlation_id);
    if (document == NULL)
        sim_fail(sim, "I7: %s was acked with nothing stored", message->id);
    else if (!sim_document_remembers(document, message->id))
        sim_fail(sim, "I7: %s was acked, its booking knows nothing of it", message->id);
}

/* What its ack has taken from the queue. */
static void settled_see(struct sim_worker *worker, const struct sim_message *message)
{
    struct sim *sim = worker->sim;
    if (message->is_poison || message->is_forged || message->is_wider)
        return;
    sim->settled[worker->service] = message;
    if (sim->rates[FAULT_LATER] > 0)
        sim_message_keep(sim->old, &sim->old_count, worker->service, message);
    if (sim_fault(sim, FAULT_FORGE))
        sim_forgery_publish(sim, worker->service, message);
}

static void delivery_settle(struct sim_worker *worker, const struct delivery *delivery)
{
    const struct memory_entry *entry = memory_bus_entry(&worker->bus, delivery);
    bool is_postponed = sim_hold_of(worker, delivery)->is_postponed;
    if (entry == NULL) {
        anomaly_reached(worker->sim, ANOMALY_E5);
        memory_bus_settle(&worker->bus, delivery);
        return;
    }
    const struct sim_message *message = sim_message_of(entry);
    commit_check(worker, delivery);
    if (worker->service == SIM_PAYMENT &&
        strcmp(message->message.type, EVENT_BOOKING_FAILED) == 0 &&
        strstr(message->message.body, "\"payments\":[]") != NULL)
        anomaly_reached(worker->sim, ANOMALY_C12);
    memory_bus_settle(&worker->bus, delivery);
    if (!is_postponed)
        settled_see(worker, message);
}

static void bus_ack(void *self, struct delivery *const *deliveries, size_t count)
{
    struct sim_worker *worker = self;
    struct sim *sim = worker->sim;
    sim_port_point(worker);
    if (worker->bus.session != 0 && (sim_is_half_open(worker) || sim_fault(sim, FAULT_ACK_LOST))) {
        sim_tell(sim, "%s loses its connection with an ack", worker->name);
        sim_session_end(worker, sim_random_between(&sim->random, 0, 3000));
    }
    for (size_t i = 0; i < count; i++)
        delivery_settle(worker, deliveries[i]);
    worker->phase = PHASE_ACKED;
    sim_port_point(worker);
}

static bool bus_is_drained(void *self)
{
    struct sim_worker *worker = self;
    sim_port_point(worker);
    worker->sim->broker.now_ms = worker->sim->now_ms;
    return !sim_is_half_open(worker) && memory_bus_port(&worker->bus).is_drained(&worker->bus);
}

static void bus_pause(void *self)
{
    struct sim_worker *worker = self;
    sim_port_point(worker);
    sim_tell(worker->sim, "%s stops consuming", worker->name);
    sim_session_end(worker, 0);
    worker->bus.is_paused = true;
}

static void bus_resume(void *self)
{
    struct sim_worker *worker = self;
    sim_port_point(worker);
    worker->bus.is_paused = false;
}

struct bus_port sim_bus_port(struct sim_worker *worker)
{
    return (struct bus_port){
        .self = worker,
        .service = bus_service,
        .take = bus_take,
        .publish_begin = bus_publish_begin,
        .publish_end = bus_publish_end,
        .quarantine = sim_bus_quarantine,
        .postpone = sim_bus_postpone,
        .ack = bus_ack,
        .is_drained = bus_is_drained,
        .pause = bus_pause,
        .resume = bus_resume,
    };
}
