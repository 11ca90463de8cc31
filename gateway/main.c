/* roundtrip-gateway - where clients ask for bookings and see what became of them.
 *
 * Consumes  booking.pending, booking.confirmed, booking.failed, booking.cancelled,
 *           payment.declined, payment.refunded, payment.refund.stuck; clients' requests over HTTP
 * Publishes booking.intent.created, booking.cancel.requested, and again until they are answered
 * Stores    one document per booking: intent, cancel, outcome seen, refunds, owed messages, history
 * A crash before the save leaves nothing: the client got no answer and asks again. After the save
 * the booking is durable though the answer may be lost: the same request finds it and gets the same
 * 202, and the relay publishes what is owed. After the publish it goes out once more,
 * byte-identical. An event that was not acked comes again and changes nothing. */
#include "common/base/clock.h"
#include "common/base/uuid.h"
#include "common/daemon/daemon.h"
#include "common/store/store.h"
#include "gateway/gateway_http.h"
#include "gateway/tell.h"
#include "tracing/tracing.h"
#include "wire/events.h"

#include <stdio.h>
#include <string.h>

struct gateway_options {
    struct daemon_options common;
    int64_t repeat_after_ms, repeat_max_ms;
};

#define DAY_MS 86400000

static const struct config_option gateway_config[] = {
    DAEMON_PORT_OPTION(struct gateway_options, "3000"),
    { .name = "ROUNDTRIP_REPEAT_AFTER_MS",
      .type = CONFIG_INT,
      .offset = offsetof(struct gateway_options, repeat_after_ms),
      .default_value = "60000",
      .minimum = 10,
      .maximum = DAY_MS,
      .meaning = "what has no outcome yet is announced again after this, then with backoff" },
    { .name = "ROUNDTRIP_REPEAT_MAX_MS",
      .type = CONFIG_INT,
      .offset = offsetof(struct gateway_options, repeat_max_ms),
      .default_value = "3600000",
      .minimum = 10,
      .maximum = DAY_MS,
      .meaning = "the longest wait between two announcements",
      .not_below = "ROUNDTRIP_REPEAT_AFTER_MS" },
    { 0 },
};

static void attach(void *self, struct daemon *daemon)
{
    struct gateway_http *http = self;
    http->daemon = daemon;
}

static int gateway_run(const struct gateway_options *options, struct tracing *tracing)
{
    const struct gateway_config config = { .repeat_after_ms = options->repeat_after_ms,
                                           .repeat_max_ms = options->repeat_max_ms };
    const struct participant participant = gateway_participant(&config);
    const struct tracing_setup setup = {
        .tracing = tracing,
        .service = "gateway",
        .queue = QUEUE_GATEWAY,
        .collection = participant.collection,
        .store_system = store_system(options->common.store_url),
        .store_namespace = "gateway",
        .broker_url = options->common.amqp_url,
        .tell = gateway_tell,
        .http_port = (int)options->common.http_port,
    };
    struct tracing_observer *observer = tracing_observer_new(&setup);
    struct gateway_http http = {
        .observer = observer,
        .participant = &participant,
        .currency = options->common.currency,
    };
    struct http_route routes[GATEWAY_ROUTE_COUNT];
    gateway_routes(&http, routes);
    const struct daemon_service service = {
        .name = "gateway",
        .participant = &participant,
        .queue = QUEUE_GATEWAY,
        .bindings = wire_bindings,
        .binding_count = wire_binding_count,
        .routes = routes,
        .route_count = GATEWAY_ROUTE_COUNT,
        .attach_self = &http,
        .attach = attach,
        .tracing = tracing_for_daemon(observer),
    };
    int status = daemon_run(&service, &options->common);
    tracing_observer_free(observer);
    return status;
}

int main(int argc, char **argv)
{
    static const struct config_option *const tables[] = { daemon_config, gateway_config, NULL };
    static const struct daemon_program program = { "roundtrip-gateway", tables,
                                                   daemon_options_check };
    struct gateway_options options;
    int status = 0;
    memset(&options, 0, sizeof options);
    if (!daemon_arguments(argc, argv, &program, &options, &status))
        return status;
    char instance_id[UUID_TEXT_SIZE];
    uuid_v7_generate(clock_wall_ms(), instance_id);
    struct tracing *tracing = tracing_start("gateway", instance_id);
    status = gateway_run(&options, tracing);
    tracing_stop(tracing);
    return status;
}
