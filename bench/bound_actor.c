/* bound_actor.c - the broker bound's publisher and consumer: a delivery is acked only when what it
 * led to is confirmed, as in the system. */
#include "bench/bound_actor.h"

#include "common/base/memory.h"
#include "common/rabbitmq/amqp_envelope.h"
#include "common/rabbitmq/amqp_link.h"
#include "common/rabbitmq/amqp_topology.h"
#include "services/registry.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNEL     2
#define HEARTBEAT_S 0
#define TURN_MS_MAX 20
#define ACK_BATCH   128 /* deliveries; the broker writes down each ack that it gets */
#define ACK_WAIT_MS 2   /* with fewer */

struct actor_link {
    struct amqp_address address;
    struct bus_link link; /* only to log in and to declare */
};

static void must(bool is_good, const char *what, const struct error *error)
{
    if (is_good)
        return;
    fprintf(stderr, "bound: %s: %s\n", what, error->message);
    exit(1);
}

static void must_reply(amqp_connection_state_t state, const char *what)
{
    struct error error = { 0 };
    must(bus_reply_check(amqp_get_rpc_reply(state), what, &error), what, &error);
}

static struct actor_link *link_new(const char *url, const char *purpose)
{
    struct error error = { 0 };
    struct actor_link *link = memory_alloc(1, sizeof *link);
    must(amqp_address_init(&link->address, url, &error), "url", &error);
    bus_link_init(&link->link, &link->address, "bench", purpose, HEARTBEAT_S, 1);
    must(bus_link_open_waiting(&link->link, &error), "connect", &error);
    (void)amqp_channel_open(link->link.state, CHANNEL);
    must_reply(link->link.state, "open channel");
    return link;
}

static struct actor_link *link_free(struct actor_link *link)
{
    if (link == NULL)
        return NULL;
    bus_link_close(&link->link);
    amqp_address_done(&link->address);
    free(link);
    return NULL;
}

static void topology_make(struct actor *actor)
{
    const struct amqp_bus_options options = { .queue = QUEUE_BOOKING,
                                              .bindings = event_bindings,
                                              .binding_count = event_binding_count,
                                              .may_declare = true };
    struct error error = { 0 };
    must(topology_ensure(&actor->out->link, &options, &error), "topology", &error);
    for (size_t i = 0; services[i] != NULL && actor->options->is_purging; i++) {
        if (services[i]->queue == NULL)
            continue;
        (void)amqp_queue_purge(actor->out->link.state, CHANNEL,
                               amqp_cstring_bytes(services[i]->queue));
        must_reply(actor->out->link.state, "purge");
    }
}

struct actor *actor_new(const struct actor_options *options)
{
    struct actor *actor = memory_alloc(1, sizeof *actor);
    actor->options = options;
    actor->out = link_new(options->url, "publish");
    topology_make(actor);
    (void)amqp_confirm_select(actor->out->link.state, CHANNEL);
    must_reply(actor->out->link.state, "confirm mode");
    if (options->queue == NULL)
        return actor;
    actor->in = link_new(options->url, "consume");
    (void)amqp_basic_qos(actor->in->link.state, CHANNEL, 0, ACTOR_PREFETCH, false);
    must_reply(actor->in->link.state, "prefetch");
    (void)amqp_basic_consume(actor->in->link.state, CHANNEL, amqp_cstring_bytes(options->queue),
                             amqp_empty_bytes, false, false, false, amqp_empty_table);
    must_reply(actor->in->link.state, "consume");
    return actor;
}

struct actor *actor_free(struct actor *actor)
{
    link_free(actor->out);
    link_free(actor->in);
    free(actor);
    return NULL;
}

bool actor_may_publish(const struct actor *actor)
{
    return actor->published - actor->confirmed < ACTOR_WINDOW;
}

void actor_publish(struct actor *actor, const struct message *message)
{
    amqp_table_entry_t headers[ENVELOPE_HEADERS_MAX];
    amqp_basic_properties_t properties;
    struct error error = { 0 };
    envelope_write(message, headers, &properties);
    int status =
        amqp_basic_publish(actor->out->link.state, CHANNEL, amqp_cstring_bytes(TOPOLOGY_EXCHANGE),
                           amqp_cstring_bytes(message->type), true, false, &properties,
                           bus_bytes(message->body, message->body_length));
    must(bus_status_check(status, "publish", &error), "publish", &error);
    actor->published++;
    actor->is_settled[actor->published % ACTOR_WINDOW] = false;
}

