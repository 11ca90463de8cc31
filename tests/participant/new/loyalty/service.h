/* service.h - the loyalty service, described for whoever runs it or lists all services. Pure. */
#pragma once

#include "common/daemon/daemon_options.h"
#include "common/saga/service.h"

extern const struct service_description loyalty_service;
