/* service.c - the gateway's options, and the rules that they make. */
#include "gateway/service.h"

#include "events/topology.h"
#include "gateway/participant.h"

#include <stddef.h>

#define DAY_MS 86400000

static const struct config_option own_config[] = {
    DAEMON_PORT_OPTION(struct gateway_options, "3000"),
    CONFIG_OPTION(INT, gateway_options, repeat_after_ms, "ROUNDTRIP_REPEAT_AFTER_MS", "60000",
                  "what has no outcome yet is announced again after this, then with backoff",
                  .minimum = 10, .maximum = DAY_MS),
    CONFIG_OPTION(INT, gateway_options, repeat_max_ms, "ROUNDTRIP_REPEAT_MAX_MS", "3600000",
                  "the longest wait between two announcements", .minimum = 10, .maximum = DAY_MS,
                  .not_below = "ROUNDTRIP_REPEAT_AFTER_MS"),
    { 0 },
};

static const struct config_option *const config[] = { daemon_config, own_config, NULL };

static void rules_make(const void *self, void *ret_rules)
{
    const struct gateway_options *options = self;
    *(struct gateway_config *)ret_rules = (struct gateway_config){
        .repeat_after_ms = options->repeat_after_ms,
        .repeat_max_ms = options->repeat_max_ms,
    };
}

const struct service_description gateway_service = {
    .name = "gateway",
    .purpose = "takes bookings over HTTP and shows what became of them",
    .queue = QUEUE_GATEWAY,
    .config = config,
    .options_size = sizeof(struct gateway_options),
    .rules_size = sizeof(struct gateway_config),
    .rules = rules_make,
    .participant = gateway_participant,
};
