/* service.c - the booking service's options, and the rules that they make. */
#include "booking/service.h"

#include "booking/participant.h"
#include "events/topology.h"

#include <stddef.h>

#define TIMEOUT_MS_MAX INT64_C(31536000000) /* a year */

static const struct config_option booking_config[] = {
    DAEMON_PORT_OPTION(struct booking_options, "3001"),
    CONFIG_OPTION(INT, booking_options, payment_timeout_ms, "ROUNDTRIP_PAYMENT_TIMEOUT_MS",
                  "600000", "an intent waits so long for its payment, then the booking fails",
                  .minimum = 1, .maximum = TIMEOUT_MS_MAX),
    CONFIG_OPTION(INT, booking_options, intent_timeout_ms, "ROUNDTRIP_INTENT_TIMEOUT_MS", "600000",
                  "a payment waits so long for its intent, then it is refunded", .minimum = 1,
                  .maximum = TIMEOUT_MS_MAX),
    { 0 },
};

static const struct config_option *const config[] = { daemon_config, booking_config, NULL };

static void rules_make(const void *self, void *ret_rules)
{
    const struct booking_options *options = self;
    *(struct booking_rules *)ret_rules = (struct booking_rules){
        .payment_timeout_ms = options->payment_timeout_ms,
        .intent_timeout_ms = options->intent_timeout_ms,
    };
}

const struct service_description booking_service = {
    .name = "booking",
    .purpose = "reconciles intents with payments",
    .queue = QUEUE_BOOKING,
    .config = config,
    .options_size = sizeof(struct booking_options),
    .rules_size = sizeof(struct booking_rules),
    .rules = rules_make,
    .participant = booking_participant,
};
