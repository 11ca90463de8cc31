/* daemon.c - opens all parts in their order and closes them the other way; what handlers may ask of
 * the whole. */
#include "common/daemon/daemon.h"
#include "common/base/clock.h"
#include "common/base/exit_status.h"
#include "common/daemon/daemon_private.h"
#include "common/log/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEARTBEAT_S 10
/* So long a request waits for the engine to take it; then it gets 503. */
#define REQUEST_TAKE_MS_MAX 3000
#define WAIT_RESERVE_PART   8 /* of the threads, and one */
#define LOG_STOP_MS_MAX     200
#define ROUTES_MAX          16
#define OPS_THREADS         8

/* ---- for handlers ---- */

bool daemon_submit(struct daemon *daemon, struct request *request)
{
    assert(request->input.source == INPUT_FROM_REQUEST);
    return inbox_submit(daemon->inbox, request);
}

bool daemon_read(struct daemon *daemon, const char *id, void *ret_state, struct record *ret_record,
                 struct error *error)
{
    assert(id != NULL && ret_record != NULL);
    const struct participant *participant = daemon->service->participant;
    struct arena arena = { 0 };
    struct record record;
    bool is_read = daemon->store_port.load(daemon->store_port.self, &id, 1, &arena, &record, error);
    if (is_read && record.version == 0)
        is_read = error_set(error, ERROR_NOT_FOUND, "%s %s", participant->collection, id);
    if (is_read) {
        is_read = document_state_decode(participant, &record, ret_state, error);
        *ret_record = record;
        ret_record->body = NULL; /* it goes with the arena */
        ret_record->body_length = 0;
    }
    arena_done(&arena);
    return is_read;
}

bool daemon_list(struct daemon *daemon, const struct store_cursor *after, size_t limit,
                 struct arena *arena, struct record *ret_records, size_t *ret_count,
                 struct error *error)
{
    assert(limit > 0 && ret_records != NULL && ret_count != NULL);
    return daemon->store_port.list(daemon->store_port.self, after, limit, arena, ret_records,
                                   ret_count, error);
}

/* Some threads are left to those who do not wait. */
bool daemon_may_wait(struct daemon *daemon)
{
    assert(daemon->options->http_threads > 0);
    size_t reserve = (size_t)daemon->options->http_threads / WAIT_RESERVE_PART + 1;
    return !daemon_is_stopping(daemon) && http_server_threads_left(daemon->server) >= reserve;
}

struct watch *daemon_watch(struct daemon *daemon)
{
    assert(daemon->watch.max > 0);
    return &daemon->watch;
}

static void document_changed(void *self, const char *document_id)
{
    struct daemon *daemon = self;
    watch_changed(&daemon->watch, document_id);
}

void daemon_wake(struct daemon *daemon)
{
    wake_up(&daemon->wake);
}

void daemon_stop(struct daemon *daemon)
{
    atomic_store(&daemon->is_stopping, true);
    watch_over(&daemon->watch);
    wake_up(&daemon->wake);
}

bool daemon_is_stopping(const struct daemon *daemon)
{
    return atomic_load(&daemon->is_stopping);
}

int64_t daemon_loop_still_ms(const struct daemon *daemon)
{
    return clock_monotonic_ms() - atomic_load(&daemon->turned_ms);
}

void daemon_status_get(struct daemon *daemon, struct engine_status *ret_status,
                       char ret_bus_detail[ERROR_MESSAGE_BYTES])
{
    pthread_mutex_lock(&daemon->status_mutex);
    *ret_status = daemon->status;
    memcpy(ret_bus_detail, daemon->bus_detail, ERROR_MESSAGE_BYTES);
    pthread_mutex_unlock(&daemon->status_mutex);
    ret_status->bus.detail = NULL;
}

/* ---- start and stop ---- */

