/* deliver.c - what follows the save and the confirms: effects, ack, clear. */
#include "common/base/text.h"
#include "common/saga/batch.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void engine_start_effects(struct engine *engine)
{
    for (size_t i = 0; i < engine->batch->job_count; i++) {
        struct job *job = &engine->batch->jobs[i];
        if (job->fate != JOB_DECIDED || job->effect == NULL ||
            engine->batch->slots[job->slot].fate != SLOT_SAVED)
            continue;
        assert(engine->ports.effects.start != NULL);
        memcpy(job->effect->traceparent, job->input.traceparent, sizeof job->effect->traceparent);
        bool is_started = engine->ports.effects.start(engine->ports.effects.self, job->effect);
        (void)is_started; /* when all slots are busy, the document's deadline asks again */
    }
}

/* ---- ack ---- */

static void entry_quarantine(struct batch_delivery *entry, const char *reason)
{
    entry->is_quarantined = true;
    entry->outcome = OUTCOME_QUARANTINED;
    text_copy(entry->reason, sizeof entry->reason, reason);
}

/* Of several inputs, one that waits for a newer release makes the message come again: what else it
 * says is known then, or quarantined at last. */
static void entry_leave(struct batch_delivery *entry, const char *reason)
{
    entry->is_later = true;
    entry->is_quarantined = false;
    entry->outcome = OUTCOME_LATER;
    text_copy(entry->reason, sizeof entry->reason, reason);
}

/* What the delivery comes to: true when nothing of it is left to do. */
static bool delivery_is_done(const struct batch *batch, struct batch_delivery *entry,
                             bool is_outbox_full)
{
    for (size_t i = 0; i < entry->jobs_count; i++) {
        const struct job *job = &batch->jobs[entry->jobs_first + i];
        if (job->fate == JOB_LATER) {
            entry_leave(entry, job->reason);
            continue;
        }
        if (job->fate == JOB_POISON) {
            if (!entry->is_later)
                entry_quarantine(entry, job->reason);
            continue;
        }
        const struct slot *slot = &batch->slots[job->slot];
        bool is_kept = slot_is_kept_back(slot) && !is_outbox_full;
        if (job->fate != JOB_DECIDED || !(slot_is_published(slot) || is_kept))
            return false;
        if (!entry->is_quarantined && !entry->is_later &&
            (job->outcome == OUTCOME_REJECTED || entry->outcome == OUTCOME_DUPLICATE))
            entry->outcome = job->outcome;
    }
    return true;
}

static bool delivery_quarantine(struct engine *engine, struct batch_delivery *entry)
{
    struct error error;
    if (!engine->ports.bus.quarantine(engine->ports.bus.self, entry->delivery, entry->reason,
                                      &error)) {
        engine->bus_wait_ms = engine->steady_ms + ENGINE_BUS_RETRY_MS;
        return false; /* the source keeps the message */
    }
    OBSERVE(engine, quarantined, entry->delivery, entry->reason);
    return true;
}

/* Nobody who knows it has come in all that time. */
static void waiting_end(struct batch_delivery *entry)
{
    char waited[QUARANTINE_REASON_SIZE];
    (void)snprintf(waited, sizeof waited, "left to a newer release for too long: %.150s",
                   entry->reason);
    entry->is_later = false;
    entry_quarantine(entry, waited);
}

static bool delivery_postpone(struct engine *engine, const struct batch_delivery *entry)
{
    struct error error;
    int64_t since_ms = entry->delivery->later_since_ms;
    if (!engine->ports.bus.postpone(engine->ports.bus.self, entry->delivery, entry->reason,
                                    since_ms != 0 ? since_ms : engine->now_ms, &error)) {
        engine->bus_wait_ms = engine->steady_ms + ENGINE_BUS_RETRY_MS;
        return false; /* the source keeps the message */
    }
    OBSERVE(engine, postponed, entry->delivery, entry->reason);
    return true;
}

