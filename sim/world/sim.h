/* sim.h - a whole Roundtrip in one thread: the shipped engine, participants, codecs and documents
 * on a simulated bus, store, clock, clients and payment provider.
 *
 * One thread, no clock, no system call: whoever plays with it decides what happens when, be it by a
 * seed (sim/random) or in every order (sim/exhaustive, which brings ports of its own). */
#pragma once

#include "booking/participant.h"
#include "common/base/arena.h"
#include "common/effects/effect_queue.h"
#include "common/memory/memory_bus.h"
#include "common/memory/memory_store.h"
#include "common/saga/engine.h"
#include "gateway/participant.h"
#include "payment/participant.h"
#include "sim/world/sim_anomalies.h"
#include "sim/world/sim_faults.h"
#include "sim/world/sim_op.h"
#include "sim/world/sim_random.h"
#include "sim/world/sim_refunds.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* By role: the clients, the provider and the oracle have their part against each of these. They
 * stand where the registry has them. */
enum sim_service { SIM_GATEWAY, SIM_BOOKING, SIM_PAYMENT, SIM_SERVICE_COUNT };

#define SIM_WORKERS_MAX             6
#define SIM_WORKERS_PER_SERVICE_MAX 2
#define SIM_BOOKINGS_MAX            4
#define SIM_PAYMENTS_MAX            32
#define SIM_OPS_MAX                 160
#define SIM_CALLS_MAX               64
#define SIM_CALLS_ROOM_MAX          8
#define SIM_PREFETCH                16
#define SIM_REQUESTS_MAX            64
#define SIM_SAVED_MAX               64
#define SIM_MARKS_MAX               1024
#define SIM_MARK_INDEX              2048 /* a power of two, well above SIM_MARKS_MAX */
#define SIM_DOCUMENTS_MAX           64
#define SIM_JUNK_MAX                40
#define SIM_QUEUE_MAX               1024
#define SIM_DEAD_MAX                1024

struct sim;
struct replayer;

/* ---- the bus ---- */

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

/* ---- the stores ---- */

struct sim_life {      /* of a document's state */
    int64_t since_ms;  /* by the world's own time, which is never set */
    size_t life_count; /* of the worker that stored it so */
};

struct sim_store {
    struct memory_store memory; /* of these documents, which are never removed */
    struct memory_document documents[SIM_DOCUMENTS_MAX];
    struct sim_life lives[SIM_DOCUMENTS_MAX];
    int64_t away_until_ms;
    int64_t readonly_until_ms;
    size_t junk_count; /* documents that nobody can read, due and owing since junk_at_ms */
    int64_t junk_at_ms;
};

/* ---- clients and provider ---- */

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

/* ---- the workers ---- */

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

struct sim_options {
    bool is_told;       /* print the story */
    bool is_unobserved; /* the engines have no observer; anomalies are not counted */
    FILE *out;
    struct sim_tape *tape; /* NULL: neither recorded nor replayed */
    /* For tests: an invariant of their own, checked after the others; or NULL. */
    void (*planted)(struct sim *sim);
};

#define SIM_KEPT_MAX 8
struct sim_kept { /* a message that has left its queue */
    enum sim_service service;
    const struct sim_message *message;
};

enum sim_size { SIM_SMALL, SIM_MEDIUM, SIM_LARGE, SIM_SIZE_COUNT };
#define SIM_FAILURE_SIZE 400

struct sim {
    /* memory that outlives a schedule: the counts that follow say what of it is in use */
    struct arena arena;         /* messages, deliveries, requests, bodies: for one schedule */
    uint64_t steps, port_calls; /* of all schedules so far */
    struct replayer *replayer;
    struct engine *engines[SIM_SERVICE_COUNT][SIM_WORKERS_PER_SERVICE_MAX];
    struct effect_queue *effect_queues[SIM_WORKERS_PER_SERVICE_MAX];
    struct memory_broker broker;
    struct memory_queue queues[SIM_SERVICE_COUNT]; /* of these: */
    struct memory_entry entries[SIM_SERVICE_COUNT][SIM_QUEUE_MAX];
    struct memory_letter letters[SIM_SERVICE_COUNT][SIM_DEAD_MAX];
    struct memory_held hands[SIM_WORKERS_MAX][SIM_PREFETCH];
    struct sim_store stores[SIM_SERVICE_COUNT];
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
    struct participant participants[SIM_SERVICE_COUNT];
    struct participant newer[SIM_SERVICE_COUNT]; /* of the newer release */
    size_t worker_count, mark_count, booking_count, payment_count, op_count, call_count;
    size_t poison_count, refunds_moving;
    int64_t keys_kept_ms; /* how long the provider knows a key; 0 = for ever */
    struct sim_kept old[SIM_KEPT_MAX], dead[SIM_KEPT_MAX];
    const struct sim_message *settled[SIM_SERVICE_COUNT]; /* a sound one, the last */
    size_t old_count, dead_count;
    int64_t full_until_ms[SIM_SERVICE_COUNT]; /* a queue refuses what is published */
    int64_t blocked_until_ms, broker_away_until_ms, provider_shut_until_ms;
};

