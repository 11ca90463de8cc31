/* batch.h - one step's work, shared by the files of the engine and by nobody else.
 *
 * A job is one input. A slot is one document of the batch: all jobs that concern it fold into one
 * new version. A delivery has one job or several (or none, when it is quarantined). While the
 * messages of some batches are on their way, the next one is made. */
#pragma once

#include "common/saga/batch_ring.h"
#include "common/saga/clears.h"
#include "common/saga/document.h"
#include "common/saga/engine.h"
#include "common/saga/engine_clock.h"
#include "common/saga/refusals.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLOTS_MAX           STORE_BATCH_MAX
#define SLOT_INDEX_SIZE     2048 /* a power of two, well above SLOTS_MAX */
#define JOBS_MAX            STORE_BATCH_MAX
#define ENGINE_BUS_RETRY_MS 200 /* after a publish that failed */

struct batch_delivery {
    struct delivery *delivery;
    size_t jobs_first, jobs_count;
    bool is_quarantined;
    bool is_later; /* left to a newer release */
    char reason[QUARANTINE_REASON_SIZE];
    enum outcome outcome; /* the gravest of its jobs */
};

enum job_fate {
    JOB_OPEN,     /* not decided yet, or to be decided again */
    JOB_DECIDED,  /* stands as soon as its slot is saved */
    JOB_DEFERRED, /* cannot be decided now (its document's outbox is full): next step */
    JOB_LATER,    /* its document is of a newer release; a request gets 503 */
    JOB_POISON,   /* to be quarantined; a request gets 500 */
};

struct job {
    struct input input;
    enum job_fate fate;
    size_t slot;
    struct request *request;         /* or NULL */
    struct batch_delivery *delivery; /* or NULL */
    const char *verdict, *reason, *state_from, *state_to;
    enum outcome outcome;
    enum reply reply;
    bool is_first_outcome, is_security_event, is_alert;
    struct note notes[DECISION_NOTES_MAX];
    int note_count;
    struct effect *effect; /* in the arena, or NULL */
};

enum slot_fate {
    SLOT_LOADED, /* decided upon, nothing to save */
    SLOT_DIRTY,  /* to be saved */
    SLOT_STALE,  /* conflict: load and decide again */
    SLOT_SAVED,
    SLOT_NEWER,  /* a newer release has stored it: it is left alone */
    SLOT_BROKEN, /* the stored document cannot be read */
};

struct slot {
    struct document *document;
    size_t index_at; /* its entry of slot_index */
    enum slot_fate fate;
    const struct record *record; /* as loaded */
    bool is_careful;   /* a decision about it cannot be saved: each is checked, to find out which */
    bool is_guessed;   /* taken to be new; loaded if it is not, or if nothing comes of it */
    int next_position; /* of messages owed by the version being made */
    const struct input *owed_cause[OWED_MAX]; /* NULL: owed by an earlier version */
    size_t unconfirmed;                       /* owed messages that the broker has yet to confirm */
    size_t kept_back;  /* of them: the broker refused them, or refuses their kind just now */
    bool is_attempted; /* they were handed to the bus */
    size_t jobs_open;
};

struct owed_ref { /* whose message it is */
    struct slot *slot;
    size_t position;
};

/* What the slots owe, as it goes to the bus: part after part of BUS_PUBLISH_MAX. */
struct outgoing {
    const struct message **messages;
    struct owed_ref *refs;
    size_t count;
    size_t part_first, part_count; /* the part on its way; 0 = none */
};

