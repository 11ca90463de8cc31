/* service.c - the loyalty service's options, and the rules that they make. */
#include "loyalty/service.h"
#include "loyalty/loyalty.h"

struct loyalty_options {
    struct daemon_options common;
    int64_t maturity_ms;
};

#define MATURITY_MS_MAX INT64_C(31536000000) /* a year */

static const struct config_option loyalty_config[] = {
    DAEMON_PORT_OPTION(struct loyalty_options, "3007"),
    CONFIG_OPTION(INT, loyalty_options, maturity_ms, "ROUNDTRIP_LOYALTY_MATURITY_MS", "1000",
                  "a confirmed booking's points wait so long for its cancellation", .minimum = 1,
                  .maximum = MATURITY_MS_MAX),
    { 0 },
};

static const struct config_option *const config[] = { daemon_config, loyalty_config, NULL };

static void rules_make(const void *self, void *ret_rules)
{
    const struct loyalty_options *options = self;
    *(struct loyalty_rules *)ret_rules =
        (struct loyalty_rules){ .maturity_ms = options->maturity_ms };
}

const struct service_description loyalty_service = {
    .name = "loyalty",
    .purpose = "credits points for bookings that nobody cancels",
    .queue = QUEUE_LOYALTY,
    .config = config,
    .options_size = sizeof(struct loyalty_options),
    .rules_size = sizeof(struct loyalty_rules),
    .rules = rules_make,
    .participant = loyalty_participant,
};
