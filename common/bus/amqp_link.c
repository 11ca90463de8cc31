#include "common/bus/amqp_link.h"

#include "common/base/clock.h"

#include <amqp_tcp_socket.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define FRAME_BYTES_MAX   131072 /* 4.x wants at least 8192 offered */
#define CHANNELS_MAX      64
#define SEND_BUFFER_BYTES 262144

void bus_link_init(struct bus_link *link, const struct amqp_address *address, const char *service,
                   const char *purpose, int heartbeat_s, uint64_t jitter_seed)
{
    *link = (struct bus_link){
        .address = address,
        .heartbeat_s = heartbeat_s,
        .jitter = jitter_seed != 0 ? jitter_seed : 1, /* xorshift stays at 0 for ever */
    };
    (void)snprintf(link->name, sizeof link->name, "%s %ld %s", service, (long)getpid(), purpose);
}

static uint64_t jitter_next(struct bus_link *link)
{
    link->jitter ^= link->jitter << 13;
    link->jitter ^= link->jitter >> 7;
    link->jitter ^= link->jitter << 17;
    return link->jitter;
}

static void schedule_retry(struct bus_link *link, int64_t now_ms)
{
    int64_t delay_ms = LINK_RETRY_MIN_MS;
    for (unsigned i = 0; i < link->failures && delay_ms < LINK_RETRY_MAX_MS; i++) {
        delay_ms *= 2;
    }
    if (delay_ms > LINK_RETRY_MAX_MS) {
        delay_ms = LINK_RETRY_MAX_MS;
    }
    delay_ms = delay_ms / 2 + (int64_t)(jitter_next(link) % (uint64_t)(delay_ms / 2 + 1));
    link->due_ms = now_ms + delay_ms;
    link->failures++;
}

bool bus_link_is_due(const struct bus_link *link)
{
    return link->state == NULL && clock_monotonic_ms() >= link->due_ms;
}

static struct timeval timeval_of_ms(int64_t ms)
{
    ms = ms > 0 ? ms : 0;
    return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };
}

/* A full socket would make the library wait without end for a broker that does not read, as one
 * with an alarm does. So the publisher keeps less in flight than the kernel can hold, and a write
 * that waits all the same is cut off with its connection. */
static bool socket_bound(struct bus_link *link, struct error *error)
{
    int fd = amqp_get_sockfd(link->state);
    int send_bytes = SEND_BUFFER_BYTES;
    socklen_t length = sizeof send_bytes;
    unsigned timeout_ms = (unsigned)link->heartbeat_s * 2000U;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, &length) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms) != 0) {
        return error_set(error, ERROR_RETRY, "socket options: %s", strerror(errno));
    }
    link->write_bytes_max = (size_t)send_bytes / 2; /* the kernel counts its own overhead too */
    return true;
}

static bool socket_connect(struct bus_link *link, struct error *error)
{
    const struct amqp_connection_info *info = &link->address->info;
    amqp_socket_t *socket = info->ssl ? bus_tls_socket_new(link->address, link->state, error)
                                      : amqp_tcp_socket_new(link->state);
    if (socket == NULL) {
        return info->ssl ? false : error_set(error, ERROR_RETRY, "out of memory");
    }
    struct timeval timeout = timeval_of_ms(LINK_CONNECT_TIMEOUT_MS);
    int status = amqp_socket_open_noblock(socket, info->host, info->port, &timeout);
    if (!bus_status_check(status, "connect", error)) {
        return error_wrap(error, "%s:%d", info->host, info->port);
    }
    return socket_bound(link, error);
}

static bool log_in(struct bus_link *link, struct error *error)
{
    const struct amqp_connection_info *info = &link->address->info;
    /* The library announces neither by itself, and then the broker tells neither. */
    amqp_table_entry_t capabilities[] = {
        { .key = amqp_cstring_bytes("connection.blocked"),
          .value = { .kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1 } },
        { .key = amqp_cstring_bytes("consumer_cancel_notify"),
          .value = { .kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1 } },
    };
    amqp_table_entry_t properties[] = {
        { .key = amqp_cstring_bytes("capabilities"),
          .value = { .kind = AMQP_FIELD_KIND_TABLE,
                     .value.table = { .num_entries = 2, .entries = capabilities } } },
        { .key = amqp_cstring_bytes("connection_name"),
          .value = { .kind = AMQP_FIELD_KIND_UTF8,
                     .value.bytes = amqp_cstring_bytes(link->name) } },
    };
    amqp_table_t table = { .num_entries = 2, .entries = properties };
    amqp_rpc_reply_t reply = amqp_login_with_properties(
        link->state, info->vhost, CHANNELS_MAX, FRAME_BYTES_MAX, link->heartbeat_s, &table,
        AMQP_SASL_METHOD_PLAIN, info->user, info->password);
    return bus_reply_check(reply, "log in", error);
}

