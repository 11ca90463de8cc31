/* operators.h - what people do about stuck refunds, at the listener for operators only: list them,
 * look at a payment, try its refund again, or say that it was settled by hand. Each change goes
 * through the engine, needs a reason, and is in the payment's history. */
#pragma once

#include "common/daemon/daemon.h"
#include "common/http/http_server.h"
#include "tracing/tracing.h"

struct operators {
    struct daemon *daemon; /* once there is one */
    const struct participant *participant;
    struct tracing_observer *observer;
};

#define OPERATOR_ROUTES 4
/* operators outlives the routes. */
void payment_operators_routes(struct operators *operators,
                              struct http_route ret_routes[OPERATOR_ROUTES]);
