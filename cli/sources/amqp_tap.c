/* amqp_tap.c - the synchronous calls of rabbitmq-c: checks go through a channel of their own, and a
 * replay is acked only after its confirm. */
#include "cli/sources/amqp_tap.h"

#include "cli/sources/amqp_letter.h"
#include "common/base/clock.h"
#include "common/base/hex.h"
#include "common/base/memory.h"
#include "common/base/uuid.h"
#include "common/rabbitmq/amqp_bus.h"
#include "common/rabbitmq/amqp_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define CHANNEL_READ       1
#define CHANNEL_PUBLISH    2
#define CHANNEL_CHECK      3 /* a refusal closes it */
#define HEARTBEAT_S        30
#define CONFIRM_TIMEOUT_MS 5000
#define QUEUE_RANDOM_BYTES 8
#define QUEUE_NAME_SIZE    (4 + 2 * QUEUE_RANDOM_BYTES + 1)

struct tap {
    struct amqp_address address;
    struct bus_link link;
    bool can_publish; /* the channel is open, with confirms */
    bool has_current; /* of `current`, found by tap_get */
    amqp_message_t current;
    amqp_envelope_t envelope;
    bool has_envelope;
};

static bool reply_check(struct tap *tap, const char *what, struct error *error)
{
    return bus_reply_check(amqp_get_rpc_reply(tap->link.state), what, error);
}

struct tap *tap_open(const char *url, struct error *error)
{
    struct tap *tap = memory_alloc(1, sizeof *tap);
    if (!amqp_address_init(&tap->address, url, error)) {
        free(tap);
        return NULL;
    }
    bus_link_init(&tap->link, &tap->address, "roundtrip", "cli", HEARTBEAT_S, 1);
    if (!bus_link_open_waiting(&tap->link, error))
        return tap_close(tap);
    (void)amqp_channel_open(tap->link.state, CHANNEL_READ);
    if (!reply_check(tap, "open channel", error))
        return tap_close(tap);
    return tap;
}

static void letter_forget(struct tap *tap)
{
    if (tap->has_current)
        amqp_destroy_message(&tap->current);
    if (tap->has_envelope)
        amqp_destroy_envelope(&tap->envelope);
    tap->has_current = tap->has_envelope = false;
}

struct tap *tap_close(struct tap *tap)
{
    if (tap != NULL) {
        letter_forget(tap);
        bus_link_close(&tap->link);
        amqp_address_done(&tap->address);
        free(tap);
    }
    return NULL;
}

/* ---- listening ---- */

static bool pattern_bind(struct tap *tap, const char *queue, const char *pattern, size_t length,
                         struct error *error)
{
    (void)amqp_queue_bind(tap->link.state, CHANNEL_READ, amqp_cstring_bytes(queue),
                          amqp_cstring_bytes(TOPOLOGY_EXCHANGE), bus_bytes(pattern, length),
                          amqp_empty_table);
    return reply_check(tap, "bind to exchange " TOPOLOGY_EXCHANGE, error);
}

