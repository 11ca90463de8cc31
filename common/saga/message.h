/* message.h - an event as it travels: what the outbox keeps, the bus carries and a codec reads.
 *
 * A message that is published again is byte-identical, so everything in it is fixed when it is
 * first owed. `type` is also the routing key. Plain value; the body is borrowed (usually from a
 * batch's arena). */
#pragma once

#include "common/base/ident.h"
#include "common/base/trace_context.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_ID_SIZE        128 /* ours; a longer foreign one is refused */
#define MESSAGE_TYPE_SIZE      64
#define MESSAGE_APP_SIZE       32
#define MESSAGE_BODY_BYTES_MAX 65536
#define SCHEMA_FIRST           1 /* the form of messages and documents that name none */

struct message {
    char id[MESSAGE_ID_SIZE];        /* AMQP message_id */
    char type[MESSAGE_TYPE_SIZE];    /* AMQP type and routing key */
    char correlation_id[IDENT_SIZE]; /* the booking: one trace */
    char app_id[MESSAGE_APP_SIZE];   /* the service that owes it */
    int64_t timestamp_ms;   /* when it was first owed; AMQP timestamp and header timestamp_in_ms */
    int64_t schema_version; /* header schema-version; 1 */
    bool is_repeat;         /* header repeat: announced again because no outcome was heard */
    char traceparent[TRACEPARENT_SIZE]; /* the publish span; "" = none */
    char tracestate[TRACESTATE_SIZE];
    const char *body; /* one JSON object */
    size_t body_length;
};
