/* batch.c - the places of a batch: finds or makes a document's draft, by a hash index, and adds an
 * item to it. */
#include "common/saga/batch.h"

#include "common/base/hash.h"
#include "common/saga/input.h"

#include <assert.h>
#include <string.h>

void batch_clear(struct batch *batch)
{
    assert(batch->draft_count <= DRAFTS_MAX && batch->item_count <= ITEMS_MAX);
    for (size_t i = 0; i < batch->draft_count; i++) /* the table is larger than most batches */
        batch->draft_index[batch->drafts[i].index_at] = 0;
    batch->item_count = 0;
    batch->delivery_count = 0;
    batch->draft_count = 0;
    memset(&batch->dispatch, 0, sizeof batch->dispatch);
    arena_clear(&batch->arena);
}

size_t batch_draft(struct batch *batch, const struct participant *participant,
                   const char *document_id)
{
    assert(batch->draft_count <= DRAFTS_MAX && document_id != NULL);
    size_t at = (size_t)(hash_text(document_id) % DRAFT_INDEX_SIZE);
    for (; batch->draft_index[at] != 0; at = (at + 1) % DRAFT_INDEX_SIZE) {
        size_t found = batch->draft_index[at] - 1U;
        if (strcmp(batch->drafts[found].document->id, document_id) == 0)
            return found;
    }
    if (batch->draft_count == DRAFTS_MAX)
        return DRAFTS_MAX;
    size_t made = batch->draft_count++;
    struct draft *draft = &batch->drafts[made];
    draft->document = document_new(&batch->arena, participant, document_id);
    draft->fate = DRAFT_STALE; /* so the first round loads it like a conflict's */
    draft->is_guessed = false;
    draft->is_careful = false;
    draft->next_position = 0;
    draft->unconfirmed = 0;
    draft->kept_back = 0;
    draft->items_open = 0;
    draft->index_at = at;
    batch->draft_index[at] = (uint16_t)(made + 1);
    assert(batch->drafts[made].document->owed_count == 0);
    return made;
}

struct item *batch_item_add(struct batch *batch, const struct participant *participant,
                            const struct input *input)
{
    assert(input->type_name != NULL && batch->item_count <= ITEMS_MAX);
    if (batch->item_count == ITEMS_MAX)
        return NULL;
    size_t draft_count = batch->draft_count;
    size_t draft = batch_draft(batch, participant, input->document_id);
    if (draft == DRAFTS_MAX)
        return NULL;
    bool is_made = batch->draft_count > draft_count;
    batch->drafts[draft].is_guessed =
        input->is_first && (is_made || batch->drafts[draft].is_guessed);
    struct item *item = &batch->items[batch->item_count++];
    memset(item, 0, sizeof *item);
    item->input = *input;
    item->draft = draft;
    item->fate = ITEM_OPEN;
    return item;
}

bool draft_is_done(const struct draft *draft)
{
    return draft->fate == DRAFT_SAVED || draft->fate == DRAFT_LOADED;
}

bool draft_is_published(const struct draft *draft)
{
    assert(draft->kept_back <= draft->unconfirmed);
    return draft_is_done(draft) && draft->unconfirmed == 0;
}

bool draft_is_kept_back(const struct draft *draft)
{
    return draft_is_done(draft) && draft->unconfirmed > 0 && draft->kept_back == draft->unconfirmed;
}

void item_leave(struct item *item)
{
    assert(item->fate == ITEM_OPEN);
    item->fate = ITEM_LATER;
    item->outcome = OUTCOME_LATER;
    item->verdict = "later";
    item->reason = "the document is of a newer release";
    item->reply = REPLY_UNAVAILABLE;
}
