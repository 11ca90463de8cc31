/* roundtrip-payment - knows every captured payment, and gives it back when its booking fails.
 *
 * Consumes  booking.confirmed, booking.failed, booking.cancelled, payment.refund.requested; signed
 *           webhooks of the provider over HTTP
 * Publishes payment.captured, payment.declined, payment.refunded, payment.refund.stuck
 * Stores    one document per payment: state, booking, refunds, owed messages, history
 * Calls     the provider, to refund and to ask by key; the first key is the payment's id
 * A crash before the save leaves nothing: the provider sends its webhook again, the broker its
 * message. After the save the document owes its messages and keeps a deadline for its refund. A
 * crash between the provider's success and our save asks by key and finds the same refund. */
#include "host/service_main.h"
#include "payment/operators.h"
#include "payment/payment.h"
#include "payment/provider_client.h"
#include "payment/service.h"
#include "payment/tell.h"
#include "payment/webhooks.h"

#include <string.h>

static struct webhooks webhooks;
static struct http_route routes[WEBHOOK_ROUTES];
static struct operators operators;
static struct http_route ops_routes[OPERATOR_ROUTES];
static struct provider_client *client;

static void wake(void *daemon)
{
    daemon_wake(daemon);
}

static void attach(void *self, struct daemon *daemon)
{
    (void)self;
    webhooks.daemon = daemon;
    operators.daemon = daemon;
    effect_pool_on_result(payment_provider_client_pool(client), wake, daemon);
}

/* A late result must not wake a daemon that is gone. */
static void detach(void *self)
{
    (void)self;
    effect_pool_on_result(payment_provider_client_pool(client), NULL, NULL);
}

static bool client_start(const struct payment_options *options, struct tracing_observer *observer,
                         struct error *error)
{
    const struct provider_client_options client_options = {
        .url = options->provider_url,
        .call_timeout_ms = options->provider_timeout_ms,
        .observer = observer,
    };
    client = payment_provider_client_start(&client_options, error);
    return client != NULL || error_wrap(error, "ROUNDTRIP_PROVIDER_URL");
}

static bool payment_open(const void *self, const struct participant *participant,
                         struct tracing_observer *observer, struct daemon_service *daemon,
                         struct error *error)
{
    const struct payment_options *options = self;
    webhooks = (struct webhooks){
        .secret = options->webhook_secret,
        .is_unsigned_allowed = strcmp(options->webhook_unsigned, "refuse") != 0,
        .is_anyone_allowed = strcmp(options->webhook_unsigned, "anyone") == 0,
        .currency = options->common.currency,
        .are_declines_final = strcmp(options->decline, "fail") == 0,
        .observer = observer,
    };
    operators = (struct operators){ .participant = participant, .observer = observer };
    if (!client_start(options, observer, error))
        return false;
    payment_webhooks_routes(&webhooks, routes);
    payment_operators_routes(&operators, ops_routes);
    daemon->routes = routes;
    daemon->route_count = WEBHOOK_ROUTES;
    daemon->ops_routes = ops_routes;
    daemon->ops_route_count = OPERATOR_ROUTES;
    daemon->attach = attach;
    daemon->detach = detach;
    daemon->effects = effect_pool_port(payment_provider_client_pool(client));
    return true;
}

static void payment_close(void)
{
    payment_provider_client_stop(client);
}

int main(int argc, char **argv)
{
    static const struct service service = {
        .description = &payment_service,
        .tell = payment_tell,
        .open = payment_open,
        .close = payment_close,
    };
    return service_main(argc, argv, &service);
}
