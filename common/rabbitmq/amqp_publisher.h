/* amqp_publisher.h - the connection that publishes: mandatory, persistent, confirmed.
 *
 * No call waits longer than the confirm time-out, also when the broker reads nothing: there is
 * never more unconfirmed on the way than the kernel's buffer takes. When confirms are overdue
 * nothing more is published until they came or the connection was replaced; RabbitMQ gives them
 * late after an alarm, and without its notification this is what notices. Private to
 * the bus; one thread. */
#pragma once

#include "common/rabbitmq/amqp_bus.h"
#include "common/rabbitmq/amqp_envelope.h"
#include "common/rabbitmq/amqp_link.h"
#include "common/rabbitmq/confirms.h"

#define PUBLISHER_OVERDUE_MAX_MS    10000 /* then another connection is tried */
#define PUBLISHER_RETURN_PAUSE_MS   5000  /* the topology is missing and we may not declare it */
#define PUBLISHER_READ_EVERY        16    /* messages between looks at what the broker says */
#define PUBLISHER_PROPERTIES_FACTOR 2     /* a property list may take this part of a frame: 1/2 */

/* What one publisher_begin was given. */
struct publisher_batch {
    const struct message *const *messages;
    size_t given_count;
    size_t sent_count; /* of them, those that the broker may know; the numbers that they have: */
    uint64_t first_number;         /* this and the following */
    int64_t begun_ms, deadline_ms; /* by the deadline it is given up */
};

struct publisher {
    const struct amqp_bus_options *options;
    struct bus_link link;
    struct confirms confirms;
    bool is_return_expected; /* the header after basic.return comes next */
    struct publisher_batch batches[BUS_PUBLISHES_MAX]; /* a ring, the oldest first */
    size_t batch_first, batch_count;
    uint64_t letter_number;   /* of the dead letter that is waited for; 0 = none */
    uint64_t overdue_before;  /* what is pending before this number was given up */
    int64_t overdue_since_ms; /* the oldest of it was sent then */
    int64_t resume_ms;        /* pausing after a return */
};

/* Of a zeroed struct. Options and address are borrowed, and outlive it. */
void publisher_init(struct publisher *publisher, const struct amqp_bus_options *options,
                    const struct amqp_address *address, uint64_t jitter_seed);
void publisher_done(struct publisher *publisher);

/* Connects when due and reads what is there. False: an attempt to connect has just failed. */
bool publisher_service(struct publisher *publisher);

/* NULL: it can publish. Otherwise why not; valid until the next call. */
const char *publisher_obstacle(const struct publisher *publisher);

/* Sends them, and waits only for room on the way. They stay the caller's until publisher_end. At
 * most BUS_PUBLISHES_MAX at a time. */
void publisher_begin(struct publisher *publisher, const struct message *const *messages,
                     size_t count);
/* Of the oldest batch, one result each. False: some are pending, and nobody waited. What comes is
 * read by publisher_service, unless one waits here. */
bool publisher_end(struct publisher *publisher, bool is_waiting, enum publish_result *ret_results);

struct publisher_letter {
    const char *queue; /* by the default exchange */
    const amqp_basic_properties_t *properties;
    size_t properties_bytes;
    amqp_bytes_t body;
};
/* Waits for its confirm, up to the confirm time-out. ERROR_RETRY: it may not be there. */
MUST_CHECK bool publisher_put_letter(struct publisher *publisher,
                                     const struct publisher_letter *letter, struct error *error);

/* A property list of this size can be published on this connection. */
bool publisher_takes_properties(const struct publisher *publisher, size_t bytes);
