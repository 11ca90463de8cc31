/* deliver.c - the last stages: effects, publish, ack, clear. */
#include "common/base/text.h"
#include "common/engine/batch.h"

#include <assert.h>
#include <string.h>

#define BUS_RETRY_MS 200 /* after a publish that failed */

void engine_start_effects(struct engine *engine)
{
    for (size_t i = 0; i < engine->batch.job_count; i++) {
        struct job *job = &engine->batch.jobs[i];
        if (job->fate != JOB_DECIDED || job->effect == NULL ||
            engine->batch.slots[job->slot].fate != SLOT_SAVED)
            continue;
        assert(engine->ports.effects.start != NULL);
        memcpy(job->effect->traceparent, job->input.traceparent, sizeof job->effect->traceparent);
        bool is_started = engine->ports.effects.start(engine->ports.effects.self, job->effect);
        (void)is_started; /* when all slots are busy, the document's deadline asks again */
    }
}

/* ---- publish ---- */

struct owed_ref {
    struct slot *slot;
    size_t position;
};

static void publish_some(struct engine *engine, const struct message **messages,
                         const struct owed_ref *refs, size_t count, bool *ret_all_confirmed)
{
    enum publish_result *results = arena_alloc(&engine->arena, count * sizeof *results);
    OBSERVE(engine, stage_begin, STAGE_PUBLISH);
    engine->ports.bus.publish(engine->ports.bus.self, messages, count, results);
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        const struct input *cause = refs[i].slot->owed_cause[refs[i].position];
        refs[i].slot->is_attempted = true;
        OBSERVE(engine, message_published, cause, messages[i], results[i], cause == NULL);
        if (results[i] != PUBLISH_CONFIRMED) {
            refs[i].slot->is_published = false;
            failed++;
        }
    }
    OBSERVE(engine, stage_end, STAGE_PUBLISH, count, failed > 0 ? "not confirmed" : NULL);
    if (failed > 0)
        *ret_all_confirmed = false;
}

/* How many messages go to the bus in one call. */
static size_t publish_room(const struct batch *batch)
{
    size_t owed = 0;
    for (size_t i = 0; i < batch->slot_count; i++)
        owed += batch->slots[i].document->owed_count;
    return owed < PUBLISH_BATCH_MAX ? owed : PUBLISH_BATCH_MAX;
}

static void publish_all(struct engine *engine)
{
    struct batch *batch = &engine->batch;
    size_t room = publish_room(batch);
    const struct message **messages = arena_room(&engine->arena, room * sizeof *messages);
    struct owed_ref *refs = arena_room(&engine->arena, room * sizeof *refs);
    size_t count = 0;
    bool all_confirmed = true;
    for (size_t i = 0; i < batch->slot_count && all_confirmed; i++) {
        struct slot *slot = &batch->slots[i];
        if (!slot_is_done(slot))
            continue;
        slot->is_published = true; /* until one of its messages fails */
        for (size_t k = 0; k < slot->document->owed_count; k++) {
            refs[count] = (struct owed_ref){ slot, k };
            messages[count++] = slot->document->owed[k];
            if (count == room) {
                publish_some(engine, messages, refs, count, &all_confirmed);
                count = 0;
            }
        }
    }
    if (count > 0)
        publish_some(engine, messages, refs, count, &all_confirmed);
    if (!all_confirmed) {
        engine->bus_wait_ms = engine->now_ms + BUS_RETRY_MS;
        engine->relay_sweep_ms = engine->bus_wait_ms;
    }
}

/* The bus is away: what has just been owed stays in the outbox, and observers are told so once. */
static void deferred_observe(struct engine *engine, const struct slot *slot)
{
    for (size_t k = 0; k < slot->document->owed_count; k++)
        if (slot->owed_cause[k] != NULL)
            OBSERVE(engine, message_published, slot->owed_cause[k], slot->document->owed[k],
                    PUBLISH_UNKNOWN, false);
}

