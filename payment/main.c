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
#include "payment/participant.h"
#include "payment/provider_client.h"
#include "payment/tell.h"
#include "payment/webhooks.h"
#include "wire/events.h"

#include <string.h>

struct payment_options {
    struct daemon_options common;
    int64_t repeat_after_ms, repeat_max_ms;
    const char *provider_url;
    int64_t provider_timeout_ms;
    int64_t refund_retry_ms, refund_retry_max_ms, refund_attempts_max;
    const char *webhook_secret, *webhook_unsigned, *decline;
};

#define DAY_MS           86400000
#define SECRET_BYTES_MIN 16

#define INT_OPTION_ABOVE(member, variable, value, least, most, text, other)                        \
    {                                                                                              \
        .name = variable, .type = CONFIG_INT, .offset = offsetof(struct payment_options, member),  \
        .default_value = value, .minimum = least, .maximum = most, .meaning = text,                \
        .not_below = other                                                                         \
    }
#define INT_OPTION(member, variable, value, least, most, text)                                     \
    INT_OPTION_ABOVE(member, variable, value, least, most, text, NULL)
static const struct config_option payment_config[] = {
    DAEMON_PORT_OPTION(struct payment_options, "3002"),
    INT_OPTION(repeat_after_ms, "ROUNDTRIP_REPEAT_AFTER_MS", "60000", 10, DAY_MS,
               "what has no outcome yet is announced again after this, then with backoff"),
    INT_OPTION_ABOVE(repeat_max_ms, "ROUNDTRIP_REPEAT_MAX_MS", "3600000", 10, DAY_MS,
                     "the longest wait between two announcements", "ROUNDTRIP_REPEAT_AFTER_MS"),
    { .name = "ROUNDTRIP_PROVIDER_URL",
      .type = CONFIG_HTTP,
      .offset = offsetof(struct payment_options, provider_url),
      .default_value = "http://127.0.0.1:3009",
      .meaning = "the payment provider" },
    INT_OPTION(provider_timeout_ms, "ROUNDTRIP_PROVIDER_TIMEOUT_MS", "3000", 10, 60000,
               "a provider call that takes longer counts as unknown"),
    INT_OPTION(refund_retry_ms, "ROUNDTRIP_REFUND_RETRY_MS", "500", 10, DAY_MS,
               "first wait after a refund that did not succeed, then with backoff"),
    INT_OPTION_ABOVE(refund_retry_max_ms, "ROUNDTRIP_REFUND_RETRY_MAX_MS", "600000", 10, DAY_MS,
                     "the longest wait between two tries of a refund", "ROUNDTRIP_REFUND_RETRY_MS"),
    INT_OPTION(refund_attempts_max, "ROUNDTRIP_REFUND_ATTEMPTS_MAX", "10", 1, 100000,
               "every so many tries of one refund an alert says so; it is tried on"),
    { .name = "ROUNDTRIP_WEBHOOK_SECRET",
      .type = CONFIG_SECRET,
      .offset = offsetof(struct payment_options, webhook_secret),
      .default_value = "",
      .meaning = "signs the provider's webhooks; at least 16 characters" },
    { .name = "ROUNDTRIP_WEBHOOK_UNSIGNED",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct payment_options, webhook_unsigned),
      .default_value = "refuse",
      .choices = "refuse|loopback|anyone",
      .meaning =
          "loopback: unsigned webhooks are taken from this machine; anyone: from everywhere, "
          "to try things out where nobody else can reach it" },
    { .name = "ROUNDTRIP_DECLINE",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct payment_options, decline),
      .default_value = "wait",
      .choices = "wait|fail",
      .meaning = "after the payer's declined try the booking waits for another one, or fails" },
    { 0 },
};

static bool options_check(const void *target, FILE *messages)
{
    const struct payment_options *options = target;
    bool is_unsigned = strcmp(options->webhook_unsigned, "refuse") != 0;
    bool is_local = strcmp(options->webhook_unsigned, "loopback") == 0;
    size_t length = strlen(options->webhook_secret);
    bool is_good = daemon_options_check(options, messages);
    if (length == 0 && !is_unsigned) {
        fprintf(messages,
                "ROUNDTRIP_WEBHOOK_SECRET is not set: set it to the provider's signing secret, or "
                "ROUNDTRIP_WEBHOOK_UNSIGNED=loopback for local scripts\n");
        is_good = false;
    }
    if (length > 0 && length < SECRET_BYTES_MIN) {
        fprintf(messages,
                "ROUNDTRIP_WEBHOOK_SECRET is shorter than %d characters: use a longer one\n",
                SECRET_BYTES_MIN);
        is_good = false;
    }
    if (is_local && strncmp(options->common.http_bind, "127.", 4) != 0) {
        fprintf(messages,
                "ROUNDTRIP_WEBHOOK_UNSIGNED=loopback needs ROUNDTRIP_HTTP_BIND=127.0.0.1\n");
        is_good = false;
    }
    return is_good;
}

static struct payment_rules rules;
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
    provider_client_on_result(client, wake, daemon);
}

/* A late result must not wake a daemon that is gone. */
static void detach(void *self)
{
    (void)self;
    provider_client_on_result(client, NULL, NULL);
}

static struct participant participant_of(const void *self)
{
    const struct payment_options *options = self;
    rules = (struct payment_rules){
        .repeat_after_ms = options->repeat_after_ms,
        .repeat_max_ms = options->repeat_max_ms,
        /* one call and a little of its wait for a turn; the queue tells when that takes longer */
        .effect_wait_ms = 2 * options->provider_timeout_ms,
        .refund_retry_ms = options->refund_retry_ms,
        .refund_retry_max_ms = options->refund_retry_max_ms,
        .refund_attempts_max = (int32_t)options->refund_attempts_max,
    };
    return payment_participant(&rules);
}

static bool client_start(const struct payment_options *options, struct tracing_observer *observer,
                         struct error *error)
{
    const struct provider_client_options client_options = {
        .url = options->provider_url,
        .call_timeout_ms = options->provider_timeout_ms,
        .result_type = INPUT_RESULT,
        .result_type_name = payment_input_text(INPUT_RESULT),
        .observer = observer,
    };
    client = provider_client_start(&client_options, error);
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
    webhooks_routes(&webhooks, routes);
    operators_routes(&operators, ops_routes);
    daemon->routes = routes;
    daemon->route_count = WEBHOOK_ROUTES;
    daemon->ops_routes = ops_routes;
    daemon->ops_route_count = OPERATOR_ROUTES;
    daemon->attach = attach;
    daemon->detach = detach;
    daemon->effects = provider_client_port(client);
    return true;
}

static void payment_close(void)
{
    provider_client_stop(client);
}

int main(int argc, char **argv)
{
    static const struct service service = {
        .name = "payment",
        .queue = QUEUE_PAYMENT,
        .config = payment_config,
        .check = options_check,
        .participant = participant_of,
        .tell = payment_tell,
        .open = payment_open,
        .close = payment_close,
    };
    static struct payment_options options;
    return service_main(argc, argv, &service, &options);
}
