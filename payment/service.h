/* service.h - the payment service, described for whoever runs it or lists all services. Pure. */
#pragma once

#include "common/daemon/daemon_options.h"
#include "common/saga/service.h"

struct payment_options {
    struct daemon_options common;
    int64_t repeat_after_ms, repeat_max_ms;
    const char *provider_url;
    int64_t provider_timeout_ms;
    int64_t refund_retry_ms, refund_retry_max_ms, refund_attempts_max;
    const char *webhook_secret, *webhook_unsigned, *decline;
};

extern const struct service_description payment_service; /* its options: struct payment_options */
