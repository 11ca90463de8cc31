/* bus_port.h - the message broker as the engine sees it.
 *
 * Real: common/rabbitmq (RabbitMQ by rabbitmq-c). It passes tests/contract, and so does the one of
 * common/memory, for tests. All calls come from the engine's thread, are
 * bounded in time and never block for a broker that is away. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/saga/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUS_PREFETCH_MAX       512
#define BUS_PUBLISH_MAX        1024 /* messages handed over at a time */
#define BUS_PUBLISHES_MAX      2    /* that are on their way */
#define QUARANTINE_REASON_SIZE 200

struct delivery {
    uint64_t tag;           /* valid only within `session` */
    uint64_t session;       /* the channel it came on: grows with every reconnect */
    int64_t delivery_count; /* how often it came back before; 0 = first time as far as known */
    int64_t later_since_ms; /* when it was first left to a newer release; 0 = never */
    char malformed[QUARANTINE_REASON_SIZE]; /* not "": the envelope itself is broken; quarantine
                                               with this reason */
    struct message
        message; /* body owned by the bus until the delivery is settled or its session ends */
};

enum publish_result {
    PUBLISH_CONFIRMED,
    PUBLISH_RETURNED, /* no queue took it: the topology is missing; not published */
    PUBLISH_NACKED,
    PUBLISH_UNKNOWN, /* no confirm within the deadline, or the connection broke: publish again, same
                        id */
};

struct bus_status {
    uint64_t
        session; /* of the consumer; 0 = not connected. Another number: old deliveries are void */
    bool can_consume;
    bool can_publish; /* connected and not blocked */
    const char
        *detail; /* why not, for /readyz; static or owned by the bus, valid until the next call */
};

struct bus_port {
    void *self;

    /* Connects or reconnects when due (backoff with jitter inside), answers heartbeats, reads what
     * is there without waiting. Call it at least every few seconds. */
    void (*service)(void *self, struct bus_status *ret_status);

    /* Deliveries that are ready, without waiting; pointers stay valid until settled or the session
     * ends. */
    size_t (*take)(void *self, size_t limit, struct delivery **ret_deliveries);

    /* Hands over up to BUS_PUBLISH_MAX messages, mandatory, pipelined, without waiting for their
     * confirms. Up to BUS_PUBLISHES_MAX such calls may be on their way; the messages stay the
     * caller's, valid and unchanged, until publish_end has told of them. */
    void (*publish_begin)(void *self, const struct message *const *messages, size_t count);

    /* What became of those of the oldest call, one result each. False: the broker has not answered
     * for all of them, and the bus's confirm time-out is not over; ask again, or wait for that with
     * is_waiting. */
    bool (*publish_end)(void *self, bool is_waiting, enum publish_result *ret_results);

    /* Puts a copy of the delivery with the reason into the dead-letter queue, confirmed. False:
     * keep the delivery. */
    bool (*quarantine)(void *self, const struct delivery *delivery, const char *reason,
                       struct error *error);

    /* Puts a copy of the delivery where it waits for a newer release and comes back after a while,
     * confirmed; since_ms comes back with it. False: keep the delivery. */
    bool (*postpone)(void *self, const struct delivery *delivery, const char *reason,
                     int64_t since_ms, struct error *error);

    /* Acks these deliveries and forgets them (multiple acks where the tags allow it). Those of an
     * older session are forgotten without an ack. */
    void (*ack)(void *self, struct delivery *const *deliveries, size_t count);

    /* True when all that waited in the own queue when the session began has been seen: nothing is
     * ready and nothing in this consumer's hands, or, for a queue that is never empty, what has
     * been acked since covers it. Asked again until it is. */
    bool (*is_drained)(void *self);

    /* Stops consuming and gives unacked deliveries back (closes the channel); resume consumes
     * again. */
    void (*pause)(void *self);
    void (*resume)(void *self);
};
