/* daemon_private.h - the daemon's parts. Private to the daemon, whose files share them. */
#pragma once

#include "common/daemon/daemon.h"
#include "common/daemon/inbox.h"
#include "common/daemon/metrics.h"
#include "common/daemon/minder.h"
#include "common/daemon/readiness.h"
#include "common/daemon/store_gauge.h"
#include "common/saga/document.h"
#include "common/store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct daemon {
    const struct daemon_service *service;
    const struct daemon_options *options;
    struct store *store;
    struct store_port store_port; /* for HTTP readers */
    struct store_gauge *gauge;    /* and, around the same store, for the engine */
    struct amqp_bus *bus;
    struct wake wake; /* of the loop */
    struct inbox *inbox;
    struct engine *engine;
    struct http_server *server, *ops_server;
    struct metrics *metrics;
    struct minder *minder;
    atomic_bool is_stopping;
    atomic_int_least64_t turned_ms; /* when the loop turned last, monotonic */

    pthread_mutex_t status_mutex;
    struct engine_status status; /* copied by the loop after each step */
    char bus_detail[ERROR_MESSAGE_BYTES];
    uint64_t topology_checks;

    struct watch watch;
};

/* The status of the last step. Its bus.detail is NULL: that text belongs to the engine's thread,
 * ret_bus_detail is a copy. Any thread. */
void daemon_status_get(struct daemon *daemon, struct engine_status *ret_status,
                       char ret_bus_detail[ERROR_MESSAGE_BYTES]);

/* For how long the loop has not turned: no call of a healthy turn, whatever is away, lasts longer
 * than LOOP_STILL_MS_MAX. Any thread. */
#define LOOP_STILL_MS_MAX 15000
int64_t daemon_loop_still_ms(const struct daemon *daemon);

/* Any thread: the loop is to end. */
void daemon_stop(struct daemon *daemon);

/* loop.c: until it is to end; then finishes what is in hand. */
void daemon_loop(struct daemon *daemon);
/* loop.c: no request is taken any more, and those that wait are told so. */
void daemon_turn_away(struct daemon *daemon);

/* health.c */
#define HEALTH_ROUTES 4
void health_routes(struct daemon *daemon, struct http_route ret_routes[HEALTH_ROUTES]);
