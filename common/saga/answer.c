/* answer.c - once all is saved: requests are answered, and observers told. */
#include "common/saga/engine_private.h"

#include <assert.h>
#include <string.h>

static void request_answer(struct engine *engine, struct item *item)
{
    assert(item->request != NULL && item->draft < engine->batch->draft_count);
    struct request *request = item->request;
    const struct draft *draft = &engine->batch->drafts[item->draft];
    bool is_decided = item->fate == ITEM_DECIDED && draft_is_done(draft);
    if (item->fate == ITEM_POISON)
        request->reply = REPLY_INTERNAL;
    else
        request->reply = is_decided ? item->reply : REPLY_UNAVAILABLE;
    assert(request->reply != REPLY_NONE);
    request->verdict = is_decided ? item->verdict : NULL;
    request->reason = item->reason;
    request->state_from = item->state_from;
    request->state_to = item->state_to;
    memcpy(request->notes, item->notes, sizeof request->notes);
    request->note_count = item->note_count;
    request->version = draft->document->version;
    if (request->state != NULL && is_decided)
        memcpy(request->state, draft->document->state, engine->participant->state_size);
    engine->ports.requests.answer(engine->ports.requests.self, request);
}

static void item_observe(struct engine *engine, const struct item *item)
{
    assert(item->fate == ITEM_DECIDED && item->verdict != NULL);
    const struct draft *draft = &engine->batch->drafts[item->draft];
    struct decided decided = {
        .input = &item->input,
        .verdict = item->verdict,
        .reason = item->reason,
        .state_from = item->state_from,
        .state_to = item->state_to,
        .outcome = item->outcome,
        .notes = item->notes,
        .note_count = item->note_count,
        .is_first_outcome = item->is_first_outcome,
        .is_security_event = item->is_security_event,
        .is_alert = item->is_alert,
        .version = draft->document->version,
        .document = draft->document,
        .state = draft->document->state,
        .delivery = item->delivery != NULL ? item->delivery->delivery : NULL,
        .request = item->request,
    };
    OBSERVE(engine, decided, &decided);
}

void engine_observe_saved(struct engine *engine)
{
    for (size_t i = 0; i < engine->batch->item_count; i++) {
        const struct item *item = &engine->batch->items[i];
        if (item->fate == ITEM_DECIDED && engine->batch->drafts[item->draft].fate == DRAFT_SAVED)
            item_observe(engine, item);
    }
}

void engine_answer(struct engine *engine)
{
    for (size_t i = 0; i < engine->batch->item_count; i++) {
        struct item *item = &engine->batch->items[i];
        if (item->fate == ITEM_DECIDED && draft_is_done(&engine->batch->drafts[item->draft]))
            item_observe(engine, item);
        if (item->request != NULL)
            request_answer(engine, item);
    }
}