static bool bus_open(struct daemon *daemon, struct error *error)
{
    const struct daemon_service *service = daemon->service;
    const struct daemon_options *options = daemon->options;
    const struct amqp_bus_options bus_options = {
        .url = options->amqp_url,
        .service = service->name,
        .queue = service->queue,
        .bindings = service->bindings,
        .binding_count = service->binding_count,
        .may_declare = strcmp(options->topology, "declare") == 0,
        .prefetch = options->prefetch,
        .confirm_timeout_ms = options->confirm_timeout_ms,
        .heartbeat_s = HEARTBEAT_S,
        .topology_interval_ms = options->topology_interval_ms,
        .jitter_seed = (uint64_t)clock_wall_ns() ^ (uint64_t)getpid(),
    };
    daemon->bus = amqp_bus_new(&bus_options, error);
    return daemon->bus != NULL;
}

static void engine_make(struct daemon *daemon)
{
    const struct daemon_options *options = daemon->options;
    struct engine_limits limits = engine_limits_default;
    /* Half of what is in hand is published while the other half is decided. */
    limits.batch_max = ((size_t)options->prefetch + 1) / 2;
    limits.owed_documents_max = (size_t)options->owed_max;
    limits.sweep_interval_ms = options->sweep_interval_ms;
    limits.relay_age_ms = options->relay_age_ms;
    if (limits.clear_interval_ms > limits.relay_age_ms / 2)
        limits.clear_interval_ms = limits.relay_age_ms / 2;
    assert(limits.batch_max > 0 && limits.clear_interval_ms > 0);
    const struct engine_ports ports = {
        .store = store_gauge_port(daemon->gauge),
        .bus = amqp_bus_port(daemon->bus),
        .requests = inbox_port(daemon->inbox),
        .effects = daemon->service->effects,
        .observer = metrics_engine_observer(daemon->metrics),
    };
    daemon->engine = engine_new(daemon->service->participant, &ports, &limits);
}

/* These routes and the health routes. */
static struct http_server *listener_open(struct daemon *daemon,
                                         const struct http_server_options *options,
                                         const struct http_route *own, size_t own_count,
                                         struct error *error)
{
    assert(own != NULL || own_count == 0);
    struct http_route routes[ROUTES_MAX];
    if (own_count + HEALTH_ROUTES > ROUTES_MAX) {
        error_set(error, ERROR_BUG, "more than %d routes", ROUTES_MAX);
        return NULL;
    }
    for (size_t i = 0; i < own_count; i++) {
        routes[i] = own[i];
        if (routes[i].self == NULL)
            routes[i].self = daemon;
    }
    health_routes(daemon, routes + own_count);
    return http_server_start(options, routes, own_count + HEALTH_ROUTES,
                             metrics_http_observer(daemon->metrics), error);
}

static bool http_open(struct daemon *daemon, struct error *error)
{
    const struct daemon_service *service = daemon->service;
    const struct http_server_options options = {
        .bind_address = daemon->options->http_bind,
        .port = (int)daemon->options->http_port,
        .threads = (int)daemon->options->http_threads,
    };
    daemon->server = listener_open(daemon, &options, service->routes, service->route_count, error);
    return daemon->server != NULL;
}

static bool ops_open(struct daemon *daemon, struct error *error)
{
    const struct daemon_service *service = daemon->service;
    const struct daemon_options *options = daemon->options;
    const struct http_server_options server_options = {
        .bind_address = options->ops_bind,
        .bind_setting = "ROUNDTRIP_OPS_BIND",
        .port = (int)daemon_ops_port(options),
        .port_setting = "ROUNDTRIP_OPS_PORT",
        .threads = OPS_THREADS,
        .is_preferred = true,
    };
    daemon->ops_server = listener_open(daemon, &server_options, service->ops_routes,
                                       service->ops_route_count, error);
    return daemon->ops_server != NULL;
}

/* Each waits on a thread of the HTTP server: some of those are left for readers. */
static size_t requests_max(const struct daemon_options *options)
{
    int64_t most = options->http_threads * 3 / 4;
    return (size_t)(options->http_queue_max < most ? options->http_queue_max : most);
}

