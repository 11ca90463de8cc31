/* http_connections.c - a slot for each connection, and the watcher; the socket is looked for in
 * /proc/self/fd, since civetweb keeps it to itself. */
#include "common/http/http_connections.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/thread.h"

#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ADDRESS_SIZE 48
#define TICK_MS      50 /* how late a deadline may be noticed */

struct http_connection {
    struct http_connections *all;
    bool is_used, is_overdue;
    bool is_refused;            /* of the connection's thread alone */
    char address[ADDRESS_SIZE]; /* "" = not identified yet */
    int port, local_port;
    int fd;              /* once it was looked for; -1 = not yet, or not found */
    int64_t deadline_ms; /* monotonic; 0 = not watched */
};

struct http_connections {
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    size_t count, room, per_address_max;
    bool is_loopback_exempt, is_stopping;
    pthread_t watcher;
    struct http_connection connections[];
};

/* ---- the socket: civetweb keeps it to itself ---- */

static bool port_is(const struct sockaddr_storage *address, int port)
{
    struct sockaddr_in ipv4;
    memcpy(&ipv4, address, sizeof ipv4);
    return address->ss_family == AF_INET && ntohs(ipv4.sin_port) == port;
}

static bool address_is(const struct sockaddr_storage *address, const char *text)
{
    char buffer[ADDRESS_SIZE];
    struct sockaddr_in ipv4;
    memcpy(&ipv4, address, sizeof ipv4);
    return inet_ntop(AF_INET, &ipv4.sin_addr, buffer, sizeof buffer) != NULL &&
           strcmp(buffer, text) == 0;
}

static bool socket_is(int fd, const struct http_connection *connection)
{
    struct sockaddr_storage peer = { 0 }, local = { 0 };
    socklen_t peer_size = sizeof peer, local_size = sizeof local;
    return getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0 &&
           getsockname(fd, (struct sockaddr *)&local, &local_size) == 0 &&
           port_is(&peer, connection->port) && port_is(&local, connection->local_port) &&
           address_is(&peer, connection->address);
}

/* Only for connections that are being ended. Its thread is reading, and comes back through
 * http_connection_unwatch, so the socket is not closed meanwhile. */
static int socket_find(const struct http_connection *connection)
{
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL)
        return -1;
    int found = -1;
    for (struct dirent *entry = readdir(directory); entry != NULL && found < 0;
         entry = readdir(directory)) {
        char *end;
        long fd = strtol(entry->d_name, &end, 10);
        if (end != entry->d_name && *end == '\0' && socket_is((int)fd, connection))
            found = (int)fd;
    }
    closedir(directory);
    return found;
}

/* ---- the watcher ---- */

static void overdue_end(struct http_connections *all)
{
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < all->room; i++) {
        struct http_connection *connection = &all->connections[i];
        if (connection->deadline_ms == 0 || now_ms < connection->deadline_ms)
            continue;
        connection->deadline_ms = 0;
        connection->is_overdue = true;
        int fd = socket_find(connection);
        if (fd >= 0)
            shutdown(fd, SHUT_RD);
    }
}

static void *watcher_run(void *self)
{
    struct http_connections *all = self;
    pthread_mutex_lock(&all->mutex);
    while (!all->is_stopping) {
        if (all->count == 0)
            pthread_cond_wait(&all->changed, &all->mutex);
        else
            (void)thread_wait(&all->changed, &all->mutex, clock_monotonic_ms() + TICK_MS);
        overdue_end(all);
    }
    pthread_mutex_unlock(&all->mutex);
    return NULL;
}

/* ---- life ---- */

struct http_connections *http_connections_new(size_t connections_max, size_t per_address_max,
                                              struct error *error)
{
    assert(connections_max > 0);
    struct http_connections *all =
        memory_alloc(1, sizeof *all + connections_max * sizeof all->connections[0]);
    all->room = connections_max;
    all->is_loopback_exempt = per_address_max == 0;
    all->per_address_max = per_address_max > 0 ? per_address_max : (connections_max * 3 + 3) / 4;
    pthread_cond_init(&all->changed, NULL);
    pthread_mutex_init(&all->mutex, NULL);
    if (thread_start(&all->watcher, watcher_run, all))
        return all;
    error_set(error, ERROR_RETRY, "http: no thread to be had");
    pthread_cond_destroy(&all->changed);
    pthread_mutex_destroy(&all->mutex);
    free(all);
    return NULL;
}

