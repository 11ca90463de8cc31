/* fold.c - the middle stages: load, decide, save; again for what lost a compare-and-set. */
#include "common/base/text.h"
#include "common/engine/batch.h"

#include <assert.h>
#include <string.h>

/* ---- load ---- */

static void slot_decode(struct engine *engine, struct slot *slot, const struct record *record)
{
    struct error error;
    struct document *document = slot->document;
    slot->next_position = 0;
    if (!document_decode(document, engine->participant, record, &engine->batch->arena, &error)) {
        slot->fate = SLOT_BROKEN;
        engine->unreadable++;
        text_copy(engine->unreadable_reason, sizeof engine->unreadable_reason, error.message);
        OBSERVE(engine, unreadable, document->id, error.message);
        return;
    }
    if (document->version == 0)
        document->created_at_ms = document->started_at_ms = engine->now_ms;
    /* Confirmed before, only not cleared yet: the next save of this document drops them. */
    if (clears_has(&engine->clears, document->id, document->version))
        document->owed_count = 0;
    for (size_t i = 0; i < document->owed_count; i++)
        slot->owed_cause[i] = NULL;
    slot->fate = SLOT_LOADED;
}

/* Loads every stale slot, but for those that are taken to be new; their jobs are open again. */
static bool stale_load(struct engine *engine, struct error *error)
{
    struct batch *batch = engine->batch;
    size_t room = batch->slot_count;
    const char **ids = arena_room(&engine->batch->arena, room * sizeof *ids);
    struct record *records = arena_alloc(&engine->batch->arena, room * sizeof *records);
    struct slot **stale = arena_room(&engine->batch->arena, room * sizeof *stale);
    size_t count = 0;
    for (size_t i = 0; i < batch->slot_count; i++) {
        if (batch->slots[i].fate != SLOT_STALE)
            continue;
        if (batch->slots[i].is_guessed) {
            slot_decode(engine, &batch->slots[i], &(const struct record){ 0 });
            continue;
        }
        stale[count] = &batch->slots[i];
        ids[count++] = batch->slots[i].document->id;
    }
    if (count == 0)
        return true;
    OBSERVE(engine, stage_begin, STAGE_LOAD);
    bool loaded = engine->ports.store.load(engine->ports.store.self, ids, count,
                                           &engine->batch->arena, records, error);
    OBSERVE(engine, stage_end, STAGE_LOAD, count, loaded ? NULL : error_code_text(error->code));
    if (!loaded)
        return error_wrap(error, "load");
    for (size_t i = 0; i < count; i++)
        slot_decode(engine, stale[i], &records[i]);
    return true;
}

/* ---- decide ---- */

static void job_poison(struct job *job, const char *reason)
{
    job->fate = JOB_POISON;
    job->outcome = OUTCOME_QUARANTINED;
    job->verdict = "quarantine";
    job->reason = reason;
    job->reply = REPLY_INTERNAL;
}

static void job_record(struct engine *engine, struct job *job)
{
    const struct decision *decision = engine->decision;
    job->fate = JOB_DECIDED;
    job->verdict = decision->verdict;
    job->reason = decision->reason;
    job->outcome = decision->outcome;
    job->reply = decision->reply;
    job->is_first_outcome = decision->is_first_outcome;
    job->is_security_event = decision->is_security_event;
    job->is_alert = decision->is_alert;
    memcpy(job->notes, decision->notes, sizeof job->notes);
    job->note_count = decision->note_count;
    job->effect = NULL;
    if (decision->effect.is_wanted) {
        job->effect = arena_copy(&engine->batch->arena, &decision->effect, sizeof decision->effect);
        text_copy(job->effect->document_id, sizeof job->effect->document_id,
                  job->input.document_id);
        text_copy(job->effect->correlation_id, sizeof job->effect->correlation_id,
                  job->input.correlation_id);
    }
}

/* Moves the decided messages into the document's outbox. One that is owed already stays as it is.
 */
static void messages_owe(struct engine *engine, struct slot *slot, struct job *job)
{
    struct document *document = slot->document;
    for (int i = 0; i < engine->decision->message_count; i++) {
        const struct message *decided = &engine->decision->messages[i];
        if (document_owes(document, decided->id))
            continue;
        struct message *message = arena_copy(&engine->batch->arena, decided, sizeof *decided);
        message->body = arena_text(&engine->batch->arena, decided->body, decided->body_length);
        OBSERVE(engine, message_owed, &job->input, message);
        if (document->owed_count == 0)
            document->owed_at_ms = engine->now_ms;
        slot->owed_cause[document->owed_count] = &job->input;
        document->owed[document->owed_count++] = message;
    }
}

