/* daemon_options.h - the options that every service has, apart from what carries them out: a
 * service is described (common/saga/service.h) without a daemon. */
#pragma once

#include "common/base/config.h"
#include "common/saga/service.h"

/* The options that every service has; a service's own struct starts with it. */
struct daemon_options {
    const char *amqp_url, *store_url, *topology, *http_bind, *ops_bind, *currency, *log_level,
        *log_format, *trace_file;
    int64_t http_port, ops_port, prefetch, owed_max, http_queue_max, http_threads;
    int64_t sweep_interval_ms, relay_age_ms, confirm_timeout_ms, topology_interval_ms;
};
/* Table for config_read, offsets into a struct that starts with struct daemon_options. */
extern const struct config_option daemon_config[];

/* The port's row of a service's own table: each service has another default. */
#define DAEMON_PORT_OPTION(options_type, port)                                                     \
    {                                                                                              \
        .name = "ROUNDTRIP_HTTP_PORT", .type = CONFIG_INT,                                         \
        .offset = offsetof(options_type, common.http_port), .default_value = port, .minimum = 0,   \
        .maximum = 65535, .meaning = "port of the HTTP interface; 0 = any free one"                \
    }

/* Of the operators' listener; 0 = any free one, as also where the public port is any free one. What
 * is derived may be above 65535: daemon_options_check refuses that. */
int64_t daemon_ops_port(const struct daemon_options *options);
/* Where its environment says nothing; 0: it has no such listener. */
int64_t daemon_default_ops_port(const struct service_description *service);
