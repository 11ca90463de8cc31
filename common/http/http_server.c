/* http_server.c - the one file that speaks to civetweb's server: everything is answered in
 * begin_request, so none of its own file serving, authorisation or routing ever runs. */
#include "common/http/http_server.h"
#include "common/base/memory.h"
#include "common/http/http_accept.h"
#include "common/http/http_exchange.h"
#include "common/http/http_listen.h"
#include "common/http/http_seams.h"
#include "common/http/http_stop.h"

#include <arpa/inet.h>
#include <assert.h>
#include <civetweb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_DEFAULT   64
#define THREADS_MAX       1024
#define BODY_DEADLINE_MS  2000
#define DRAIN_DEADLINE_MS 250   /* what a refused sender may still send, so that it reads why */
#define DRAIN_BYTES_MAX   65536 /* the same */
#define ANSWERS_MS_MAX    1000  /* a stop waits so long for answers that are being written */
#define ANSWERS_PACE_MS   5
#define REFUSAL_SIZE      160
#define WORKER_THREAD     1

struct http_server {
    struct mg_context *context;
    struct http_connections *connections;
    struct http_route *routes;
    size_t route_count;
    struct http_observer observer;
    atomic_int answering;   /* handlers that run, until what they say is sent */
    struct in_addr address; /* where it listens */
    int port;
    char refusal[REFUSAL_SIZE]; /* civetweb's last complaint while starting */
};

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0;
}

/* ---- body ---- */

