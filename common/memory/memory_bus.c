/* memory_bus.c - sessions, the hand, and the port over both. */
#include "common/memory/memory_bus.h"

#include <assert.h>
#include <string.h>

void memory_bus_init(struct memory_bus *bus, struct memory_broker *broker,
                     struct memory_queue *queue, int16_t number, struct memory_held *hand,
                     size_t prefetch)
{
    assert(number >= 0 && prefetch > 0 && prefetch <= BUS_PREFETCH_MAX);
    *bus = (struct memory_bus){
        .broker = broker, .queue = queue, .hand = hand, .prefetch = prefetch, .number = number
    };
    for (size_t i = 0; i < prefetch; i++)
        hand[i].state = MEMORY_HAND_FREE;
}

/* ---- sessions ---- */

void memory_bus_connect(struct memory_bus *bus)
{
    assert(bus->session == 0 && !bus->is_paused);
    bus->session = ++bus->broker->sessions;
    memory_broker_declare(bus->broker);
    bus->queue_life = bus->queue->life;
    bus->has_looked = false;
}

void memory_bus_disconnect(struct memory_bus *bus)
{
    for (size_t i = 0; i < bus->queue->count; i++)
        if (bus->queue->entries[i].holder == bus->number) {
            bus->queue->entries[i].holder = MEMORY_NOBODY;
            bus->queue->entries[i].delivery_count++;
        }
    for (size_t i = 0; i < bus->prefetch; i++)
        if (bus->hand[i].state == MEMORY_HAND_HELD)
            bus->hand[i].state = MEMORY_HAND_VOID;
    bus->session = 0;
    assert(bus->queue->count <= bus->queue->room);
}

void memory_bus_forget(struct memory_bus *bus)
{
    memory_bus_disconnect(bus);
    for (size_t i = 0; i < bus->prefetch; i++)
        bus->hand[i].state = MEMORY_HAND_FREE;
    bus->told_session = 0;
    bus->publish_count = 0;
    bus->is_paused = false;
}

/* ---- the hand ---- */

static void hand_fill(struct memory_bus *bus, const struct memory_entry *entry)
{
    struct memory_held *held = &bus->hand[entry->slot];
    held->state = MEMORY_HAND_HELD;
    held->delivery.tag = (uint64_t)entry->slot + 1;
    held->delivery.session = bus->session;
    held->delivery.delivery_count = entry->delivery_count;
    held->delivery.later_since_ms = entry->later_since_ms;
    held->delivery.malformed[0] = '\0';
    held->delivery.message = *entry->message;
}

struct delivery *memory_bus_hand_out(struct memory_bus *bus, struct memory_entry *entry)
{
    assert(memory_entry_is_ready(entry, bus->broker->now_ms));
    size_t slot = 0;
    while (slot < bus->prefetch && bus->hand[slot].state != MEMORY_HAND_FREE)
        slot++;
    if (slot == bus->prefetch)
        return NULL;
    entry->holder = bus->number;
    entry->slot = (int16_t)slot;
    hand_fill(bus, entry);
    return &bus->hand[slot].delivery;
}

void memory_bus_restore(struct memory_bus *bus)
{
    for (size_t i = 0; i < bus->prefetch; i++)
        bus->hand[i].state = MEMORY_HAND_FREE;
    for (size_t i = 0; i < bus->queue->count; i++)
        if (bus->queue->entries[i].holder == bus->number)
            hand_fill(bus, &bus->queue->entries[i]);
}

static struct memory_held *held_of(const struct memory_bus *bus, const struct delivery *delivery)
{
    for (size_t i = 0; i < bus->prefetch; i++)
        if (&bus->hand[i].delivery == delivery && bus->hand[i].state != MEMORY_HAND_FREE)
            return &bus->hand[i];
    return NULL;
}

struct memory_entry *memory_bus_entry(const struct memory_bus *bus, const struct delivery *delivery)
{
    const struct memory_held *held = held_of(bus, delivery);
    if (held == NULL || held->state == MEMORY_HAND_VOID)
        return NULL;
    int16_t slot = (int16_t)(held - bus->hand);
    for (size_t i = 0; i < bus->queue->count; i++)
        if (bus->queue->entries[i].holder == bus->number && bus->queue->entries[i].slot == slot)
            return &bus->queue->entries[i];
    return NULL; /* the queue was deleted under it */
}

