/* amqp_bus.c - fills the bus port from a publisher and a consumer, and puts copies of refused
 * deliveries into the queues beside the own one. */
#include "common/rabbitmq/amqp_bus.h"

#include "common/base/memory.h"
#include "common/rabbitmq/amqp_consumer.h"
#include "common/rabbitmq/amqp_publisher.h"
#include "common/rabbitmq/amqp_topology.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEARTBEAT_MIN_S        2
#define HEARTBEAT_MAX_S        60
#define CONFIRM_TIMEOUT_MIN_MS 10
#define SECOND_SEED            UINT64_C(0x9e3779b97f4a7c15) /* the two must not retry in step */

struct amqp_bus {
    struct amqp_bus_options options; /* own copies of its texts; the bindings are borrowed */
    char *service, *queue;
    struct amqp_address address;
    struct publisher publisher;
    struct consumer consumer;
    uint64_t reported_session;
    char detail[2 * ERROR_MESSAGE_BYTES];
};

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    assert(least <= most);
    return value < least ? least : value > most ? most : value;
}

/* While the publisher waits for confirms nobody answers the consumer's heartbeats: the wait must
 * be well below their interval. */
static void options_bound(struct amqp_bus_options *options)
{
    options->prefetch = clamp(options->prefetch, 1, BUS_PREFETCH_MAX);
    options->heartbeat_s = clamp(options->heartbeat_s, HEARTBEAT_MIN_S, HEARTBEAT_MAX_S);
    options->confirm_timeout_ms =
        clamp(options->confirm_timeout_ms, CONFIRM_TIMEOUT_MIN_MS, options->heartbeat_s * 1000 / 2);
    assert(2 * options->confirm_timeout_ms <= 1000 * options->heartbeat_s);
}

struct amqp_bus *amqp_bus_new(const struct amqp_bus_options *options, struct error *error)
{
    assert(options->bindings != NULL || options->binding_count == 0);
    assert(options->url != NULL && options->service != NULL && options->queue != NULL);
    struct amqp_bus *bus = memory_alloc(1, sizeof *bus);
    if (!amqp_address_init(&bus->address, options->url, error))
        return amqp_bus_free(bus);
    bus->options = *options;
    bus->options.url = NULL; /* it holds a password, and the address has it */
    bus->options.service = bus->service = memory_text(options->service);
    bus->options.queue = bus->queue = memory_text(options->queue);
    options_bound(&bus->options);
    consumer_init(&bus->consumer, &bus->options, &bus->address, options->jitter_seed ^ SECOND_SEED);
    publisher_init(&bus->publisher, &bus->options, &bus->address, options->jitter_seed);
    return bus;
}

struct amqp_bus *amqp_bus_free(struct amqp_bus *bus)
{
    if (bus != NULL) {
        publisher_done(&bus->publisher);
        consumer_done(&bus->consumer);
        amqp_address_done(&bus->address);
        free(bus->service);
        free(bus->queue);
        free(bus);
    }
    return NULL;
}

static void bus_service(void *self, struct bus_status *ret_status)
{
    struct amqp_bus *bus = self;
    /* When one cannot connect the other hardly can: one failing attempt is enough for a call. */
    if (publisher_service(&bus->publisher))
        consumer_service(&bus->consumer);
    const char *publishing = publisher_obstacle(&bus->publisher);
    const char *consuming = consumer_obstacle(&bus->consumer);
    if (consuming != NULL && publishing != NULL && strcmp(consuming, publishing) != 0) {
        (void)snprintf(bus->detail, sizeof bus->detail, "consume: %s; publish: %s", consuming,
                       publishing);
    } else {
        const char *detail = consuming != NULL ? consuming : publishing;
        (void)snprintf(bus->detail, sizeof bus->detail, "%s", detail != NULL ? detail : "");
    }
    bus->reported_session = consumer_session(&bus->consumer);
    *ret_status = (struct bus_status){
        .session = bus->reported_session,
        .can_consume = consuming == NULL,
        .can_publish = publishing == NULL,
        .detail = bus->detail,
    };
}

static size_t bus_take(void *self, size_t limit, struct delivery **ret_deliveries)
{
    assert(limit > 0 && ret_deliveries != NULL);
    struct amqp_bus *bus = self;
    /* Taking frees what is left of ended sessions: not before the caller was told of the end. */
    if (consumer_session(&bus->consumer) != bus->reported_session)
        return 0;
    return consumer_take(&bus->consumer, limit, ret_deliveries);
}