/* False: the delivery stays in hand. */
static bool delivery_set_aside(struct engine *engine, struct batch_delivery *entry)
{
    int64_t since_ms = entry->delivery->later_since_ms;
    if (entry->is_later && since_ms != 0 &&
        engine->now_ms - since_ms >= engine->limits.later_max_ms)
        waiting_end(entry);
    if (entry->is_later)
        return delivery_postpone(engine, entry);
    return !entry->is_quarantined || delivery_quarantine(engine, entry);
}

static void delivery_count(struct engine *engine, const struct batch_delivery *entry)
{
    uint64_t *const counters[] = {
        [OUTCOME_APPLIED] = &engine->applied,   [OUTCOME_DUPLICATE] = &engine->duplicates,
        [OUTCOME_REJECTED] = &engine->rejected, [OUTCOME_DEFERRED] = &engine->deferred,
        [OUTCOME_LATER] = &engine->later,       [OUTCOME_QUARANTINED] = &engine->quarantined,
    };
    engine->delivered++;
    (*counters[entry->outcome])++;
}

void engine_settle(struct engine *engine, struct batch *batch)
{
    struct delivery **done = arena_room(&batch->arena, batch->delivery_count * sizeof(void *));
    size_t done_count = 0;
    size_t kept_count = 0;
    /* What a queue does not take the outbox keeps, up to its bound; then the source keeps the rest.
     */
    bool is_outbox_full = engine->refusals.count > 0 && engine_outbox_is_full(engine);
    if (is_outbox_full)
        engine->bus_wait_ms = engine->steady_ms + ENGINE_BUS_RETRY_MS;
    for (size_t i = 0; i < batch->delivery_count; i++) {
        struct batch_delivery *entry = &batch->deliveries[i];
        if (!delivery_is_done(batch, entry, is_outbox_full) || !delivery_set_aside(engine, entry)) {
            batch->deliveries[kept_count++].delivery = entry->delivery;
            continue;
        }
        if (entry->jobs_count == 0 && !entry->is_quarantined && !entry->is_later)
            OBSERVE(engine, unconcerned, entry->delivery);
        delivery_count(engine, entry);
        done[done_count++] = entry->delivery;
    }
    batch->delivery_count = kept_count;
    batch_give_back(engine, batch);
    if (done_count == 0)
        return;
    OBSERVE(engine, stage_begin, STAGE_ACK);
    engine->ports.bus.ack(engine->ports.bus.self, done, done_count);
    OBSERVE(engine, stage_end, STAGE_ACK, done_count, NULL);
}

/* ---- clear ---- */

void engine_clear(struct engine *engine)
{
    struct clears *clears = &engine->clears;
    bool is_urgent = engine->is_clearing_at_once || engine->is_draining ||
                     clears->count > CLEARS_MAX - CLEARS_MAX / 4;
    int64_t age_ms = engine->limits.clear_interval_ms;
    if (clears->count == 0 || (!is_urgent && clears_oldest_ms(clears) > engine->steady_ms - age_ms))
        return;
    /* Once some are due, those half as old go with them, so that the next call is a while away. */
    int64_t before_ms = is_urgent ? INT64_MAX : engine->steady_ms - age_ms / 2;
    const char **ids = arena_room(&engine->batch->arena, STORE_BATCH_MAX * sizeof *ids);
    int64_t *versions = arena_room(&engine->batch->arena, STORE_BATCH_MAX * sizeof *versions);
    size_t count = clears_take(clears, before_ms, STORE_BATCH_MAX, ids, versions);
    struct error error;
    OBSERVE(engine, stage_begin, STAGE_CLEAR);
    bool is_cleared =
        engine->ports.store.clear_owed(engine->ports.store.self, ids, versions, count, &error);
    OBSERVE(engine, stage_end, STAGE_CLEAR, count, is_cleared ? NULL : error_code_text(error.code));
    /* Where it failed, the relay publishes once more and clears then. */
}
