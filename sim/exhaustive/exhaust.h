/* exhaust.h - small worlds explored completely: every order of messages, requests and clock moves,
 * every crash point, every overlap of two workers of one service, within the world's budgets.
 *
 * The shipped engine and participants run on ports whose whole state is one plain struct, so a
 * state is kept and restored by copying it. A transition is one step of one worker, or one move of
 * the clock, or one late call that reaches the provider; inside it every choice (which message, a
 * duplicate, a crash after this port call, the other worker's step within it) is asked of
 * exhaust_choose, and the explorer runs the transition again until all answers were given. A state
 * that was seen before is not explored again.
 *
 * Its worlds have the three roles only: further participants of the registry are not there, nor the
 * bindings to their queues.
 *
 * What makes it finite, and is left to the random schedules instead: queues are bags, in
 * which any order is possible, and lose nothing that they have, though one may refuse or miss a
 * message; stores fail by
 * taking no write, and always say so; a step overlaps with another by running around the whole of
 * it; time moves only to the next deadline, and a worker's wall clock is set by as much as makes
 * any deadline due, or back by that; the history of a document is kept only where clocks are set
 * (else it decides only A10, one message id with two bodies).
 *
 * One explorer belongs to one thread. */
#pragma once

#include "common/saga/engine_state.h"
#include "sim/exhaustive/exhaust_pool.h"
#include "sim/world/sim.h"

#include <setjmp.h>

#define EXHAUST_WORKERS_MAX   4
#define EXHAUST_DOCUMENTS_MAX 3
#define EXHAUST_QUEUE_MAX     24
#define EXHAUST_OPS_MAX       8
#define EXHAUST_PAYMENTS_MAX  2
#define EXHAUST_MARKS_MAX     48
#define EXHAUST_SESSION       1 /* the only one */
#define EXHAUST_CALLS_MAX     4
#define EXHAUST_HELD_MAX      ENGINE_STATE_HELD_MAX
#define EXHAUST_CHOICES_MAX   64
#define EXHAUST_DEPTH_MAX     600

/* ---- what there is to explore ---- */

struct exhaust_op { /* zeroed: the booking's own user, amount and currency; the first payment */
    enum sim_op_kind kind;
    size_t payment;
    bool is_stranger, is_short, is_final;
};

struct exhaust_plan {
    const char *name;
    size_t op_count;
    struct exhaust_op ops[EXHAUST_OPS_MAX];
    int workers[SIM_ROLE_COUNT];
    int duplicates; /* messages that may be delivered once more */
    int crashes;
    int ticks;     /* moves of the clock while something else could happen */
    int faults;    /* provider calls that go wrong */
    int unwritten; /* calls of a store that takes no write */
    int refusals;  /* messages that one of their queues does not take */
    int jumps;     /* of a worker's wall clock, ahead or back */
    int misses;    /* messages that one of their queues never gets: a binding is lost */
    int batch_max; /* inputs of one step */
    bool is_lazy;  /* confirmed messages leave the outbox with a later step, as shipped */
};

/* exhaust_plans.c: from small to large. */
extern const struct exhaust_plan exhaust_plans[];
extern const size_t exhaust_plan_count;
const struct exhaust_plan *exhaust_plan_find(const char *name); /* NULL: there is none */

/* ---- one state of a world: plain values, pointers into the pool, and into the explorer's own
 * world, where it is put back ---- */

enum exhaust_op_state { EXHAUST_OP_OPEN, EXHAUST_OP_TAKEN, EXHAUST_OP_CLOSED };

struct exhaust_charge { /* a payment in the provider's ledger */
    bool is_accepted;
    uint8_t accepted_op; /* whose content was accepted first */
    int effects;
    int64_t refunded_amount;
};

struct exhaust_call {
    int8_t worker;                     /* < 0: nobody waits for the answer */
    bool is_late;                      /* has not reached the provider yet */
    const struct exhaust_text *effect; /* a struct effect */
    const struct exhaust_text *result; /* a struct refund_result; NULL: none to be heard yet */
};

struct exhaust_world {
    int64_t now_ms;
    struct memory_store stores[SIM_ROLE_COUNT]; /* of these documents, zeroed if unused */
    struct memory_document documents[SIM_ROLE_COUNT][EXHAUST_DOCUMENTS_MAX];
    struct memory_queue queues[SIM_ROLE_COUNT]; /* bags, of these messages, kept: */
    struct memory_entry entries[SIM_ROLE_COUNT][EXHAUST_QUEUE_MAX];
    uint8_t ops[EXHAUST_OPS_MAX]; /* enum exhaust_op_state */
    bool is_intent_accepted;
    uint8_t accepted_intent; /* the op */
    struct exhaust_charge charges[EXHAUST_PAYMENTS_MAX];
    struct exhaust_call calls[EXHAUST_CALLS_MAX];
    size_t call_count;
    const struct exhaust_text *marks[EXHAUST_MARKS_MAX]; /* published: not-repeat struct message */
    size_t mark_count;
    uint64_t confirmed;                     /* of them, a bit each */
    int64_t skews_ms[EXHAUST_WORKERS_MAX];  /* of wall clocks */
    int duplicates, crashes, ticks, faults; /* left, as these: */
    int unwritten, refusals, jumps, misses;
    int forced_moves; /* of the clock, when nothing else could happen */
    struct engine_state memories[EXHAUST_WORKERS_MAX];
};

/* ---- the explorer ---- */

struct exhaust_choices {
    uint8_t chosen[EXHAUST_CHOICES_MAX];
    uint8_t arity[EXHAUST_CHOICES_MAX];
    size_t count, at;
};

