/* memory_broker.h - queues and bindings as plain values: what common/memory/memory_bus.h consumes
 * from, and what simulators build their own brokers of.
 *
 * Nothing happens by itself. Its owner sets the clock, takes it away, blocks it, fills a queue,
 * deletes one, unbinds one: the faults are what the owner does between two calls. Equal calls have
 * equal answers. Everything is bounded by the room that the owner gives; messages are the owner's
 * or the keeper's, and only pointed to. Copied with its entries and copied back to the same place,
 * a queue is what it was. One thread. */
#pragma once

#include "common/memory/memory_keeper.h"
#include "common/saga/bus_port.h"
#include "common/saga/topology.h"

#define MEMORY_QUEUES_MAX   32
#define MEMORY_BINDINGS_MAX 64
#define MEMORY_LATER_MS     5000 /* what is left to a newer release comes back after */

/* Who holds a message: the number of a bus, from 0, or: */
enum { MEMORY_NOBODY = -1, MEMORY_BESIDE = -2 /* it waits for a newer release */ };

/* The three that the topology has for each service, a bit each. */
enum memory_part { MEMORY_OWN = 1, MEMORY_DEAD = 2, MEMORY_LATER = 4, MEMORY_ALL = 7 };

struct memory_entry {
    const struct message *message;
    int64_t ready_at_ms; /* nobody is given it before */
    int64_t later_since_ms;
    int32_t delivery_count;
    int16_t holder;
    int16_t slot; /* in the holder's hand */
};

struct memory_letter {
    const struct message *message;
    const char *reason;
};

struct memory_queue {
    const char *name;
    struct memory_entry *entries; /* the owner's: `room` of them, in the order in which they came */
    struct memory_letter *dead;   /* the owner's: `dead_room` of them, the oldest first */
    size_t room, count, dead_room, dead_count;
    uint64_t life;    /* grows when it is deleted: consumers of an earlier one have lost it */
    unsigned missing; /* parts that are deleted, until they are declared */
    unsigned full;    /* parts that take nothing, as the owner says */
};

struct memory_broker {
    struct memory_queue *queues;
    size_t queue_count; /* <= MEMORY_QUEUES_MAX */
    const struct topology_binding *bindings;
    size_t binding_count; /* <= MEMORY_BINDINGS_MAX */
    struct memory_keeper keeper;
    uint64_t unbound; /* bindings that are lost, a bit each */
    uint64_t sessions;
    int64_t now_ms;
    bool is_away, is_blocked; /* takes no connection; takes no message */
};

struct memory_broker memory_broker_of(struct memory_queue *queues, size_t queue_count,
                                      const struct topology_binding *bindings, size_t binding_count,
                                      struct memory_keeper keeper);
/* Empty, and not declared yet. */
struct memory_queue memory_queue_of(const char *name, struct memory_entry *entries, size_t room,
                                    struct memory_letter *dead, size_t dead_room);

/* All queues, what is beside them, and all bindings. Again is fine. */
void memory_broker_declare(struct memory_broker *broker);
void memory_broker_unbind(struct memory_broker *broker, size_t binding);
/* With all that is in it; bindings to it stay, and lead nowhere. */
void memory_queue_delete(struct memory_queue *queue); /* its own part */
void memory_queue_purge(struct memory_queue *queue);  /* of all that nobody has in hand */

/* The message and its body, kept. */
const struct message *memory_message_keep(const struct memory_keeper *keeper,
                                          const struct message *message);
/* Into every queue that is bound to its type: PUBLISH_RETURNED when there is none, PUBLISH_NACKED
 * when one refuses it, whatever the others did. ret_taken: a bit for each queue that took it, as
 * its last entry; or NULL. */
enum publish_result memory_broker_route(struct memory_broker *broker, const struct message *message,
                                        uint32_t *ret_taken);

/* Whatever the routing; NULL: the queue does not exist or has no room. */
struct memory_entry *memory_queue_put(struct memory_queue *queue, const struct message *message);
void memory_queue_remove(struct memory_queue *queue, struct memory_entry *entry);
/* False: no dead letter fits any more, or there is no queue for them. */
bool memory_queue_bury(struct memory_queue *queue, const struct message *message,
                       const char *reason);
bool memory_entry_is_ready(const struct memory_entry *entry, int64_t now_ms);
size_t memory_queue_ready(const struct memory_queue *queue, int64_t now_ms);