static void history_add(struct engine *engine, struct slot *slot, const struct job *job)
{
    bool is_changed = engine->decision->is_changed;
    bool is_stored = slot->document->version > 0 || slot->fate == SLOT_DIRTY;
    if (!is_changed && (job->input.source == INPUT_FROM_DEADLINE || !is_stored))
        return; /* and no document is made only to remember that nothing happened */
    struct history_entry entry = { .at_ms = engine->now_ms, .fingerprint = job->input.fingerprint };
    text_copy(entry.input_type, sizeof entry.input_type, job->input.type_name);
    text_copy(entry.input_id, sizeof entry.input_id, job->input.id);
    text_copy(entry.verdict, sizeof entry.verdict, job->verdict);
    text_copy(entry.state_from, sizeof entry.state_from, job->state_from);
    text_copy(entry.state_to, sizeof entry.state_to, job->state_to);
    entry.version = engine->decision->version;
    entry.schema = engine->participant->schema_version;
    entry.due_at_ms = engine->participant->due_at_ms(slot->document->state);
    entry.sent = decision_fingerprint(engine->decision);
    entry.is_repeat = job->input.is_repeat;
    entry.content = content_encode(engine->participant->contents, &job->input,
                                   &engine->batch->arena, &entry.content_length);
    if (document_remember(slot->document, &engine->batch->arena, &entry, is_changed) || is_changed)
        slot->fate = SLOT_DIRTY;
}

static void job_decide(struct engine *engine, struct job *job)
{
    struct slot *slot = &engine->batch->slots[job->slot];
    struct document *document = slot->document;
    const struct participant *participant = engine->participant;
    if (slot->fate == SLOT_BROKEN) {
        job_poison(job, "the stored document is damaged");
        return;
    }
    if (document_contradicts(document, participant, &job->input, &engine->batch->arena)) {
        job_poison(job, "message id used before with another body");
        return;
    }
    if (job->input.correlation_id[0] == '\0')
        text_copy(job->input.correlation_id, sizeof job->input.correlation_id,
                  document->version > 0 ? participant->correlation_id(document->state) : "");
    memcpy(engine->state_before, document->state, participant->state_size);
    job->state_from = participant->state_name(document->state);
    struct decision *decision = engine->decision;
    decision_init(decision, engine->now_ms, document->version + 1, slot->next_position,
                  participant->name);
    participant->decide(participant->self, document->state, &job->input, decision);
    assert(decision->verdict != NULL);
    assert(job->request == NULL || decision->reply != REPLY_NONE);
    if (document->owed_count + (size_t)decision->message_count > OWED_MAX) {
        memcpy(document->state, engine->state_before, participant->state_size);
        job->fate = JOB_DEFERRED;
        return;
    }
    job->state_to = participant->state_name(document->state);
    if (document->version == 0 && decision->is_changed)
        document_started(document, job->input.sent_at_ms);
    slot->next_position = decision->next_position;
    job_record(engine, job);
    messages_owe(engine, slot, job);
    if (decision->message_count > 0)
        slot->fate = SLOT_DIRTY;
    history_add(engine, slot, job);
}

static void open_decide(struct engine *engine)
{
    for (size_t i = 0; i < engine->batch->job_count; i++) {
        struct job *job = &engine->batch->jobs[i];
        if (job->fate == JOB_OPEN)
            job_decide(engine, job);
    }
}

/* ---- save ---- */

static void slot_saved(struct engine *engine, struct slot *slot)
{
    slot->fate = SLOT_SAVED;
    slot->document->version++;
    clears_remove(&engine->clears, slot->document->id); /* this save has dropped them */
    int64_t due_at_ms = engine->participant->due_at_ms(slot->document->state);
    if (due_at_ms != 0 && due_at_ms < engine->due_sweep_ms)
        engine->due_sweep_ms = due_at_ms;
}

static void slot_reopen(struct engine *engine, size_t slot)
{
    engine->batch->slots[slot].fate = SLOT_STALE;
    engine->batch->slots[slot].is_guessed = false;
    for (size_t i = 0; i < engine->batch->job_count; i++) {
        struct job *job = &engine->batch->jobs[i];
        if (job->slot == slot && job->fate != JOB_OPEN)
            job->fate = JOB_OPEN;
    }
}

