/* amqp_consumer.c - sessions: begins one, reads its frames, acks, notices that the queue was lost,
 * replaced or is empty. */
#include "common/rabbitmq/amqp_consumer.h"

#include "common/base/clock.h"
#include "common/rabbitmq/amqp_receive.h"
#include "common/rabbitmq/amqp_topology.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* Each session takes the next number of a few: frames of a closed channel, still queued in the
 * library, are told apart by it. */
#define CHANNEL_FIRST 10
#define CHANNEL_COUNT 8

void consumer_init(struct consumer *consumer, const struct amqp_bus_options *options,
                   const struct amqp_address *address, uint64_t jitter_seed)
{
    assert(consumer->deliveries == NULL && consumer->channel == 0); /* zeroed */
    assert(options->service != NULL && address != NULL);
    consumer->options = options;
    consumer->deliveries = deliveries_new();
    bus_link_init(&consumer->link, address, options->service, "consume", (int)options->heartbeat_s,
                  jitter_seed);
    window_init(&consumer->window, options->prefetch);
}

void consumer_done(struct consumer *consumer)
{
    bus_link_close(&consumer->link);
    consumer->deliveries = deliveries_free(consumer->deliveries);
}

static void session_end(struct consumer *consumer)
{
    assert(consumer->deliveries != NULL);
    consumer->channel = 0;
    consumer->receiving = NULL;
    consumer->empty_since_ms = 0;
    deliveries_end_session(consumer->deliveries);
    assert(deliveries_in_hand(consumer->deliveries) == 0);
}

static void consumer_drop(struct consumer *consumer, const struct error *error)
{
    session_end(consumer);
    consumer->is_topology_sure = false;
    consumer->topology_part = 0;
    bus_link_drop(&consumer->link, error);
    assert(consumer->link.state == NULL && consumer->channel == 0);
}

static bool last_reply_check(struct consumer *consumer, const char *what, struct error *error)
{
    return bus_reply_check(amqp_get_rpc_reply(consumer->link.state), what, error);
}

static bool subscribe(struct consumer *consumer, const char *tag, int64_t prefetch,
                      struct error *error)
{
    assert(consumer->channel != 0 && prefetch >= 1 && prefetch <= BUS_PREFETCH_MAX);
    amqp_connection_state_t state = consumer->link.state;
    (void)amqp_basic_qos(state, consumer->channel, 0, (uint16_t)prefetch, false);
    if (!last_reply_check(consumer, "prefetch", error))
        return false;
    (void)amqp_basic_consume(state, consumer->channel, amqp_cstring_bytes(consumer->options->queue),
                             amqp_cstring_bytes(tag), false, false, false, amqp_empty_table);
    return last_reply_check(consumer, "consume", error) ||
           error_wrap(error, "queue %s", consumer->options->queue);
}

static int64_t topology_next_ms(const struct consumer *consumer)
{
    int64_t interval_ms = consumer->options->topology_interval_ms;
    return interval_ms > 0 ? clock_monotonic_ms() + interval_ms : INT64_MAX;
}

/* The connection's one channel for it is free again. */
static bool walk_finish(struct consumer *consumer, struct error *error)
{
    while (consumer->topology_part != 0)
        if (!topology_step(&consumer->link, consumer->options, &consumer->topology_part, error))
            return false;
    return true;
}

static bool session_begin(struct consumer *consumer, struct error *error)
{
    assert(consumer->channel == 0 && consumer->receiving == NULL);
    if (!consumer->is_topology_sure) {
        if (!walk_finish(consumer, error) ||
            !topology_ensure(&consumer->link, consumer->options, error))
            return false;
        consumer->topology_due_ms = topology_next_ms(consumer);
    }
    consumer->is_topology_sure = true;
    consumer->session++;
    amqp_channel_t channel = (amqp_channel_t)(CHANNEL_FIRST + consumer->session % CHANNEL_COUNT);
    (void)amqp_channel_open(consumer->link.state, channel);
    if (!last_reply_check(consumer, "open channel", error))
        return false;
    consumer->channel = channel;
    consumer->is_wide_subscribed = false;
    consumer->has_backlog = false;
    consumer->orphan_looks = 0;
    consumer->received = consumer->received_before = 0;
    window_open(&consumer->window);
    return subscribe(consumer, CONSUMER_TAG_NARROW, 1, error);
}

