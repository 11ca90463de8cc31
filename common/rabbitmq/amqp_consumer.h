/* amqp_consumer.h - the connection that consumes, with manual acks.
 *
 * A session is one channel with its deliveries: it ends with a pause, an error, or when the queue
 * is deleted, and tags mean nothing beyond it. It has two subscriptions, see window.h. Deliveries
 * are put together frame by frame, so that a broker that stalls in the middle of one makes nobody
 * wait. Private to the bus; one thread. */
#pragma once

#include "common/rabbitmq/amqp_bus.h"
#include "common/rabbitmq/amqp_link.h"
#include "common/rabbitmq/deliveries.h"
#include "common/rabbitmq/window.h"

#define CONSUMER_TAG_NARROW "narrow"
/* RabbitMQ answers that a quorum queue is empty also when its leader is silent for 250 ms: such a
 * slow answer does not count, and the queue must be seen empty twice, this far apart. */
#define CONSUMER_EMPTY_ANSWER_MAX_MS 200
#define CONSUMER_EMPTY_AGAIN_MS      300

/* What is announced again has waited for an answer for long: a little later is soon enough. */
#define CONSUMER_TOPOLOGY_DOUBT_MS 2000
#define CONSUMER_TOPOLOGY_PARTS    4 /* of the walk, at a time */
/* A queue that was deleted, and declared by another one before the broker told us, is consumed by
 * nobody though our channel is open. */
#define CONSUMER_ORPHAN_LOOKS 2

struct consumer {
    const struct amqp_bus_options *options;
    struct bus_link link;
    uint64_t session;       /* the last one; grows */
    amqp_channel_t channel; /* 0 = none is open */
    bool is_paused;
    bool is_topology_sure; /* ensured since the link was opened, or the queue last vanished */
    uint64_t wide_number;  /* of the last wide subscription; its tag, used once, has it */
    bool is_wide_subscribed;
    struct window window;
    struct deliveries *deliveries;
    struct held *receiving; /* its header or body comes next */
    bool is_header_expected;
    uint64_t body_left;
    size_t body_stored;
    int64_t empty_since_ms; /* the queue was seen empty, and nothing came since; 0 = no */
    int64_t look_again_ms;
    bool has_backlog;
    uint64_t backlog; /* uncounted deliveries still to settle, of those about at the first look */
    size_t topology_part;    /* of a walk under way; 0 = none is */
    int64_t topology_due_ms; /* the next one */
    uint64_t topology_checks;
    int orphan_looks; /* in a row, after walks, that saw the queue without a consumer, or us starve
                       */
    uint64_t received, received_before; /* deliveries of this session; at the last look */
};

/* Of a zeroed struct. Options and address are borrowed, and outlive it. */
void consumer_init(struct consumer *consumer, const struct amqp_bus_options *options,
                   const struct amqp_address *address, uint64_t jitter_seed);
void consumer_done(struct consumer *consumer);

/* Connects when due, opens the channel, reads what is there. */
void consumer_service(struct consumer *consumer);

/* NULL: it consumes. Otherwise why not; valid until the next call. */
const char *consumer_obstacle(const struct consumer *consumer);
uint64_t consumer_session(const struct consumer *consumer); /* 0 = none */

/* See deliveries_take: up to `limit`, which are held until they are acked. */
size_t consumer_take(struct consumer *consumer, size_t limit, struct delivery **ret_deliveries);
/* Of ended sessions: only freed. A broken connection shows in consumer_obstacle. */
void consumer_ack(struct consumer *consumer, struct delivery *const *deliveries, size_t count);
/* Lets the broker itself put it into the dead letter queue; its ack later is only bookkeeping. */
MUST_CHECK bool consumer_reject(struct consumer *consumer, struct held *held, struct error *error);
/* What waited when the session began has been seen: the queue was empty since, or, for a queue that
 * never is, as many deliveries were settled as were about at the first look. */
bool consumer_is_drained(struct consumer *consumer);
/* Ends the session; no other begins before consumer_resume. Twice is fine. */
void consumer_pause(struct consumer *consumer);
/* Something speaks for a lost binding: the topology is made sure of soon. */
void consumer_doubt_topology(struct consumer *consumer);
void consumer_resume(struct consumer *consumer);
