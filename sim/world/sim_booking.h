/* sim_booking.h - what each client means by its booking, and a request that is under way. */
#pragma once

#include "common/saga/request_port.h"
#include "gateway/participant.h"
#include "sim/world/sim_op.h"

struct sim;
struct sim_worker;

struct sim_booking { /* as its client means it */
    char id[IDENT_SIZE], user_id[USER_SIZE];
    int64_t amount;
    bool is_accepted; /* a 202 was seen */
    struct gateway_intent_request accepted;
    bool is_foreign;               /* its intent came past the gateway */
    bool is_cancel_promised;       /* a 202 to its own user was seen */
    bool has_met_strangers_cancel; /* confirmed, and somebody else wanted it cancelled */
};

struct sim_request {
    struct request request;
    size_t op;
    bool is_taken;
    _Alignas(16) unsigned char state[];
};
