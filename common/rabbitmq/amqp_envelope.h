/* amqp_envelope.h - a message's properties and headers, to and from the wire.
 *
 * Written: message_id, type, correlation_id, app_id, timestamp (seconds), content_type
 * application/json, delivery_mode 2; headers traceparent, tracestate, schema-version, repeat,
 * timestamp_in_ms.
 * Read: whatever a stranger sent. What identifies the message must be right, or the delivery is
 * marked malformed, with as much of the message filled as is readable; a broken traceparent is no
 * reason, it is left out. Pure, apart from the memory of a dead letter's copy. AMQP 0-9-1, 2.3.5;
 * the header kinds are those of Qpid and RabbitMQ. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/saga/bus_port.h"

#include <amqp.h>

#include <stddef.h>
#include <stdint.h>

#define ENVELOPE_HEADERS_MAX 5

/* The properties borrow from the message and from `headers`. */
void envelope_write(const struct message *message, amqp_table_entry_t headers[ENVELOPE_HEADERS_MAX],
                    amqp_basic_properties_t *ret_properties);

/* Everything but tag, session and body. exchange "" means that the routing key is a queue's name
 * and says nothing about the type. */
void envelope_read(const amqp_basic_properties_t *properties, const char *exchange,
                   const char *routing_key, uint64_t body_size, struct delivery *delivery);

/* A copy that is put away, as a dead letter or to come back later: the original properties and
 * headers, and why, where from and by whom. Left out are those that would make the broker route it
 * elsewhere (CC, BCC), drop it (expiration, and earlier deaths: it takes them for a cycle), refuse
 * it (user_id) or believe an old count (x-delivery-count). */
struct envelope_letter {
    const char *reason, *routing_key, *service;
    const char *type;       /* where the original leaves it to the routing key; NULL: as it is */
    int64_t later_since_ms; /* when it was first left to a newer release; 0 = a dead letter */
};

/* `raw` is the encoded property list. All of the result lives in the pool, which the caller has
 * initialised and empties. */
MUST_CHECK bool envelope_copy(amqp_bytes_t raw, const struct envelope_letter *letter,
                              amqp_pool_t *pool, amqp_basic_properties_t *ret_properties,
                              struct error *error);
