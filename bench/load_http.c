/* load_http.c - pools of connections: a stack of idle ones, a ring of waiting jobs, and just enough
 * HTTP to read an answer. */
#include "bench/load_http.h"

#include "common/base/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST_SIZE       128
#define QUEUE_ROOM_MIN  1024 /* a power of two */
#define STATUS_POSITION 9    /* in "HTTP/1.1 200 OK" */

struct load_connection {
    struct load_pool *pool;
    int fd; /* -1: not open */
    bool is_busy;
    struct load_job job;
    char *answer;
    size_t answer_length;
};

struct load_pool {
    struct load_pool_options options;
    struct sockaddr_storage address;
    socklen_t address_length;
    struct load_connection *connections;
    size_t idle_count;
    struct load_connection **idle; /* a stack */
    struct load_job *queue;        /* a ring of a power of two */
    size_t queue_room, queue_begin, queue_count;
};

static bool address_find(struct load_pool *pool, struct error *error)
{
    char host[HOST_SIZE];
    const char *url = pool->options.url;
    const char *begin = strncmp(url, "http://", 7) == 0 ? url + 7 : url;
    const char *colon = strrchr(begin, ':');
    size_t length = colon != NULL ? (size_t)(colon - begin) : strlen(begin);
    if (length == 0 || length >= sizeof host)
        return error_set(error, ERROR_REJECT, "%s is no address: http://host:port", url);
    memcpy(host, begin, length);
    host[length] = '\0';
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, colon != NULL ? colon + 1 : "80", &hints, &found);
    if (code != 0)
        return error_set(error, ERROR_RETRY, "%s: %s", url, gai_strerror(code));
    memcpy(&pool->address, found->ai_addr, found->ai_addrlen);
    pool->address_length = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

struct load_pool *load_pool_new(const struct load_pool_options *options, struct error *error)
{
    struct load_pool *pool = memory_alloc(1, sizeof *pool);
    pool->options = *options;
    pool->connections = memory_alloc(options->connections, sizeof *pool->connections);
    pool->idle = memory_alloc(options->connections, sizeof(struct load_connection *));
    for (size_t i = 0; i < options->connections; i++) {
        struct load_connection *connection = &pool->connections[i];
        connection->pool = pool;
        connection->fd = -1;
        connection->answer = memory_alloc(1, options->answer_size + 1);
        pool->idle[pool->idle_count++] = connection;
    }
    pool->queue_room = QUEUE_ROOM_MIN;
    pool->queue = memory_alloc(pool->queue_room, sizeof *pool->queue);
    return address_find(pool, error) ? pool : load_pool_free(pool);
}

struct load_pool *load_pool_free(struct load_pool *pool)
{
    if (pool == NULL)
        return NULL;
    for (size_t i = 0; i < pool->options.connections; i++) {
        if (pool->connections[i].fd >= 0)
            close(pool->connections[i].fd);
        free(pool->connections[i].answer);
    }
    free(pool->connections);
    free(pool->idle);
    free(pool->queue);
    free(pool);
    return NULL;
}

void load_pool_submit(struct load_pool *pool, const struct load_job *job)
{
    assert(pool->queue_room > 0);
    if (pool->queue_count == pool->queue_room) {
        struct load_job *larger = memory_alloc(2 * pool->queue_room, sizeof *larger);
        for (size_t i = 0; i < pool->queue_count; i++)
            larger[i] = pool->queue[(pool->queue_begin + i) % pool->queue_room];
        free(pool->queue);
        pool->queue = larger;
        pool->queue_room *= 2;
        pool->queue_begin = 0;
    }
    pool->queue[(pool->queue_begin + pool->queue_count++) % pool->queue_room] = *job;
}

size_t load_pool_queued(const struct load_pool *pool)
{
    return pool->queue_count;
}

size_t load_pool_idle(const struct load_pool *pool)
{
    return pool->idle_count;
}