/* False: nothing is there at the moment. */
static bool frame_read(struct actor_link *link, int64_t timeout_ms, amqp_frame_t *frame)
{
    struct timeval timeout = { .tv_sec = 0, .tv_usec = timeout_ms * 1000 };
    int status = amqp_simple_wait_frame_noblock(link->link.state, frame, &timeout);
    if (status == AMQP_STATUS_TIMEOUT)
        return false;
    struct error error = { 0 };
    must(bus_status_check(status, "read", &error), "read", &error);
    return true;
}

static bool is_method(const amqp_frame_t *frame, amqp_method_number_t id)
{
    return frame->frame_type == AMQP_FRAME_METHOD && frame->payload.method.id == id;
}

bool actor_take(struct actor *actor, struct taken *ret_taken)
{
    amqp_frame_t frame;
    if (actor->finished - actor->done == ACTOR_IN_HAND || !frame_read(actor->in, 0, &frame))
        return false;
    assert(is_method(&frame, AMQP_BASIC_DELIVER_METHOD));
    const amqp_basic_deliver_t *deliver = frame.payload.method.decoded;
    size_t length = sizeof EVENT_PAYMENT_CAPTURED - 1;
    ret_taken->tag = deliver->delivery_tag;
    ret_taken->is_captured =
        deliver->routing_key.len == length &&
        memcmp(deliver->routing_key.bytes, EVENT_PAYMENT_CAPTURED, length) == 0;
    while (!frame_read(actor->in, 1000, &frame))
        continue;
    uint64_t left = frame.payload.properties.body_size;
    while (left > 0)
        if (frame_read(actor->in, 1000, &frame))
            left -= frame.payload.body_fragment.len;
    atomic_fetch_add(&actor->taken, 1);
    return true;
}

void actor_finish(struct actor *actor, uint64_t tag, uint64_t waits_for)
{
    actor->in_hand[actor->finished % ACTOR_IN_HAND].tag = tag;
    actor->in_hand[actor->finished % ACTOR_IN_HAND].waits_for = waits_for;
    actor->finished++;
}

static void confirms_read(struct actor *actor)
{
    amqp_frame_t frame;
    while (frame_read(actor->out, 0, &frame)) {
        assert(is_method(&frame, AMQP_BASIC_ACK_METHOD)); /* a return: the topology is missing */
        const amqp_basic_ack_t *ack = frame.payload.method.decoded;
        uint64_t first = ack->multiple ? actor->confirmed + 1 : ack->delivery_tag;
        for (uint64_t number = first; number <= ack->delivery_tag; number++)
            actor->is_settled[number % ACTOR_WINDOW] = true;
        while (actor->confirmed < actor->published &&
               actor->is_settled[(actor->confirmed + 1) % ACTOR_WINDOW])
            actor->confirmed++;
    }
    amqp_maybe_release_buffers(actor->out->link.state);
}

static void deliveries_ack(struct actor *actor)
{
    uint64_t before = actor->acked_count;
    while (actor->done < actor->finished &&
           actor->in_hand[actor->done % ACTOR_IN_HAND].waits_for <= actor->confirmed)
        actor->done_tag = actor->in_hand[actor->done++ % ACTOR_IN_HAND].tag;
    size_t least = actor->is_idle ? 1 : ACK_BATCH;
    if (actor->done - before < least)
        return;
    actor->acked_count = actor->done;
    struct error error = { 0 };
    int status = amqp_basic_ack(actor->in->link.state, CHANNEL, actor->done_tag, true);
    must(bus_status_check(status, "ack", &error), "ack", &error);
    atomic_fetch_add(&actor->acked, actor->done - before);
    amqp_maybe_release_buffers(actor->in->link.state);
}

static bool has_buffered(const struct actor_link *link)
{
    return link != NULL && bus_link_has_buffered(&link->link);
}

void actor_turn(struct actor *actor)
{
    confirms_read(actor);
    if (actor->in != NULL)
        deliveries_ack(actor);
    if (has_buffered(actor->in) && actor_may_publish(actor))
        return;
    struct pollfd fds[] = {
        { .fd = bus_link_fd(&actor->out->link), .events = POLLIN },
        { .fd = actor->in != NULL && actor_may_publish(actor) ? bus_link_fd(&actor->in->link) : -1,
          .events = POLLIN },
    };
    actor->is_idle =
        poll(fds, 2, actor->done > actor->acked_count ? ACK_WAIT_MS : TURN_MS_MAX) == 0;
}
