/* amqp_publisher.c - batches on their way: sent as the socket takes them, settled or given up. */
#include "common/rabbitmq/amqp_publisher.h"

#include "common/base/clock.h"
#include "common/rabbitmq/amqp_topology.h"

#include <assert.h>
#include <string.h>

#define PUBLISH_CHANNEL        2
#define MESSAGE_OVERHEAD_BYTES 512  /* frames, names of headers: at most about that */
#define LETTER_HEADERS_BYTES   1024 /* reason, routing key, service and their names */

void publisher_init(struct publisher *publisher, const struct amqp_bus_options *options,
                    const struct amqp_address *address, uint64_t jitter_seed)
{
    assert(publisher->batch_count == 0 && publisher->letter_number == 0); /* zeroed */
    assert(options != NULL && address != NULL);
    publisher->options = options;
    bus_link_init(&publisher->link, address, options->service, "publish", (int)options->heartbeat_s,
                  jitter_seed);
    confirms_reset(&publisher->confirms);
}

void publisher_done(struct publisher *publisher)
{
    bus_link_close(&publisher->link);
}

static struct publisher_batch *batch_at(struct publisher *publisher, size_t index)
{
    assert(index < publisher->batch_count);
    return &publisher->batches[(publisher->batch_first + index) % BUS_PUBLISHES_MAX];
}

static bool publisher_open(struct publisher *publisher, struct error *error)
{
    struct bus_link *link = &publisher->link;
    if (!bus_link_open(link, error))
        return false;
    if (!topology_ensure(link, publisher->options, error))
        goto fail;
    (void)amqp_channel_open(link->state, PUBLISH_CHANNEL);
    if (!bus_reply_check(amqp_get_rpc_reply(link->state), "open channel", error))
        goto fail;
    (void)amqp_confirm_select(link->state, PUBLISH_CHANNEL);
    if (!bus_reply_check(amqp_get_rpc_reply(link->state), "confirm mode", error))
        goto fail;
    confirms_reset(&publisher->confirms);
    publisher->overdue_before = 0;
    for (size_t i = 0; i < BUS_PUBLISHES_MAX; i++) /* of another channel nothing will be heard */
        publisher->batches[i].first_number = publisher->batches[i].sent_count = 0;
    publisher->is_return_expected = false;
    return true;
fail:
    bus_link_drop(link, error);
    return false;
}

