/* sim_limits.h - whom a simulated world has, and how much of everything. */
#pragma once

#include "services/registry.h"

/* A service as the registry counts it. By role: the clients, the provider and the oracle have their
 * part against each of these, with which the registry begins. Further participants follow. */
enum sim_service { SIM_GATEWAY, SIM_BOOKING, SIM_PAYMENT, SIM_ROLE_COUNT };

#define SIM_SERVICES_MAX            SERVICES_MAX
#define SIM_WORKERS_PER_SERVICE_MAX 2
#define SIM_WORKERS_MAX             (SIM_WORKERS_PER_SERVICE_MAX * SIM_SERVICES_MAX)
#define SIM_BOOKINGS_MAX            4
#define SIM_PAYMENTS_MAX            32
#define SIM_OPS_MAX                 160
#define SIM_CALLS_MAX               64
#define SIM_CALLS_ROOM_MAX          8
#define SIM_PREFETCH                16
#define SIM_REQUESTS_MAX            64
#define SIM_SAVED_MAX               64
#define SIM_MARKS_MAX               1024
#define SIM_MARK_INDEX              2048 /* a power of two, well above SIM_MARKS_MAX */
#define SIM_DOCUMENTS_MAX           64
#define SIM_JUNK_MAX                40
#define SIM_QUEUE_MAX               1024
#define SIM_DEAD_MAX                1024
