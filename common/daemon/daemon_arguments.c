/* daemon_arguments.c - the command line that all services share, and what no option alone can tell.
 */
#include "common/base/exit_status.h"
#include "common/daemon/daemon.h"
#include "common/daemon/minder.h"
#include "common/store/store.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#ifndef ROUNDTRIP_VERSION
#define ROUNDTRIP_VERSION "unknown"
#endif

#define PORT_MAX 65535

static void signals_prepare(void)
{
    minder_block_signals();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a write that fails, like a full disk */
}

bool daemon_options_check(const struct daemon_options *options, FILE *messages)
{
    assert(messages != NULL);
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

/* All that is wrong is said, not only the first. */
static bool options_check(const struct service_description *service, const void *options)
{
    bool is_good = service->queue == NULL || daemon_options_check(options, stderr);
    return (service->check == NULL || service->check(options, stderr)) && is_good;
}

bool daemon_arguments(int argc, char **argv, const struct service_description *service,
                      void *options, int *ret_status)
{
    assert(argc > 0 && options != NULL && ret_status != NULL);
    const char *argument = argc > 1 ? argv[1] : "";
    *ret_status = EXIT_OK;
    if (argc > 2 || (argc == 2 && strcmp(argument, "--check-config") != 0 &&
                     strcmp(argument, "--help") != 0 && strcmp(argument, "--version") != 0)) {
        fprintf(stderr, "roundtrip-%s: unknown argument %s; try roundtrip-%s --help\n",
                service->name, argument, service->name);
        *ret_status = EXIT_USAGE;
        return false;
    }
    if (strcmp(argument, "--version") == 0) {
        printf("roundtrip-%s %s\n", service->name, ROUNDTRIP_VERSION);
        return false;
    }
    if (strcmp(argument, "--help") == 0) {
        printf("usage: roundtrip-%s [--check-config | --help | --version]\n\nConfigured by the "
               "environment:\n",
               service->name);
        config_print_help(service->config, stdout);
        return false;
    }
    if (!config_read(service->config, options, stderr) || !options_check(service, options)) {
        *ret_status = EXIT_USAGE;
        return false;
    }
    if (strcmp(argument, "--check-config") == 0) {
        config_print(service->config, options, stdout);
        return false;
    }
    signals_prepare();
    return true;
}
