/* publish.c - what saved batches owe goes to the broker; the next batch is made meanwhile.
 *
 * Batches are handed over and settled in their order. Nothing of a batch is acked before the broker
 * has answered for it. */
#include "common/saga/batch.h"

/* ---- what is owed ---- */

/* What its earlier version owes was on its way when this batch loaded it: nobody need send it again
 * if it has been confirmed since. */
static bool is_earlier_confirmed(const struct engine *engine, const struct slot *slot)
{
    const struct document *document = slot->document;
    int64_t loaded = slot->fate == SLOT_SAVED ? document->version - 1 : document->version;
    return clears_has(&engine->clears, document->id, loaded);
}

static size_t owed_count(const struct batch *batch)
{
    size_t owed = 0;
    for (size_t i = 0; i < batch->slot_count; i++)
        owed += batch->slots[i].document->owed_count;
    return owed;
}

/* What the relay finds waits as a whole: what of it was confirmed before is not known. */
static bool waits_as_a_whole(struct engine *engine, const struct slot *slot)
{
    for (size_t k = 0; slot->jobs_open == 0 && k < slot->document->owed_count; k++)
        if (!refusals_would_let(&engine->refusals, slot->document->owed[k]->type,
                                engine->steady_ms))
            return true;
    return false;
}

/* With the bus away nothing is handed over, and the outbox keeps all. */
static void outgoing_collect(struct engine *engine, struct batch *batch)
{
    bool is_away = !engine_can_deliver(engine);
    if (engine->publishing_count == 0)
        refusals_forget_given(&engine->refusals);
    struct outgoing *outgoing = &batch->outgoing;
    size_t room = owed_count(batch);
    outgoing->messages = arena_room(&batch->arena, room * sizeof *outgoing->messages);
    outgoing->refs = arena_room(&batch->arena, room * sizeof *outgoing->refs);
    for (size_t i = 0; i < batch->slot_count; i++) {
        struct slot *slot = &batch->slots[i];
        size_t owed = slot_is_done(slot) ? slot->document->owed_count : 0;
        bool skips_earlier = owed > 0 && is_earlier_confirmed(engine, slot);
        bool waits = waits_as_a_whole(engine, slot);
        slot->unconfirmed = 0;
        slot->kept_back = 0;
        slot->is_attempted = false;
        for (size_t k = 0; k < owed; k++) {
            if (skips_earlier && slot->owed_cause[k] == NULL)
                continue;
            slot->unconfirmed++;
            if (is_away)
                continue;
            if (waits || !refusals_let(&engine->refusals, slot->document->owed[k]->type,
                                       engine->steady_ms)) {
                slot->kept_back++;
                continue;
            }
            outgoing->refs[outgoing->count] = (struct owed_ref){ slot, k };
            outgoing->messages[outgoing->count++] = slot->document->owed[k];
        }
    }
}

/* ---- on its way ---- */

static void part_begin(struct engine *engine, struct outgoing *outgoing)
{
    size_t left = outgoing->count - outgoing->part_first;
    outgoing->part_count = left < BUS_PUBLISH_MAX ? left : BUS_PUBLISH_MAX;
    if (outgoing->part_count == 0)
        return;
    OBSERVE(engine, stage_begin, STAGE_PUBLISH);
    engine->ports.bus.publish_begin(
        engine->ports.bus.self, outgoing->messages + outgoing->part_first, outgoing->part_count);
}

/* A refusal is one of this kind of message; without an answer the connection is in doubt. True: the
 * latter. */
static bool result_note(struct engine *engine, const struct owed_ref *ref,
                        enum publish_result result)
{
    struct slot *slot = ref->slot;
    const char *type = slot->document->owed[ref->position]->type;
    if (result == PUBLISH_CONFIRMED) {
        slot->unconfirmed--;
        bool was_refused = engine->refusals.count > 0;
        refusals_taken(&engine->refusals, type, engine->steady_ms);
        if (was_refused)
            engine_relay_from_front(engine);
    } else if (result == PUBLISH_UNKNOWN) {
        refusals_unknown(&engine->refusals, type);
    } else {
        slot->kept_back++;
        engine->relay.front_again_ms = refusals_refused(&engine->refusals, type, engine->steady_ms);
    }
    return result == PUBLISH_UNKNOWN;
}