/* sim.c */
struct sim *sim_new(void);
struct sim *sim_free(struct sim *sim); /* returns NULL */
void sim_clear(struct sim *sim);       /* for the next schedule: what the last one used */

/* sim_story.c */
bool sim_fault(struct sim *sim, enum sim_fault fault); /* does it strike now? */
void sim_tell(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3);
void sim_fail(struct sim *sim, const char *format, ...)
    PRINTF_LIKE(2, 3); /* the first one counts */
const char *sim_service_text(enum sim_service service);

/* sim_watch.c: what the engine tells of itself */
const struct observer_port *sim_observer_port(struct sim_worker *worker);

/* sim_trace.c: what observers are told */
void sim_trace_saved(struct sim_worker *worker, const struct memory_document *before,
                     const struct record *record);
void sim_trace_decided(struct sim_worker *worker, const struct decided *decided);
void sim_trace_step_end(struct sim_worker *worker);

/* sim_worker.c */
void sim_workers_make(struct sim *sim);
void sim_worker_step(struct sim_worker *worker); /* may crash inside */
void sim_worker_stop(struct sim_worker *worker); /* the process is gone */
/* When it should step next: now or before where something waits for it; 0 = never. */
int64_t sim_worker_next_ms(const struct sim_worker *worker);
/* Any that listens; NULL: connection refused. */
struct sim_worker *sim_worker_up(struct sim *sim, enum sim_service service);
void sim_service_wake(struct sim *sim, enum sim_service service); /* something has arrived */
void sim_port_point(struct sim_worker *worker); /* others may run here, or this worker may crash */

/* sim_queue.c: the broker's side */
void sim_queue_delete(struct sim *sim, enum sim_service service);
void sim_queue_purge(struct sim *sim, enum sim_service service);
/* PUBLISH_RETURNED: no queue is there; PUBLISH_NACKED: one is full, others may have taken it. */
enum publish_result sim_route(struct sim *sim, const struct message *message);
/* Into one queue, whatever the routing; NULL: it is full. */
struct sim_message *sim_queue_put(struct sim *sim, enum sim_service service,
                                  const struct message *message);
void sim_message_keep(struct sim_kept *kept, size_t *count, enum sim_service service,
                      const struct sim_message *message);
const struct sim_message *sim_message_of(const struct memory_entry *entry);
void sim_session_end(struct sim_worker *worker, int64_t reconnect_after_ms);
struct sim_mark *sim_mark(struct sim *sim, const char *message_id);
size_t sim_queue_waiting(const struct sim *sim, enum sim_service service);

/* sim_bus.c, sim_store.c, sim_provider.c, sim_clients.c: the ports */
struct bus_port sim_bus_port(struct sim_worker *worker);
struct store_port sim_store_port(struct sim_worker *worker);
struct effect_port sim_effect_port(struct sim_worker *worker);
struct request_port sim_request_port(struct sim_worker *worker);
const struct memory_document *sim_document_find(const struct sim *sim, enum sim_service service,
                                                const char *id);
/* The participant's state of a stored document; false: `failure` is set. */
bool sim_document_state(struct sim *sim, enum sim_service service,
                        const struct memory_document *document, void *ret_state);
/* Whether the document's history tells of this input, or is too full to tell. */
bool sim_document_remembers(const struct memory_document *document, const char *input_id);
bool sim_document_owed(const uint8_t *body, size_t length,
                       bool (*each)(void *self, const char *message_id), void *self);
/* Is this message among them? A damaged document counts as owing it. */
bool sim_document_owes(const uint8_t *body, size_t length, const char *message_id);

/* The input that a service's HTTP shell makes of it. */
void sim_op_input(const struct sim *sim, const struct sim_op *op, struct input *ret_input);
bool sim_clients_send(struct sim *sim); /* one open operation; false: nothing was sent */
void sim_request_send(struct sim_worker *worker, struct sim_op *op);
int64_t sim_clients_next_ms(const struct sim *sim); /* of an operation that waits; 0 = none */
void sim_clients_lose(struct sim_worker *worker);   /* its requests will not be answered */
struct sim_payment *sim_payment_find(struct sim *sim, const char *id);

/* sim_later.c: weeks later old messages and dead letters come again; false: nothing did */
bool sim_weeks_later(struct sim *sim);

/* sim_flood.c: one side of an engine is flooded; false: none was */
bool sim_flood_check(struct sim *sim);

/* sim_restore.c: a backup of the payment service's store, taken and put back */
void sim_backup_take(struct sim *sim);
bool sim_backup_restore(struct sim *sim); /* false: there is none, or it knows too little */