/* Gives the channel the wide subscription that its window should have. A tag is never used again:
 * while deliveries of its first use are open the broker would fail. */
static void consumer_adjust(struct consumer *consumer)
{
    int64_t prefetch = window_wide_prefetch(&consumer->window);
    if (consumer->channel == 0 || (prefetch > 0) == consumer->is_wide_subscribed)
        return;
    struct error error = { 0 };
    bool is_adjusted;
    char tag[32];
    consumer->wide_number += prefetch > 0 ? 1 : 0;
    (void)snprintf(tag, sizeof tag, "wide-%" PRIu64, consumer->wide_number);
    if (prefetch > 0) {
        is_adjusted = subscribe(consumer, tag, prefetch, &error);
    } else {
        (void)amqp_basic_cancel(consumer->link.state, consumer->channel, amqp_cstring_bytes(tag));
        is_adjusted = last_reply_check(consumer, "cancel", &error);
    }
    consumer->is_wide_subscribed = prefetch > 0;
    if (!is_adjusted)
        consumer_drop(consumer, &error);
}

/* The broker closed the channel, or the queue is gone: another session, on the same connection. */
static void session_lost(struct consumer *consumer, const amqp_method_t *method)
{
    assert(consumer->channel != 0);
    amqp_channel_close_ok_t ok = { 0 };
    if (method->id == AMQP_CHANNEL_CLOSE_METHOD) {
        (void)amqp_send_method(consumer->link.state, consumer->channel,
                               AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
    } else {
        (void)amqp_channel_close(consumer->link.state, consumer->channel, AMQP_REPLY_SUCCESS);
    }
    consumer->is_topology_sure = false;
    session_end(consumer);
}

static bool frame_handle(struct consumer *consumer, const amqp_frame_t *frame, struct error *error)
{
    if (frame->channel != consumer->channel)
        return true;
    if (frame->frame_type == AMQP_FRAME_METHOD &&
        (frame->payload.method.id == AMQP_CHANNEL_CLOSE_METHOD ||
         frame->payload.method.id == AMQP_BASIC_CANCEL_METHOD)) {
        session_lost(consumer, &frame->payload.method);
        return true;
    }
    return receive_frame(consumer, frame, error);
}

static void consumer_read_all(struct consumer *consumer)
{
    struct error error = { 0 };
    amqp_frame_t frame;
    enum link_read read;
    do {
        read = bus_link_read(&consumer->link, &frame, 0, &error);
        if (read == LINK_FRAME && !frame_handle(consumer, &frame, &error))
            read = LINK_BROKEN;
    } while (read == LINK_FRAME || read == LINK_CONTROL);
    if (read == LINK_BROKEN)
        consumer_drop(consumer, &error);
}

/* Messages are ready, nothing is in hand, and none has come since the last look. A broker that
 * finds a deleted queue made again at once subscribes its consumers by itself, and may send them
 * nothing for ever (seen with RabbitMQ 3.10). */
static bool is_starved(struct consumer *consumer, uint32_t ready_count)
{
    assert(consumer->received >= consumer->received_before);
    bool is_quiet = consumer->received == consumer->received_before &&
                    consumer->receiving == NULL && deliveries_in_hand(consumer->deliveries) == 0;
    consumer->received_before = consumer->received;
    return ready_count > 0 && is_quiet;
}

/* True while the queue has us, or it cannot be told. */
static bool is_subscribed(struct consumer *consumer, struct error *error)
{
    assert(consumer->channel != 0 && consumer->topology_part == 0);
    const amqp_queue_declare_ok_t *ok = amqp_queue_declare(
        consumer->link.state, consumer->channel, amqp_cstring_bytes(consumer->options->queue), true,
        true, false, false, amqp_empty_table);
    if (!last_reply_check(consumer, "queue", error))
        return false;
    bool is_orphaned = is_starved(consumer, ok->message_count) || ok->consumer_count == 0;
    consumer->orphan_looks = is_orphaned ? consumer->orphan_looks + 1 : 0;
    return consumer->orphan_looks < CONSUMER_ORPHAN_LOOKS ||
           error_set(error, ERROR_RETRY, "the queue was replaced: consuming it again");
}

/* A few parts of the walk at a time, so that nobody waits for all of them. */
static void topology_mind(struct consumer *consumer)
{
    struct error error = { 0 };
    int64_t now_ms = clock_monotonic_ms();
    if (consumer->link.state == NULL || consumer->channel == 0 ||
        (consumer->topology_part == 0 && now_ms < consumer->topology_due_ms))
        return;
    for (int i = 0; i < CONSUMER_TOPOLOGY_PARTS; i++) {
        if (!topology_step(&consumer->link, consumer->options, &consumer->topology_part, &error)) {
            consumer_drop(consumer, &error); /* connecting says what is wrong until it is right */
            return;
        }
        if (consumer->topology_part == 0) {
            consumer->topology_checks++;
            consumer->topology_due_ms = topology_next_ms(consumer);
            if (!is_subscribed(consumer, &error))
                consumer_drop(consumer, &error);
            return;
        }
    }
}

void consumer_doubt_topology(struct consumer *consumer)
{
    int64_t soon_ms = clock_monotonic_ms() + CONSUMER_TOPOLOGY_DOUBT_MS;
    if (consumer->options->topology_interval_ms > 0 && soon_ms < consumer->topology_due_ms)
        consumer->topology_due_ms = soon_ms;
}

void consumer_service(struct consumer *consumer)
{
    assert(consumer->deliveries != NULL);
    assert(consumer->channel == 0 || consumer->link.state != NULL);
    struct error error = { 0 };
    if (consumer->link.state == NULL &&
        (!bus_link_is_due(&consumer->link) || !bus_link_open(&consumer->link, &error)))
        return;
    if (consumer->channel == 0 && !consumer->is_paused && !session_begin(consumer, &error)) {
        consumer_drop(consumer, &error);
        return;
    }
    consumer_read_all(consumer);
    consumer_adjust(consumer);
    topology_mind(consumer);
}

const char *consumer_obstacle(const struct consumer *consumer)
{
    assert(consumer->channel == 0 || consumer->link.state != NULL);
    if (consumer->link.state == NULL)
        return consumer->link.why[0] != '\0' ? consumer->link.why : "not connected yet";
    if (consumer->is_paused)
        return "consuming is paused";
    return consumer->channel == 0 ? "the channel was closed: opening another" : NULL;
}

uint64_t consumer_session(const struct consumer *consumer)
{
    assert(consumer->channel == 0 || consumer->session > 0);
    return consumer->channel != 0 ? consumer->session : 0;
}

size_t consumer_take(struct consumer *consumer, size_t limit, struct delivery **ret_deliveries)
{
    assert(ret_deliveries != NULL);
    return deliveries_take(consumer->deliveries, limit, ret_deliveries);
}

void consumer_ack(struct consumer *consumer, struct delivery *const *deliveries, size_t count)
{
    assert(deliveries != NULL || count == 0);
    struct ack acks[WINDOW_DELIVERIES_MAX];
    for (size_t i = 0; i < count; i++) {
        const struct held *held = deliveries_settle(consumer->deliveries, deliveries[i]);
        if (held != NULL) {
            bool is_counted = held->delivery.delivery_count > 0;
            window_settle(&consumer->window, is_counted, held->is_probe);
            if (!is_counted && consumer->backlog > 0)
                consumer->backlog--;
        }
    }
    size_t ack_count = deliveries_collect(consumer->deliveries, acks);
    assert(ack_count == 0 || consumer->channel != 0);
    for (size_t i = 0; i < ack_count; i++) {
        int status = amqp_basic_ack(consumer->link.state, consumer->channel, acks[i].tag,
                                    acks[i].is_multiple);
        struct error error = { 0 };
        if (!bus_status_check(status, "ack", &error)) {
            consumer_drop(consumer, &error);
            return;
        }
    }
    consumer_adjust(consumer);
}

bool consumer_reject(struct consumer *consumer, struct held *held, struct error *error)
{
    assert(held->state == HELD_TAKEN && consumer->channel != 0);
    if (held->is_rejected)
        return true;
    int status =
        amqp_basic_reject(consumer->link.state, consumer->channel, held->delivery.tag, false);
    if (!bus_status_check(status, "reject", error)) {
        consumer_drop(consumer, error);
        return false;
    }
    held->is_rejected = true;
    return true;
}

/* The count leaves out what was delivered and has not reached us: no more than the prefetch. What
 * came back before is not counted when it is settled, for it may have come back after the look. */
static bool is_queue_empty(struct consumer *consumer, struct error *error)
{
    assert(consumer->channel != 0);
    int64_t begin_ms = clock_monotonic_ms();
    const amqp_queue_declare_ok_t *ok = amqp_queue_declare(
        consumer->link.state, consumer->channel, amqp_cstring_bytes(consumer->options->queue), true,
        true, false, false, amqp_empty_table);
    if (!last_reply_check(consumer, "queue", error) || ok == NULL ||
        clock_monotonic_ms() - begin_ms > CONSUMER_EMPTY_ANSWER_MAX_MS)
        return false;
    if (!consumer->has_backlog) {
        consumer->has_backlog = true;
        consumer->backlog = ok->message_count + deliveries_in_hand(consumer->deliveries) +
                            (uint64_t)consumer->options->prefetch;
    }
    return ok->message_count == 0;
}

/* The count leaves out what was delivered, also what has not reached us yet; that has come by the
 * second look, and resets the first. */
bool consumer_is_drained(struct consumer *consumer)
{
    struct error error = { 0 };
    int64_t now_ms = clock_monotonic_ms();
    if (consumer->channel == 0)
        return false;
    if (consumer->has_backlog && consumer->backlog == 0)
        return true;
    bool has_use = !consumer->has_backlog || deliveries_in_hand(consumer->deliveries) == 0;
    if (!has_use || now_ms < consumer->look_again_ms)
        return false;
    consumer->look_again_ms = now_ms + CONSUMER_EMPTY_AGAIN_MS;
    bool is_empty = is_queue_empty(consumer, &error);
    if (error.code != ERROR_NONE) {
        consumer_drop(consumer, &error);
        return false;
    }
    consumer_read_all(consumer);
    if (!is_empty || consumer->channel == 0 || consumer->receiving != NULL ||
        deliveries_in_hand(consumer->deliveries) > 0) {
        consumer->empty_since_ms = 0;
        return false;
    }
    if (consumer->empty_since_ms == 0) {
        consumer->empty_since_ms = now_ms;
        return false;
    }
    window_see_empty(&consumer->window);
    consumer_adjust(consumer);
    return consumer->channel != 0;
}

void consumer_pause(struct consumer *consumer)
{
    consumer->is_paused = true;
    if (consumer->channel == 0)
        return;
    struct error error = { 0 };
    amqp_rpc_reply_t reply =
        amqp_channel_close(consumer->link.state, consumer->channel, AMQP_REPLY_SUCCESS);
    session_end(consumer);
    if (!bus_reply_check(reply, "close channel", &error))
        consumer_drop(consumer, &error);
    assert(consumer->channel == 0);
}

void consumer_resume(struct consumer *consumer)
{
    assert(consumer->channel == 0 || !consumer->is_paused);
    consumer->is_paused = false;
}
