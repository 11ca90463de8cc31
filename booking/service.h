/* service.h - the booking service, described for whoever runs it or lists all services. Pure. */
#pragma once

#include "common/daemon/daemon_options.h"
#include "common/saga/service.h"

struct booking_options {
    struct daemon_options common;
    int64_t payment_timeout_ms, intent_timeout_ms;
};

extern const struct service_description booking_service; /* its options: struct booking_options */