/* False: the broker has not answered yet. */
static bool part_end(struct engine *engine, struct batch *batch, bool is_waiting)
{
    struct outgoing *outgoing = &batch->outgoing;
    enum publish_result results[BUS_PUBLISH_MAX];
    if (!engine->ports.bus.publish_end(engine->ports.bus.self, is_waiting, results))
        return false;
    size_t failed = 0;
    for (size_t i = 0; i < outgoing->part_count; i++) {
        const struct owed_ref *ref = &outgoing->refs[outgoing->part_first + i];
        const struct input *cause = ref->slot->owed_cause[ref->position];
        ref->slot->is_attempted = true;
        OBSERVE(engine, message_published, ref->slot->document, cause,
                outgoing->messages[outgoing->part_first + i], results[i], cause == NULL);
        failed += result_note(engine, ref, results[i]);
    }
    OBSERVE(engine, stage_end, STAGE_PUBLISH, outgoing->part_count,
            failed > 0 ? "not confirmed" : NULL);
    outgoing->part_first += outgoing->part_count;
    if (failed > 0) {
        outgoing->count = outgoing->part_first; /* the rest waits, too */
        engine->bus_wait_ms = engine->steady_ms + ENGINE_BUS_RETRY_MS;
        engine->relay_sweep_ms = engine->bus_wait_ms;
    }
    return true;
}

/* What an earlier version owes may be on its way: then it must be known what became of it. And the
 * parts of a batch that is too large for one must follow each other. */
static bool goes_alone(const struct batch *batch)
{
    for (size_t i = 0; i < batch->slot_count; i++) {
        const struct slot *slot = &batch->slots[i];
        if (slot_is_done(slot) && slot->document->owed_count > 0 && slot->owed_cause[0] == NULL)
            return true;
    }
    return owed_count(batch) > BUS_PUBLISH_MAX;
}

/* ---- the end ---- */

/* The bus is away: what has just been owed stays in the outbox, and observers are told so once. */
static void deferred_observe(struct engine *engine, const struct slot *slot)
{
    for (size_t k = 0; k < slot->document->owed_count; k++)
        if (slot->owed_cause[k] != NULL)
            OBSERVE(engine, message_published, slot->document, slot->owed_cause[k],
                    slot->document->owed[k], PUBLISH_UNKNOWN, false);
}

static void slot_end(struct engine *engine, const struct slot *slot)
{
    const struct document *document = slot->document;
    if (document->owed_count == 0 || !slot_is_done(slot))
        return;
    if (slot->jobs_open == 0 && slot_is_kept_back(slot))
        engine->relay.skip++; /* behind the others */
    if (slot_is_published(slot)) {
        /* When there is no room, the relay publishes them once more: harmless. */
        (void)clears_add(&engine->clears, document->id, document->version, engine->steady_ms);
        if (slot->jobs_open == 0 && engine->unpublished > 0)
            engine->unpublished--;
    } else if (slot->fate == SLOT_SAVED) {
        engine->unpublished++;
        if (!slot->is_attempted)
            deferred_observe(engine, slot);
    }
}

/* The oldest batch; false: the broker has not answered yet. */
static bool batch_end(struct engine *engine, bool is_waiting)
{
    struct batch *batch = &engine->batches[engine->publishing_first];
    if (batch->outgoing.part_count > 0 && !part_end(engine, batch, is_waiting))
        return false;
    for (size_t i = 0; i < batch->slot_count; i++)
        slot_end(engine, &batch->slots[i]);
    engine_settle(engine, batch);
    engine->publishing_first = (engine->publishing_first + 1) % BATCH_RING;
    engine->publishing_count--;
    batch_observe_end(engine);
    return true;
}

void engine_publish_end(struct engine *engine)
{
    while (engine->publishing_count > 0 && batch_end(engine, false)) {
    }
}

void engine_publish_wait(struct engine *engine)
{
    while (engine->publishing_count > 0)
        (void)batch_end(engine, true);
}

void engine_publish(struct engine *engine)
{
    struct batch *batch = engine->batch;
    struct outgoing *outgoing = &batch->outgoing;
    if (goes_alone(batch))
        engine_publish_wait(engine);
    else if (engine->publishing_count == BUS_PUBLISHES_MAX)
        (void)batch_end(engine, true);
    outgoing_collect(engine, batch);
    engine->publishing_count++;
    engine->batch =
        &engine->batches[(engine->publishing_first + engine->publishing_count) % BATCH_RING];
    part_begin(engine, outgoing);
    while (outgoing->part_first + outgoing->part_count < outgoing->count) {
        (void)part_end(engine, batch, true);
        part_begin(engine, outgoing);
    }
}
