/* save.c - the stage that makes drafts durable, by compare-and-set; what lost is opened again. */
#include "common/saga/engine_private.h"

#include <assert.h>

static void draft_saved(struct engine *engine, struct draft *draft)
{
    assert(draft->fate == DRAFT_DIRTY && draft->document->version >= 0);
    draft->fate = DRAFT_SAVED;
    draft->document->version++;
    clear_queue_remove(&engine->clears, draft->document->id); /* this save has dropped them */
    int64_t due_at_ms = participant_due_at_ms(engine->participant, draft->document->state);
    int64_t look_ms = engine->steady_ms + (due_at_ms - engine->now_ms);
    if (due_at_ms != 0 && look_ms < engine->due_sweep_ms)
        engine->due_sweep_ms = look_ms;
}

static void draft_reopen(struct engine *engine, size_t draft)
{
    assert(draft < engine->batch->draft_count);
    engine->batch->drafts[draft].fate = DRAFT_STALE;
    engine->batch->drafts[draft].is_guessed = false;
    for (size_t i = 0; i < engine->batch->item_count; i++) {
        struct item *item = &engine->batch->items[i];
        if (item->draft == draft && item->fate != ITEM_OPEN)
            item->fate = ITEM_OPEN;
    }
}

/* Something decided about this document cannot be saved: all of it is decided again, one by one. */
static void draft_decide_carefully(struct engine *engine, size_t at)
{
    assert(engine->batch->drafts[at].fate == DRAFT_DIRTY);
    struct draft *draft = &engine->batch->drafts[at];
    draft->is_careful = true;
    draft_decode(engine, draft, draft->record);
    for (size_t i = 0; i < engine->batch->item_count; i++) {
        struct item *item = &engine->batch->items[i];
        if (item->draft != at)
            continue;
        item->fate = ITEM_OPEN;
        item_decide(engine, item);
    }
}

static void draft_fail(struct engine *engine, size_t at, const struct error *error)
{
    assert(error->code != ERROR_NONE);
    engine->batch->drafts[at].fate = DRAFT_BROKEN;
    for (size_t i = 0; i < engine->batch->item_count; i++)
        if (engine->batch->items[i].draft == at && engine->batch->items[i].fate == ITEM_DECIDED)
            item_fail(engine, &engine->batch->items[i], error);
}

/* False: nothing of it is to be saved now. */
static bool draft_encode(struct engine *engine, size_t at, struct record *ret_record)
{
    assert(engine->batch->drafts[at].fate == DRAFT_DIRTY);
    struct draft *draft = &engine->batch->drafts[at];
    struct arena *arena = &engine->batch->arena;
    struct error error;
    if (document_encode(draft->document, engine->participant, arena, ret_record, &error))
        return true;
    draft_decide_carefully(engine, at);
    if (draft->fate != DRAFT_DIRTY) {
        if (draft->is_guessed) /* the others of it rest on no look */
            draft_reopen(engine, at);
        return false;
    }
    if (document_encode(draft->document, engine->participant, arena, ret_record, &error))
        return true;
    draft_fail(engine, at, &error);
    return false;
}

/* Saves every dirty draft; *ret_conflicts tells whether some must be loaded and decided again. */
bool engine_save(struct engine *engine, bool *ret_conflicts, struct error *error)
{
    struct batch *batch = engine->batch;
    size_t room = batch->draft_count;
    struct record *records = arena_alloc(&engine->batch->arena, room * sizeof *records);
    enum save_result *results = arena_alloc(&engine->batch->arena, room * sizeof *results);
    size_t *dirty = arena_room(&engine->batch->arena, room * sizeof *dirty);
    size_t count = 0;
    *ret_conflicts = false;
    for (size_t i = 0; i < batch->draft_count; i++) {
        struct draft *draft = &batch->drafts[i];
        if (draft->fate == DRAFT_DIRTY && draft_encode(engine, i, &records[count]))
            dirty[count++] = i;
        *ret_conflicts |= draft->fate == DRAFT_STALE;
    }
    if (count == 0)
        return true;
    assert(count <= STORE_CALL_MAX);
    OBSERVE(engine, stage_begin, STAGE_SAVE);
    bool saved = engine->ports.store.save(engine->ports.store.self, records, count, results, error);
    size_t conflicts = 0;
    size_t unknown = 0;
    for (size_t i = 0; saved && i < count; i++) {
        if (results[i] == SAVE_SAVED) {
            draft_saved(engine, &batch->drafts[dirty[i]]);
            continue;
        }
        draft_reopen(engine, dirty[i]);
        conflicts += results[i] == SAVE_CONFLICT;
        unknown += results[i] == SAVE_UNKNOWN;
    }
    if (unknown > 0) /* as good as away: to try at once would only wait as long again */
        saved =
            error_set(error, ERROR_RETRY, "%zu of %zu writes are not confirmed", unknown, count);
    OBSERVE(engine, stage_end, STAGE_SAVE, count,
            !saved          ? error_code_text(error->code)
            : conflicts > 0 ? "conflict"
                            : NULL);
    assert(conflicts + unknown <= count);
    *ret_conflicts |= conflicts > 0;
    return saved ? true : error_wrap(error, "save");
}

/* A guess is proved by an insert. One that leaves nothing to insert proves nothing: look. */
bool engine_reopen_guesses(struct engine *engine)
{
    assert(engine->batch->draft_count <= DRAFTS_MAX);
    bool has_reopened = false;
    for (size_t i = 0; i < engine->batch->draft_count; i++) {
        const struct draft *draft = &engine->batch->drafts[i];
        if (!draft->is_guessed || draft->fate != DRAFT_LOADED)
            continue;
        draft_reopen(engine, i);
        has_reopened = true;
    }
    return has_reopened;
}