bool bus_link_open(struct bus_link *link, struct error *error)
{
    assert(link->state == NULL);
    struct timeval connect_timeout = timeval_of_ms(LINK_CONNECT_TIMEOUT_MS);
    struct timeval rpc_timeout = timeval_of_ms(LINK_RPC_TIMEOUT_MS);
    link->state = amqp_new_connection();
    if (link->state == NULL) {
        error_set(error, ERROR_RETRY, "out of memory");
        goto fail;
    }
    if (amqp_set_handshake_timeout(link->state, &connect_timeout) != AMQP_STATUS_OK ||
        amqp_set_rpc_timeout(link->state, &rpc_timeout) != AMQP_STATUS_OK) {
        error_set(error, ERROR_BUG, "time-outs refused by the library");
        goto fail;
    }
    if (!socket_connect(link, error) || !log_in(link, error)) {
        goto fail;
    }
    link->opened_ms = clock_monotonic_ms();
    link->is_blocked = false;
    return true;
fail:
    link->opened_ms = clock_monotonic_ms();
    bus_link_drop(link, error);
    return false;
}

void bus_link_drop(struct bus_link *link, const struct error *error)
{
    int64_t now_ms = clock_monotonic_ms();
    (void)snprintf(link->why, sizeof link->why, "%s", error->message);
    if (link->state != NULL) {
        (void)amqp_destroy_connection(link->state);
        link->state = NULL;
    }
    link->is_blocked = false;
    if (now_ms - link->opened_ms >= LINK_STABLE_MS) {
        link->failures = 0;
    }
    schedule_retry(link, now_ms);
}

void bus_link_close(struct bus_link *link)
{
    if (link->state == NULL) {
        return;
    }
    /* A blocked broker does not read the goodbye. */
    struct timeval timeout = timeval_of_ms(LINK_CLOSE_TIMEOUT_MS);
    if (!link->is_blocked && amqp_set_rpc_timeout(link->state, &timeout) == AMQP_STATUS_OK) {
        (void)amqp_connection_close(link->state, AMQP_REPLY_SUCCESS);
    }
    (void)amqp_destroy_connection(link->state);
    link->state = NULL;
}

/* Channel 0 belongs to the connection. */
static enum link_read control_handle(struct bus_link *link, const amqp_frame_t *frame,
                                     struct error *error)
{
    if (frame->frame_type != AMQP_FRAME_METHOD) {
        return LINK_CONTROL;
    }
    const amqp_method_t *method = &frame->payload.method;
    if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
        amqp_connection_close_ok_t ok = { 0 };
        amqp_rpc_reply_t reply = { .reply_type = AMQP_RESPONSE_SERVER_EXCEPTION, .reply = *method };
        if (!bus_reply_check(reply, "connection", error)) {
            (void)amqp_send_method(link->state, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
        }
        return LINK_BROKEN;
    }
    if (method->id == AMQP_CONNECTION_BLOCKED_METHOD) {
        link->is_blocked = true;
    } else if (method->id == AMQP_CONNECTION_UNBLOCKED_METHOD) {
        link->is_blocked = false;
    }
    return LINK_CONTROL;
}

enum link_read bus_link_read(struct bus_link *link, amqp_frame_t *ret_frame, int64_t timeout_ms,
                             struct error *error)
{
    assert(link->state != NULL);
    amqp_maybe_release_buffers(link->state);
    struct timeval timeout = timeval_of_ms(timeout_ms);
    int status = amqp_simple_wait_frame_noblock(link->state, ret_frame, &timeout);
    if (status == AMQP_STATUS_TIMEOUT) {
        return LINK_NOTHING;
    }
    if (!bus_status_check(status, "connection", error)) {
        return LINK_BROKEN;
    }
    return ret_frame->channel == 0 ? control_handle(link, ret_frame, error) : LINK_FRAME;
}

void bus_link_cork(struct bus_link *link, bool is_corked)
{
    int value = is_corked;
    if (link->state != NULL) { /* refused: slower, not wrong */
        (void)setsockopt(amqp_get_sockfd(link->state), IPPROTO_TCP, TCP_CORK, &value, sizeof value);
    }
}

bool bus_link_has_buffered(const struct bus_link *link)
{
    return link->state != NULL &&
           (amqp_frames_enqueued(link->state) || amqp_data_in_buffer(link->state));
}

int bus_link_fd(const struct bus_link *link)
{
    return link->state != NULL ? amqp_get_sockfd(link->state) : -1;
}