static bool id_is(const char *own, const amqp_basic_properties_t *properties)
{
    amqp_bytes_t id = properties->message_id;
    return (properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0 && strlen(own) == id.len &&
           memcmp(own, id.bytes, id.len) == 0;
}

/* basic.return carries the message back; its id says which one it was. */
static void return_handle(struct publisher *publisher, const amqp_frame_t *frame)
{
    assert(publisher->is_return_expected);
    const amqp_basic_properties_t *properties = frame->payload.properties.decoded;
    publisher->is_return_expected = false;
    for (size_t i = 0; i < publisher->batch_count; i++) {
        const struct publisher_batch *batch = batch_at(publisher, i);
        for (size_t k = 0; k < batch->sent_count; k++) {
            if (id_is(batch->messages[k]->id, properties) &&
                !confirms_is_returned(&publisher->confirms, batch->first_number + k)) {
                confirms_return(&publisher->confirms, batch->first_number + k);
                return;
            }
        }
    }
    if (publisher->letter_number != 0)
        confirms_return(&publisher->confirms, publisher->letter_number);
}

static bool method_handle(struct publisher *publisher, const amqp_method_t *method,
                          struct error *error)
{
    bool is_known = true;
    if (method->id == AMQP_BASIC_ACK_METHOD) {
        const amqp_basic_ack_t *ack = method->decoded;
        is_known = confirms_settle(&publisher->confirms, ack->delivery_tag, ack->multiple,
                                   PUBLISH_CONFIRMED);
    } else if (method->id == AMQP_BASIC_NACK_METHOD) {
        const amqp_basic_nack_t *nack = method->decoded;
        is_known = confirms_settle(&publisher->confirms, nack->delivery_tag, nack->multiple,
                                   PUBLISH_NACKED);
    } else if (method->id == AMQP_BASIC_RETURN_METHOD) {
        publisher->is_return_expected = true;
    } else if (method->id == AMQP_CHANNEL_CLOSE_METHOD) {
        bus_channel_close_text(method, "publish", error);
        return false;
    }
    return is_known || error_set(error, ERROR_RETRY, "publish: a confirm of nothing published");
}

/* Handles what the broker says: one frame at most. */
static enum link_read publisher_read(struct publisher *publisher, int64_t timeout_ms)
{
    struct error error = { 0 };
    amqp_frame_t frame;
    enum link_read read = bus_link_read(&publisher->link, &frame, timeout_ms, &error);
    if (read == LINK_FRAME && frame.frame_type == AMQP_FRAME_METHOD &&
        !method_handle(publisher, &frame.payload.method, &error))
        read = LINK_BROKEN;
    else if (read == LINK_FRAME && frame.frame_type == AMQP_FRAME_HEADER &&
             publisher->is_return_expected)
        return_handle(publisher, &frame);
    if (read == LINK_BROKEN)
        bus_link_drop(&publisher->link, &error);
    return read;
}

/* Confirms that were given up are still to come. */
static bool is_overdue(const struct publisher *publisher)
{
    return confirms_is_pending_before(&publisher->confirms, publisher->overdue_before);
}

static bool publisher_read_all(struct publisher *publisher)
{
    enum link_read read;
    do {
        read = publisher_read(publisher, 0);
    } while (read == LINK_FRAME || read == LINK_CONTROL);
    return read != LINK_BROKEN;
}

bool publisher_service(struct publisher *publisher)
{
    assert(publisher->batch_count <= BUS_PUBLISHES_MAX &&
           publisher->batch_first < BUS_PUBLISHES_MAX);
    struct bus_link *link = &publisher->link;
    struct error error = { 0 };
    if (link->state == NULL)
        return !bus_link_is_due(link) || publisher_open(publisher, &error) || link->opening != NULL;
    if (publisher_read_all(publisher) && !link->is_blocked && is_overdue(publisher) &&
        clock_monotonic_ms() - publisher->overdue_since_ms > PUBLISHER_OVERDUE_MAX_MS) {
        error_set(&error, ERROR_RETRY, "confirms are overdue");
        bus_link_drop(link, &error);
    }
    return true;
}

const char *publisher_obstacle(const struct publisher *publisher)
{
    assert(publisher->batch_count <= BUS_PUBLISHES_MAX);
    if (publisher->link.state == NULL)
        return publisher->link.why[0] != '\0' ? publisher->link.why : "not connected yet";
    if (publisher->link.is_blocked)
        return "the broker blocks publishers: memory or disk alarm";
    if (is_overdue(publisher))
        return "confirms are overdue";
    if (clock_monotonic_ms() < publisher->resume_ms)
        return "the topology is missing: a message was returned, and we may not declare";
    return NULL;
}

/* Waits until so few bytes are on the way that `bytes` more cannot block. */
static bool wait_for_room(struct publisher *publisher, size_t bytes, int64_t deadline_ms)
{
    const struct confirms *confirms = &publisher->confirms;
    while (confirms_bytes_pending(confirms) > 0 &&
           confirms_bytes_pending(confirms) + bytes > publisher->link.write_bytes_max) {
        bus_link_cork(&publisher->link, false);
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        if (left_ms <= 0 || publisher_read(publisher, left_ms) == LINK_BROKEN ||
            publisher->link.is_blocked)
            return false;
    }
    return true;
}

struct outgoing {
    const char *exchange, *routing_key;
    const amqp_basic_properties_t *properties;
    amqp_bytes_t body;
    size_t bytes;
};

static bool send_one(struct publisher *publisher, const struct outgoing *outgoing,
                     int64_t deadline_ms)
{
    struct bus_link *link = &publisher->link;
    if (!wait_for_room(publisher, outgoing->bytes, deadline_ms))
        return false;
    int status =
        amqp_basic_publish(link->state, PUBLISH_CHANNEL, amqp_cstring_bytes(outgoing->exchange),
                           amqp_cstring_bytes(outgoing->routing_key), true, false,
                           outgoing->properties, outgoing->body);
    struct error error = { 0 };
    if (!bus_status_check(status, "publish", &error)) {
        bus_link_drop(link, &error);
        return false;
    }
    (void)confirms_add(&publisher->confirms, outgoing->bytes);
    return true;
}

/* Until nothing before this number is pending, the time is over, or none will come soon. */
static void wait_for_confirms(struct publisher *publisher, uint64_t number, int64_t deadline_ms)
{
    while (publisher->link.state != NULL && !publisher->link.is_blocked &&
           confirms_is_pending_before(&publisher->confirms, number)) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        if (left_ms <= 0)
            return;
        (void)publisher_read(publisher, left_ms);
    }
}

