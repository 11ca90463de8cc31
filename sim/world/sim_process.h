/* sim_process.h - a process: an engine on ports that fail, and how far its step has come. */
#pragma once

#include "common/saga/engine.h"
#include "sim/world/sim_booking.h"
#include "sim/world/sim_message.h"

#include <setjmp.h>

struct effect_queue;

/* How far a step has come: what a crash leaves behind. */
enum sim_phase {
    PHASE_IDLE,
    PHASE_TAKEN,
    PHASE_SAVED,      /* and messages are owed */
    PHASE_PUBLISHING, /* some are out, no confirm was heard */
    PHASE_PUBLISHED,
    PHASE_ACKED,
};

struct sim_saved { /* in this step */
    char id[IDENT_SIZE];
    int64_t version;
    size_t unobserved; /* decisions of it that no observer has been told of yet */
};

struct sim_publish { /* on its way */
    const struct message *const *messages;
    enum publish_result *results; /* as the broker answers */
    size_t count;
    uint64_t session; /* that it went out in */
};

struct sim_worker {
    struct sim *sim;
    enum sim_service service;
    int number;    /* within its service, from 1 */
    bool is_newer; /* of another release than the others */
    char name[16];
    struct engine_limits limits;
    struct engine *engine; /* NULL: down */
    int64_t down_until_ms;
    int64_t stepped_at_ms;
    int64_t began_ms;        /* this step: what it decides, it decides as of then */
    int64_t sleeps_until_ms; /* as its engine asked, unless something arrives */
    int64_t skew_ms;
    size_t crash_count;
    size_t life_count; /* starts of its engine */
    bool is_stepping;
    bool is_frozen;        /* in this step: time has passed in it */
    size_t conflict_count; /* in this step */
    enum sim_phase phase;  /* of this step */
    size_t saved_count;
    int depth;
    int crash_in; /* port calls; < 0: not at all */
    sigjmp_buf crash_point;
    /* bus */
    struct memory_bus bus;
    struct sim_hold holds[SIM_PREFETCH]; /* of its hand */
    int64_t half_open_until_ms;          /* 0 = the connection is sound */
    int64_t topology_due_ms;             /* when it makes sure of queues and bindings again */
    bool can_publish;                    /* as it was told */
    int64_t reconnect_at_ms;
    struct sim_publish publishes[BUS_PUBLISHES_MAX]; /* the oldest first */
    size_t publish_count;
    struct effect_queue *calls; /* payment only; callers: that are made at once */
    size_t calls_room, callers;
    /* the store, as it was told */
    bool is_write_failing; /* no write was acknowledged since one failed */
    int64_t write_failing_since_ms;
    /* clients */
    struct sim_request *requests[SIM_REQUESTS_MAX];
    size_t request_count;
    struct observer_port observer;
    struct sim_saved saved[SIM_SAVED_MAX];
};

/* What ports, clients and the provider ask of the processes; sim_worker.c. */
/* Any that listens; NULL: connection refused. */
struct sim_worker *sim_worker_up(struct sim *sim, enum sim_service service);
void sim_service_wake(struct sim *sim, enum sim_service service); /* something has arrived */
void sim_port_point(struct sim_worker *worker); /* others may run here, or this worker may crash */
