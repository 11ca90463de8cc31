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
#include "gateway/http.h"
#include "gateway/service.h"
#include "gateway/tell.h"
#include "host/service_main.h"

static struct gateway_http http;
static struct http_route routes[GATEWAY_ROUTE_COUNT];

static void attach(void *self, struct daemon *daemon)
{
    (void)self;
    http.daemon = daemon;
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
        .description = &gateway_service,
        .tell = gateway_tell,
        .open = gateway_open,
    };
    return service_main(argc, argv, &service);
}
