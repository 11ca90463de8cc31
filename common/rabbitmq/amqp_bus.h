/* amqp_bus.h - the bus port on RabbitMQ, by rabbitmq-c. Two connections (publish, consume), both
 * owned by the engine's thread. */
#pragma once

#include "common/base/error.h"
#include "common/rabbitmq/topology_names.h"
#include "common/saga/bus_port.h"
#include "common/saga/topology.h"

struct amqp_bus_options {
    const char *url;                         /* amqp://user:password@host:port/vhost, or amqps:// */
    const char *service;                     /* connection name and app id */
    const char *queue;                       /* consumed */
    const struct topology_binding *bindings; /* the whole topology: every queue of every service */
    size_t binding_count;
    bool may_declare; /* ROUNDTRIP_TOPOLOGY=declare; else only checks (verify) */
    int64_t prefetch, confirm_timeout_ms, heartbeat_s;
    int64_t topology_interval_ms; /* all of it is made sure of so often; 0 = when connecting only */
    uint64_t jitter_seed;
};

/* ERROR_REJECT, with the way out, where amqp_bus_new would refuse this URL. */
MUST_CHECK bool amqp_bus_url_check(const char *url, struct error *error);

struct amqp_bus;
MUST_CHECK struct amqp_bus *amqp_bus_new(const struct amqp_bus_options *options,
                                         struct error *error); /* ERROR_REJECT: the URL is bad */
struct amqp_bus *amqp_bus_free(struct amqp_bus *bus); /* closes both connections; returns NULL */
struct bus_port amqp_bus_port(struct amqp_bus *bus);
/* How often all of the topology was made sure of, connecting apart. */
uint64_t amqp_bus_topology_checks(const struct amqp_bus *bus);
/* The sockets to poll for reading while idle; -1 where there is none. */
void amqp_bus_fds(const struct amqp_bus *bus, int *ret_publish_fd, int *ret_consume_fd);
/* Frames are buffered inside the library: do not sleep. */
bool amqp_bus_has_buffered(const struct amqp_bus *bus);
