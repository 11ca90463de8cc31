/* roundtrip-provider - a payment provider to develop and test against.
 *
 * Serves: charges, refunds, look-ups, its ledger, faults on request (HTTP, port 3009).
 * Sends: signed webhooks /payment/captured, /payment/declined and /payment/refunded.
 * Stores: one SQLite file; no broker, no other service's data.
 *
 * A crash before the commit leaves nothing; the caller asks again with its key. After the commit
 * the money has moved and the webhook is pending, whether or not the answer went out: the same key
 * is answered with the same charge or refund, and the webhook goes on after the restart. A webhook
 * that was acknowledged just before the crash is sent once more. Armed faults are forgotten. */
#include "common/daemon/daemon.h"
#include "common/log/log.h"
#include "provider/desk.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_STOP_MS_MAX 200

struct provider {
    struct desk desk;
    bool has_desk;
    struct tracing *tracing;
    struct tracing_observer *observer;
    struct http_server *server;
};

static void tracing_open(struct provider *provider, const struct provider_options *options)
{
    provider->tracing = tracing_start("provider", NULL);
    struct tracing_setup setup = { .tracing = provider->tracing,
                                   .service = "provider",
                                   .queue = "",
                                   .collection = "ledger",
                                   .store_system = "sqlite",
                                   .store_namespace = "provider",
                                   .broker_url = "",
                                   .http_port = (int)options->http_port };
    provider->observer = tracing_observer_new(&setup);
    provider->desk.observer = provider->observer;
    provider->desk.tracing = tracing_for_daemon(provider->observer);
}

static bool provider_open(struct provider *provider, const struct provider_options *options,
                          struct http_route routes[DESK_ROUTES], struct error *error)
{
    struct desk *desk = &provider->desk;
    if (!desk_init(desk, options, error))
        return false;
    provider->has_desk = true;
    tracing_open(provider, options);
    desk->journal = journal_open(options->store_url + strlen(PROVIDER_STORE_PREFIX), error);
    if (!desk->journal)
        return false;
    struct courier_options courier = { .journal = desk->journal,
                                       .url = options->webhook_url,
                                       .secret = options->webhook_secret,
                                       .observer = provider->observer };
    desk->courier = courier_start(&courier, error);
    if (!desk->courier)
        return false;
    desk_routes(desk, routes);
    struct http_server_options server = { .bind_address = options->http_bind,
                                          .port = (int)options->http_port,
                                          .threads = (int)options->http_threads };
    provider->server =
        http_server_start(&server, routes, DESK_ROUTES, desk->tracing.http_observer, error);
    return provider->server != NULL;
}

/* Bounded: waiting handlers are let go, an attempt of a webhook ends within its time-out. */
static void provider_close(struct provider *provider)
{
    struct desk *desk = &provider->desk;
    if (provider->has_desk)
        desk_stop(desk);
    if (provider->server)
        provider->server = http_server_stop(provider->server);
    desk->courier = courier_stop(desk->courier);
    desk->journal = journal_close(desk->journal);
    if (desk->tracing.shutdown)
        desk->tracing.shutdown(desk->tracing.self);
    provider->observer = tracing_observer_free(provider->observer);
    provider->tracing = tracing_stop(provider->tracing);
    if (provider->has_desk)
        desk_done(desk);
}

static int provider_run(const struct provider_options *options)
{
    /* Blocked before the first thread starts, so that only sigwait below ever sees them. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a full disk is a write that fails */

    struct provider provider = { 0 };
    struct http_route routes[DESK_ROUTES];
    struct error error;
    int status = EXIT_FAILURE;
    if (provider_open(&provider, options, routes, &error)) {
        log_write(LOG_INFO, "ready on http://%s:%d, webhooks to %s%s", options->http_bind,
                  http_server_port(provider.server), options->webhook_url,
                  options->webhook_secret[0] == '\0' ? ", unsigned" : "");
        int signal_number = SIGHUP;
        while (signal_number == SIGHUP) /* its files are opened again once they are found moved */
            (void)sigwait(&signals, &signal_number);
        log_write(LOG_INFO, "stopping");
        status = EXIT_SUCCESS;
    } else {
        log_write(LOG_ERROR, "cannot start: %s", error.message);
    }
    provider_close(&provider);
    log_writer_stop(LOG_STOP_MS_MAX);
    return status;
}

int main(int argc, char **argv)
{
    struct provider_options options;
    int status = EXIT_SUCCESS;
    if (!daemon_arguments(argc, argv, &provider_service, &options, &status))
        return status;
    log_start("provider", options.log_level, options.log_format);
    (void)log_writer_start();
    return provider_run(&options);
}