static void body_read(struct mg_connection *connection, struct http_connection *peer,
                      struct http_exchange *exchange)
{
    size_t wanted = exchange->framing.body_length;
    char *body = http_workspace_body(exchange->workspace);
    size_t got = 0;
    if (exchange->framing.expects_continue && wanted > 0)
        (void)mg_write(connection, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    http_connection_watch(peer, BODY_DEADLINE_MS);
    while (got < wanted) {
        int count = mg_read(connection, body + got, wanted - got);
        if (count <= 0)
            break;
        got += (size_t)count;
    }
    bool is_overdue = http_connection_unwatch(peer);
    body[got] = '\0';
    exchange->request.body = body;
    exchange->request.body_length = got;
    if (got == wanted)
        return;
    if (is_overdue)
        http_exchange_refuse(exchange, 408, "request-timeout", "the body did not come within 2 s");
    else
        http_exchange_refuse(exchange, 400, "bad-request", "the body is shorter than its length");
}

/* Closing a socket with unread bytes in it resets it, and the sender may never read the answer. */
static void body_drain(struct mg_connection *connection, struct http_connection *peer,
                       const struct http_exchange *exchange)
{
    char *scratch = http_workspace_body(exchange->workspace);
    size_t left = exchange->framing.body_length < DRAIN_BYTES_MAX ? exchange->framing.body_length
                                                                  : DRAIN_BYTES_MAX;
    http_connection_watch(peer, DRAIN_DEADLINE_MS);
    while (left > 0) {
        size_t part = left < HTTP_BODY_BYTES_MAX ? left : HTTP_BODY_BYTES_MAX;
        int count = mg_read(connection, scratch, part);
        if (count <= 0)
            break;
        left -= (size_t)count;
    }
    (void)http_connection_unwatch(peer);
}

/* ---- one request ---- */

static void exchange_send(struct mg_connection *connection, struct http_server *server,
                          struct http_exchange *exchange)
{
    if (exchange->framing.wants_close || http_connections_are_full(server->connections))
        exchange->answer.close = true;
    if (exchange->answer.close)
        mg_disable_connection_keep_alive(connection);
    size_t length;
    const char *bytes = http_exchange_render(exchange, &length);
    (void)mg_write(connection, bytes, length); /* the client may be gone: nothing to be done */
}

static void head_copy(const struct mg_request_info *info, struct http_exchange *exchange)
{
    size_t count = info->num_headers > 0 ? (size_t)info->num_headers : 0;
    assert(count <= HTTP_EXCHANGE_FIELDS);
    /* Of a target in absolute form what follows the authority (RFC 9112 3.2.2). */
    const char *path = info->local_uri_raw != NULL ? info->local_uri_raw : info->request_uri;
    for (size_t i = 0; i < count; i++)
        exchange->fields[i] =
            (struct http_field){ info->http_headers[i].name, info->http_headers[i].value };
    exchange->head = (struct http_head){
        .method = info->request_method,
        .path = path,
        .version = info->http_version,
        .fields = exchange->fields,
        .field_count = count,
    };
    exchange->request = (struct http_request){
        .method = info->request_method,
        .route = "",
        .path = path,
        .query = info->query_string != NULL ? info->query_string : "",
        .body = "",
        .remote_address = info->remote_addr,
        .is_loopback = is_loopback(info->remote_addr),
        .connection = &exchange->head,
    };
}

static bool peer_is_welcome(struct http_connection *connection, struct http_exchange *exchange,
                            const struct mg_request_info *info)
{
    const struct http_peer peer = { .address = info->remote_addr,
                                    .port = info->remote_port,
                                    .local_port = info->server_port,
                                    .is_loopback = exchange->request.is_loopback };
    if (http_connection_identify(connection, &peer))
        return true;
    http_exchange_refuse(exchange, 503, "too-many-connections",
                         "this address holds too many connections");
    return false;
}

static bool head_is_whole(struct http_exchange *exchange)
{
    if (exchange->head.field_count > HTTP_FIELDS_MAX || /* refused as such */
        http_seams_are_plain(exchange->fields, exchange->head.field_count))
        return true;
    http_exchange_refuse(exchange, 400, "bad-request", "a header line is folded or malformed");
    return false;
}

static int request_begin(struct mg_connection *connection)
{
    const struct mg_request_info *info = mg_get_request_info(connection);
    struct http_server *server = mg_get_user_data(mg_get_context(connection));
    struct http_connection *peer = mg_get_user_connection_data(connection);
    struct http_exchange exchange;
    http_exchange_init(&exchange, mg_get_thread_pointer(connection));
    head_copy(info, &exchange);
    exchange.request.peer = peer;
    if (peer_is_welcome(peer, &exchange, info) && head_is_whole(&exchange))
        http_exchange_route(&exchange, server->routes, server->route_count);
    if (!exchange.is_refused && exchange.framing.body_length > 0)
        body_read(connection, peer, &exchange);
    atomic_fetch_add(&server->answering, 1);
    if (!exchange.is_refused)
        exchange.route->handle(exchange.route->self, &exchange.request, &exchange.answer);
    exchange_send(connection, server, &exchange);
    atomic_fetch_sub(&server->answering, 1);
    http_exchange_observe(&exchange, &server->observer);
    if (exchange.is_refused && exchange.framing.has_length && exchange.request.body_length == 0)
        body_drain(connection, peer, &exchange);
    return exchange.answer.status;
}

/* ---- civetweb's other callbacks ---- */

/* Requests that civetweb itself cannot read; it does not say which of the reasons it was, and its
 * texts may quote the request. */
static int error_answer(struct mg_connection *connection, int status, const char *text)
{
    (void)text;
    struct http_server *server = mg_get_user_data(mg_get_context(connection));
    struct http_exchange exchange;
    http_exchange_init(&exchange, mg_get_thread_pointer(connection));
    const struct mg_request_info *info = mg_get_request_info(connection);
    if (info != NULL)
        exchange.request.remote_address = info->remote_addr;
    http_exchange_refuse(&exchange, status == 505 ? 505 : 400, "bad-request",
                         "the head is malformed, longer than 16384 bytes, or came too slowly");
    http_connection_refuse(mg_get_user_connection_data(connection));
    exchange_send(connection, server, &exchange);
    http_exchange_observe(&exchange, &server->observer);
    return 0;
}

static int message_keep(const struct mg_connection *connection, const char *message)
{
    struct mg_context *context = connection != NULL ? mg_get_context(connection) : NULL;
    struct http_server *server = context != NULL ? mg_get_user_data(context) : NULL;
    if (server != NULL && server->context == NULL)
        (void)snprintf(server->refusal, sizeof server->refusal, "%s", message);
    return 1; /* never to stderr */
}

/* civetweb does not say yet whose it is: mg_get_request_info gives NULL here. */
static int connection_begin(const struct mg_connection *connection, void **ret_self)
{
    struct http_server *server = mg_get_user_data(mg_get_context(connection));
    *ret_self = http_connection_enter(server->connections);
    return 0;
}

/* A target that is no path of this server ("*", somebody else's address) reaches none of the other
 * callbacks: civetweb would close without a word. OPTIONS * asks whether anybody is there (RFC 9110
 * 9.3.7). */
static void target_answer(struct mg_connection *connection, const struct mg_request_info *info)
{
    struct http_server *server = mg_get_user_data(mg_get_context(connection));
    struct http_exchange exchange;
    http_exchange_init(&exchange, mg_get_thread_pointer(connection));
    head_copy(info, &exchange);
    exchange.answer.close = true;
    if (strcmp(info->request_method, "OPTIONS") == 0 && strcmp(info->request_uri, "*") == 0) {
        exchange.answer.status = 204;
        http_answer_header(&exchange.answer, "Allow", "GET, HEAD, POST");
    } else {
        http_exchange_refuse(&exchange, 400, "bad-request",
                             "the target is neither a path nor an address of this server");
    }
    exchange_send(connection, server, &exchange);
    http_exchange_observe(&exchange, &server->observer);
}

static void connection_end(const struct mg_connection *connection)
{
    struct http_connection *peer = mg_get_user_connection_data(connection);
    const struct mg_request_info *info = mg_get_request_info(connection);
    if (peer == NULL)
        return;
    if (info != NULL && info->request_uri != NULL && info->local_uri_raw == NULL &&
        !http_connection_is_refused(peer))
        target_answer((struct mg_connection *)(uintptr_t)connection, info); /* const by its type */
    http_connection_leave(peer);
}

static void *thread_begin(const struct mg_context *context, int type)
{
    (void)context;
    return type == WORKER_THREAD ? http_workspace_new() : NULL;
}

static void thread_end(const struct mg_context *context, int type, void *workspace)
{
    (void)context;
    if (type == WORKER_THREAD)
        http_workspace_free(workspace);
}

/* ---- start and stop ---- */

static bool context_start(struct http_server *server, const struct http_server_options *options,
                          int threads, struct error *error)
{
    char ports[64], thread_count[16];
    (void)snprintf(ports, sizeof ports, "%s:%d", options->bind_address, options->port);
    (void)snprintf(thread_count, sizeof thread_count, "%d", threads);
    const char *settings[] = {
        "listening_ports",
        ports,
        "num_threads",
        thread_count,
        "enable_keep_alive",
        "yes",
        "keep_alive_timeout_ms",
        "2000",
        "request_timeout_ms",
        "3000",
        "max_request_size",
        "16384",
        "connection_queue",
        "128",
        "listen_backlog",
        "512",
        "tcp_nodelay",
        "1",
        "decode_url",
        "no",
        "enable_directory_listing",
        "no",
        "access_control_allow_origin",
        "",
        "enable_auth_domain_check", /* an absolute target may name us as it likes */
        "no",
        NULL,
    };
    /* Without log_access civetweb leaves out its access log, and localtime, which races. */
    const struct mg_callbacks callbacks = {
        .begin_request = request_begin,
        .log_message = message_keep,
        .http_error = error_answer,
        .connection_close = connection_end, /* the later connection_closed has no user data left */
        .init_connection = connection_begin,
        .init_thread = thread_begin,
        .exit_thread = thread_end,
    };
    struct mg_server_port port = { 0 };
    server->context = mg_start(&callbacks, server, settings);
    if (server->context == NULL)
        return error_set(error, ERROR_RETRY, "http: cannot start: %s", server->refusal);
    int count = mg_get_server_ports(server->context, 1, &port);
    assert(count == 1);
    server->port = port.port;
    (void)inet_pton(AF_INET, options->bind_address,
                    &server->address); /* as http_listen_probe did */
    if (options->is_preferred)
        http_accept_prefer(server->port);
    return true;
}

struct http_server *http_server_start(const struct http_server_options *options,
                                      const struct http_route *routes, size_t route_count,
                                      const struct http_observer *observer, struct error *error)
{
    int threads = options->threads > 0 ? options->threads : THREADS_DEFAULT;
    assert(threads <= THREADS_MAX && options->connections_per_address_max >= 0);
    if (!http_listen_probe(options, error))
        return NULL;
    struct http_server *server = memory_alloc(1, sizeof *server);
    struct http_route *copy = memory_alloc(route_count + 1, sizeof *copy);
    memcpy(copy, routes, route_count * sizeof *copy);
    server->routes = copy;
    server->route_count = route_count;
    if (observer != NULL)
        server->observer = *observer;
    server->connections =
        http_connections_new((size_t)threads, (size_t)options->connections_per_address_max, error);
    if (server->connections == NULL || !context_start(server, options, threads, error))
        return http_server_stop(server);
    return server;
}

bool http_request_is_abandoned(const struct http_request *request)
{
    assert(request != NULL);
    return request->peer != NULL && http_connection_is_abandoned(request->peer);
}

size_t http_server_threads_left(const struct http_server *server)
{
    assert(server->connections != NULL);
    return http_connections_left(server->connections);
}

int http_server_port(const struct http_server *server)
{
    assert(server->port > 0);
    return server->port;
}

/* Once civetweb stops it sends nothing any more, not even the answer to a request that is saved. */
static void answers_await(struct http_server *server)
{
    for (int waited_ms = 0; waited_ms < ANSWERS_MS_MAX; waited_ms += ANSWERS_PACE_MS) {
        if (atomic_load(&server->answering) == 0)
            return;
        poll(NULL, 0, ANSWERS_PACE_MS);
    }
}

struct http_server *http_server_stop(struct http_server *server)
{
    if (server == NULL)
        return NULL;
    answers_await(server);
    if (server->context != NULL)
        http_stop(server->context, server->address, server->port);
    http_connections_free(server->connections);
    free(server->routes);
    free(server);
    return NULL;
}
