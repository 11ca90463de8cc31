/* daemon_config.c - the options that every service has, and the command line that all share. */
#include "common/base/exit_status.h"
#include "common/daemon/daemon.h"
#include "common/daemon/minder.h"
#include "common/store/store.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#ifndef ROUNDTRIP_VERSION
#define ROUNDTRIP_VERSION "unknown"
#endif

#define OPS_PORT_DERIVED (-1)
#define OPS_PORT_AFTER   100 /* the public port */
#define PORT_MAX         65535

#define TEXT(kind, member, variable, value, text)                                                  \
    {                                                                                              \
        .name = variable, .type = kind, .offset = offsetof(struct daemon_options, member),         \
        .default_value = value, .meaning = text                                                    \
    }
#define INT(member, variable, value, least, most, text)                                            \
    {                                                                                              \
        .name = variable, .type = CONFIG_INT, .offset = offsetof(struct daemon_options, member),   \
        .default_value = value, .minimum = least, .maximum = most, .meaning = text                 \
    }
#define CHOICE(member, variable, value, list, text)                                                \
    {                                                                                              \
        .name = variable, .type = CONFIG_CHOICE,                                                   \
        .offset = offsetof(struct daemon_options, member), .default_value = value,                 \
        .choices = list, .meaning = text                                                           \
    }

const struct config_option daemon_config[] = {
    TEXT(CONFIG_URL, amqp_url, "ROUNDTRIP_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/",
         "the broker: amqp:// or amqps://user:password@host:port/vhost"),
    TEXT(CONFIG_URL, store_url, "ROUNDTRIP_STORE", NULL,
         "the service's own store: sqlite:FILE or mongodb://host/?replicaSet=..."),
    CHOICE(topology, "ROUNDTRIP_TOPOLOGY", "declare", "declare|verify",
           "declare exchange, queues (with .dead and .later beside each) and bindings, or only "
           "check them"),
    INT(topology_interval_ms, "ROUNDTRIP_TOPOLOGY_INTERVAL_MS", "20000", 100, 3600000,
        "how often they are made sure of again, which heals a lost binding"),
    TEXT(CONFIG_ADDRESS, http_bind, "ROUNDTRIP_HTTP_BIND", "127.0.0.1",
         "address of the HTTP interface"),
    TEXT(CONFIG_ADDRESS, ops_bind, "ROUNDTRIP_OPS_BIND", "127.0.0.1",
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
    TEXT(CONFIG_CURRENCY, currency, "ROUNDTRIP_CURRENCY", "EUR", "meant where a caller names none"),
    TEXT(CONFIG_TEXT, trace_file, "ROUNDTRIP_TRACE_FILE", "",
         "spans go to this file as OTLP JSON lines, unless OTEL_* name a collector"),
    CHOICE(log_level, "LOG_LEVEL", "info", "debug|info|warning|error",
           "the least level that is logged"),
    CHOICE(log_format, "LOG_FORMAT", "json", "json|text", "text is for a terminal"),
    { 0 },
};

static void signals_prepare(void)
{
    minder_block_signals();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a write that fails, like a full disk */
}

int64_t daemon_ops_port(const struct daemon_options *options)
{
    if (options->ops_port != OPS_PORT_DERIVED)
        return options->ops_port;
    return options->http_port == 0 ? 0 : options->http_port + OPS_PORT_AFTER;
}

bool daemon_options_check(const void *target, FILE *messages)
{
    const struct daemon_options *options = target;
    struct error error;
    bool is_good = true;
    if (!store_url_check(options->store_url, &error)) {
        fprintf(messages, "ROUNDTRIP_STORE: %s\n", error.message);
        is_good = false;
    }
    if (!amqp_bus_url_check(options->amqp_url, &error)) {
        fprintf(messages, "ROUNDTRIP_AMQP_URL: %s\n", error.message);
        is_good = false;
    }
    if (daemon_ops_port(options) > PORT_MAX) {
        fprintf(messages, "ROUNDTRIP_OPS_PORT must be set: there is no port %" PRId64 "\n",
                daemon_ops_port(options));
        is_good = false;
    }
    return is_good;
}

bool daemon_arguments(int argc, char **argv, const struct daemon_program *program, void *options,
                      int *ret_status)
{
    const char *argument = argc > 1 ? argv[1] : "";
    *ret_status = EXIT_OK;
    if (argc > 2 || (argc == 2 && strcmp(argument, "--check-config") != 0 &&
                     strcmp(argument, "--help") != 0 && strcmp(argument, "--version") != 0)) {
        fprintf(stderr, "%s: unknown argument %s; try %s --help\n", program->name, argument,
                program->name);
        *ret_status = EXIT_USAGE;
        return false;
    }
    if (strcmp(argument, "--version") == 0) {
        printf("%s %s\n", program->name, ROUNDTRIP_VERSION);
        return false;
    }
    if (strcmp(argument, "--help") == 0) {
        printf(
            "usage: %s [--check-config | --help | --version]\n\nConfigured by the environment:\n",
            program->name);
        config_print_help(program->tables, stdout);
        return false;
    }
    if (!config_read(program->tables, options, stderr) || !program->check(options, stderr)) {
        *ret_status = EXIT_USAGE;
        return false;
    }
    if (strcmp(argument, "--check-config") == 0) {
        config_print(program->tables, options, stdout);
        return false;
    }
    signals_prepare();
    return true;
}
