/* service.c - the payment service's options, what they must be together, and the rules that they
 * make. */
#include "payment/service.h"

#include "events/topology.h"
#include "payment/participant.h"

#include <stddef.h>
#include <string.h>

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
    CONFIG_OPTION(HTTP, payment_options, provider_url, "ROUNDTRIP_PROVIDER_URL",
                  "http://127.0.0.1:3009", "the payment provider"),
    INT_OPTION(provider_timeout_ms, "ROUNDTRIP_PROVIDER_TIMEOUT_MS", "3000", 10, 60000,
               "a provider call that takes longer counts as unknown"),
    INT_OPTION(refund_retry_ms, "ROUNDTRIP_REFUND_RETRY_MS", "500", 10, DAY_MS,
               "first wait after a refund that did not succeed, then with backoff"),
    INT_OPTION_ABOVE(refund_retry_max_ms, "ROUNDTRIP_REFUND_RETRY_MAX_MS", "600000", 10, DAY_MS,
                     "the longest wait between two tries of a refund", "ROUNDTRIP_REFUND_RETRY_MS"),
    INT_OPTION(refund_attempts_max, "ROUNDTRIP_REFUND_ATTEMPTS_MAX", "10", 1, 100000,
               "every so many tries of one refund an alert says so; it is tried on"),
    CONFIG_OPTION(SECRET, payment_options, webhook_secret, "ROUNDTRIP_WEBHOOK_SECRET", "",
                  "signs the provider's webhooks; at least 16 characters"),
    CONFIG_OPTION(
        CHOICE, payment_options, webhook_unsigned, "ROUNDTRIP_WEBHOOK_UNSIGNED", "refuse",
        "loopback: unsigned webhooks are taken from this machine; anyone: from everywhere, "
        "to try things out where nobody else can reach it",
        .choices = "refuse|loopback|anyone"),
    CONFIG_OPTION(CHOICE, payment_options, decline, "ROUNDTRIP_DECLINE", "wait",
                  "after the payer's declined try the booking waits for another one, or fails",
                  .choices = "wait|fail"),
    { 0 },
};

static const struct config_option *const config[] = { daemon_config, payment_config, NULL };

static bool options_check(const void *target, FILE *messages)
{
    const struct payment_options *options = target;
    bool is_unsigned = strcmp(options->webhook_unsigned, "refuse") != 0;
    bool is_local = strcmp(options->webhook_unsigned, "loopback") == 0;
    size_t length = strlen(options->webhook_secret);
    bool is_good = true;
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

static void rules_make(const void *self, void *ret_rules)
{
    const struct payment_options *options = self;
    *(struct payment_rules *)ret_rules = (struct payment_rules){
        .repeat_after_ms = options->repeat_after_ms,
        .repeat_max_ms = options->repeat_max_ms,
        /* one call and a little of its wait for a turn; the queue tells when that takes longer */
        .effect_wait_ms = 2 * options->provider_timeout_ms,
        .refund_retry_ms = options->refund_retry_ms,
        .refund_retry_max_ms = options->refund_retry_max_ms,
        .refund_attempts_max = (int32_t)options->refund_attempts_max,
    };
}

const struct service_description payment_service = {
    .name = "payment",
    .purpose = "knows every captured payment, and gives it back when its booking fails",
    .queue = QUEUE_PAYMENT,
    .config = config,
    .options_size = sizeof(struct payment_options),
    .check = options_check,
    .rules_size = sizeof(struct payment_rules),
    .rules = rules_make,
    .participant = payment_participant,
};
