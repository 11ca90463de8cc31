/* decide.c - the stage that asks the participant: each input in its order, those of one document
 * one after the other upon the same draft. */
#include "common/base/text.h"
#include "common/bson/bson_write.h"
#include "common/saga/content_codec.h"
#include "common/saga/engine_private.h"

#include <assert.h>
#include <string.h>

#define STATE_BYTES_USUAL 2048

static void item_poison(struct item *item, const char *reason)
{
    assert(reason != NULL && item->fate != ITEM_LATER);
    item->fate = ITEM_POISON;
    item->outcome = OUTCOME_QUARANTINED;
    item->verdict = "quarantine";
    item->reason = reason;
    item->reply = REPLY_INTERNAL;
}

/* The call is about the document's booking, whatever its input spoke of. */
static void item_record(struct engine *engine, const struct document *document, struct item *item)
{
    assert(engine->decision->note_count <= DECISION_NOTES_MAX);
    const struct decision *decision = engine->decision;
    item->fate = ITEM_DECIDED;
    item->verdict = decision->verdict;
    item->reason = decision->reason;
    item->outcome = decision->outcome;
    item->reply = decision->reply;
    item->is_first_outcome = decision->is_first_outcome;
    item->is_security_event = decision->is_security_event;
    item->is_alert = decision->is_alert;
    memcpy(item->notes, decision->notes, sizeof item->notes);
    item->note_count = decision->note_count;
    item->effect = NULL;
    if (decision->effect.is_wanted) {
        item->effect =
            arena_copy(&engine->batch->arena, &decision->effect, sizeof decision->effect);
        text_copy(item->effect->document_id, sizeof item->effect->document_id,
                  item->input.document_id);
        text_copy(item->effect->correlation_id, sizeof item->effect->correlation_id,
                  engine->participant->correlation_id(document->state));
    }
}

/* The decision breaks a rule of our own: nothing of it is kept, and everything else goes on. */
void item_fail(struct engine *engine, struct item *item, const struct error *error)
{
    assert(error->code != ERROR_NONE);
    item_poison(item, arena_text(&engine->batch->arena, error->message, strlen(error->message)));
    engine->failed_decisions++;
    OBSERVE(engine, failed, &item->input, error->message);
}

static bool state_is_sound(struct engine *engine, const void *state, struct error *error)
{
    struct bson_output fields;
    bson_write_begin(&fields, &engine->batch->arena, STATE_BYTES_USUAL);
    return engine->participant->encode(state, &fields, error);
}

/* Moves the decided messages into the document's outbox. One that is owed already stays as it is.
 */
static void messages_owe(struct engine *engine, struct draft *draft, struct item *item)
{
    assert(draft->document->owed_count + (size_t)engine->decision->message_count <= OWED_MAX);
    struct document *document = draft->document;
    for (int i = 0; i < engine->decision->message_count; i++) {
        const struct message *decided = &engine->decision->messages[i];
        if (document_owes(document, decided->id))
            continue;
        struct message *message = arena_copy(&engine->batch->arena, decided, sizeof *decided);
        message->body = arena_text(&engine->batch->arena, decided->body, decided->body_length);
        OBSERVE(engine, message_owed, &item->input, message);
        if (document->owed_count == 0)
            document->owed_at_ms = engine->now_ms;
        draft->owed_cause[document->owed_count] = &item->input;
        document->owed[document->owed_count++] = message;
    }
}

static void history_add(struct engine *engine, struct draft *draft, const struct item *item)
{
    assert(item->fate == ITEM_DECIDED && engine->decision->version == draft->document->version + 1);
    bool is_changed = engine->decision->is_changed;
    bool is_stored = draft->document->version > 0 || draft->fate == DRAFT_DIRTY;
    if (!is_changed && (item->input.source == INPUT_FROM_DEADLINE || !is_stored))
        return; /* and no document is made only to remember that nothing happened */
    struct history_entry entry = { .at_ms = engine->decision->now_ms,
                                   .fingerprint = item->input.fingerprint };
    text_copy(entry.input_type, sizeof entry.input_type, item->input.type_name);
    text_copy(entry.input_id, sizeof entry.input_id, item->input.id);
    text_copy(entry.verdict, sizeof entry.verdict, item->verdict);
    text_copy(entry.state_from, sizeof entry.state_from, item->state_from);
    text_copy(entry.state_to, sizeof entry.state_to, item->state_to);
    entry.version = engine->decision->version;
    entry.schema = engine->participant->schema_version;
    entry.due_at_ms = participant_due_at_ms(engine->participant, draft->document->state);
    entry.sent = decision_fingerprint(engine->decision);
    entry.is_repeat = item->input.is_repeat;
    entry.content = content_encode(engine->participant->contents, &item->input,
                                   &engine->batch->arena, &entry.content_length);
    if (document_remember(draft->document, &engine->batch->arena, &entry, is_changed) || is_changed)
        draft->fate = DRAFT_DIRTY;
}

