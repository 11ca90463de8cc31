/* events.h - the vocabulary that all services share: event types, queues and who listens to what.
 * The one table from which every service declares the broker's topology. Knows no state and no code
 * of any service. */
#pragma once

#include "common/saga/topology.h"

#include <stddef.h>

#define EVENT_INTENT_CREATED    "booking.intent.created"
#define EVENT_CANCEL_REQUESTED  "booking.cancel.requested"
#define EVENT_PAYMENT_CAPTURED  "payment.captured"
#define EVENT_PAYMENT_DECLINED  "payment.declined"
#define EVENT_BOOKING_PENDING   "booking.pending"
#define EVENT_BOOKING_CONFIRMED "booking.confirmed"
#define EVENT_BOOKING_FAILED    "booking.failed"
#define EVENT_BOOKING_CANCELLED "booking.cancelled"
#define EVENT_REFUND_REQUESTED  "payment.refund.requested"
#define EVENT_PAYMENT_REFUNDED  "payment.refunded"
#define EVENT_REFUND_STUCK      "payment.refund.stuck"

#define QUEUE_GATEWAY "gateway-events"
#define QUEUE_BOOKING "booking-events"
#define QUEUE_PAYMENT "payment-events"

/* A booking holds this many payments; outcome events list as many at most. */
#define BOOKING_PAYMENTS_MAX 16

extern const struct topology_binding wire_bindings[];
extern const size_t wire_binding_count;
