/* publish.c - what saved batches owe goes to the broker; the next batch is made meanwhile.
 *
 * Batches are handed over and settled in their order. Nothing of a batch is acked before the broker
 * has answered for it. */
#include "common/saga/engine_private.h"

#include <assert.h>

/* ---- what is owed ---- */

/* What its earlier version owes was on its way when this batch loaded it: nobody need send it again
 * if it has been confirmed since. */
static bool is_earlier_confirmed(const struct engine *engine, const struct draft *draft)
{
    assert(draft->fate != DRAFT_SAVED || draft->document->version > 0);
    const struct document *document = draft->document;
    int64_t loaded = draft->fate == DRAFT_SAVED ? document->version - 1 : document->version;
    return clear_queue_has(&engine->clears, document->id, loaded);
}

static size_t owed_count(const struct batch *batch)
{
    assert(batch->draft_count <= DRAFTS_MAX);
    size_t owed = 0;
    for (size_t i = 0; i < batch->draft_count; i++)
        owed += batch->drafts[i].document->owed_count;
    return owed;
}

/* What the relay finds waits as a whole: what of it was confirmed before is not known. */
static bool waits_as_a_whole(struct engine *engine, const struct draft *draft)
{
    for (size_t k = 0; draft->items_open == 0 && k < draft->document->owed_count; k++)
        if (!refusals_would_let(&engine->refusals, draft->document->owed[k]->type,
                                engine->steady_ms))
            return true;
    return false;
}

/* With the bus away nothing is handed over, and the outbox keeps all. */
static void dispatch_collect(struct engine *engine, struct batch *batch)
{
    assert(batch->dispatch.count == 0);
    bool is_away = !engine_can_deliver(engine);
    if (engine->publishing_count == 0)
        refusals_forget_given(&engine->refusals);
    struct dispatch *dispatch = &batch->dispatch;
    size_t room = owed_count(batch);
    dispatch->messages = arena_room(&batch->arena, room * sizeof *dispatch->messages);
    dispatch->refs = arena_room(&batch->arena, room * sizeof *dispatch->refs);
    for (size_t i = 0; i < batch->draft_count; i++) {
        struct draft *draft = &batch->drafts[i];
        size_t owed = draft_is_done(draft) ? draft->document->owed_count : 0;
        bool skips_earlier = owed > 0 && is_earlier_confirmed(engine, draft);
        bool waits = waits_as_a_whole(engine, draft);
        draft->unconfirmed = 0;
        draft->kept_back = 0;
        draft->is_attempted = false;
        for (size_t k = 0; k < owed; k++) {
            if (skips_earlier && draft->owed_cause[k] == NULL)
                continue;
            draft->unconfirmed++;
            if (is_away)
                continue;
            if (waits || !refusals_let(&engine->refusals, draft->document->owed[k]->type,
                                       engine->steady_ms)) {
                draft->kept_back++;
                continue;
            }
            dispatch->refs[dispatch->count] = (struct owed_ref){ draft, k };
            dispatch->messages[dispatch->count++] = draft->document->owed[k];
        }
    }
}

/* ---- on its way ---- */

static void part_begin(struct engine *engine, struct dispatch *dispatch)
{
    assert(dispatch->part_first <= dispatch->count && dispatch->part_count == 0);
    size_t left = dispatch->count - dispatch->part_first;
    dispatch->part_count = left < BUS_PUBLISH_MAX ? left : BUS_PUBLISH_MAX;
    if (dispatch->part_count == 0)
        return;
    OBSERVE(engine, stage_begin, STAGE_PUBLISH);
    engine->ports.bus.publish_begin(
        engine->ports.bus.self, dispatch->messages + dispatch->part_first, dispatch->part_count);
}

/* A refusal is one of this kind of message; without an answer the connection is in doubt. True: the
 * latter. */
static bool result_note(struct engine *engine, const struct owed_ref *ref,
                        enum publish_result result)
{
    assert(ref->draft->unconfirmed > ref->draft->kept_back);
    struct draft *draft = ref->draft;
    const char *type = draft->document->owed[ref->position]->type;
    if (result == PUBLISH_CONFIRMED) {
        draft->unconfirmed--;
        bool was_refused = engine->refusals.count > 0;
        refusals_taken(&engine->refusals, type, engine->steady_ms);
        if (was_refused)
            engine_relay_from_front(engine);
    } else if (result == PUBLISH_UNKNOWN) {
        refusals_unknown(&engine->refusals, type);
    } else {
        draft->kept_back++;
        engine->relay.front_again_ms = refusals_refused(&engine->refusals, type, engine->steady_ms);
    }
    return result == PUBLISH_UNKNOWN;
}