/* To announce again what nobody can be told now would only fill the outbox. */
static bool is_announced_in_vain(const struct engine *engine, const struct item *item)
{
    assert(engine->decision->message_count <= DECISION_MESSAGES_MAX);
    const struct decision *decision = engine->decision;
    if (item->input.source != INPUT_FROM_DEADLINE || decision->message_count == 0 ||
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
    int64_t due_ms = participant_due_at_ms(engine->participant, document->state);
    if (due_ms == 0 || engine->clock.count == 0)
        return engine->now_ms; /* the participant sees what it is */
    int64_t since_ms = document_due_since(document, due_ms);
    if (due_ms + engine_clock_shift(&engine->clock, since_ms) > engine->now_ms)
        return 0;
    return due_ms > engine->now_ms ? due_ms : engine->now_ms;
}

void item_decide(struct engine *engine, struct item *item)
{
    assert(item->fate == ITEM_OPEN && item->draft < engine->batch->draft_count);
    struct draft *draft = &engine->batch->drafts[item->draft];
    struct document *document = draft->document;
    const struct participant *participant = engine->participant;
    if (draft->fate == DRAFT_NEWER) {
        item_leave(item);
        return;
    }
    if (draft->fate == DRAFT_BROKEN) {
        item_poison(item, "the stored document is damaged");
        return;
    }
    if (document_contradicts(document, participant, &item->input, &engine->batch->arena)) {
        item_poison(item, "message id used before with another body");
        return;
    }
    int64_t now_ms = engine->now_ms;
    if (item->input.source == INPUT_FROM_DEADLINE)
        now_ms = deadline_now(engine, document);
    if (now_ms == 0) {
        item->fate = ITEM_DEFERRED;
        return;
    }
    if (item->input.correlation_id[0] == '\0')
        text_copy(item->input.correlation_id, sizeof item->input.correlation_id,
                  document->version > 0 ? participant->correlation_id(document->state) : "");
    memcpy(engine->state_before, document->state, participant->state_size);
    item->state_from = participant_state_name(participant, document->state);
    struct decision *decision = engine->decision;
    decision_init(decision, now_ms, document->version + 1, draft->next_position, participant->name);
    participant_decide(participant, document->state, &item->input, decision);
    assert(decision->verdict != NULL);
    assert(item->request == NULL || decision->reply != REPLY_NONE);
    struct error *broken = &decision->broken;
    if (broken->code != ERROR_NONE ||
        (draft->is_careful && !state_is_sound(engine, document->state, broken))) {
        memcpy(document->state, engine->state_before, participant->state_size);
        item_fail(engine, item, broken);
        return;
    }
    if (document->owed_count + (size_t)decision->message_count > OWED_MAX ||
        is_announced_in_vain(engine, item)) {
        memcpy(document->state, engine->state_before, participant->state_size);
        item->fate = ITEM_DEFERRED;
        return;
    }
    assert(decision->version == document->version + 1 && decision->outcome < OUTCOME_LATER);
    assert(decision->next_position >= draft->next_position);
    assert(!decision->is_first_outcome || decision->is_changed);
    item->state_to = participant_state_name(participant, document->state);
    if (document->version == 0 && decision->is_changed)
        document_started(document, item->input.sent_at_ms);
    draft->next_position = decision->next_position;
    item_record(engine, document, item);
    messages_owe(engine, draft, item);
    if (decision->message_count > 0)
        draft->fate = DRAFT_DIRTY;
    history_add(engine, draft, item);
}

void engine_decide(struct engine *engine)
{
    assert(engine->batch->item_count <= ITEMS_MAX);
    for (size_t i = 0; i < engine->batch->item_count; i++) {
        struct item *item = &engine->batch->items[i];
        if (item->fate == ITEM_OPEN)
            item_decide(engine, item);
    }
}