static bool daemon_open(struct daemon *daemon, struct error *error)
{
    const struct daemon_service *service = daemon->service;
    const struct metrics_setup metrics_setup = {
        .service = service->name,
        .queue = service->queue,
        .engine_next = service->tracing.engine_observer,
        .http_next = service->tracing.http_observer,
        .changed = document_changed,
        .changed_self = daemon,
    };
    daemon->metrics = metrics_new(&metrics_setup);
    if (!wake_open(&daemon->wake))
        return error_set(error, ERROR_RETRY, "no descriptor to be had");
    daemon->inbox = inbox_new(requests_max(daemon->options), REQUEST_TAKE_MS_MAX, &daemon->wake);
    daemon->minder = minder_start(daemon, error);
    if (daemon->minder == NULL)
        return false;
    daemon->store = store_open(daemon->options->store_url, service->name,
                               service->participant->collection, error);
    if (daemon->store == NULL)
        return error_wrap(error, "ROUNDTRIP_STORE");
    /* A store that is away may come; another service's will not be ours by waiting. */
    if (!store_claim(daemon->store, error) && error->code == ERROR_REJECT)
        return error_wrap(error, "ROUNDTRIP_STORE");
    daemon->store_port = store_port(daemon->store);
    daemon->gauge = store_gauge_start(&daemon->store_port, error);
    if (daemon->gauge == NULL)
        return false;
    if (!bus_open(daemon, error))
        return error_wrap(error, "ROUNDTRIP_AMQP_URL");
    engine_make(daemon);
    if (service->attach != NULL)
        service->attach(service->attach_self, daemon);
    return ops_open(daemon, error) && http_open(daemon, error);
}

static void daemon_close(struct daemon *daemon)
{
    daemon->server = http_server_stop(daemon->server);
    daemon->ops_server = http_server_stop(daemon->ops_server);
    if (daemon->service->detach != NULL)
        daemon->service->detach(daemon->service->attach_self);
    daemon->engine = engine_free(daemon->engine);
    daemon->bus = amqp_bus_free(daemon->bus);
    daemon->gauge = store_gauge_stop(daemon->gauge);
    daemon->store = store_close(daemon->store);
    if (daemon->service->tracing.shutdown != NULL)
        daemon->service->tracing.shutdown(daemon->service->tracing.self);
    daemon->minder = minder_stop(daemon->minder); /* it ends the process if any of this hangs */
    daemon->inbox = inbox_free(daemon->inbox);
    wake_close(&daemon->wake);
    daemon->metrics = metrics_free(daemon->metrics);
}

int daemon_run(const struct daemon_service *service, const struct daemon_options *options)
{
    assert(service->name != NULL && service->queue != NULL && service->participant != NULL);
    assert(service != NULL && options != NULL);
    struct daemon daemon = { .service = service, .options = options };
    struct error error;
    log_start(service->name, options->log_level, options->log_format);
    (void)log_writer_start(); /* without it lines are written as they come */
    pthread_mutex_init(&daemon.status_mutex, NULL);
    watch_init(&daemon.watch, (size_t)options->http_threads / 2);
    atomic_init(&daemon.turned_ms, clock_monotonic_ms());

    int status = EXIT_OK;
    if (daemon_open(&daemon, &error)) {
        minder_look(daemon.minder, true);
        log_write(LOG_INFO, "started: http port %d, ops port %d, queue %s, store %s",
                  http_server_port(daemon.server), http_server_port(daemon.ops_server),
                  service->queue, store_system(options->store_url));
        daemon_loop(&daemon);
        minder_look(daemon.minder, false);
    } else {
        log_write(LOG_ERROR, "%s", error.message);
        if (daemon.inbox != NULL)
            daemon_turn_away(&daemon);
        status = error.code == ERROR_REJECT ? EXIT_USAGE : EXIT_UNAVAILABLE;
    }
    daemon_close(&daemon);
    log_write(LOG_INFO, "stopped");
    log_writer_stop(LOG_STOP_MS_MAX);
    return status;
}
