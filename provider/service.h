/* service.h - the provider, described for whoever runs it or lists all services. It is no
 * participant of the saga: it stands for somebody else's system. Pure. */
#pragma once

#include "common/saga/service.h"

#include <stdint.h>

struct provider_options {
    const char *http_bind, *store_url, *webhook_url, *webhook_secret, *currency;
    const char *unknown, *refund_webhook, *faults, *trace_file, *log_level, *log_format;
    int64_t http_port, http_threads, seed;
};

#define PROVIDER_STORE_PREFIX "sqlite:"

extern const struct service_description provider_service; /* its options: struct provider_options */