void engine_publish(struct engine *engine)
{
    struct batch *batch = &engine->batch;
    for (size_t i = 0; i < batch->slot_count; i++) {
        struct slot *slot = &batch->slots[i];
        slot->is_published = slot_is_done(slot) && slot->document->owed_count == 0;
        slot->is_attempted = false;
    }
    if (engine_can_deliver(engine))
        publish_all(engine);
    for (size_t i = 0; i < batch->slot_count; i++) {
        struct slot *slot = &batch->slots[i];
        if (slot->document->owed_count == 0 || !slot_is_done(slot))
            continue;
        if (slot->is_published) {
            /* When there is no room, the relay publishes them once more: harmless. */
            (void)clears_add(&engine->clears, slot->document->id, slot->document->version,
                             engine->now_ms);
            if (slot->jobs_open == 0 && engine->unpublished > 0)
                engine->unpublished--;
        } else if (slot->fate == SLOT_SAVED) {
            engine->unpublished++;
            if (!slot->is_attempted)
                deferred_observe(engine, slot);
        }
    }
}

/* ---- ack ---- */

/* What the delivery comes to: true when nothing of it is left to do. */
static bool delivery_is_done(struct engine *engine, struct batch_delivery *entry)
{
    for (size_t i = 0; i < entry->jobs_count; i++) {
        const struct job *job = &engine->batch.jobs[entry->jobs_first + i];
        const struct slot *slot = &engine->batch.slots[job->slot];
        if (job->fate == JOB_POISON) {
            entry->is_quarantined = true;
            entry->outcome = OUTCOME_QUARANTINED;
            text_copy(entry->reason, sizeof entry->reason, job->reason);
            continue;
        }
        if (job->fate != JOB_DECIDED || !slot_is_done(slot) || !slot->is_published)
            return false;
        if (!entry->is_quarantined &&
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
        engine->bus_wait_ms = engine->now_ms + BUS_RETRY_MS;
        return false; /* the source keeps the message */
    }
    OBSERVE(engine, quarantined, entry->delivery, entry->reason);
    return true;
}

static void delivery_count(struct engine *engine, const struct batch_delivery *entry)
{
    uint64_t *const counters[] = {
        [OUTCOME_APPLIED] = &engine->applied,
        [OUTCOME_DUPLICATE] = &engine->duplicates,
        [OUTCOME_REJECTED] = &engine->rejected,
        [OUTCOME_QUARANTINED] = &engine->quarantined,
    };
    engine->delivered++;
    (*counters[entry->outcome])++;
}

void engine_settle(struct engine *engine)
{
    struct batch *batch = &engine->batch;
    struct delivery **done = arena_room(&engine->arena, batch->delivery_count * sizeof(void *));
    size_t done_count = 0;
    size_t kept_count = 0;
    for (size_t i = 0; i < batch->delivery_count; i++) {
        struct batch_delivery *entry = &batch->deliveries[i];
        assert(engine->held[i] == entry->delivery);
        if (!delivery_is_done(engine, entry) ||
            (entry->is_quarantined && !delivery_quarantine(engine, entry))) {
            engine->held[kept_count++] = entry->delivery;
            continue;
        }
        delivery_count(engine, entry);
        done[done_count++] = entry->delivery;
    }
    for (size_t i = batch->delivery_count; i < engine->held_count; i++)
        engine->held[kept_count++] = engine->held[i];
    engine->held_count = kept_count;
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
    if (clears->count == 0 || (!is_urgent && clears_oldest_ms(clears) > engine->now_ms - age_ms))
        return;
    /* Once some are due, those half as old go with them, so that the next call is a while away. */
    int64_t before_ms = is_urgent ? INT64_MAX : engine->now_ms - age_ms / 2;
    const char **ids = arena_room(&engine->arena, STORE_BATCH_MAX * sizeof *ids);
    int64_t *versions = arena_room(&engine->arena, STORE_BATCH_MAX * sizeof *versions);
    size_t count = clears_take(clears, before_ms, STORE_BATCH_MAX, ids, versions);
    struct error error;
    OBSERVE(engine, stage_begin, STAGE_CLEAR);
    bool is_cleared =
        engine->ports.store.clear_owed(engine->ports.store.self, ids, versions, count, &error);
    OBSERVE(engine, stage_end, STAGE_CLEAR, count, is_cleared ? NULL : error_code_text(error.code));
    /* Where it failed, the relay publishes once more and clears then. */
}
