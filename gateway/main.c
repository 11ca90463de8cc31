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
#include "gateway/gateway_http.h"
#include "gateway/tell.h"
#include "host/service_main.h"
#include "wire/events.h"

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

static struct gateway_config rules;
static struct gateway_http http;
static struct http_route routes[GATEWAY_ROUTE_COUNT];

static void attach(void *self, struct daemon *daemon)
{
    (void)self;
    http.daemon = daemon;
}

static struct participant participant_of(const void *self)
{
    const struct gateway_options *options = self;
    rules = (struct gateway_config){ .repeat_after_ms = options->repeat_after_ms,
                                     .repeat_max_ms = options->repeat_max_ms };
    return gateway_participant(&rules);
}

static bool gateway_open(const void *self, const struct participant *participant,
                         struct tracing_observer *observer, struct daemon_service *daemon,
                         struct error *error)
{
    const struct gateway_options *options = self;
    (void)error;
    http = (struct gateway_http){
        .observer = observer,
        .participant = participant,
        .currency = options->common.currency,
    };
    gateway_routes(&http, routes);
    daemon->routes = routes;
    daemon->route_count = GATEWAY_ROUTE_COUNT;
    daemon->attach = attach;
    return true;
}

int main(int argc, char **argv)
{
    static const struct service service = {
        .name = "gateway",
        .queue = QUEUE_GATEWAY,
        .config = gateway_config,
        .participant = participant_of,
        .tell = gateway_tell,
        .open = gateway_open,
    };
    static struct gateway_options options;
    return service_main(argc, argv, &service, &options);
}
