/* sim_call.h - a call of the payment service to the provider, and what becomes of it. */
#pragma once

#include "common/effects/effect_queue.h"
#include "payment/participant.h"

struct sim;
struct sim_worker;
enum sim_call_answer { CALL_ANSWERED, CALL_LOST, CALL_TIMED_OUT, CALL_UNANSWERED };
struct sim_call {
    struct sim_worker *worker; /* NULL: it has crashed, nobody hears the answer */
    struct effect_call *call;  /* in the worker's queue */
    struct effect effect;
    int64_t arrives_at_ms, answered_at_ms; /* it arrives at 0: never */
    bool has_arrived;
    enum sim_call_answer answer;
    struct refund_result result;
};
