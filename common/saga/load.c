/* load.c - the stage that reads the documents which a batch concerns, in one round trip. */
#include "common/base/text.h"
#include "common/saga/engine_private.h"

#include <assert.h>

void draft_decode(struct engine *engine, struct draft *draft, const struct record *record)
{
    assert(record != NULL && (draft->fate == DRAFT_STALE || draft->is_careful));
    struct error error;
    struct document *document = draft->document;
    draft->record = record;
    draft->next_position = 0;
    if (!document_decode(document, engine->participant, record, &engine->batch->arena, &error)) {
        draft->fate = error.code == ERROR_NEWER ? DRAFT_NEWER : DRAFT_BROKEN;
        if (draft->fate == DRAFT_NEWER) {
            engine_newer_met(engine, error.message);
            return;
        }
        engine->unreadable++;
        text_copy(engine->unreadable_reason, sizeof engine->unreadable_reason, error.message);
        OBSERVE(engine, unreadable, document->id, error.message);
        return;
    }
    if (document->version == 0)
        document->created_at_ms = document->started_at_ms = engine->now_ms;
    /* Confirmed before, only not cleared yet: the next save of this document drops them. */
    if (clear_queue_has(&engine->clears, document->id, document->version))
        document->owed_count = 0;
    for (size_t i = 0; i < document->owed_count; i++)
        draft->owed_cause[i] = NULL;
    assert(document->version == record->version && document->owed_count <= OWED_MAX);
    draft->fate = DRAFT_LOADED;
}

/* Those that are taken to be new are not looked for. */
bool engine_load(struct engine *engine, struct error *error)
{
    struct batch *batch = engine->batch;
    static const struct record none = { .version = 0 };
    size_t room = batch->draft_count;
    const char **ids = arena_room(&engine->batch->arena, room * sizeof *ids);
    struct record *records = arena_alloc(&engine->batch->arena, room * sizeof *records);
    struct draft **stale = arena_room(&engine->batch->arena, room * sizeof *stale);
    size_t count = 0;
    for (size_t i = 0; i < batch->draft_count; i++) {
        if (batch->drafts[i].fate != DRAFT_STALE)
            continue;
        if (batch->drafts[i].is_guessed) {
            draft_decode(engine, &batch->drafts[i], &none);
            continue;
        }
        stale[count] = &batch->drafts[i];
        ids[count++] = batch->drafts[i].document->id;
    }
    if (count == 0)
        return true;
    assert(count <= STORE_CALL_MAX);
    OBSERVE(engine, stage_begin, STAGE_LOAD);
    bool loaded = engine->ports.store.load(engine->ports.store.self, ids, count,
                                           &engine->batch->arena, records, error);
    OBSERVE(engine, stage_end, STAGE_LOAD, count, loaded ? NULL : error_code_text(error->code));
    if (!loaded)
        return error_wrap(error, "load");
    for (size_t i = 0; i < count; i++)
        draft_decode(engine, stale[i], &records[i]);
    return true;
}
