/* answer.c - once all is saved: requests are answered, and observers told. */
#include "common/saga/batch.h"

#include <string.h>

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

void engine_observe_saved(struct engine *engine)
{
    for (size_t i = 0; i < engine->batch->job_count; i++) {
        const struct job *job = &engine->batch->jobs[i];
        if (job->fate == JOB_DECIDED && engine->batch->slots[job->slot].fate == SLOT_SAVED)
            job_observe(engine, job);
    }
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
