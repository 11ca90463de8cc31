/* memory_bus.h - the bus port of one consumer on a broker in memory: its session, the deliveries in
 * its hand, and what it has published.
 *
 * It passes the contract of common/saga/bus_port.h (tests/contract) with the broker's queues in the
 * order of arrival, redelivered messages in their old place, and every confirm at once. It
 * connects whenever it may, and declares the topology when it connects and after something was
 * returned. Whoever wants other orders, lost answers or late ones puts them around the parts that
 * are named here. No clock and no thread; all calls come from one. */
#pragma once

#include "common/memory/memory_broker.h"

enum memory_hand { MEMORY_HAND_FREE, MEMORY_HAND_HELD, MEMORY_HAND_VOID /* its session ended */ };

struct memory_held {
    struct delivery delivery;
    enum memory_hand state;
};

struct memory_publish { /* on its way */
    uint8_t results[BUS_PUBLISH_MAX];
    size_t count;
};

struct memory_bus {
    struct memory_broker *broker;
    struct memory_queue *queue;
    struct memory_held *hand; /* the owner's, `prefetch` of them */
    size_t prefetch;
    int16_t number;        /* its own among the queue's consumers, from 0 */
    bool is_paused;        /* it does not consume */
    uint64_t session;      /* 0 = not connected */
    uint64_t told_session; /* by service: nothing is taken from another one */
    uint64_t queue_life;
    bool has_looked; /* was asked in this session whether it is drained */
    size_t unseen;   /* deliveries to settle until all that waited at that look is seen, and a hand
                        more, as a real one cannot tell what is on its way */
    struct memory_publish publishes[BUS_PUBLISHES_MAX]; /* the oldest first */
    size_t publish_count;
};

/* Empties the hand. */
void memory_bus_init(struct memory_bus *bus, struct memory_broker *broker,
                     struct memory_queue *queue, int16_t number, struct memory_held *hand,
                     size_t prefetch);
struct bus_port memory_bus_port(struct memory_bus *bus);

/* ---- the parts ---- */

void memory_bus_connect(struct memory_bus *bus); /* a session begins */
/* It ends: what is held goes back, counted, and is void in the hand until it is acked, or taken
 * from a later session. */
void memory_bus_disconnect(struct memory_bus *bus);
void memory_bus_forget(struct memory_bus *bus); /* the process is gone: its hand, too */
/* The hand as the queue says, which was put back to an earlier state. */
void memory_bus_restore(struct memory_bus *bus);

/* A ready entry of its queue into the hand; NULL: the hand is full. */
struct delivery *memory_bus_hand_out(struct memory_bus *bus, struct memory_entry *entry);
/* What it holds of the queue; NULL: it is void, or none of this hand. */
struct memory_entry *memory_bus_entry(const struct memory_bus *bus,
                                      const struct delivery *delivery);
/* Out of the hand, and out of the queue where it is not void. */
void memory_bus_settle(struct memory_bus *bus, const struct delivery *delivery);
size_t memory_bus_in_hand(const struct memory_bus *bus); /* the void ones, too */
/* A copy beside the queue, which comes back; NULL: nothing takes it. since_ms: when it was first
 * left there, never 0. */
struct memory_entry *memory_bus_leave(struct memory_bus *bus, const struct memory_entry *entry,
                                      int64_t since_ms);