/* False: the broker has not answered yet. */
static bool part_end(struct engine *engine, struct batch *batch, bool is_waiting)
{
    assert(batch->dispatch.part_count > 0 && batch->dispatch.part_count <= BUS_PUBLISH_MAX);
    struct dispatch *dispatch = &batch->dispatch;
    enum publish_result results[BUS_PUBLISH_MAX];
    if (!engine->ports.bus.publish_end(engine->ports.bus.self, is_waiting, results))
        return false;
    size_t failed = 0;
    for (size_t i = 0; i < dispatch->part_count; i++) {
        const struct owed_ref *ref = &dispatch->refs[dispatch->part_first + i];
        const struct input *cause = ref->draft->owed_cause[ref->position];
        ref->draft->is_attempted = true;
        OBSERVE(engine, message_published, ref->draft->document, cause,
                dispatch->messages[dispatch->part_first + i], results[i], cause == NULL);
        failed += result_note(engine, ref, results[i]);
    }
    assert(failed <= dispatch->part_count);
    OBSERVE(engine, stage_end, STAGE_PUBLISH, dispatch->part_count,
            failed > 0 ? "not confirmed" : NULL);
    dispatch->part_first += dispatch->part_count;
    if (failed > 0) {
        dispatch->count = dispatch->part_first; /* the rest waits, too */
        engine->bus_wait_ms = engine->steady_ms + ENGINE_BUS_RETRY_MS;
        engine->relay_sweep_ms = engine->bus_wait_ms;
    }
    return true;
}

/* What an earlier version owes may be on its way: then it must be known what became of it. And the
 * parts of a batch that is too large for one must follow each other. */
static bool goes_alone(const struct batch *batch)
{
    for (size_t i = 0; i < batch->draft_count; i++) {
        const struct draft *draft = &batch->drafts[i];
        if (draft_is_done(draft) && draft->document->owed_count > 0 && draft->owed_cause[0] == NULL)
            return true;
    }
    return owed_count(batch) > BUS_PUBLISH_MAX;
}

/* ---- the end ---- */

/* The bus is away: what has just been owed stays in the outbox, and observers are told so once. */
static void deferred_observe(struct engine *engine, const struct draft *draft)
{
    assert(!draft->is_attempted);
    for (size_t k = 0; k < draft->document->owed_count; k++)
        if (draft->owed_cause[k] != NULL)
            OBSERVE(engine, message_published, draft->document, draft->owed_cause[k],
                    draft->document->owed[k], PUBLISH_UNKNOWN, false);
}

static void draft_end(struct engine *engine, const struct draft *draft)
{
    assert(draft->kept_back <= draft->unconfirmed);
    const struct document *document = draft->document;
    if (document->owed_count == 0 || !draft_is_done(draft))
        return;
    if (draft->items_open == 0 && draft_is_kept_back(draft))
        engine->relay.skip++; /* behind the others */
    if (draft_is_published(draft)) {
        /* When there is no room, the relay publishes them once more: harmless. */
        (void)clear_queue_add(&engine->clears, document->id, document->version, engine->steady_ms);
        if (draft->items_open == 0 && engine->unpublished > 0)
            engine->unpublished--;
    } else if (draft->fate == DRAFT_SAVED) {
        engine->unpublished++;
        if (!draft->is_attempted)
            deferred_observe(engine, draft);
    }
}

/* The oldest batch; false: the broker has not answered yet. */
static bool batch_end(struct engine *engine, bool is_waiting)
{
    assert(engine->publishing_count > 0 && engine->publishing_count <= BUS_PUBLISHES_MAX);
    struct batch *batch = &engine->batches[engine->publishing_first];
    if (batch->dispatch.part_count > 0 && !part_end(engine, batch, is_waiting))
        return false;
    for (size_t i = 0; i < batch->draft_count; i++)
        draft_end(engine, &batch->drafts[i]);
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
    assert(engine->batch ==
           &engine->batches[(engine->publishing_first + engine->publishing_count) % BATCH_RING]);
    struct batch *batch = engine->batch;
    struct dispatch *dispatch = &batch->dispatch;
    if (goes_alone(batch))
        engine_publish_wait(engine);
    else if (engine->publishing_count == BUS_PUBLISHES_MAX)
        (void)batch_end(engine, true);
    dispatch_collect(engine, batch);
    engine->publishing_count++;
    engine->batch =
        &engine->batches[(engine->publishing_first + engine->publishing_count) % BATCH_RING];
    part_begin(engine, dispatch);
    while (dispatch->part_first + dispatch->part_count < dispatch->count) {
        (void)part_end(engine, batch, true);
        part_begin(engine, dispatch);
    }
}
