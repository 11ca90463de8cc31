/* daemon_options.c - the table of the options that every service has. */
#include "common/daemon/daemon_options.h"

#include "common/saga/bus_port.h"

#include <assert.h>
#include <stddef.h>

#define OPS_PORT_DERIVED (-1)
#define OPS_PORT_AFTER   100 /* the public port */

#define TEXT(kind, member, variable, value, text)                                                  \
    CONFIG_OPTION(kind, daemon_options, member, variable, value, text)
#define INT(member, variable, value, least, most, text)                                            \
    CONFIG_OPTION(INT, daemon_options, member, variable, value, text, .minimum = least,            \
                  .maximum = most)
#define CHOICE(member, variable, value, list, text)                                                \
    CONFIG_OPTION(CHOICE, daemon_options, member, variable, value, text, .choices = list)

const struct config_option daemon_config[] = {
    TEXT(URL, amqp_url, "ROUNDTRIP_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/",
         "the broker: amqp:// or amqps://user:password@host:port/vhost"),
    TEXT(URL, store_url, "ROUNDTRIP_STORE", NULL,
         "the service's own store: sqlite:FILE or mongodb://host/?replicaSet=..."),
    CHOICE(topology, "ROUNDTRIP_TOPOLOGY", "declare", "declare|verify",
           "declare exchange, queues (with .dead and .later beside each) and bindings, or only "
           "check them"),
    INT(topology_interval_ms, "ROUNDTRIP_TOPOLOGY_INTERVAL_MS", "20000", 100, 3600000,
        "how often they are made sure of again, which heals a lost binding"),
    TEXT(ADDRESS, http_bind, "ROUNDTRIP_HTTP_BIND", "127.0.0.1", "address of the HTTP interface"),
    TEXT(ADDRESS, ops_bind, "ROUNDTRIP_OPS_BIND", "127.0.0.1",
         "address of the operators' listener: health, metrics, what only operators may do"),
    INT(ops_port, "ROUNDTRIP_OPS_PORT", "-1", -1, 65535,
        "its port; 0 = any free one, -1 = ROUNDTRIP_HTTP_PORT + 100"),
    INT(http_threads, "ROUNDTRIP_HTTP_THREADS", "128", 4, 1024, "HTTP requests at a time"),
    INT(http_queue_max, "ROUNDTRIP_HTTP_QUEUE_MAX", "96", 1, 100000,
        "changing requests at a time, at most 3/4 of the threads; more get 503"),
    INT(prefetch, "ROUNDTRIP_PREFETCH", "512", 1, BUS_PREFETCH_MAX,
        "deliveries in hand, and twice the largest batch"),
    INT(owed_max, "ROUNDTRIP_OWED_MAX", "10000", 1, 10000000,
        "with the broker away: documents that may owe messages; then 503"),
    INT(sweep_interval_ms, "ROUNDTRIP_SWEEP_INTERVAL_MS", "200", 1, 60000,
        "how often deadlines are looked for"),
    INT(relay_age_ms, "ROUNDTRIP_RELAY_AGE_MS", "2000", 100, 600000,
        "a message owed for so long is published again"),
    INT(confirm_timeout_ms, "ROUNDTRIP_CONFIRM_TIMEOUT_MS", "5000", 100, 60000,
        "a publish without a confirm by then counts as unknown"),
    TEXT(CURRENCY, currency, "ROUNDTRIP_CURRENCY", "EUR", "meant where a caller names none"),
    TEXT(TEXT, trace_file, "ROUNDTRIP_TRACE_FILE", "",
         "spans go to this file as OTLP JSON lines, unless OTEL_* name a collector"),
    CHOICE(log_level, "LOG_LEVEL", "info", "debug|info|warning|error",
           "the least level that is logged"),
    CHOICE(log_format, "LOG_FORMAT", "json", "json|text", "text is for a terminal"),
    { 0 },
};

int64_t daemon_ops_port(const struct daemon_options *options)
{
    assert(options->http_port >= 0 && options->ops_port >= OPS_PORT_DERIVED);
    if (options->ops_port != OPS_PORT_DERIVED)
        return options->ops_port;
    return options->http_port == 0 ? 0 : options->http_port + OPS_PORT_AFTER;
}

int64_t daemon_default_ops_port(const struct service_description *service)
{
    const struct daemon_options options = { .http_port = service_default_port(service),
                                            .ops_port = OPS_PORT_DERIVED };
    return service->queue != NULL ? daemon_ops_port(&options) : 0;
}
