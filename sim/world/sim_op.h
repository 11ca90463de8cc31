/* sim_op.h - what a client, the provider or a stranger does in a schedule. Plain values. */
#pragma once

#include "gateway/gateway.h"
#include "payment/payment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_op_kind {
    OP_INTENT,
    OP_CANCEL,
    OP_CAPTURE,
    OP_DECLINE,
    OP_REPORT,
    OP_ANNOUNCE, /* of a capture, by somebody else */
    OP_FOREIGN,  /* an intent that comes past the gateway */
};

struct sim_op {
    enum sim_op_kind kind;
    size_t booking, payment;
    bool is_open;    /* to be sent */
    bool must_reach; /* a provider repeats its webhooks until they are answered */
    bool is_lost;    /* stored, and nobody was told */
    bool is_own;     /* a capture by a caller without ids, which needs an id of its own */
    bool is_kept;    /* a capture that was kept as a conflict */
    int64_t not_before_ms;
    union {
        struct gateway_intent_request intent;
        struct gateway_cancel_request cancel;
        struct payment_payload payment;
    } content;
};
