/* service.c - the provider's options, with their defaults and help, and what they must be. */
#include "provider/service.h"

#include "provider/faults.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct provider_options, member)

/* clang-format off */
static const struct config_option provider_config[] = {
    { "ROUNDTRIP_HTTP_BIND", CONFIG_ADDRESS, AT(http_bind), "127.0.0.1", 0, 0, NULL,
      "address to listen on", NULL },
    { "ROUNDTRIP_HTTP_PORT", CONFIG_INT, AT(http_port), "3009", 0, 65535, NULL,
      "port to listen on; 0 = any free one", NULL },
    { "ROUNDTRIP_HTTP_THREADS", CONFIG_INT, AT(http_threads), "64", 4, 512, NULL,
      "calls answered at a time", NULL },
    { "ROUNDTRIP_STORE", CONFIG_URL, AT(store_url), "sqlite:provider.db", 0, 0, NULL,
      "the ledger's file, sqlite:FILE", NULL },
    { "ROUNDTRIP_WEBHOOK_URL", CONFIG_HTTP, AT(webhook_url), "http://127.0.0.1:3002", 0, 0, NULL,
      "the payment service; /payment/captured and so on is added", NULL },
    { "ROUNDTRIP_WEBHOOK_SECRET", CONFIG_SECRET, AT(webhook_secret), "", 0, 0, NULL,
      "signs the webhooks; empty = they go out unsigned", NULL },
    { "ROUNDTRIP_CURRENCY", CONFIG_CURRENCY, AT(currency), "EUR", 0, 0, NULL,
      "meant where a caller leaves the currency out", NULL },
    { "ROUNDTRIP_PROVIDER_UNKNOWN", CONFIG_CHOICE, AT(unknown), "adopt", 0, 0, "adopt|refuse",
      "a refund of a payment that the ledger does not know", NULL },
    { "ROUNDTRIP_PROVIDER_REFUND_WEBHOOK", CONFIG_CHOICE, AT(refund_webhook), "on", 0, 0, "on|off",
      "whether refunds are told by webhook too", NULL },
    { "ROUNDTRIP_PROVIDER_FAULTS", CONFIG_TEXT, AT(faults), "", 0, 0, NULL,
      "faults of all calls: [target.]fault[:argument][@rate], ...", NULL },
    { "ROUNDTRIP_PROVIDER_SEED", CONFIG_INT, AT(seed), "1", 0, INT64_MAX, NULL,
      "of the generator that draws the faults", NULL },
    { "ROUNDTRIP_TRACE_FILE", CONFIG_TEXT, AT(trace_file), "", 0, 0, NULL,
      "spans go to this file as OTLP JSON lines, unless OTEL_* name a collector", NULL },
    { "LOG_LEVEL", CONFIG_CHOICE, AT(log_level), "info", 0, 0, "debug|info|warning|error",
      "the least level that is logged", NULL },
    { "LOG_FORMAT", CONFIG_CHOICE, AT(log_format), "json", 0, 0, "json|text",
      "JSON lines, or text for a terminal", NULL },
    { .name = NULL },
};
/* clang-format on */

static const struct config_option *const config[] = { provider_config, NULL };

static bool options_check(const void *target, FILE *messages)
{
    const struct provider_options *options = target;
    struct faults faults;
    struct error error;
    bool is_good = true;
    if (strncmp(options->store_url, PROVIDER_STORE_PREFIX, strlen(PROVIDER_STORE_PREFIX)) != 0 ||
        options->store_url[strlen(PROVIDER_STORE_PREFIX)] == '\0') {
        fprintf(messages, "ROUNDTRIP_STORE: the provider takes sqlite:FILE\n");
        is_good = false;
    }
    if (!faults_init(&faults, options->faults, (uint64_t)options->seed, &error)) {
        fprintf(messages, "ROUNDTRIP_PROVIDER_FAULTS: %s\n", error.message);
        is_good = false;
    }
    return is_good;
}

const struct service_description provider_service = {
    .name = "provider",
    .purpose = "a payment provider to try things against",
    .config = config,
    .options_size = sizeof(struct provider_options),
    .check = options_check,
};