static void bus_publish_begin(void *self, const struct message *const *messages, size_t count)
{
    struct amqp_bus *bus = self;
    publisher_begin(&bus->publisher, messages, count);
    /* What is announced again was not answered: perhaps it reaches one of its queues, and not the
     * other one. */
    for (size_t i = 0; i < count; i++) {
        if (messages[i]->is_repeat) {
            consumer_doubt_topology(&bus->consumer);
            return;
        }
    }
}

static bool bus_publish_end(void *self, bool is_waiting, enum publish_result *ret_results)
{
    struct amqp_bus *bus = self;
    return publisher_end(&bus->publisher, is_waiting, ret_results);
}

/* A copy into the queue beside the own one. */
static bool letter_put(struct amqp_bus *bus, const struct held *held, const char *suffix,
                       const struct envelope_letter *letter, struct error *error)
{
    char queue[TOPOLOGY_NAME_SIZE + sizeof TOPOLOGY_LATER_SUFFIX];
    (void)snprintf(queue, sizeof queue, "%s%s", bus->options.queue, suffix);
    amqp_basic_properties_t properties;
    amqp_pool_t pool;
    init_amqp_pool(&pool, 4096);
    bool is_put = false;
    if (envelope_copy(bus_bytes(held->raw, held->raw_length), letter, &pool, &properties, error)) {
        struct publisher_letter outgoing = {
            .queue = queue,
            .properties = &properties,
            .properties_bytes = held->raw_length,
            .body = bus_bytes(held->delivery.message.body, held->delivery.message.body_length),
        };
        is_put = publisher_put_letter(&bus->publisher, &outgoing, error);
    }
    empty_amqp_pool(&pool);
    return is_put;
}

static bool put_aside(struct amqp_bus *bus, const struct delivery *delivery, const char *suffix,
                      struct envelope_letter *letter, struct error *error)
{
    struct held *held = deliveries_find(bus->consumer.deliveries, delivery);
    if (held == NULL)
        return error_set(error, ERROR_RETRY, "the delivery's session has ended");
    /* One that came back has lost its own key: the type is the same thing by design. */
    letter->routing_key =
        delivery->later_since_ms != 0 ? delivery->message.type : held->routing_key;
    letter->service = bus->options.service;
    assert(letter->reason != NULL && letter->service != NULL);
    /* What we did not keep, or cannot carry, the broker moves itself; the reason is lost then, but
     * the message is not. */
    return held->is_body_dropped || !publisher_takes_properties(&bus->publisher, held->raw_length)
               ? consumer_reject(&bus->consumer, held, error)
               : letter_put(bus, held, suffix, letter, error);
}

static bool bus_quarantine(void *self, const struct delivery *delivery, const char *reason,
                           struct error *error)
{
    struct envelope_letter letter = { .reason = reason };
    return put_aside(self, delivery, TOPOLOGY_DEAD_SUFFIX, &letter, error) ||
           error_wrap(error, "quarantine");
}

static bool bus_postpone(void *self, const struct delivery *delivery, const char *reason,
                         int64_t since_ms, struct error *error)
{
    assert(since_ms != 0); /* 0 would make it a dead letter */
    struct envelope_letter letter = { .reason = reason,
                                      .type = delivery->message.type,
                                      .later_since_ms = since_ms };
    return put_aside(self, delivery, TOPOLOGY_LATER_SUFFIX, &letter, error) ||
           error_wrap(error, "leave to a newer release");
}

static void bus_ack(void *self, struct delivery *const *deliveries, size_t count)
{
    struct amqp_bus *bus = self;
    consumer_ack(&bus->consumer, deliveries, count);
}

static bool bus_is_drained(void *self)
{
    struct amqp_bus *bus = self;
    return consumer_is_drained(&bus->consumer);
}

static void bus_pause(void *self)
{
    struct amqp_bus *bus = self;
    consumer_pause(&bus->consumer);
}

static void bus_resume(void *self)
{
    struct amqp_bus *bus = self;
    consumer_resume(&bus->consumer);
}

struct bus_port amqp_bus_port(struct amqp_bus *bus)
{
    assert(bus != NULL);
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

uint64_t amqp_bus_topology_checks(const struct amqp_bus *bus)
{
    return bus->consumer.topology_checks;
}

void amqp_bus_fds(const struct amqp_bus *bus, int *ret_publish_fd, int *ret_consume_fd)
{
    *ret_publish_fd = bus_link_fd(&bus->publisher.link);
    *ret_consume_fd = bus_link_fd(&bus->consumer.link);
}

bool amqp_bus_has_buffered(const struct amqp_bus *bus)
{
    return bus_link_has_buffered(&bus->publisher.link) ||
           bus_link_has_buffered(&bus->consumer.link);
}