struct batch {
    struct arena arena;
    struct job *jobs;
    size_t job_count;
    struct batch_delivery deliveries[BUS_PREFETCH_MAX];
    size_t delivery_count;
    struct slot *slots;
    size_t slot_count;
    uint16_t slot_index[SLOT_INDEX_SIZE]; /* slot + 1, 0 = free */
    struct outgoing outgoing;
};

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
    struct clears clears;

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

    bool is_paused;
    bool is_on_trial; /* a small write was acknowledged: if this step's batch is, too, the pause
                         ends */
    bool has_paused_consumer;
    int64_t paused_since_ms, pause_until_ms, pause_ms;
    char pause_reason[ERROR_MESSAGE_BYTES];

    bool is_clearing_at_once; /* the relay waits for what it published to leave the store */

    struct bus_status bus;
    int64_t outbox_count_ms; /* next time that the store may be asked how many documents owe */
    size_t unpublished; /* documents whose messages the broker has not confirmed, as far as known */
    uint64_t delivered, applied, duplicates, rejected, deferred, later, quarantined;
};

/* batch.c */
void batch_clear(struct batch *batch);
/* Its deliveries wait again, before all others. */
void batch_give_back(struct engine *engine, struct batch *batch);
/* The slot of this document, made when new; SLOTS_MAX when the batch is full. */
size_t batch_slot(struct engine *engine, const char *document_id);
/* How much more a side may bring that has this part of batch_max for itself: what the others leave,
 * and its share in any case. */
size_t batch_room(const struct engine *engine, size_t share_divisor);
struct job *batch_job_add(struct engine *engine, const struct input *input); /* NULL: full */
void job_leave(struct job *job);                 /* to a newer release */
bool slot_is_done(const struct slot *slot);      /* durable and nothing left to decide */
bool slot_is_published(const struct slot *slot); /* and everything owed is confirmed */
/* Or the outbox keeps it until the broker takes messages of its kind again. */
bool slot_is_kept_back(const struct slot *slot);

/* engine.c */
void batch_observe_end(struct engine *engine);

/* Something of a newer release was met: health says so for a while. */
void engine_newer_met(struct engine *engine, const char *reason);

/* pause.c */
void engine_pause_begin(struct engine *engine, const struct error *error);
bool engine_pause_goes_on(struct engine *engine); /* while it is paused; false: try a batch */
void engine_pause_end(struct engine *engine);     /* where the batch did not begin another one */

/* take.c */
void engine_take(struct engine *engine);
bool engine_can_deliver(const struct engine *engine);
void engine_answer_unavailable(struct engine *engine); /* every waiting request */
bool engine_outbox_is_full(struct engine *engine);

/* sweep.c */
void engine_take_deadlines(struct engine *engine, size_t room);
void engine_take_owed(struct engine *engine, size_t room);
void engine_relay_from_front(struct engine *engine);
void engine_sweep_from_front(struct engine *engine); /* what could not be done may be done now */
void engine_sweeps_end(struct engine *engine); /* the batch is saved: how far they have come */

/* fold.c: load, decide, save. False: the store is away, the engine must pause. */
MUST_CHECK bool engine_fold(struct engine *engine, struct error *error);

/* answer.c */
void engine_answer(struct engine *engine);
/* Of a batch that is given up: what the store has taken of it all the same is told, since whoever
 * decides it again finds duplicates. */
void engine_observe_saved(struct engine *engine);

/* publish.c */
/* What the batch owes goes to the bus, and the next batch is the one being made. */
void engine_publish(struct engine *engine);
/* Settles the batches for which the broker has answered, the oldest first: up to the ack. */
void engine_publish_end(struct engine *engine);
void engine_publish_wait(struct engine *engine); /* the same of all, waiting */

/* deliver.c: effects, ack, clear */
void engine_start_effects(struct engine *engine);
void engine_settle(struct engine *engine, struct batch *batch);
void engine_clear(struct engine *engine);

/* observers may be absent */
#define OBSERVE(engine, call, ...)                                                                 \
    do {                                                                                           \
        const struct observer_port *observer_ = (engine)->ports.observer;                          \
        if (observer_ != NULL && observer_->call != NULL)                                          \
            observer_->call(observer_->self, __VA_ARGS__);                                         \
    } while (0)
