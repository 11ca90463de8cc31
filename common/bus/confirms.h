/* confirms.h - which published messages the broker has answered for.
 *
 * The broker numbers the messages of a channel 1, 2, 3 … and confirms these numbers out of order
 * and several at once; an unroutable message is returned first and then confirmed like any other.
 * Messages are added in batches, and an index is a message's place in its batch. A batch that was
 * given up while some were pending stays here until they are settled or the channel is gone: what
 * they occupy in the socket is then known. Pure; one thread. RabbitMQ "Publisher Confirms". */
#pragma once

#include "common/base/attributes.h"
#include "common/engine/bus_port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIRMS_MAX BUS_PUBLISH_MAX /* messages of one batch */

struct confirms_entry {
    size_t bytes;
    bool is_settled;
    bool is_returned;
    enum publish_result result; /* PUBLISH_UNKNOWN until settled */
};

struct confirms {
    uint64_t first_sequence; /* of the batch */
    size_t count;            /* of the batch */
    size_t first_pending;    /* everything before this index is settled */
    size_t pending;
    size_t bytes_pending;
    struct confirms_entry entries[CONFIRMS_MAX];
};

/* A new channel: numbers start at 1, and nothing is pending. */
void confirms_reset(struct confirms *confirms);

/* The next batch of the same channel. Nothing may be pending. */
void confirms_begin(struct confirms *confirms);

/* The next message was published; `bytes` is what it takes on the wire. Returns its index. */
size_t confirms_add(struct confirms *confirms, size_t bytes);

/* basic.ack (PUBLISH_CONFIRMED) or basic.nack (PUBLISH_NACKED). With `multiple`, all up to and
 * including the sequence; 0 then means all. False: a number that was never published, so the
 * two sides disagree about the channel. Numbers that are settled already change nothing. */
MUST_CHECK bool confirms_settle(struct confirms *confirms, uint64_t sequence, bool multiple,
                                enum publish_result result);

/* basic.return came for this message; its later ack then means PUBLISH_RETURNED. */
void confirms_return(struct confirms *confirms, size_t index);

bool confirms_is_returned(const struct confirms *confirms, size_t index);
size_t confirms_pending(const struct confirms *confirms);
size_t confirms_bytes_pending(const struct confirms *confirms);
enum publish_result confirms_result(const struct confirms *confirms, size_t index);