/* Saves every dirty slot; *ret_conflicts tells whether some must be loaded and decided again. */
static bool dirty_save(struct engine *engine, bool *ret_conflicts, struct error *error)
{
    struct batch *batch = engine->batch;
    size_t room = batch->slot_count;
    struct record *records = arena_alloc(&engine->batch->arena, room * sizeof *records);
    enum save_result *results = arena_alloc(&engine->batch->arena, room * sizeof *results);
    size_t *dirty = arena_room(&engine->batch->arena, room * sizeof *dirty);
    size_t count = 0;
    *ret_conflicts = false;
    for (size_t i = 0; i < batch->slot_count; i++) {
        struct slot *slot = &batch->slots[i];
        if (slot->fate != SLOT_DIRTY)
            continue;
        if (!document_encode(slot->document, engine->participant, &engine->batch->arena,
                             &records[count], error))
            return false;
        dirty[count++] = i;
    }
    if (count == 0)
        return true;
    OBSERVE(engine, stage_begin, STAGE_SAVE);
    bool saved = engine->ports.store.save(engine->ports.store.self, records, count, results, error);
    size_t conflicts = 0;
    size_t unknown = 0;
    for (size_t i = 0; saved && i < count; i++) {
        if (results[i] == SAVE_SAVED) {
            slot_saved(engine, &batch->slots[dirty[i]]);
            continue;
        }
        slot_reopen(engine, dirty[i]);
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
    *ret_conflicts = conflicts > 0;
    return saved ? true : error_wrap(error, "save");
}

/* A guess is proved by an insert. One that leaves nothing to insert proves nothing: look. */
static bool guesses_reopen(struct engine *engine)
{
    bool has_reopened = false;
    for (size_t i = 0; i < engine->batch->slot_count; i++) {
        const struct slot *slot = &engine->batch->slots[i];
        if (!slot->is_guessed || slot->fate != SLOT_LOADED)
            continue;
        slot_reopen(engine, i);
        has_reopened = true;
    }
    return has_reopened;
}

bool engine_fold(struct engine *engine, struct error *error)
{
    bool is_open = true;
    for (int round = 0; is_open && round < engine->limits.conflict_rounds_max; round++) {
        bool has_conflicts;
        if (!stale_load(engine, error))
            return false;
        open_decide(engine);
        bool has_reopened = guesses_reopen(engine);
        if (!dirty_save(engine, &has_conflicts, error))
            return false;
        is_open = has_reopened || has_conflicts;
    }
    return true; /* what is still stale waits for the next step */
}

/* ---- answer ---- */

static void request_answer(struct engine *engine, struct job *job)
{
    struct request *request = job->request;
    const struct slot *slot = &engine->batch->slots[job->slot];
    bool is_decided = job->fate == JOB_DECIDED && slot_is_done(slot);
    if (job->fate == JOB_POISON)
        request->reply = REPLY_INTERNAL;
    else
        request->reply = is_decided ? job->reply : REPLY_UNAVAILABLE;
    request->verdict = is_decided ? job->verdict : NULL;
    request->reason = job->reason;
    request->state_from = job->state_from;
    request->state_to = job->state_to;
    memcpy(request->notes, job->notes, sizeof request->notes);
    request->note_count = job->note_count;
    request->version = slot->document->version;
    if (request->state != NULL && is_decided)
        memcpy(request->state, slot->document->state, engine->participant->state_size);
    engine->ports.requests.answer(engine->ports.requests.self, request);
}

static void job_observe(struct engine *engine, const struct job *job)
{
    const struct slot *slot = &engine->batch->slots[job->slot];
    struct decided decided = {
        .input = &job->input,
        .verdict = job->verdict,
        .reason = job->reason,
        .state_from = job->state_from,
        .state_to = job->state_to,
        .outcome = job->outcome,
        .notes = job->notes,
        .note_count = job->note_count,
        .is_first_outcome = job->is_first_outcome,
        .is_security_event = job->is_security_event,
        .is_alert = job->is_alert,
        .version = slot->document->version,
        .document = slot->document,
        .state = slot->document->state,
        .delivery = job->delivery != NULL ? job->delivery->delivery : NULL,
        .request = job->request,
    };
    OBSERVE(engine, decided, &decided);
}

void engine_answer(struct engine *engine)
{
    for (size_t i = 0; i < engine->batch->job_count; i++) {
        struct job *job = &engine->batch->jobs[i];
        if (job->fate == JOB_DECIDED && slot_is_done(&engine->batch->slots[job->slot]))
            job_observe(engine, job);
        if (job->request != NULL)
            request_answer(engine, job);
    }
}