struct exhaust_frame { /* a state on the way from the first one */
    struct exhaust_world world;
    uint64_t hash;
    struct exhaust_choices choices; /* of the transition being tried */
    bool is_begun;
    bool is_moving; /* some transition led elsewhere */
    bool is_forced; /* none did: the clock has moved */
};

struct exhaust_worker {
    struct exhaust *explorer;
    int8_t number;
    enum sim_service service;
    char name[16];
    struct observer_port observer; /* for the story */
    struct engine *engine;
    struct engine_state newborn;
    bool is_stepping;
    const struct message *const *published; /* in the last call */
    size_t published_count;
    bool is_refused[EXHAUST_MARKS_MAX]; /* of these */
    struct memory_bus bus;
    struct memory_held hand[EXHAUST_HELD_MAX];
    struct request requests[EXHAUST_OPS_MAX];
    size_t request_count; /* taken in this step */
    uint8_t request_ops[EXHAUST_OPS_MAX];
    sigjmp_buf crash_point;
};

struct exhaust_outcome { /* a distinct way in which it may end */
    char text[160];
    uint64_t count;
};

#define EXHAUST_OUTCOMES_MAX 64

struct exhaust_statistics {
    uint64_t states, transitions, ends;
    size_t depth_max;
    size_t outcome_count;
    struct exhaust_outcome outcomes[EXHAUST_OUTCOMES_MAX];
};

struct exhaust {
    const struct exhaust_plan *plan;
    struct sim *sim; /* participants, rules, clients' plans; the oracle's view; the story */
    struct exhaust_pool pool;
    struct exhaust_set seen;
    struct exhaust_world world;
    struct memory_broker broker; /* of the world's queues, with these: */
    struct topology_binding bindings[MEMORY_BINDINGS_MAX];
    struct exhaust_choices *choices; /* NULL: always the first */
    struct exhaust_worker workers[EXHAUST_WORKERS_MAX];
    size_t worker_count;
    bool is_waking; /* the first steps: no client yet */
    struct exhaust_frame *frames;
    size_t depth;
    bool is_between; /* what is wrong was found in the last frame's state, not in its transition */
    struct exhaust_statistics statistics;
};

/* exhaust.c. `out` not NULL: the story is told there. The explorer is ready at the first state. */
struct exhaust *exhaust_new(const struct exhaust_plan *plan, FILE *out);
struct exhaust *exhaust_free(struct exhaust *explorer); /* returns NULL */

enum exhaust_end { EXHAUST_COMPLETE, EXHAUST_CUT, EXHAUST_VIOLATED };
/* Explores until everything is seen, `is_over` says so, or something is wrong: then sim->failure
 * says what, and exhaust_path_write which choices lead there. */
enum exhaust_end exhaust_run(struct exhaust *explorer, bool (*is_over)(void *self), void *self);
/* Choices as text: transitions parted by "/", the choices of each by ".". */
void exhaust_path_write(const struct exhaust *explorer, FILE *out);
/* Goes along such a path from the first state; false: it is no path of this world. */
bool exhaust_replay(struct exhaust *explorer, const char *path);

/* One of 0 .. count - 1; count > 0. */
size_t exhaust_choose(struct exhaust *explorer, size_t count);

/* exhaust_worker.c */
void exhaust_workers_make(struct exhaust *explorer);
void exhaust_step(struct exhaust_worker *worker); /* may crash inside */
/* After something that others can see, or between looking and acting: this worker may crash here,
 * and the other one of its service may run. */
void exhaust_port_point(struct exhaust_worker *worker);

/* When its engine tries again what it could not do; 0 = there is no such thing. */
int64_t exhaust_worker_again_ms(const struct exhaust_worker *worker);

/* exhaust_hash.c: of the state, for all that matters */
uint64_t exhaust_hash(const struct exhaust *explorer);
uint64_t exhaust_memory_hash(const struct exhaust *explorer, const struct exhaust_worker *worker);
/* exhaust_move.c */
void exhaust_begin(struct exhaust *explorer);      /* the first state */
void exhaust_transition(struct exhaust *explorer); /* by the explorer's choices */
void exhaust_clock_force(struct exhaust *explorer);

/* exhaust_store.c, exhaust_bus.c, exhaust_edge.c: the ports */
struct store_port exhaust_store_port(struct exhaust_worker *worker);
struct bus_port exhaust_bus_port(struct exhaust_worker *worker);
struct request_port exhaust_request_port(struct exhaust_worker *worker);
struct effect_port exhaust_effect_port(struct exhaust_worker *worker);
void exhaust_bus_lose(struct exhaust_worker *worker);    /* what it holds goes back */
void exhaust_bus_restore(struct exhaust_worker *worker); /* its hand, as the state says */
void exhaust_edge_lose(struct exhaust_worker *worker);   /* its requests and calls */
void exhaust_call_arrive(struct exhaust *explorer, size_t call);
const struct memory_document *exhaust_document_find(const struct exhaust *explorer,
                                                    enum sim_service service, const char *id);
/* The broker has taken it, as far as any worker knows. */
bool exhaust_is_confirmed(const struct exhaust *explorer, const char *message_id);

/* exhaust_verdict.c: the oracle looks at a state at rest. */
bool exhaust_is_quiet(const struct exhaust *explorer);
void exhaust_judge(struct exhaust *explorer);

/* exhaust_main.c: roundtrip-sim --exhaustive ... */
int exhaust_main(int argc, char **argv);
