/* topology_names.h - how what the broker holds is called. Plain values, for whoever looks at a
 * broker without the bus. */
#pragma once

#define TOPOLOGY_EXCHANGE     "events"
#define TOPOLOGY_LATER_SUFFIX ".later"
#define TOPOLOGY_DEAD_SUFFIX  ".dead"
#define TOPOLOGY_NAME_SIZE    256 /* an AMQP short string and its NUL */