struct http_connections *http_connections_free(struct http_connections *all)
{
    if (all == NULL)
        return NULL;
    assert(all->count == 0);
    pthread_mutex_lock(&all->mutex);
    all->is_stopping = true;
    pthread_cond_signal(&all->changed);
    pthread_mutex_unlock(&all->mutex);
    pthread_join(all->watcher, NULL);
    pthread_cond_destroy(&all->changed);
    pthread_mutex_destroy(&all->mutex);
    free(all);
    return NULL;
}

static struct http_connection *slot_take(struct http_connections *all)
{
    for (size_t i = 0; i < all->room; i++)
        if (!all->connections[i].is_used)
            return &all->connections[i];
    return NULL;
}

static size_t address_count(const struct http_connections *all, const char *address)
{
    size_t count = 0;
    for (size_t i = 0; i < all->room; i++)
        if (all->connections[i].is_used && strcmp(all->connections[i].address, address) == 0)
            count++;
    return count;
}

struct http_connection *http_connection_enter(struct http_connections *all)
{
    pthread_mutex_lock(&all->mutex);
    struct http_connection *connection = slot_take(all);
    assert(connection != NULL); /* one thread, one connection, one slot */
    *connection = (struct http_connection){ .all = all, .is_used = true, .fd = -1 };
    if (all->count++ == 0)
        pthread_cond_signal(&all->changed);
    pthread_mutex_unlock(&all->mutex);
    return connection;
}

bool http_connection_identify(struct http_connection *connection, const struct http_peer *peer)
{
    assert(peer != NULL);
    struct http_connections *all = connection->all;
    if (connection->address[0] != '\0') /* written by this thread only */
        return true;
    pthread_mutex_lock(&all->mutex);
    connection->port = peer->port;
    connection->local_port = peer->local_port;
    (void)snprintf(connection->address, sizeof connection->address, "%s", peer->address);
    bool is_exempt = all->is_loopback_exempt && peer->is_loopback;
    bool is_allowed = is_exempt || address_count(all, connection->address) <= all->per_address_max;
    pthread_mutex_unlock(&all->mutex);
    return is_allowed;
}

void http_connection_leave(struct http_connection *connection)
{
    struct http_connections *all = connection->all;
    pthread_mutex_lock(&all->mutex);
    assert(connection->is_used);
    connection->is_used = false;
    connection->deadline_ms = 0;
    all->count--;
    pthread_mutex_unlock(&all->mutex);
}

void http_connection_refuse(struct http_connection *connection)
{
    connection->is_refused = true;
}

bool http_connection_is_refused(const struct http_connection *connection)
{
    return connection->is_refused;
}

void http_connection_watch(struct http_connection *connection, int64_t timeout_ms)
{
    assert(timeout_ms > 0);
    pthread_mutex_lock(&connection->all->mutex);
    connection->is_overdue = false;
    connection->deadline_ms = clock_monotonic_ms() + timeout_ms;
    pthread_mutex_unlock(&connection->all->mutex);
}

bool http_connection_unwatch(struct http_connection *connection)
{
    pthread_mutex_lock(&connection->all->mutex);
    connection->deadline_ms = 0;
    bool is_overdue = connection->is_overdue;
    pthread_mutex_unlock(&connection->all->mutex);
    return is_overdue;
}

bool http_connection_is_abandoned(struct http_connection *connection)
{
    if (connection->fd < 0)
        connection->fd = socket_find(connection); /* a walk over all descriptors: once */
    struct pollfd peer = { .fd = connection->fd, .events = POLLRDHUP };
    return connection->fd >= 0 && poll(&peer, 1, 0) == 1;
}

size_t http_connections_left(struct http_connections *all)
{
    assert(all->room > 0);
    pthread_mutex_lock(&all->mutex);
    size_t left = all->room - all->count;
    pthread_mutex_unlock(&all->mutex);
    return left;
}

bool http_connections_are_full(struct http_connections *all)
{
    pthread_mutex_lock(&all->mutex);
    bool are_full = all->count >= all->room;
    pthread_mutex_unlock(&all->mutex);
    return are_full;
}