bool tap_listen(struct tap *tap, const char *patterns, struct error *error)
{
    char queue[QUEUE_NAME_SIZE] = "cli.";
    uint8_t random[QUEUE_RANDOM_BYTES];
    uuid_random_bytes(random, sizeof random);
    hex_write(random, sizeof random, queue + 4);
    (void)amqp_queue_declare(tap->link.state, CHANNEL_READ, amqp_cstring_bytes(queue), false, false,
                             true, true, amqp_empty_table);
    if (!reply_check(tap, "declare a queue", error))
        return false;
    for (const char *at = patterns;;) {
        size_t length = strcspn(at, ",");
        if (length > 0 && !pattern_bind(tap, queue, at, length, error))
            return false;
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    (void)amqp_basic_consume(tap->link.state, CHANNEL_READ, amqp_cstring_bytes(queue),
                             amqp_empty_bytes, false, true, true, amqp_empty_table);
    return reply_check(tap, "consume", error);
}

/* Something other than a delivery: the broker closes, or tells about itself. */
static bool other_frame_read(struct tap *tap, struct error *error)
{
    amqp_frame_t frame;
    switch (bus_link_read(&tap->link, &frame, 0, error)) {
    case LINK_BROKEN:
        return false;
    case LINK_FRAME:
        if (frame.frame_type == AMQP_FRAME_METHOD &&
            frame.payload.method.id == AMQP_CHANNEL_CLOSE_METHOD) {
            bus_channel_close_text(&frame.payload.method, "listen", error);
            return false;
        }
        if (frame.frame_type == AMQP_FRAME_METHOD &&
            frame.payload.method.id == AMQP_BASIC_CANCEL_METHOD)
            return error_set(error, ERROR_RETRY, "the broker has ended our subscription");
        break;
    case LINK_CONTROL:
    case LINK_NOTHING:
        break;
    }
    return error_set(error, ERROR_NOT_FOUND, "no event came");
}

bool tap_next(struct tap *tap, int64_t timeout_ms, struct letter *ret_letter, struct error *error)
{
    struct timeval timeout = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
    letter_forget(tap);
    amqp_maybe_release_buffers(tap->link.state);
    amqp_rpc_reply_t reply = amqp_consume_message(tap->link.state, &tap->envelope, &timeout, 0);
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
        reply.library_error == AMQP_STATUS_TIMEOUT)
        return error_set(error, ERROR_NOT_FOUND, "no event came");
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
        reply.library_error == AMQP_STATUS_UNEXPECTED_STATE)
        return other_frame_read(tap, error);
    if (!bus_reply_check(reply, "listen", error))
        return false;
    tap->has_envelope = true;
    letter_read(&tap->envelope.message, tap->envelope.exchange, tap->envelope.routing_key,
                ret_letter);
    ret_letter->tag = tap->envelope.delivery_tag;
    return true;
}

/* ---- looking ---- */

static bool check_begin(struct tap *tap, struct error *error)
{
    (void)amqp_channel_open(tap->link.state, CHANNEL_CHECK);
    return reply_check(tap, "open channel", error);
}

static void check_end(struct tap *tap, bool is_good)
{
    if (is_good)
        (void)amqp_channel_close(tap->link.state, CHANNEL_CHECK, AMQP_REPLY_SUCCESS);
    else
        amqp_maybe_release_buffers(tap->link.state); /* the library has answered the close */
}

bool tap_exchange_check(struct tap *tap, const char *exchange, struct error *error)
{
    if (!check_begin(tap, error))
        return false;
    (void)amqp_exchange_declare(tap->link.state, CHANNEL_CHECK, amqp_cstring_bytes(exchange),
                                amqp_cstring_bytes("topic"), true, true, false, false,
                                amqp_empty_table);
    bool is_good = reply_check(tap, exchange, error);
    check_end(tap, is_good);
    return is_good;
}

bool tap_queue_check(struct tap *tap, const char *queue, struct queue_depth *ret_depth,
                     struct error *error)
{
    if (!check_begin(tap, error))
        return false;
    const amqp_queue_declare_ok_t *ok =
        amqp_queue_declare(tap->link.state, CHANNEL_CHECK, amqp_cstring_bytes(queue), true, true,
                           false, false, amqp_empty_table);
    bool is_good = reply_check(tap, queue, error);
    if (is_good && ok != NULL)
        *ret_depth = (struct queue_depth){ ok->message_count, ok->consumer_count };
    check_end(tap, is_good);
    return is_good;
}

bool tap_get(struct tap *tap, const char *queue, struct letter *ret_letter, struct error *error)
{
    letter_forget(tap);
    amqp_maybe_release_buffers(tap->link.state);
    amqp_rpc_reply_t reply =
        amqp_basic_get(tap->link.state, CHANNEL_READ, amqp_cstring_bytes(queue), false);
    if (!bus_reply_check(reply, "get from the queue", error))
        return false;
    if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD)
        return error_set(error, ERROR_NOT_FOUND, "%s is empty", queue);
    const amqp_basic_get_ok_t *found = reply.reply.decoded;
    amqp_bytes_t exchange = amqp_bytes_malloc_dup(found->exchange);
    amqp_bytes_t routing_key = amqp_bytes_malloc_dup(found->routing_key);
    uint64_t tag = found->delivery_tag;
    reply = amqp_read_message(tap->link.state, CHANNEL_READ, &tap->current, 0);
    tap->has_current = bus_reply_check(reply, "read a message", error);
    if (tap->has_current) {
        letter_read(&tap->current, exchange, routing_key, ret_letter);
        ret_letter->tag = tag;
    }
    amqp_bytes_free(exchange);
    amqp_bytes_free(routing_key);
    return tap->has_current;
}

