/* deliveries.h - the deliveries in hand: being received, waiting, taken, done.
 *
 * A delivery lives in a slot that owns copies of everything, so it outlives the library's buffers.
 * When a session ends, what nobody took is freed, and what the engine holds stays readable until
 * it hands it back or takes from a later session; none of it can be acked any more. Pure, apart
 * from memory; one thread. */
#pragma once

#include "common/base/attributes.h"
#include "common/rabbitmq/window.h"
#include "common/saga/bus_port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHORT_STRING_SIZE 256 /* AMQP short string and NUL */

enum held_state {
    HELD_FREE,
    HELD_RECEIVING, /* its frames are coming in */
    HELD_WAITING,   /* complete, not taken */
    HELD_TAKEN,
    HELD_DONE,     /* to be acked with the next collect */
    HELD_ORPHANED, /* taken, and its session has ended */
};

struct held {
    struct delivery delivery;
    enum held_state state;
    bool is_rejected;     /* the broker was told already: no ack for it */
    bool is_body_dropped; /* too large to be kept: message.body is empty */
    bool is_probe;        /* of the narrow subscription in a narrow time, see window.h */
    char exchange[SHORT_STRING_SIZE];
    char routing_key[SHORT_STRING_SIZE];
    void *raw; /* the encoded properties */
    size_t raw_length;
    char *body;
};

struct ack {
    uint64_t tag;
    bool is_multiple;
};

struct deliveries; /* up to WINDOW_DELIVERIES_MAX */

struct deliveries *deliveries_new(void);
struct deliveries *deliveries_free(struct deliveries *deliveries); /* NULL is fine; returns NULL */

/* A slot to receive into; NULL when the broker sends more than it may. Received completely, it
 * joins the others; false when its tag does not grow, then it is freed. */
struct held *deliveries_receive(struct deliveries *deliveries);
MUST_CHECK bool deliveries_complete(struct deliveries *deliveries, struct held *held);

/* Hands out what waits, in order. A delivery that came back before may kill the process, so it goes
 * alone: after what was in hand with it, and with nothing else out. Until it is settled nothing
 * is handed out. */
size_t deliveries_take(struct deliveries *deliveries, size_t limit,
                       struct delivery **ret_deliveries);

/* The slot of a delivery that was taken and can still be acked; NULL otherwise. The pointer is
 * only compared, so it may dangle. */
struct held *deliveries_find(struct deliveries *deliveries, const struct delivery *delivery);

/* It is to be acked. Of an ended session: it is freed. Returns the slot in the first case. */
struct held *deliveries_settle(struct deliveries *deliveries, const struct delivery *delivery);

/* The fewest acks for everything done, which is then freed: one that covers all tags up to the
 * first that is still open, and single ones beyond. ret_acks has WINDOW_DELIVERIES_MAX places. */
size_t deliveries_collect(struct deliveries *deliveries, struct ack *ret_acks);

void deliveries_end_session(struct deliveries *deliveries);

/* Complete and not acked: waiting, taken or done. */
size_t deliveries_in_hand(const struct deliveries *deliveries);
