/* fold.c - the middle stages: load, decide, save; again for what lost a compare-and-set. */
#include "common/base/text.h"
#include "common/saga/batch.h"
#include "common/saga/bson_write.h"

#include <assert.h>
#include <string.h>

#define STATE_BYTES_USUAL 2048

/* ---- load ---- */

static void slot_decode(struct engine *engine, struct slot *slot, const struct record *record)
{
    struct error error;
    struct document *document = slot->document;
    slot->record = record;
    slot->next_position = 0;
    if (!document_decode(document, engine->participant, record, &engine->batch->arena, &error)) {
        slot->fate = error.code == ERROR_NEWER ? SLOT_NEWER : SLOT_BROKEN;
        if (slot->fate == SLOT_NEWER) {
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
    static const struct record none = { .version = 0 };
    size_t room = batch->slot_count;
    const char **ids = arena_room(&engine->batch->arena, room * sizeof *ids);
    struct record *records = arena_alloc(&engine->batch->arena, room * sizeof *records);
    struct slot **stale = arena_room(&engine->batch->arena, room * sizeof *stale);
    size_t count = 0;
    for (size_t i = 0; i < batch->slot_count; i++) {
        if (batch->slots[i].fate != SLOT_STALE)
            continue;
        if (batch->slots[i].is_guessed) {
            slot_decode(engine, &batch->slots[i], &none);
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

/* The call is about the document's booking, whatever its input spoke of. */
static void job_record(struct engine *engine, const struct document *document, struct job *job)
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
                  engine->participant->correlation_id(document->state));
    }
}

/* The decision breaks a rule of our own: nothing of it is kept, and everything else goes on. */
static void job_fail(struct engine *engine, struct job *job, const struct error *error)
{
    job_poison(job, arena_text(&engine->batch->arena, error->message, strlen(error->message)));
    engine->failed_decisions++;
    OBSERVE(engine, failed, &job->input, error->message);
}

static bool state_is_sound(struct engine *engine, const void *state, struct error *error)
{
    struct bson_output fields;
    bson_write_begin(&fields, &engine->batch->arena, STATE_BYTES_USUAL);
    return engine->participant->encode(state, &fields, error);
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
    struct history_entry entry = { .at_ms = engine->decision->now_ms,
                                   .fingerprint = job->input.fingerprint };
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

/* To announce again what nobody can be told now would only fill the outbox. */
static bool is_announced_in_vain(const struct engine *engine, const struct job *job)
{
    const struct decision *decision = engine->decision;
    if (job->input.source != INPUT_FROM_DEADLINE || decision->message_count == 0 ||
        decision->effect.is_wanted)
        return false;
    for (int i = 0; i < decision->message_count; i++) {
        const struct message *message = &decision->messages[i];
        bool is_taken = engine->bus.can_publish &&
                        refusals_would_let(&engine->refusals, message->type, engine->steady_ms);
        if (!message->is_repeat || is_taken)
            return false;
    }
    return true;
}

/* The time at which a deadline is decided; 0: it is not due yet. The clock may have been set since
 * it was dated: then it moves along, and one that is still to come by its date may be past. */
static int64_t deadline_now(const struct engine *engine, const struct document *document)
{
    int64_t due_ms = engine->participant->due_at_ms(document->state);
    if (due_ms == 0 || engine->clock.count == 0)
        return engine->now_ms; /* the participant sees what it is */
    int64_t since_ms = document_due_since(document, due_ms);
    if (due_ms + engine_clock_shift(&engine->clock, since_ms) > engine->now_ms)
        return 0;
    return due_ms > engine->now_ms ? due_ms : engine->now_ms;
}

static void job_decide(struct engine *engine, struct job *job)
{
    struct slot *slot = &engine->batch->slots[job->slot];
    struct document *document = slot->document;
    const struct participant *participant = engine->participant;
    if (slot->fate == SLOT_NEWER) {
        job_leave(job);
        return;
    }
    if (slot->fate == SLOT_BROKEN) {
        job_poison(job, "the stored document is damaged");
        return;
    }
    if (document_contradicts(document, participant, &job->input, &engine->batch->arena)) {
        job_poison(job, "message id used before with another body");
        return;
    }
    int64_t now_ms = engine->now_ms;
    if (job->input.source == INPUT_FROM_DEADLINE)
        now_ms = deadline_now(engine, document);
    if (now_ms == 0) {
        job->fate = JOB_DEFERRED;
        return;
    }
    if (job->input.correlation_id[0] == '\0')
        text_copy(job->input.correlation_id, sizeof job->input.correlation_id,
                  document->version > 0 ? participant->correlation_id(document->state) : "");
    memcpy(engine->state_before, document->state, participant->state_size);
    job->state_from = participant->state_name(document->state);
    struct decision *decision = engine->decision;
    decision_init(decision, now_ms, document->version + 1, slot->next_position, participant->name);
    participant->decide(participant->self, document->state, &job->input, decision);
    assert(decision->verdict != NULL);
    assert(job->request == NULL || decision->reply != REPLY_NONE);
    struct error error;
    if (slot->is_careful && !state_is_sound(engine, document->state, &error)) {
        memcpy(document->state, engine->state_before, participant->state_size);
        job_fail(engine, job, &error);
        return;
    }
    if (document->owed_count + (size_t)decision->message_count > OWED_MAX ||
        is_announced_in_vain(engine, job)) {
        memcpy(document->state, engine->state_before, participant->state_size);
        job->fate = JOB_DEFERRED;
        return;
    }
    job->state_to = participant->state_name(document->state);
    if (document->version == 0 && decision->is_changed)
        document_started(document, job->input.sent_at_ms);
    slot->next_position = decision->next_position;
    job_record(engine, document, job);
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
    int64_t look_ms = engine->steady_ms + (due_at_ms - engine->now_ms);
    if (due_at_ms != 0 && look_ms < engine->due_sweep_ms)
        engine->due_sweep_ms = look_ms;
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

/* Something decided about this document cannot be saved: all of it is decided again, one by one. */
static void slot_decide_carefully(struct engine *engine, size_t at)
{
    struct slot *slot = &engine->batch->slots[at];
    slot->is_careful = true;
    slot_decode(engine, slot, slot->record);
    for (size_t i = 0; i < engine->batch->job_count; i++) {
        struct job *job = &engine->batch->jobs[i];
        if (job->slot != at)
            continue;
        job->fate = JOB_OPEN;
        job_decide(engine, job);
    }
}

static void slot_fail(struct engine *engine, size_t at, const struct error *error)
{
    engine->batch->slots[at].fate = SLOT_BROKEN;
    for (size_t i = 0; i < engine->batch->job_count; i++)
        if (engine->batch->jobs[i].slot == at && engine->batch->jobs[i].fate == JOB_DECIDED)
            job_fail(engine, &engine->batch->jobs[i], error);
}

/* False: nothing of it is to be saved now. */
static bool slot_encode(struct engine *engine, size_t at, struct record *ret_record)
{
    struct slot *slot = &engine->batch->slots[at];
    struct arena *arena = &engine->batch->arena;
    struct error error;
    if (document_encode(slot->document, engine->participant, arena, ret_record, &error))
        return true;
    slot_decide_carefully(engine, at);
    if (slot->fate != SLOT_DIRTY) {
        if (slot->is_guessed) /* the others of it rest on no look */
            slot_reopen(engine, at);
        return false;
    }
    if (document_encode(slot->document, engine->participant, arena, ret_record, &error))
        return true;
    slot_fail(engine, at, &error);
    return false;
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
        if (slot->fate == SLOT_DIRTY && slot_encode(engine, i, &records[count]))
            dirty[count++] = i;
        *ret_conflicts |= slot->fate == SLOT_STALE;
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
    *ret_conflicts |= conflicts > 0;
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
