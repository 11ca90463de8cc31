/* options.h - what the provider is configured with. */
#pragma once

#include "common/base/config.h"

#include <stdint.h>

struct provider_options {
    const char *http_bind, *store_url, *webhook_url, *webhook_secret, *currency;
    const char *unknown, *refund_webhook, *faults, *trace_file, *log_level, *log_format;
    int64_t http_port, http_threads, seed;
};

extern const struct config_option provider_config[];
