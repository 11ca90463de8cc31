/* effects.c - the stage that starts the calls which saved decisions ask for. */
#include "common/saga/engine_private.h"

#include <assert.h>
#include <string.h>

void engine_start_effects(struct engine *engine)
{
    for (size_t i = 0; i < engine->batch->item_count; i++) {
        struct item *item = &engine->batch->items[i];
        if (item->fate != ITEM_DECIDED || item->effect == NULL ||
            engine->batch->drafts[item->draft].fate != DRAFT_SAVED)
            continue;
        assert(engine->ports.effects.start != NULL);
        memcpy(item->effect->traceparent, item->input.traceparent,
               sizeof item->effect->traceparent);
        bool is_started = engine->ports.effects.start(engine->ports.effects.self, item->effect);
        (void)is_started; /* when all slots are busy, the document's deadline asks again */
    }
}