/* What is pending before this number, sent at begun_ms, is waited for no longer. */
static void give_up(struct publisher *publisher, uint64_t number, int64_t begun_ms)
{
    if (!is_overdue(publisher))
        publisher->overdue_since_ms = begun_ms;
    publisher->overdue_before =
        number > publisher->overdue_before ? number : publisher->overdue_before;
    assert(publisher->overdue_before <= publisher->confirms.next);
}

static bool send_message(struct publisher *publisher, const struct message *message,
                         int64_t deadline_ms)
{
    amqp_table_entry_t headers[ENVELOPE_HEADERS_MAX];
    amqp_basic_properties_t properties;
    envelope_write(message, headers, &properties);
    struct outgoing outgoing = {
        .exchange = TOPOLOGY_EXCHANGE,
        .routing_key = message->type,
        .properties = &properties,
        .body = bus_bytes(message->body, message->body_length),
        .bytes = strlen(message->id) + 2 * strlen(message->type) + strlen(message->correlation_id) +
                 strlen(message->app_id) + strlen(message->traceparent) +
                 strlen(message->tracestate) + message->body_length + MESSAGE_OVERHEAD_BYTES,
    };
    return send_one(publisher, &outgoing, deadline_ms);
}

static void batch_send(struct publisher *publisher, struct publisher_batch *batch)
{
    bool is_open = true;
    bus_link_cork(&publisher->link, batch->given_count > 1);
    while (is_open && batch->sent_count < batch->given_count) {
        if (batch->sent_count % PUBLISHER_READ_EVERY == PUBLISHER_READ_EVERY - 1)
            is_open = publisher_read_all(publisher) && !publisher->link.is_blocked;
        is_open = is_open &&
                  send_message(publisher, batch->messages[batch->sent_count], batch->deadline_ms);
        batch->sent_count += is_open;
    }
    bus_link_cork(&publisher->link, false);
    assert(batch->sent_count <= batch->given_count);
}

void publisher_begin(struct publisher *publisher, const struct message *const *messages,
                     size_t count)
{
    assert(count > 0 && count <= BUS_PUBLISH_MAX && publisher->batch_count < BUS_PUBLISHES_MAX);
    struct publisher_batch *batch = batch_at(publisher, publisher->batch_count++);
    int64_t now_ms = clock_monotonic_ms();
    *batch = (struct publisher_batch){
        .messages = messages,
        .given_count = count,
        .first_number = publisher->confirms.next,
        .begun_ms = now_ms,
        .deadline_ms = now_ms + publisher->options->confirm_timeout_ms,
    };
    if (publisher_obstacle(publisher) == NULL)
        batch_send(publisher, batch);
}

/* The number after the last of the batch that was sent. */
static uint64_t batch_end_number(const struct publisher_batch *batch)
{
    return batch->first_number + batch->sent_count;
}

/* Nothing is pending, the time is over, or it is clear that nothing will come soon. */
static bool batch_is_over(const struct publisher *publisher, const struct publisher_batch *batch)
{
    return publisher->link.state == NULL || publisher->link.is_blocked ||
           !confirms_is_pending_before(&publisher->confirms, batch_end_number(batch)) ||
           clock_monotonic_ms() >= batch->deadline_ms;
}

