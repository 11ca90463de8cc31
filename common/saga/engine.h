/* engine.h - runs one participant over its ports: the only place that knows about delivery,
 * crashes and retries.
 *
 * One step takes a batch of inputs through these stages, in this order, each in the file of its
 * name: take     what is ready, from all sides, never waiting for more; each side has its share of
 *            every batch, however much the others bring
 *   load     the documents they concern, in one round trip; those that are most likely new are
 *            loaded only if their insert finds one, or if nothing comes of them
 *   decide   each in arrival order; several inputs of one document fold into one version
 *   save     by compare-and-set; state, owed messages and due_at become durable together;
 *            a conflict loads and decides again
 *   answer   HTTP requests, now that it is durable; observers are told
 *   effects  calls to the outside are started
 *   publish  what is owed, mandatory; until the broker has confirmed it, the next batch goes
 *            through the stages above, but not further
 *   settle   the deliveries, acked only now; a redelivery finishes what a crash cut off
 *   clear    confirmed owed messages, lazily
 * It has no thread, no clock and no randomness of its own: a thin loop drives it in a daemon, a
 * simulator drives the same object file. One thread at a time. */
#pragma once

#include "common/base/attributes.h"
#include "common/saga/bus_port.h"
#include "common/saga/effect_port.h"
#include "common/saga/observer_port.h"
#include "common/saga/participant.h"
#include "common/saga/refusals.h"
#include "common/saga/request_port.h"
#include "common/saga/store_port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine_ports {
    struct store_port store;
    struct bus_port bus;
    struct request_port requests;         /* take may be NULL: no HTTP side */
    struct effect_port effects;           /* start may be NULL: no effects */
    const struct observer_port *observer; /* may be NULL */
};

#define ENGINE_BATCH_MAX 256

struct engine_limits {
    size_t batch_max;          /* inputs of one step, but for the shares; <= ENGINE_BATCH_MAX */
    size_t owed_documents_max; /* with the broker away: beyond it requests get 503 */
    int64_t sweep_interval_ms; /* how often due and owed documents are looked for */
    int64_t relay_age_ms;      /* an owed message this old is published again by the sweep */
    int64_t clear_interval_ms; /* confirmed owed messages leave the store after this, unless the
                                  document's next save drops them; below relay_age_ms */
    int64_t pause_min_ms, pause_max_ms; /* backoff while the store is away */
    int64_t pause_consumer_after_ms;    /* a longer pause gives the deliveries back */
    int64_t later_max_ms;    /* what is left to a newer release for longer is a dead letter */
    int conflict_rounds_max; /* reload-and-decide-again rounds within one step; at least 2 */
};

extern const struct engine_limits engine_limits_default;

struct engine; /* opaque */

struct engine *engine_new(const struct participant *participant, const struct engine_ports *ports,
                          const struct engine_limits *limits);
/* A new life in the memory of an engine whose process is gone, as if it were new: for simulators,
 * which let many die. The participant's states must be of the same size. */
void engine_restart(struct engine *engine, const struct participant *participant,
                    const struct engine_ports *ports, const struct engine_limits *limits);
struct engine *engine_free(struct engine *engine); /* returns NULL; releases nothing in the ports */

struct engine_turn {
    size_t inputs_handled;
    int64_t
        idle_ms; /* nothing to do for so long, unless something arrives; 0 = call again at once */
};

/* One turn. wall_ms is Unix time, which dates documents and may be set at any moment; steady_ms
 * only goes on (see engine_clock.h). */
struct engine_turn engine_step(struct engine *engine, int64_t wall_ms, int64_t steady_ms);

/* No new deliveries, deadlines or relays; requests still queued are answered. Steps until it says
 * true finish what is in hand. */
bool engine_drain_step(struct engine *engine, int64_t wall_ms, int64_t steady_ms);

struct engine_status { /* for /readyz and metrics; copy made on the engine's thread */
    bool is_paused;
    char pause_reason[ERROR_MESSAGE_BYTES];
    struct bus_status bus;
    size_t owed_documents;
    bool is_outbox_full;
    uint64_t delivered, applied, duplicates, rejected, deferred, later, quarantined;
    size_t passed_over; /* documents that the sweeps could do nothing with, and go past */
    char refused[REFUSALS_TEXT_SIZE]; /* kinds of messages that a queue does not take; "" = none */
    uint64_t failed_decisions;        /* that broke a rule of our own; nothing of them was saved */
    uint64_t unreadable; /* times that a stored document could not be read; of the last: */
    char unreadable_reason[ERROR_MESSAGE_BYTES];
    bool has_newer; /* what a newer release has stored or sent was met lately, and left to it */
    char newer_reason[ERROR_MESSAGE_BYTES];
};
void engine_status_get(const struct engine *engine, struct engine_status *ret_status);
