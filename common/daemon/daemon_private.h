/* daemon_private.h - the daemon's parts, shared by the files of this folder and by nobody else. */
#pragma once

#include "common/daemon/daemon.h"
#include "common/daemon/metrics.h"
#include "common/engine/document.h"
#include "common/store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct daemon {
    const struct daemon_service *service;
    const struct daemon_options *options;
    struct store *store;
    struct store_port store_port;
    struct amqp_bus *bus;
    struct inbox *inbox;
    struct engine *engine;
    struct http_server *server, *ops_server;
    struct metrics *metrics;
    int signal_fd;
    atomic_bool is_stopping;

    pthread_mutex_t status_mutex;
    struct engine_status status; /* copied by the loop after each step */
    char bus_detail[ERROR_MESSAGE_BYTES];

    struct watch watch;
};

/* The status of the last step. Its bus.detail is NULL: that text belongs to the engine's thread,
 * ret_bus_detail is a copy. Any thread. */
void daemon_status_get(struct daemon *daemon, struct engine_status *ret_status,
                       char ret_bus_detail[ERROR_MESSAGE_BYTES]);

/* loop.c: until a signal; then finishes what is in hand. */
void daemon_loop(struct daemon *daemon);
/* loop.c: no request is taken any more, and those that wait are told so. */
void daemon_turn_away(struct daemon *daemon);

/* health.c */
#define HEALTH_ROUTES 4
void health_routes(struct daemon *daemon, struct http_route ret_routes[HEALTH_ROUTES]);