/* No queue took a message: what is missing is declared, so that the next try works. Nothing else
 * may be on its way meanwhile. */
static void after_return(struct publisher *publisher)
{
    struct error error = { 0 };
    for (size_t i = 0; i < publisher->batch_count; i++) {
        const struct publisher_batch *batch = batch_at(publisher, i);
        wait_for_confirms(publisher, batch_end_number(batch), batch->deadline_ms);
    }
    if (!publisher->options->may_declare)
        publisher->resume_ms = clock_monotonic_ms() + PUBLISHER_RETURN_PAUSE_MS;
    else if (publisher->link.state != NULL && !publisher->link.is_blocked &&
             !topology_ensure(&publisher->link, publisher->options, &error))
        bus_link_drop(&publisher->link, &error);
}

bool publisher_end(struct publisher *publisher, bool is_waiting, enum publish_result *ret_results)
{
    assert(publisher->batch_count > 0);
    const struct publisher_batch *batch = batch_at(publisher, 0);
    if (is_waiting)
        wait_for_confirms(publisher, batch_end_number(batch), batch->deadline_ms);
    if (!batch_is_over(publisher, batch))
        return false;
    bool has_returned = false;
    for (size_t i = 0; i < batch->given_count; i++) {
        uint64_t number = batch->first_number + i;
        ret_results[i] =
            i < batch->sent_count ? confirms_result(&publisher->confirms, number) : PUBLISH_UNKNOWN;
        has_returned |= ret_results[i] == PUBLISH_RETURNED;
    }
    give_up(publisher, batch_end_number(batch), batch->begun_ms);
    publisher->batch_first = (publisher->batch_first + 1) % BUS_PUBLISHES_MAX;
    publisher->batch_count--;
    if (has_returned)
        after_return(publisher);
    return true;
}

bool publisher_takes_properties(const struct publisher *publisher, size_t bytes)
{
    /* A list that does not fit fails after the method is sent, which would spoil the channel. */
    return publisher->link.state == NULL ||
           bytes + LETTER_HEADERS_BYTES <=
               (size_t)amqp_get_frame_max(publisher->link.state) / PUBLISHER_PROPERTIES_FACTOR;
}

static enum publish_result letter_send(struct publisher *publisher, const struct outgoing *outgoing)
{
    assert(publisher->letter_number == 0); /* one at a time */
    int64_t begun_ms = clock_monotonic_ms();
    int64_t deadline_ms = begun_ms + publisher->options->confirm_timeout_ms;
    uint64_t number = publisher->confirms.next;
    if (!send_one(publisher, outgoing, deadline_ms))
        return PUBLISH_UNKNOWN;
    publisher->letter_number = number;
    wait_for_confirms(publisher, number + 1, deadline_ms);
    publisher->letter_number = 0;
    if (confirms_result(&publisher->confirms, number) == PUBLISH_UNKNOWN)
        give_up(publisher, number + 1, begun_ms);
    return confirms_result(&publisher->confirms, number);
}

bool publisher_put_letter(struct publisher *publisher, const struct publisher_letter *letter,
                          struct error *error)
{
    assert(letter->queue != NULL && letter->properties != NULL);
    const char *obstacle = publisher_obstacle(publisher);
    if (obstacle != NULL)
        return error_set(error, ERROR_RETRY, "%s", obstacle);
    struct outgoing outgoing = {
        .exchange = "",
        .routing_key = letter->queue,
        .properties = letter->properties,
        .body = letter->body,
        .bytes = letter->properties_bytes + letter->body.len + LETTER_HEADERS_BYTES,
    };
    static const char *const texts[] = {
        [PUBLISH_RETURNED] = "is missing",
        [PUBLISH_NACKED] = "refused: it may be full",
        [PUBLISH_UNKNOWN] = "did not confirm",
    };
    enum publish_result result = letter_send(publisher, &outgoing);
    if (result == PUBLISH_RETURNED)
        after_return(publisher);
    return result == PUBLISH_CONFIRMED ||
           error_set(error, ERROR_RETRY, "queue %s %s", letter->queue, texts[result]);
}