void memory_bus_settle(struct memory_bus *bus, const struct delivery *delivery)
{
    struct memory_entry *entry = memory_bus_entry(bus, delivery);
    struct memory_held *held = held_of(bus, delivery);
    if (entry != NULL) {
        bus->unseen -= entry->delivery_count == 0 && bus->unseen > 0;
        memory_queue_remove(bus->queue, entry);
    }
    if (held != NULL)
        held->state = MEMORY_HAND_FREE;
}

size_t memory_bus_in_hand(const struct memory_bus *bus)
{
    size_t count = 0;
    for (size_t i = 0; i < bus->prefetch; i++)
        count += bus->hand[i].state != MEMORY_HAND_FREE;
    return count;
}

struct memory_entry *memory_bus_leave(struct memory_bus *bus, const struct memory_entry *entry,
                                      int64_t since_ms)
{
    assert(since_ms != 0 && entry->holder != MEMORY_BESIDE);
    if (((bus->queue->missing | bus->queue->full) & MEMORY_LATER) != 0)
        return NULL;
    struct memory_entry *left = memory_queue_put(bus->queue, entry->message);
    if (left != NULL) {
        left->holder = MEMORY_BESIDE;
        left->ready_at_ms = bus->broker->now_ms + MEMORY_LATER_MS;
        left->later_since_ms = since_ms;
    }
    return left;
}

/* ---- the port ---- */

static bool takes_messages(const struct memory_bus *bus)
{
    return !bus->broker->is_away && !bus->broker->is_blocked &&
           (bus->session != 0 || bus->is_paused);
}

static void bus_service(void *self, struct bus_status *ret_status)
{
    struct memory_bus *bus = self;
    if (bus->session != 0 && (bus->broker->is_away || bus->queue_life != bus->queue->life))
        memory_bus_disconnect(bus);
    if (bus->session == 0 && !bus->is_paused && !bus->broker->is_away)
        memory_bus_connect(bus);
    bus->told_session = bus->session;
    *ret_status = (struct bus_status){
        .session = bus->session,
        .can_consume = bus->session != 0,
        .can_publish = takes_messages(bus),
        .detail = bus->broker->is_away      ? "cannot connect"
                  : bus->broker->is_blocked ? "blocked"
                  : bus->is_paused          ? "paused"
                                            : "",
    };
}

/* What has waited long enough beside the queue stands at its end. */
static void later_return(struct memory_queue *queue, int64_t now_ms)
{
    for (size_t i = 0, left = queue->count; left > 0; left--) {
        struct memory_entry entry = queue->entries[i];
        if (entry.holder != MEMORY_BESIDE || entry.ready_at_ms > now_ms) {
            i++;
            continue;
        }
        entry.holder = MEMORY_NOBODY;
        memory_queue_remove(queue, &queue->entries[i]);
        queue->entries[queue->count++] = entry;
    }
}

static size_t bus_take(void *self, size_t limit, struct delivery **ret_deliveries)
{
    struct memory_bus *bus = self;
    if (bus->session == 0 || bus->session != bus->told_session ||
        bus->queue_life != bus->queue->life)
        return 0;
    for (size_t i = 0; i < bus->prefetch; i++)
        if (bus->hand[i].state == MEMORY_HAND_VOID)
            bus->hand[i].state = MEMORY_HAND_FREE;
    later_return(bus->queue, bus->broker->now_ms);
    size_t count = 0;
    for (size_t i = 0; i < bus->queue->count && count < limit; i++) {
        if (!memory_entry_is_ready(&bus->queue->entries[i], bus->broker->now_ms))
            continue;
        struct delivery *delivery = memory_bus_hand_out(bus, &bus->queue->entries[i]);
        if (delivery == NULL)
            break;
        ret_deliveries[count++] = delivery;
    }
    return count;
}

static enum publish_result message_publish(struct memory_bus *bus, const struct message *message)
{
    if (!takes_messages(bus))
        return PUBLISH_UNKNOWN;
    enum publish_result result =
        memory_broker_route(bus->broker, memory_message_keep(&bus->broker->keeper, message), NULL);
    if (result == PUBLISH_RETURNED)
        memory_broker_declare(bus->broker); /* before it is tried again */
    return result;
}

