/* topology.h - the types of all events, the queues, and who listens to what: the one table from
 * which every service declares the broker's topology. Knows no state and no code of any service. */
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

extern const struct topology_binding event_bindings[];
extern const size_t event_binding_count;
