/* batch.h - one step's work: its places, found and filled. Private to the engine, whose files share
 * it; one thread. Pure.
 *
 * An item is one input. A draft is one document of the batch: all items that concern it fold into
 * one new version. A delivery has one item or several (or none, when it is quarantined). While the
 * messages of some batches are on their way, the next one is made.
 *
 * A draft                                            An item
 *
 *              +--------- lost, in doubt ---------+               +--- its draft opens again ---+
 *              v                                  |               v                             |
 *   new --> STALE --load--> LOADED --decide--> DIRTY            OPEN --decide--> DECIDED -------+
 *             |  ^             |                  |               |
 *             |  +-- a guess --+                save              +--> DEFERRED  not now
 *             |      of which nothing            |                +--> LATER     a newer release's
 *             |      came                        v                +--> POISON    a bug, a forgery
 *             +--load--> NEWER, BROKEN         SAVED
 *
 * Draft  STALE   is to be loaded: its items are OPEN. More rounds than a step may take leave it so;
 *                then its deliveries stay in hand, and its requests get 503.
 *        LOADED  state and version are the store's, or nothing is stored (a guess: nothing is
 * looked for); every decision about it has left it as it was. DIRTY   state, owed messages and
 * history are the next version's; `version` the stored one. SAVED   is durable as `version`; what
 * it owes is in the store. NEWER   a newer release's; BROKEN: unreadable, or of a decision that
 * cannot be saved. Both are left as they are stored, and all about them is LATER or POISON. Item
 * DECIDED stands as soon as its draft is SAVED or LOADED; until then nobody is told.
 *
 * A delivery's life: given by the bus it is in hand (`held`); taken it is in one batch; settled it
 * is acked, or copied to where dead letters or newer releases find it and then acked; what cannot
 * be settled yet is in hand again. It is void when its session ends, wherever it is. */
#pragma once

#include "common/base/arena.h"
#include "common/saga/bus_port.h"
#include "common/saga/decision.h"
#include "common/saga/document.h"
#include "common/saga/input.h"
#include "common/saga/store_port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRAFTS_MAX       STORE_CALL_MAX
#define DRAFT_INDEX_SIZE 2048 /* a power of two, well above DRAFTS_MAX */
#define ITEMS_MAX        STORE_CALL_MAX

struct batch_delivery {
    struct delivery *delivery;
    size_t items_first, items_count;
    bool is_quarantined;
    bool is_later; /* left to a newer release */
    char reason[QUARANTINE_REASON_SIZE];
    enum outcome outcome; /* the gravest of its items */
};

enum item_fate {
    ITEM_OPEN,     /* not decided yet, or to be decided again */
    ITEM_DECIDED,  /* stands as soon as its draft is saved */
    ITEM_DEFERRED, /* cannot be decided now (its document's outbox is full): next step */
    ITEM_LATER,    /* its document is of a newer release; a request gets 503 */
    ITEM_POISON,   /* to be quarantined; a request gets 500 */
};

struct item {
    struct input input;
    enum item_fate fate;
    size_t draft;
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

enum draft_fate {
    DRAFT_LOADED, /* decided upon, nothing to save */
    DRAFT_DIRTY,  /* to be saved */
    DRAFT_STALE,  /* conflict: load and decide again */
    DRAFT_SAVED,
    DRAFT_NEWER,  /* a newer release has stored it: it is left alone */
    DRAFT_BROKEN, /* the stored document cannot be read */
};

struct draft {
    struct document *document;
    size_t index_at; /* its entry of draft_index */
    enum draft_fate fate;
    const struct record *record; /* as loaded */
    bool is_careful;   /* a decision about it cannot be saved: each is checked, to find out which */
    bool is_guessed;   /* taken to be new; loaded if it is not, or if nothing comes of it */
    int next_position; /* of messages owed by the version being made */
    const struct input *owed_cause[OWED_MAX]; /* NULL: owed by an earlier version */
    size_t unconfirmed;                       /* owed messages that the broker has yet to confirm */
    size_t kept_back;  /* of them: the broker refused them, or refuses their kind just now */
    bool is_attempted; /* they were handed to the bus */
    size_t items_open;
};

struct owed_ref { /* whose message it is */
    struct draft *draft;
    size_t position;
};

/* What the drafts owe, as it goes to the bus: part after part of BUS_PUBLISH_MAX. */
struct dispatch {
    const struct message **messages;
    struct owed_ref *refs;
    size_t count;
    size_t part_first, part_count; /* the part on its way; 0 = none */
};

struct batch {
    struct arena arena;
    struct item *items;
    size_t item_count;
    struct batch_delivery deliveries[BUS_PREFETCH_MAX];
    size_t delivery_count;
    struct draft *drafts;
    size_t draft_count;
    uint16_t draft_index[DRAFT_INDEX_SIZE]; /* draft + 1, 0 = free */
    struct dispatch dispatch;
};

void batch_clear(struct batch *batch);
/* The draft of this document, made when new; DRAFTS_MAX when the batch is full. */
size_t batch_draft(struct batch *batch, const struct participant *participant,
                   const char *document_id);
/* An item for this input, in the draft of its document. NULL: full. */
struct item *batch_item_add(struct batch *batch, const struct participant *participant,
                            const struct input *input);
void item_leave(struct item *item);                 /* to a newer release */
bool draft_is_done(const struct draft *draft);      /* durable and nothing left to decide */
bool draft_is_published(const struct draft *draft); /* and everything owed is confirmed */
/* Or the outbox keeps it until the broker takes messages of its kind again. */
bool draft_is_kept_back(const struct draft *draft);
