/* daemon.h - what the services share around their engine: options, store, bus, HTTP, health
 * routes, metrics, tracing hooks, the thin loop and an orderly shutdown.
 *
 * Two listeners: the public one for clients, and one for operators and their probes, with threads
 * of its own, so that what floods the one cannot silence the other.
 *
 * Whoever runs a service has its options read by daemon_arguments, fills a struct daemon_service
 * and calls daemon_run: host/service_main.h does, for all of them. */
#pragma once

#include "common/daemon/daemon_options.h"
#include "common/daemon/daemon_tracing.h"
#include "common/daemon/watch.h"
#include "common/http/http_server.h"
#include "common/rabbitmq/amqp_bus.h"
#include "common/saga/effect_port.h"
#include "common/saga/service.h"
#include "common/saga/store_port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct request;
struct daemon; /* what handlers may use */

/* Sends a changing request through the engine. False: busy or stopping (answer 503). */
bool daemon_submit(struct daemon *daemon, struct request *request);
/* Reads one document from the store on the caller's thread. ERROR_NOT_FOUND when absent. The state
 * is decoded into ret_state; the record comes without its body. */
bool daemon_read(struct daemon *daemon, const char *id, void *ret_state, struct record *ret_record,
                 struct error *error);
/* Up to `limit` (> 0) records behind `after`, which live in the arena. The caller's thread. */
bool daemon_list(struct daemon *daemon, const struct store_cursor *after, size_t limit,
                 struct arena *arena, struct record *ret_records, size_t *ret_count,
                 struct error *error);
/* Told of every document that is saved by this process. */
struct watch *daemon_watch(struct daemon *daemon);
/* May this request go on waiting? Not once the last threads are taken, or the service stops. */
bool daemon_may_wait(struct daemon *daemon);
/* The engine looks at once for effect results. Any thread. */
void daemon_wake(struct daemon *daemon);
bool daemon_is_stopping(const struct daemon *daemon);

struct daemon_service {
    const char *name; /* "gateway" */
    const struct participant *participant;
    const char *queue; /* the queue it consumes */
    const struct topology_binding
        *bindings; /* the whole topology, declared or checked by every service */
    size_t binding_count;
    const struct http_route *routes; /* its own; health and metrics are added; `self` may be NULL:
                                        then the daemon is passed */
    size_t route_count;
    /* For operators: served by the ops listener only, beside health and metrics. */
    const struct http_route *ops_routes;
    size_t ops_route_count;
    void *attach_self;
    /* Around the life of the daemon: attach once before the first request, detach before it is
     * freed. Either may be NULL. */
    void (*attach)(void *self, struct daemon *daemon);
    void (*detach)(void *self);
    struct effect_port effects; /* start NULL: none */
    struct daemon_tracing tracing;
};

/* Runs until SIGTERM or SIGINT; the process's exit status. `options` starts with struct
 * daemon_options. */
int daemon_run(const struct daemon_service *service, const struct daemon_options *options);

/* What no option of these alone can tell. Problems go to `messages`, one a line, each with the way
 * out. */
bool daemon_options_check(const struct daemon_options *options, FILE *messages);

/* argv handling that all daemons share: --check-config, --help, --version. True: go on with
 * running; false: exit with *ret_status. Fills `options` by config_read, then checks them: what the
 * start would refuse, --check-config refuses too. */
bool daemon_arguments(int argc, char **argv, const struct service_description *service,
                      void *options, int *ret_status);
