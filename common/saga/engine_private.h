/* engine_private.h - the engine itself, and what its stages are to each other. Private to the
 * engine, whose files share it. */
#pragma once

#include "common/saga/batch.h"
#include "common/saga/batch_ring.h"
#include "common/saga/clear_queue.h"
#include "common/saga/engine.h"
#include "common/saga/engine_clock.h"
#include "common/saga/refusals.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENGINE_BUS_RETRY_MS 200 /* after a publish that failed */

/* How far a sweep has come. */
struct sweep {
    size_t skip;            /* documents at its front that it goes past */
    int64_t front_again_ms; /* then it begins at the front; 0 = it has not come to the end yet */
    bool is_looking;        /* in the batch being made */
    bool is_full;           /* the last look found as many as it asked for */
};

struct engine {
    /* memory that outlives an engine's life: the counts that follow say what of it is in use */
    struct batch batches[BATCH_RING]; /* a ring */
    struct decision *decision;        /* scratch of one decide call */
    struct input *parsed;             /* scratch: the inputs of one delivery, results, a deadline */
    char (*found_ids)[IDENT_SIZE];    /* scratch: what a sweep has found */
    void *state_before;               /* scratch, to take back a decision that does not fit */
    struct delivery *held[BUS_PREFETCH_MAX]; /* taken, and in no batch */
    struct clear_queue clears;

    /* a life: all zero at its start, but for what engine_restart sets */
    const struct participant *participant;
    struct engine_ports ports;
    struct engine_limits limits;
    bool is_draining;
    int64_t newer_met_ms; /* when something of a newer release was met, and what */
    char newer_reason[ERROR_MESSAGE_BYTES];

    struct batch *batch;     /* being made: in the ring, the one after those that follow */
    size_t publishing_first; /* saved, their messages on their way */
    size_t publishing_count;
    struct engine_clock clock;
    struct refusals refusals;
    uint64_t failed_decisions;
    uint64_t unreadable;
    char unreadable_reason[ERROR_MESSAGE_BYTES]; /* of the last one */
    size_t held_count;
    uint64_t held_session;
    bool was_alone;            /* the last batch was one delivery that came back before */
    bool has_seen_queue_empty; /* deadlines may fire */

    int64_t now_ms;          /* by the wall clock: what is stored */
    int64_t steady_ms;       /* by one that only goes on: all that follows */
    int64_t due_sweep_ms;    /* next look for deadlines */
    int64_t relay_sweep_ms;  /* next look for owed messages */
    int64_t future_sweep_ms; /* the same, for those that are dated in the future */
    int64_t clocks_look_ms;  /* next look for documents dated in the future */
    struct sweep due, relay;
    int64_t bus_wait_ms;  /* publishing failed: no deliveries before this */
    bool is_relaying_all; /* after a reconnect: whatever its age */

    /* The pause while the store takes no write:
     *
     *              a batch fails                  after a while
     *   RUNNING ------------------> PAUSED ------------------------> (pulse)
     *      ^                          ^  ^                            |    |
     *      |                          |  +---- not acknowledged ------+    | acknowledged
     *      |                          |                                    v
     *      |                          +------- its batch fails ------- ON TRIAL
     *      +------------------------------ its batch is saved, or empty ---+
     *
     * RUNNING   neither flag; pause_ms is the least.
     * PAUSED    is_paused: until pause_until_ms nothing is taken, requests get 503, deliveries stay
     *           in hand. pause_ms doubles with each failure. From limits.pause_consumer_after_ms on
     *           has_paused_consumer: the deliveries were given back.
     * ON TRIAL  both flags, within one step only: a small write was acknowledged, and the step's
     *           batch shows whether it was right. */
    bool is_paused;
    bool is_on_trial;
    bool has_paused_consumer;
    int64_t paused_since_ms, pause_until_ms, pause_ms;
    char pause_reason[ERROR_MESSAGE_BYTES];

    bool is_clearing_at_once; /* the relay waits for what it published to leave the store */

    struct bus_status bus;
    int64_t outbox_count_ms; /* next time that the store may be asked how many documents owe */
    size_t unpublished; /* documents whose messages the broker has not confirmed, as far as known */
    uint64_t delivered, applied, duplicates, rejected, deferred, later, quarantined;
};

/* ---- the stages (see engine.h), each in the file of its name ---- */

void engine_take(struct engine *engine);
/* False: the store is away, the engine must pause. */
MUST_CHECK bool engine_load(struct engine *engine, struct error *error);
void engine_decide(struct engine *engine);
/* Saves every dirty draft; *ret_conflicts tells whether some must be loaded and decided again.
 * False as in engine_load. */
MUST_CHECK bool engine_save(struct engine *engine, bool *ret_conflicts, struct error *error);
void engine_answer(struct engine *engine);
void engine_start_effects(struct engine *engine);
/* What the batch owes goes to the bus, and the next batch is the one being made. */
void engine_publish(struct engine *engine);
/* Settles the batches for which the broker has answered, the oldest first. */
void engine_publish_end(struct engine *engine);
void engine_publish_wait(struct engine *engine); /* the same of all, waiting */
void engine_settle(struct engine *engine, struct batch *batch);
void engine_clear(struct engine *engine);

/* ---- what one stage asks of another's file ---- */

/* take.c */
bool engine_can_deliver(const struct engine *engine);
void engine_answer_unavailable(struct engine *engine); /* every waiting request */
bool engine_outbox_is_full(struct engine *engine);
/* The deliveries of a batch wait again, before all others. */
void engine_give_back(struct engine *engine, struct batch *batch);

/* take_sweep.c: what nobody brings */
void engine_take_deadlines(struct engine *engine, size_t room);
void engine_take_owed(struct engine *engine, size_t room);
void engine_relay_from_front(struct engine *engine);
void engine_sweep_from_front(struct engine *engine); /* what could not be done may be done now */
void engine_sweeps_end(struct engine *engine); /* the batch is saved: how far they have come */

/* load.c, decide.c, save.c */
void draft_decode(struct engine *engine, struct draft *draft, const struct record *record);
void item_decide(struct engine *engine, struct item *item);
/* The decision breaks a rule of our own: nothing of it is kept, and everything else goes on. */
void item_fail(struct engine *engine, struct item *item, const struct error *error);
/* A guess is proved by an insert. One that leaves nothing to insert proves nothing: look. */
bool engine_reopen_guesses(struct engine *engine);

/* answer.c: of a batch that is given up; what the store has taken of it all the same is told, since
 * whoever decides it again finds duplicates. */
void engine_observe_saved(struct engine *engine);

/* engine.c */
void batch_observe_end(struct engine *engine);
/* Something of a newer release was met: health says so for a while. */
void engine_newer_met(struct engine *engine, const char *reason);

/* engine_pause.c */
void engine_pause_begin(struct engine *engine, const struct error *error);
bool engine_pause_goes_on(struct engine *engine); /* while it is paused; false: try a batch */
void engine_pause_end(struct engine *engine);     /* where the batch did not begin another one */

/* observers may be absent */
#define OBSERVE(engine, call, ...)                                                                 \
    do {                                                                                           \
        const struct observer_port *observer_ = (engine)->ports.observer;                          \
        if (observer_ != NULL && observer_->call != NULL)                                          \
            observer_->call(observer_->self, __VA_ARGS__);                                         \
    } while (0)