static void bus_publish_begin(void *self, const struct message *const *messages, size_t count)
{
    struct memory_bus *bus = self;
    assert(bus->publish_count < BUS_PUBLISHES_MAX && count <= BUS_PUBLISH_MAX);
    struct memory_publish *publish = &bus->publishes[bus->publish_count++];
    publish->count = count;
    for (size_t i = 0; i < count; i++)
        publish->results[i] = (uint8_t)message_publish(bus, messages[i]);
}

static bool bus_publish_end(void *self, bool is_waiting, enum publish_result *ret_results)
{
    struct memory_bus *bus = self;
    (void)is_waiting;
    assert(bus->publish_count > 0);
    for (size_t i = 0; i < bus->publishes[0].count; i++)
        ret_results[i] = (enum publish_result)bus->publishes[0].results[i];
    bus->publish_count--;
    memmove(bus->publishes, bus->publishes + 1, bus->publish_count * sizeof bus->publishes[0]);
    return true;
}

/* Of a delivery that can be put aside; NULL: error says why not. */
static struct memory_entry *entry_aside(const struct memory_bus *bus,
                                        const struct delivery *delivery, struct error *error)
{
    struct memory_entry *entry = memory_bus_entry(bus, delivery);
    if (entry == NULL)
        (void)error_set(error, ERROR_RETRY, "the delivery's session has ended");
    else if (!takes_messages(bus))
        (void)error_set(error, ERROR_RETRY, "the broker takes no message");
    return takes_messages(bus) ? entry : NULL;
}

static bool bus_quarantine(void *self, const struct delivery *delivery, const char *reason,
                           struct error *error)
{
    struct memory_bus *bus = self;
    const struct memory_keeper *keeper = &bus->broker->keeper;
    const struct memory_entry *entry = entry_aside(bus, delivery, error);
    if (entry == NULL)
        return false;
    if (memory_queue_bury(bus->queue, entry->message,
                          keeper->keep(keeper->self, reason, strlen(reason) + 1)))
        return true;
    memory_broker_declare(bus->broker); /* before it is tried again */
    return error_set(error, ERROR_RETRY, "%s.dead takes no message", bus->queue->name);
}

static bool bus_postpone(void *self, const struct delivery *delivery, const char *reason,
                         int64_t since_ms, struct error *error)
{
    struct memory_bus *bus = self;
    (void)reason;
    const struct memory_entry *entry = entry_aside(bus, delivery, error);
    if (entry == NULL)
        return false;
    if (memory_bus_leave(bus, entry, since_ms) != NULL)
        return true;
    memory_broker_declare(bus->broker);
    return error_set(error, ERROR_RETRY, "%s.later takes no message", bus->queue->name);
}

static void bus_ack(void *self, struct delivery *const *deliveries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memory_bus_settle(self, deliveries[i]);
}

static bool bus_is_drained(void *self)
{
    struct memory_bus *bus = self;
    if (bus->session == 0)
        return false;
    size_t ready = memory_queue_ready(bus->queue, bus->broker->now_ms);
    size_t in_hand = memory_bus_in_hand(bus);
    if (!bus->has_looked)
        bus->unseen = ready + in_hand + bus->prefetch;
    bus->has_looked = true;
    return bus->unseen == 0 || ready + in_hand == 0;
}

static void bus_pause(void *self)
{
    struct memory_bus *bus = self;
    memory_bus_disconnect(bus);
    bus->is_paused = true;
}

static void bus_resume(void *self)
{
    ((struct memory_bus *)self)->is_paused = false;
}

struct bus_port memory_bus_port(struct memory_bus *bus)
{
    assert(bus->broker != NULL && bus->queue != NULL && bus->prefetch > 0);
    return (struct bus_port){
        .self = bus,
        .service = bus_service,
        .take = bus_take,
        .publish_begin = bus_publish_begin,
        .publish_end = bus_publish_end,
        .quarantine = bus_quarantine,
        .postpone = bus_postpone,
        .ack = bus_ack,
        .is_drained = bus_is_drained,
        .pause = bus_pause,
        .resume = bus_resume,
    };
}
