/* confirms.h - which published messages the broker has answered for.
 *
 * The broker numbers the messages of a channel 1, 2, 3 … and confirms these numbers out of order
 * and several at once; an unroutable message is returned first and then confirmed like any other.
 * A message that was given up while it was pending stays here until it is settled or the channel is
 * gone: what it occupies in the socket is then known. Only the last CONFIRMS_MAX are remembered.
 * Pure; one thread. RabbitMQ "Publisher Confirms". */
#pragma once

#include "common/base/attributes.h"
#include "common/saga/bus_port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Those of all batches on their way, and as many dead letters as a batch may have. */
#define CONFIRMS_MAX (BUS_PUBLISHES_MAX * BUS_PUBLISH_MAX + BUS_PREFETCH_MAX)

struct confirms_entry {
    size_t bytes;
    bool is_settled;
    bool is_returned;
    enum publish_result result; /* PUBLISH_UNKNOWN until settled */
};

struct confirms {
    uint64_t next;          /* the number that the next message gets */
    uint64_t first_pending; /* all before it are settled; `next` if nothing is pending */
    size_t bytes_pending;
    struct confirms_entry entries[CONFIRMS_MAX]; /* of a number modulo CONFIRMS_MAX */
};

/* A new channel: numbers start at 1, and nothing is pending. */
void confirms_reset(struct confirms *confirms);

/* The next message was published; `bytes` is what it takes on the wire. Returns its number. */
uint64_t confirms_add(struct confirms *confirms, size_t bytes);

/* basic.ack (PUBLISH_CONFIRMED) or basic.nack (PUBLISH_NACKED). With `multiple`, all up to and
 * including the number; 0 then means all. False: a number that was never published, so the two
 * sides disagree about the channel. Numbers that are settled already change nothing. */
MUST_CHECK bool confirms_settle(struct confirms *confirms, uint64_t number, bool multiple,
                                enum publish_result result);

/* basic.return came for this message; its later ack then means PUBLISH_RETURNED. Here and below a
 * number is one of the last CONFIRMS_MAX that were given. */
void confirms_return(struct confirms *confirms, uint64_t number);

bool confirms_is_returned(const struct confirms *confirms, uint64_t number);
/* Something before this number is pending. */
bool confirms_is_pending_before(const struct confirms *confirms, uint64_t number);
size_t confirms_bytes_pending(const struct confirms *confirms);
enum publish_result confirms_result(const struct confirms *confirms, uint64_t number);
