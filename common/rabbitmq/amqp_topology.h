/* amqp_topology.h - the exchange, the queues and the bindings, declared or checked from one table.
 *
 * Arguments, not policies, because a client can declare only those. They are immutable: a queue
 * that exists with others is reported, never deleted. There is no alternate exchange: it would
 * silence `mandatory`. Private to the bus; one thread. */
#pragma once

#include "common/rabbitmq/amqp_bus.h"
#include "common/rabbitmq/amqp_link.h"

#define TOPOLOGY_DELIVERY_LIMIT 100 /* only a message that kills the process gets there */
/* People look into a dead letter queue again and again, and each look may count as a return;
 * unset would mean 20 on RabbitMQ 4, and then the letter is lost. */
#define TOPOLOGY_DEAD_DELIVERY_LIMIT 1000000000
/* Bounds that refuse, not drop; dead letters under way count into the source's. */
#define TOPOLOGY_QUEUE_LENGTH_MAX 5000000
#define TOPOLOGY_DEAD_LENGTH_MAX  5000000
/* What waits for a newer release comes back to its queue after this, as a copy that an older
 * release puts away again as often as it must. */
#define TOPOLOGY_LATER_TTL_MS     5000
#define TOPOLOGY_LATER_LENGTH_MAX 5000000
#define TOPOLOGY_TIMEOUT_MS       10000 /* all of it */

/* One part of a walk over all of it: a few round trips. *part is 0 at first, and again when the
 * walk is complete. With may_declare: declares all of it, which heals what was lost and changes
 * nothing else. Otherwise checks that the exchange, the own queue and those beside it exist;
 * bindings cannot be read over AMQP, and others' queues need not be visible to this user. On
 * failure the link must be dropped. ERROR_REJECT: somebody must act. */
MUST_CHECK bool topology_step(struct bus_link *link, const struct amqp_bus_options *options,
                              size_t *part, struct error *error);
/* All of it at once, on a connection on which no walk is under way. */
MUST_CHECK bool topology_ensure(struct bus_link *link, const struct amqp_bus_options *options,
                                struct error *error);
