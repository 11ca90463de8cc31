/* sim.h - a whole Roundtrip in one thread: the shipped engine, participants, codecs and documents
 * on a simulated bus, store, clock, clients and payment provider.
 *
 * One thread, no clock, no system call: whoever plays with it decides what happens when, be it by a
 * seed (sim/random) or in every order (sim/exhaustive, which brings ports of its own). The world is
 * one struct; what it is made of has headers of its own: workers, bus, stores, clients, provider.
 */
#pragma once

#include "booking/participant.h"
#include "common/base/arena.h"
#include "gateway/participant.h"
#include "payment/participant.h"
#include "sim/world/sim_anomalies.h"
#include "sim/world/sim_booking.h"
#include "sim/world/sim_call.h"
#include "sim/world/sim_faults.h"
#include "sim/world/sim_message.h"
#include "sim/world/sim_process.h"
#include "sim/world/sim_random.h"
#include "sim/world/sim_refunds.h"
#include "sim/world/sim_storage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct replayer;

struct sim_options {
    bool is_told;       /* print the story */
    bool is_unobserved; /* the engines have no observer; anomalies are not counted */
    FILE *out;
    struct sim_tape *tape; /* NULL: neither recorded nor replayed */
    /* For tests: an invariant of their own, checked after the others; or NULL. */
    void (*planted)(struct sim *sim);
};

enum sim_size { SIM_SMALL, SIM_MEDIUM, SIM_LARGE, SIM_SIZE_COUNT };
#define SIM_FAILURE_SIZE 400

struct sim {
    /* memory that outlives a schedule: the counts that follow say what of it is in use */
    struct arena arena;         /* messages, deliveries, requests, bodies: for one schedule */
    uint64_t steps, port_calls; /* of all schedules so far */
    struct replayer *replayer;
    size_t service_count; /* the first of the registry: all its participants, or the roles alone */
    const void *rules[SIM_SERVICES_MAX]; /* of the roles, see below; of others the defaults, in: */
    struct arena defaults;
    void *any_state; /* room for one of any participant */
    struct engine *engines[SIM_SERVICES_MAX][SIM_WORKERS_PER_SERVICE_MAX];
    struct effect_queue *effect_queues[SIM_WORKERS_PER_SERVICE_MAX];
    struct memory_broker broker;
    struct memory_queue queues[SIM_SERVICES_MAX]; /* of these: */
    struct memory_entry entries[SIM_SERVICES_MAX][SIM_QUEUE_MAX];
    struct memory_letter letters[SIM_SERVICES_MAX][SIM_DEAD_MAX];
    struct memory_held hands[SIM_WORKERS_MAX][SIM_PREFETCH];
    struct sim_store stores[SIM_SERVICES_MAX];
    struct sim_store backup; /* of payment's; count 0 = none */
    struct sim_mark marks[SIM_MARKS_MAX];
    uint16_t mark_index[SIM_MARK_INDEX]; /* mark + 1, 0 = free */
    struct sim_booking bookings[SIM_BOOKINGS_MAX];
    struct sim_payment payments[SIM_PAYMENTS_MAX];
    struct sim_op ops[SIM_OPS_MAX];
    struct sim_call calls[SIM_CALLS_MAX];
    struct sim_worker workers[SIM_WORKERS_MAX];

    /* a schedule: all zero at its start */
    uint64_t seed;
    enum sim_size size;
    struct sim_random random;
    struct sim_options options;
    uint64_t story_hash;
    uint64_t story_length;
    bool is_healed;
    int rates[FAULT_COUNT];
    bool may_lose_messages; /* a queue was purged or deleted: not every view is told everything */
    bool has_rolled;        /* two releases ran side by side */
    bool is_restored;       /* the payment service's store is an older one */
    char failure[SIM_FAILURE_SIZE]; /* "" = all is well */
    struct anomaly_set reached;
    int64_t now_ms;
    int depth; /* of nested steps */

    struct booking_rules booking_rules;
    struct payment_rules payment_rules;
    struct gateway_config gateway_config;
    struct participant participants[SIM_SERVICES_MAX];
    struct participant newer[SIM_SERVICES_MAX]; /* of the newer release */
    size_t worker_count, mark_count, booking_count, payment_count, op_count, call_count;
    size_t poison_count, refunds_moving;
    int64_t keys_kept_ms; /* how long the provider knows a key; 0 = for ever */
    struct sim_kept old[SIM_KEPT_MAX], dead[SIM_KEPT_MAX];
    const struct sim_message *settled[SIM_SERVICES_MAX]; /* a sound one, the last */
    size_t old_count, dead_count;
    int64_t full_until_ms[SIM_SERVICES_MAX]; /* a queue refuses what is published */
    int64_t blocked_until_ms, broker_away_until_ms, provider_shut_until_ms;
};

/* sim.c */
/* Aborts where the registry does not begin with the roles, or has a participant after a service
 * that is none. */
struct sim *sim_new(void);
struct sim *sim_free(struct sim *sim); /* returns NULL */
void sim_clear(struct sim *sim);       /* for the next schedule: what the last one used */