static void connection_close(struct load_connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
    connection->answer_length = 0;
}

/* On one machine a connect takes no time; elsewhere it would hold up the others for a moment. */
static bool connection_open(struct load_connection *connection, struct error *error)
{
    const struct load_pool *pool = connection->pool;
    const int on = 1;
    int fd = socket(pool->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&pool->address, pool->address_length) != 0) {
        int reason = errno;
        if (fd >= 0)
            close(fd);
        return error_set(error, ERROR_RETRY, "%s: %s", pool->options.url, strerror(reason));
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };
    if (epoll_ctl(pool->options.epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        return error_set(error, ERROR_BUG, "epoll: %s", strerror(errno));
    }
    connection->fd = fd;
    return true;
}

static void connection_finish(struct load_connection *connection, const struct load_answer *answer)
{
    struct load_pool *pool = connection->pool;
    struct load_job job = connection->job;
    connection->is_busy = false;
    connection->answer_length = 0;
    pool->idle[pool->idle_count++] = connection;
    pool->options.speaker.answered(pool->options.speaker.self, &job, answer);
}

static void connection_lose(struct load_connection *connection)
{
    bool was_busy = connection->is_busy;
    connection_close(connection);
    if (was_busy)
        connection_finish(connection, &(struct load_answer){ 0 });
}

bool load_pool_send(struct load_pool *pool, struct error *error)
{
    char request[LOAD_REQUEST_SIZE];
    while (pool->queue_count > 0 && pool->idle_count > 0) {
        struct load_connection *connection = pool->idle[pool->idle_count - 1];
        if (connection->fd < 0 && !connection_open(connection, error))
            return false;
        pool->idle_count--;
        connection->job = pool->queue[pool->queue_begin];
        pool->queue_begin = (pool->queue_begin + 1) % pool->queue_room;
        pool->queue_count--;
        connection->is_busy = true;
        const struct load_speaker *speaker = &pool->options.speaker;
        size_t length = speaker->write(speaker->self, &connection->job, request);
        /* A kilobyte fits into the buffer of a socket that waits for nothing. */
        if (send(connection->fd, request, length, MSG_NOSIGNAL) != (ssize_t)length)
            connection_lose(connection);
    }
    return true;
}

/* The value of a header of the answer; NULL: absent. */
static const char *header_find(const char *head, const char *end, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = head; line != NULL && line < end; line = strstr(line, "\r\n")) {
        line += line == head ? 0 : 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':')
            return line + length + 1 + strspn(line + length + 1, " ");
    }
    return NULL;
}

/* True: the answer is complete, and was handed on. */
static bool answer_read(struct load_connection *connection)
{
    char *text = connection->answer;
    text[connection->answer_length] = '\0';
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        return false;
    const char *length_text = header_find(text, end, "Content-Length");
    size_t body_length = length_text != NULL ? strtoul(length_text, NULL, 10) : 0;
    const char *body = end + 4;
    if (connection->answer_length < (size_t)(body - text) + body_length)
        return false;
    const char *close_text = header_find(text, end, "Connection");
    if (close_text != NULL && strncasecmp(close_text, "close", 5) == 0)
        connection_close(connection);
    const struct load_answer answer = {
        .status = (int)strtol(text + STATUS_POSITION, NULL, 10),
        .body = body,
        .body_length = body_length,
    };
    connection_finish(connection, &answer);
    return true;
}

void load_pool_event(void *self)
{
    struct load_connection *connection = self;
    size_t size = connection->pool->options.answer_size;
    if (connection->fd < 0)
        return;
    for (;;) {
        size_t room = size - connection->answer_length;
        ssize_t got =
            room > 0 ? recv(connection->fd, connection->answer + connection->answer_length, room, 0)
                     : 0;
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0 || !connection->is_busy) {
            connection_lose(connection);
            return;
        }
        connection->answer_length += (size_t)got;
        if (answer_read(connection))
            return;
    }
}
