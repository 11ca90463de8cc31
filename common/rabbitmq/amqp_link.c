/* amqp_link.c - the life of a connection: opened on another thread, dropped at an error, due again
 * later; and its channel 0. */
#include "common/rabbitmq/amqp_link.h"

#include "common/base/clock.h"
#include "common/rabbitmq/amqp_opening.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

void bus_link_init(struct bus_link *link, const struct amqp_address *address, const char *service,
                   const char *purpose, int heartbeat_s, uint64_t jitter_seed)
{
    assert(heartbeat_s > 0 && service != NULL && purpose != NULL);
    *link = (struct bus_link){
        .address = address,
        .heartbeat_s = heartbeat_s,
        .jitter = jitter_seed != 0 ? jitter_seed : 1, /* xorshift stays at 0 for ever */
    };
    (void)snprintf(link->name, sizeof link->name, "%s %ld %s", service, (long)getpid(), purpose);
}

static uint64_t jitter_next(struct bus_link *link)
{
    assert(link->jitter != 0);
    link->jitter ^= link->jitter << 13;
    link->jitter ^= link->jitter >> 7;
    link->jitter ^= link->jitter << 17;
    return link->jitter;
}

static void schedule_retry(struct bus_link *link, int64_t now_ms)
{
    int64_t delay_ms = LINK_RETRY_MIN_MS;
    for (unsigned i = 0; i < link->failures && delay_ms < LINK_RETRY_MAX_MS; i++)
        delay_ms *= 2;
    if (delay_ms > LINK_RETRY_MAX_MS)
        delay_ms = LINK_RETRY_MAX_MS;
    delay_ms = delay_ms / 2 + (int64_t)(jitter_next(link) % (uint64_t)(delay_ms / 2 + 1));
    link->due_ms = now_ms + delay_ms;
    assert(link->due_ms >= now_ms && link->due_ms <= now_ms + LINK_RETRY_MAX_MS);
    link->failures++;
}

bool bus_link_is_due(const struct bus_link *link)
{
    assert(link->state == NULL || link->opening == NULL);
    return link->state == NULL && clock_monotonic_ms() >= link->due_ms;
}

static struct timeval timeval_of_ms(int64_t ms)
{
    ms = ms > 0 ? ms : 0;
    return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };
}

bool bus_link_open(struct bus_link *link, struct error *error)
{
    assert(link->state == NULL);
    if (link->opening == NULL)
        link->opening = opening_start(link->address, link->name, link->heartbeat_s, error);
    if (link->opening != NULL) {
        if (!opening_is_over(link->opening))
            return error_set(error, ERROR_RETRY, "connecting");
        link->state = opening_finish(link->opening, &link->write_bytes_max, error);
        link->opening = NULL;
    }
    link->opened_ms = clock_monotonic_ms();
    link->is_blocked = false;
    if (link->state == NULL)
        bus_link_drop(link, error);
    return link->state != NULL;
}

bool bus_link_open_waiting(struct bus_link *link, struct error *error)
{
    assert(link->state == NULL);
    bool is_open = bus_link_open(link, error);
    while (!is_open && link->opening != NULL) {
        struct pollfd over = { .fd = opening_fd(link->opening), .events = POLLIN };
        (void)poll(&over, 1, LINK_CONNECT_TIMEOUT_MS);
        is_open = bus_link_open(link, error);
    }
    return is_open;
}

void bus_link_drop(struct bus_link *link, const struct error *error)
{
    assert(link->opening == NULL);
    assert(error->code != ERROR_NONE);
    int64_t now_ms = clock_monotonic_ms();
    (void)snprintf(link->why, sizeof link->why, "%s", error->message);
    if (link->state != NULL) {
        (void)amqp_destroy_connection(link->state);
        link->state = NULL;
    }
    link->is_blocked = false;
    if (now_ms - link->opened_ms >= LINK_STABLE_MS)
        link->failures = 0;
    schedule_retry(link, now_ms);
}

void bus_link_close(struct bus_link *link)
{
    assert(link->state == NULL || link->opening == NULL);
    if (link->opening != NULL) {
        opening_abandon(link->opening);
        link->opening = NULL;
    }
    if (link->state == NULL)
        return;
    /* A blocked broker does not read the goodbye. */
    struct timeval timeout = timeval_of_ms(LINK_CLOSE_TIMEOUT_MS);
    if (!link->is_blocked && amqp_set_rpc_timeout(link->state, &timeout) == AMQP_STATUS_OK)
        (void)amqp_connection_close(link->state, AMQP_REPLY_SUCCESS);
    (void)amqp_destroy_connection(link->state);
    link->state = NULL;
}

/* Channel 0 belongs to the connection. */
static enum link_read control_handle(struct bus_link *link, const amqp_frame_t *frame,
                                     struct error *error)
{
    if (frame->frame_type != AMQP_FRAME_METHOD)
        return LINK_CONTROL;
    const amqp_method_t *method = &frame->payload.method;
    if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
        amqp_connection_close_ok_t ok = { 0 };
        amqp_rpc_reply_t reply = { .reply_type = AMQP_RESPONSE_SERVER_EXCEPTION, .reply = *method };
        if (!bus_reply_check(reply, "connection", error))
            (void)amqp_send_method(link->state, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
        return LINK_BROKEN;
    }
    if (method->id == AMQP_CONNECTION_BLOCKED_METHOD)
        link->is_blocked = true;
    else if (method->id == AMQP_CONNECTION_UNBLOCKED_METHOD)
        link->is_blocked = false;
    return LINK_CONTROL;
}

enum link_read bus_link_read(struct bus_link *link, amqp_frame_t *ret_frame, int64_t timeout_ms,
                             struct error *error)
{
    assert(link->state != NULL);
    amqp_maybe_release_buffers(link->state);
    struct timeval timeout = timeval_of_ms(timeout_ms);
    int status = amqp_simple_wait_frame_noblock(link->state, ret_frame, &timeout);
    if (status == AMQP_STATUS_TIMEOUT)
        return LINK_NOTHING;
    if (!bus_status_check(status, "connection", error))
        return LINK_BROKEN;
    return ret_frame->channel == 0 ? control_handle(link, ret_frame, error) : LINK_FRAME;
}

void bus_link_cork(struct bus_link *link, bool is_corked)
{
    int value = is_corked;
    if (link->state != NULL) /* refused: slower, not wrong */
        (void)setsockopt(amqp_get_sockfd(link->state), IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

bool bus_link_has_buffered(const struct bus_link *link)
{
    return link->state != NULL &&
           (amqp_frames_enqueued(link->state) || amqp_data_in_buffer(link->state));
}

int bus_link_fd(const struct bus_link *link)
{
    assert(link->state == NULL || link->opening == NULL);
    if (link->state != NULL)
        return amqp_get_sockfd(link->state);
    return link->opening != NULL ? opening_fd(link->opening) : -1;
}
