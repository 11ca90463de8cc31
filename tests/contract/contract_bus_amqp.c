/* contract_bus_amqp.c - the bus of common/rabbitmq on a private broker. */
#include "common/rabbitmq/amqp_topology.h"
#include "tests/contract/amqp_rig.h"
#include "tests/contract/contract_bus.h"

#include <poll.h>
#include <stdio.h>

static struct rig amqp_open(int64_t prefetch)
{
    struct amqp_bus_options options = rig_options();
    options.prefetch = prefetch;
    return rig_open(&options);
}

static void amqp_pass(void)
{
    (void)poll(NULL, 0, 10);
}

static void amqp_limit(const char *queue, bool is_full)
{
    char pattern[64];
    (void)snprintf(pattern, sizeof pattern, "^%s$", queue);
    if (is_full)
        broker_run("ctl", (const char *[]){ "set_policy", "full", pattern, "{\"max-length\":3}",
                                            "--apply-to", "queues", NULL });
    else
        broker_run("ctl", (const char *[]){ "clear_policy", "full", NULL });
}

static void amqp_close_connections(void)
{
    broker_run("ctl", (const char *[]){ "close_all_connections", "drill", NULL });
}

const struct bus_backend bus_amqp = {
    .name = "rabbitmq",
    .later_ms = TOPOLOGY_LATER_TTL_MS,
    .reset = broker_reset,
    .open = amqp_open,
    .close = rig_close,
    .pass = amqp_pass,
    .ready = broker_ready,
    .get = broker_get,
    .unbind = broker_unbind,
    .delete_queue = broker_delete_queue,
    .limit = amqp_limit,
    .close_connections = amqp_close_connections,
};
