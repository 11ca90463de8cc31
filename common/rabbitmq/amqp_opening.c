/* amqp_opening.c - the thread that connects, and who frees what it leaves. */
#include "common/rabbitmq/amqp_opening.h"

#include "common/base/memory.h"
#include "common/base/thread.h"

#include <amqp_tcp_socket.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define FRAME_BYTES_MAX   131072 /* 4.x wants at least 8192 offered */
#define CHANNELS_MAX      64
#define SEND_BUFFER_BYTES 262144

struct opening {
    struct amqp_address address;
    char name[LINK_NAME_SIZE];
    int heartbeat_s;
    int over_fd;
    atomic_bool
        is_over; /* what follows is the link's thread's from then on, the connecting one's before */
    atomic_int holders;            /* both threads; the last one frees it */
    amqp_connection_state_t state; /* NULL = it failed, or was taken */
    size_t write_bytes_max;
    struct error error;
};

static void opening_release(struct opening *opening)
{
    int held = atomic_fetch_sub(&opening->holders, 1);
    assert(held >= 1);
    if (held > 1)
        return;
    if (opening->state != NULL)
        (void)amqp_destroy_connection(opening->state);
    amqp_address_done(&opening->address);
    (void)close(opening->over_fd);
    free(opening);
}

/* A full socket would make the library wait without end for a broker that does not read, as one
 * with an alarm does. So the publisher keeps less in flight than the kernel can hold, and a write
 * that waits all the same is cut off with its connection. */
static bool socket_bound(struct opening *opening, struct error *error)
{
    int fd = amqp_get_sockfd(opening->state);
    int send_bytes = SEND_BUFFER_BYTES;
    socklen_t length = sizeof send_bytes;
    unsigned timeout_ms = (unsigned)opening->heartbeat_s * 2000U;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, &length) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms) != 0)
        return error_set(error, ERROR_RETRY, "socket options: %s", strerror(errno));
    opening->write_bytes_max = (size_t)send_bytes / 2; /* the kernel counts its own overhead too */
    return true;
}

static bool socket_connect(struct opening *opening, struct error *error)
{
    const struct amqp_connection_info *info = &opening->address.info;
    amqp_socket_t *socket = info->ssl ? bus_tls_socket_new(&opening->address, opening->state, error)
                                      : memory_check(amqp_tcp_socket_new(opening->state));
    if (socket == NULL)
        return false;
    struct timeval timeout = { .tv_sec = LINK_CONNECT_TIMEOUT_MS / 1000 };
    int status = amqp_socket_open_noblock(socket, info->host, info->port, &timeout);
    if (!bus_status_check(status, "connect", error))
        return error_wrap(error, "%s:%d", info->host, info->port);
    return socket_bound(opening, error);
}

static bool log_in(struct opening *opening, struct error *error)
{
    const struct amqp_connection_info *info = &opening->address.info;
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
                     .value.bytes = amqp_cstring_bytes(opening->name) } },
    };
    amqp_table_t table = { .num_entries = 2, .entries = properties };
    amqp_rpc_reply_t reply = amqp_login_with_properties(
        opening->state, info->vhost, CHANNELS_MAX, FRAME_BYTES_MAX, opening->heartbeat_s, &table,
        AMQP_SASL_METHOD_PLAIN, info->user, info->password);
    return bus_reply_check(reply, "log in", error);
}

static bool connection_open(struct opening *opening, struct error *error)
{
    struct timeval connect_timeout = { .tv_sec = LINK_CONNECT_TIMEOUT_MS / 1000 };
    struct timeval rpc_timeout = { .tv_sec = LINK_RPC_TIMEOUT_MS / 1000 };
    opening->state = memory_check(amqp_new_connection());
    if (amqp_set_handshake_timeout(opening->state, &connect_timeout) != AMQP_STATUS_OK ||
        amqp_set_rpc_timeout(opening->state, &rpc_timeout) != AMQP_STATUS_OK)
        return error_set(error, ERROR_BUG, "time-outs refused by the library");
    return socket_connect(opening, error) && log_in(opening, error);
}

static void *opening_run(void *self)
{
    struct opening *opening = self;
    if (!connection_open(opening, &opening->error) && opening->state != NULL) {
        (void)amqp_destroy_connection(opening->state);
        opening->state = NULL;
    }
    atomic_store(&opening->is_over, true);
    (void)eventfd_write(opening->over_fd, 1); /* cannot overflow: it is written once */
    opening_release(opening);
    return NULL;
}

static bool thread_begin(struct opening *opening)
{
    pthread_t thread;
    bool is_started = thread_start(&thread, opening_run, opening);
    if (is_started)
        (void)pthread_detach(thread); /* it can be: nobody else knows it */
    return is_started;
}

struct opening *opening_start(const struct amqp_address *address, const char *name, int heartbeat_s,
                              struct error *error)
{
    assert(address->url != NULL && name != NULL && heartbeat_s > 0);
    struct opening *opening = memory_alloc(1, sizeof *opening);
    (void)snprintf(opening->name, sizeof opening->name, "%s", name);
    opening->heartbeat_s = heartbeat_s;
    opening->over_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_init(&opening->holders, 2);
    if (opening->over_fd < 0) {
        error_set(error, ERROR_RETRY, "no descriptor for connecting: %s", strerror(errno));
        free(opening);
        return NULL;
    }
    bool has_address = amqp_address_init(&opening->address, address->url, error);
    if (!has_address || !thread_begin(opening)) {
        if (has_address)
            error_set(error, ERROR_RETRY, "no thread for connecting");
        atomic_store(&opening->holders, 1);
        opening_release(opening);
        return NULL;
    }
    return opening;
}

int opening_fd(const struct opening *opening)
{
    assert(opening->over_fd >= 0);
    return opening->over_fd;
}

bool opening_is_over(const struct opening *opening)
{
    return atomic_load(&opening->is_over);
}

amqp_connection_state_t opening_finish(struct opening *opening, size_t *ret_write_bytes_max,
                                       struct error *error)
{
    assert(opening_is_over(opening));
    amqp_connection_state_t state = opening->state;
    opening->state = NULL;
    *ret_write_bytes_max = opening->write_bytes_max;
    *error = opening->error;
    opening_release(opening);
    return state;
}

void opening_abandon(struct opening *opening)
{
    assert(atomic_load(&opening->holders) >= 1);
    struct pollfd over = { .fd = opening->over_fd, .events = POLLIN };
    (void)poll(&over, 1, LINK_CLOSE_TIMEOUT_MS);
    opening_release(opening);
}
