/* batch.c - the places of a batch: finds or makes a document's slot, adds a job, gives deliveries
 * back to be taken again. */
#include "common/saga/batch.h"

#include "common/base/hash.h"

#include <assert.h>
#include <string.h>

void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->slot_count; i++) /* the table is larger than most batches */
        batch->slot_index[batch->slots[i].index_at] = 0;
    batch->job_count = 0;
    batch->delivery_count = 0;
    batch->slot_count = 0;
    memset(&batch->outgoing, 0, sizeof batch->outgoing);
    arena_clear(&batch->arena);
}

void batch_give_back(struct engine *engine, struct batch *batch)
{
    size_t count = batch->delivery_count;
    assert(engine->held_count + count <= BUS_PREFETCH_MAX);
    memmove(engine->held + count, engine->held, engine->held_count * sizeof engine->held[0]);
    for (size_t i = 0; i < count; i++)
        engine->held[i] = batch->deliveries[i].delivery;
    engine->held_count += count;
    batch->delivery_count = 0;
}

size_t batch_slot(struct engine *engine, const char *document_id)
{
    struct batch *batch = engine->batch;
    size_t at = (size_t)(hash_text(document_id) % SLOT_INDEX_SIZE);
    for (; batch->slot_index[at] != 0; at = (at + 1) % SLOT_INDEX_SIZE) {
        size_t found = batch->slot_index[at] - 1U;
        if (strcmp(batch->slots[found].document->id, document_id) == 0)
            return found;
    }
    if (batch->slot_count == SLOTS_MAX)
        return SLOTS_MAX;
    size_t made = batch->slot_count++;
    struct slot *slot = &batch->slots[made];
    slot->document = document_new(&engine->batch->arena, engine->participant, document_id);
    slot->fate = SLOT_STALE; /* so the first round loads it like a conflict's */
    slot->is_guessed = false;
    slot->is_careful = false;
    slot->next_position = 0;
    slot->unconfirmed = 0;
    slot->kept_back = 0;
    slot->jobs_open = 0;
    slot->index_at = at;
    batch->slot_index[at] = (uint16_t)(made + 1);
    return made;
}

size_t batch_room(const struct engine *engine, size_t share_divisor)
{
    size_t most = engine->limits.batch_max;
    size_t used = engine->batch->job_count > engine->batch->slot_count ? engine->batch->job_count
                                                                       : engine->batch->slot_count;
    size_t left = used < most ? most - used : 0;
    size_t share = (most + share_divisor - 1) / share_divisor;
    return left > share ? left : share;
}

struct job *batch_job_add(struct engine *engine, const struct input *input)
{
    struct batch *batch = engine->batch;
    if (batch->job_count == JOBS_MAX)
        return NULL;
    size_t slot_count = batch->slot_count;
    size_t slot = batch_slot(engine, input->document_id);
    if (slot == SLOTS_MAX)
        return NULL;
    bool is_made = batch->slot_count > slot_count;
    batch->slots[slot].is_guessed = input->is_first && (is_made || batch->slots[slot].is_guessed);
    struct job *job = &batch->jobs[batch->job_count++];
    memset(job, 0, sizeof *job);
    job->input = *input;
    job->slot = slot;
    job->fate = JOB_OPEN;
    return job;
}

bool slot_is_done(const struct slot *slot)
{
    return slot->fate == SLOT_SAVED || slot->fate == SLOT_LOADED;
}

bool slot_is_published(const struct slot *slot)
{
    return slot_is_done(slot) && slot->unconfirmed == 0;
}

bool slot_is_kept_back(const struct slot *slot)
{
    return slot_is_done(slot) && slot->unconfirmed > 0 && slot->kept_back == slot->unconfirmed;
}

void job_leave(struct job *job)
{
    job->fate = JOB_LATER;
    job->outcome = OUTCOME_LATER;
    job->verdict = "later";
    job->reason = "the document is of a newer release";
    job->reply = REPLY_UNAVAILABLE;
}
