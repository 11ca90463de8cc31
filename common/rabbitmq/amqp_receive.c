/* amqp_receive.c - what each kind of frame adds to the delivery, and which order of frames breaks
 * the protocol. */
#include "common/rabbitmq/amqp_receive.h"

#include "common/base/memory.h"
#include "common/json/json_read.h"
#include "common/rabbitmq/amqp_envelope.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool protocol_error(struct error *error, const char *what)
{
    return error_set(error, ERROR_RETRY, "the broker broke the protocol: %s", what);
}

static void short_string_copy(amqp_bytes_t bytes, char text[SHORT_STRING_SIZE])
{
    size_t length = bytes.len < SHORT_STRING_SIZE ? bytes.len : SHORT_STRING_SIZE - 1;
    if (length > 0)
        memcpy(text, bytes.bytes, length);
    text[length] = '\0';
}

static bool receive_method(struct consumer *consumer, const amqp_method_t *method,
                           struct error *error)
{
    if (consumer->receiving != NULL)
        return protocol_error(error, "a method within a delivery");
    if (method->id != AMQP_BASIC_DELIVER_METHOD)
        return true; /* answers that nobody waits for any more */
    const amqp_basic_deliver_t *deliver = method->decoded;
    struct held *held = deliveries_receive(consumer->deliveries);
    if (held == NULL)
        return protocol_error(error, "more deliveries than the prefetch");
    held->delivery.tag = deliver->delivery_tag;
    held->delivery.session = consumer->session;
    held->is_probe =
        !consumer->window.is_wide && deliver->consumer_tag.len == strlen(CONSUMER_TAG_NARROW) &&
        memcmp(deliver->consumer_tag.bytes, CONSUMER_TAG_NARROW, strlen(CONSUMER_TAG_NARROW)) == 0;
    short_string_copy(deliver->exchange, held->exchange);
    short_string_copy(deliver->routing_key, held->routing_key);
    assert(held->state == HELD_RECEIVING && held->body == NULL);
    consumer->receiving = held;
    consumer->is_header_expected = true;
    return true;
}

/* Whoever sends a first message by hand most often has several things wrong: told in one go. */
static void body_judge(struct delivery *delivery)
{
    struct json_object object;
    struct json_problem problem;
    size_t length = strlen(delivery->malformed);
    if (length == 0 ||
        json_object_scan(delivery->message.body, delivery->message.body_length, &object, &problem))
        return;
    (void)snprintf(delivery->malformed + length, sizeof delivery->malformed - length,
                   "; the body is no JSON object: %s", problem.detail);
}

static bool receive_end(struct consumer *consumer, struct error *error)
{
    assert(consumer->receiving != NULL && consumer->body_left == 0);
    struct held *held = consumer->receiving;
    bool is_counted = held->delivery.delivery_count > 0;
    consumer->receiving = NULL;
    consumer->empty_since_ms = 0;
    held->delivery.message.body = held->body != NULL ? held->body : "";
    held->delivery.message.body_length = consumer->body_stored;
    if (!held->is_body_dropped)
        body_judge(&held->delivery);
    if (!deliveries_complete(consumer->deliveries, held))
        return protocol_error(error, "a delivery tag that does not grow");
    window_deliver(&consumer->window, is_counted);
    consumer->received++;
    return true;
}

static bool receive_header(struct consumer *consumer, const amqp_frame_t *frame,
                           struct error *error)
{
    struct held *held = consumer->receiving;
    if (held == NULL || !consumer->is_header_expected ||
        frame->payload.properties.class_id != AMQP_BASIC_CLASS)
        return protocol_error(error, "a header out of place");
    consumer->is_header_expected = false;
    consumer->body_left = frame->payload.properties.body_size;
    consumer->body_stored = 0;
    amqp_bytes_t raw = frame->payload.properties.raw;
    held->is_body_dropped = consumer->body_left > MESSAGE_BODY_BYTES_MAX;
    held->raw = memory_room(raw.len);
    if (!held->is_body_dropped && consumer->body_left > 0)
        held->body = memory_room((size_t)consumer->body_left);
    memcpy(held->raw, raw.bytes, raw.len);
    held->raw_length = raw.len;
    envelope_read(frame->payload.properties.decoded, held->exchange, held->routing_key,
                  consumer->body_left, &held->delivery);
    return consumer->body_left > 0 || receive_end(consumer, error);
}

static bool receive_body(struct consumer *consumer, amqp_bytes_t fragment, struct error *error)
{
    struct held *held = consumer->receiving;
    if (held == NULL || consumer->is_header_expected || fragment.len > consumer->body_left)
        return protocol_error(error, "a body out of place");
    if (!held->is_body_dropped) {
        memcpy(held->body + consumer->body_stored, fragment.bytes, fragment.len);
        consumer->body_stored += fragment.len;
        assert(consumer->body_stored <= MESSAGE_BODY_BYTES_MAX);
    }
    consumer->body_left -= fragment.len;
    return consumer->body_left > 0 || receive_end(consumer, error);
}

bool receive_frame(struct consumer *consumer, const amqp_frame_t *frame, struct error *error)
{
    assert(consumer->channel != 0 && frame->channel == consumer->channel);
    assert(consumer->deliveries != NULL);
    switch (frame->frame_type) {
    case AMQP_FRAME_METHOD:
        return receive_method(consumer, &frame->payload.method, error);
    case AMQP_FRAME_HEADER:
        return receive_header(consumer, frame, error);
    case AMQP_FRAME_BODY:
        return receive_body(consumer, frame->payload.body_fragment, error);
    default:
        return true;
    }
}
