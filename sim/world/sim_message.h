/* sim_message.h - messages in the simulated broker, and what is known of each. */
#pragma once

#include "common/memory/memory_bus.h"
#include "sim/world/sim_anomalies.h"
#include "sim/world/sim_limits.h"

struct sim;
struct sim_worker;

struct sim_message {        /* waits in a queue, or is in a hand: what an entry of it points to */
    struct message message; /* the first member */
    bool is_malformed, is_poison, is_forged;
    bool is_wider;                     /* as another release would write it: one field more */
    bool is_old;                       /* acked weeks ago */
    bool is_replayed;                  /* out of the dead letters */
    enum sim_anomaly quarantine_meets; /* of a poison */
};

struct sim_hold { /* of a delivery in a worker's hand */
    bool is_quarantined;
    bool is_postponed;
    bool is_of_nothing; /* a decline of what was not known when it was decided */
};

/* What is known of a message id: its content must never change. */
struct sim_mark {
    uint64_t id_hash;
    uint64_t content_hash;
    size_t index_at; /* its entry of mark_index */
    bool is_confirmed;
    int refused_count;   /* times that one queue took it and another did not */
    unsigned decided_by; /* services, one bit each */
    int duplicate_count; /* decisions that found it known */
    unsigned shown_by;   /* services on which it had an effect as a declined try, one bit each */
    bool is_of_payment;
    const struct sim_worker *published_by;
    char type[MESSAGE_TYPE_SIZE];
    char booking_id[IDENT_SIZE];
};

#define SIM_KEPT_MAX 8
struct sim_kept { /* a message that has left its queue */
    enum sim_service service;
    const struct sim_message *message;
};
