/* service.h - the gateway, described for whoever runs it or lists all services. Pure. */
#pragma once

#include "common/daemon/daemon_options.h"
#include "common/saga/service.h"

struct gateway_options {
    struct daemon_options common;
    int64_t repeat_after_ms, repeat_max_ms;
};

extern const struct service_description gateway_service; /* its options: struct gateway_options */
