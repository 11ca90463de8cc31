/* amqp_opening.h - a connection to the broker in the making, on a thread of its own: a name that is
 * not resolved, an address that swallows packets or a broker that never lets us in keep nobody
 * waiting. Private to the link; its functions belong to the link's thread. */
#pragma once

#include "common/rabbitmq/amqp_link.h"

struct opening;

/* Connects, with TLS if the address says so, and logs in, bounded by LINK_CONNECT_TIMEOUT_MS each
 * (resolving the host's name has only the resolver's bound). NULL on failure. */
MUST_CHECK struct opening *opening_start(const struct amqp_address *address, const char *name,
                                         int heartbeat_s, struct error *error);
/* Readable once it is over. */
int opening_fd(const struct opening *opening);
bool opening_is_over(const struct opening *opening);
/* Of one that is over; frees it. The connection is the caller's; NULL = it failed. */
MUST_CHECK amqp_connection_state_t opening_finish(struct opening *opening,
                                                  size_t *ret_write_bytes_max, struct error *error);
/* Gives it up. One that does not end at once is left to its thread, which frees it. */
void opening_abandon(struct opening *opening);
