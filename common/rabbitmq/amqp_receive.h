/* amqp_receive.h - puts a delivery together from its frames: basic.deliver, header, bodies.
 * Private to the consumer. AMQP 0-9-1, 4.2.6. */
#pragma once

#include "common/rabbitmq/amqp_consumer.h"

/* False: the broker sent what it may not, and the connection must be dropped. */
MUST_CHECK bool receive_frame(struct consumer *consumer, const amqp_frame_t *frame,
                              struct error *error);