/* ---- publishing ---- */

static bool publish_channel_open(struct tap *tap, struct error *error)
{
    if (tap->can_publish)
        return true;
    (void)amqp_channel_open(tap->link.state, CHANNEL_PUBLISH);
    if (!reply_check(tap, "open channel", error))
        return false;
    (void)amqp_confirm_select(tap->link.state, CHANNEL_PUBLISH);
    tap->can_publish = reply_check(tap, "ask for confirms", error);
    return tap->can_publish;
}

enum confirm { CONFIRM_WAITING, CONFIRM_GIVEN, CONFIRM_REFUSED };

/* One message is on the way at a time, so that every confirm is its own. */
static enum confirm confirm_read(const amqp_frame_t *frame, bool *is_returned, struct error *error)
{
    if (frame->channel != CHANNEL_PUBLISH || frame->frame_type != AMQP_FRAME_METHOD)
        return CONFIRM_WAITING;
    switch (frame->payload.method.id) {
    case AMQP_BASIC_RETURN_METHOD:
        *is_returned = true; /* its confirm comes next */
        return CONFIRM_WAITING;
    case AMQP_BASIC_ACK_METHOD:
        if (!*is_returned)
            return CONFIRM_GIVEN;
        error_set(error, ERROR_REJECT, "the queue is not there: roundtrip doctor");
        return CONFIRM_REFUSED;
    case AMQP_BASIC_NACK_METHOD:
        error_set(error, ERROR_RETRY, "the broker does not take it: is the queue full?");
        return CONFIRM_REFUSED;
    case AMQP_CHANNEL_CLOSE_METHOD:
        bus_channel_close_text(&frame->payload.method, "publish", error);
        return CONFIRM_REFUSED;
    default:
        return CONFIRM_WAITING;
    }
}

static bool confirm_await(struct tap *tap, struct error *error)
{
    int64_t until_ms = clock_monotonic_ms() + CONFIRM_TIMEOUT_MS;
    bool is_returned = false;
    for (;;) {
        int64_t left_ms = until_ms - clock_monotonic_ms();
        amqp_frame_t frame;
        if (left_ms <= 0)
            return error_set(error, ERROR_RETRY, "no confirm after %d ms", CONFIRM_TIMEOUT_MS);
        enum link_read read = bus_link_read(&tap->link, &frame, left_ms, error);
        if (read == LINK_BROKEN)
            return false;
        enum confirm confirm =
            read == LINK_FRAME ? confirm_read(&frame, &is_returned, error) : CONFIRM_WAITING;
        if (confirm != CONFIRM_WAITING)
            return confirm == CONFIRM_GIVEN;
    }
}

/* By the default exchange a routing key says nothing about the type, so nobody there can check that
 * the two agree: what an exchange has carried under another name is not smuggled past that check.
 */
static bool type_settle(const struct letter *letter, amqp_basic_properties_t *properties,
                        struct error *error)
{
    if (letter->first_exchange[0] == '\0' || strcmp(letter->type, letter->first_key) == 0)
        return true;
    if (letter->type[0] != '\0')
        return error_set(error, ERROR_REJECT,
                         "its type differs from its routing key, no service takes that: roundtrip "
                         "dead discard");
    properties->_flags |= AMQP_BASIC_TYPE_FLAG;
    properties->type = amqp_cstring_bytes(letter->first_key);
    return true;
}

bool tap_replay(struct tap *tap, const struct letter *letter, const char *queue,
                struct error *error)
{
    amqp_basic_properties_t properties;
    amqp_table_entry_t *headers = letter_revive(&tap->current.properties, &properties);
    bool is_done = false;
    int status = AMQP_STATUS_OK;
    if (!type_settle(letter, &properties, error) || !publish_channel_open(tap, error))
        goto done;
    status =
        amqp_basic_publish(tap->link.state, CHANNEL_PUBLISH, amqp_empty_bytes,
                           amqp_cstring_bytes(queue), true, false, &properties, tap->current.body);
    is_done = bus_status_check(status, "publish", error) && confirm_await(tap, error) &&
              tap_discard(tap, letter, error);
done:
    free(headers);
    return is_done;
}

bool tap_discard(struct tap *tap, const struct letter *letter, struct error *error)
{
    int status = amqp_basic_ack(tap->link.state, CHANNEL_READ, letter->tag, false);
    return bus_status_check(status, "ack", error);
}
