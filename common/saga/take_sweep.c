/* take_sweep.c - what nobody brings: deadlines, and documents that owe messages, found in the
 * store.
 *
 * A sweep looks at the documents whose time has come, the earliest first, as many as a batch has
 * room for. Those that stay as they were (they cannot be read, or not now) would be found again and
 * keep it from all that are behind: it goes past them, and begins at the front again after a while.
 */
#include "common/base/text.h"
#include "common/saga/engine_private.h"

#include <assert.h>
#include <string.h>

#define FUTURE_LOOK_MS 10000
#define CLOCKS_LOOK_MS 20000
#define FRONT_AGAIN_MS 5000 /* so long what a sweep went past is left alone */

static struct store_look look_begin(struct engine *engine, struct sweep *sweep, int64_t before_ms,
                                    size_t room)
{
    assert(room > 0 && room <= STORE_CALL_MAX);
    if (sweep->front_again_ms != 0 && engine->steady_ms >= sweep->front_again_ms) {
        sweep->skip = 0;
        sweep->front_again_ms = 0;
    }
    sweep->is_looking = true;
    return (struct store_look){ .before_ms = before_ms, .skip = sweep->skip, .limit = room };
}

static void look_end(struct engine *engine, struct sweep *sweep, size_t stayed)
{
    assert(sweep->is_looking);
    sweep->is_looking = false;
    sweep->skip += stayed;
    if (!sweep->is_full && sweep->skip > 0 && sweep->front_again_ms == 0)
        sweep->front_again_ms = engine->steady_ms + FRONT_AGAIN_MS;
}

/* Before the first deadline after a start or a reconnect, what waits in the queue is seen. */
static bool deadlines_may_fire(struct engine *engine)
{
    if (!engine->participant->deadlines_wait_for_queue)
        return true;
    if (engine->has_seen_queue_empty)
        return engine->bus.can_consume;
    if (!engine->bus.can_consume)
        return false;
    engine->has_seen_queue_empty = engine->ports.bus.is_drained(engine->ports.bus.self);
    return engine->has_seen_queue_empty;
}

static void deadline_make(const struct engine *engine, const char *id, struct input *ret_input)
{
    assert(id[0] != '\0');
    const struct effect_port *effects = &engine->ports.effects;
    memset(ret_input, 0, sizeof *ret_input);
    ret_input->source = INPUT_FROM_DEADLINE;
    ret_input->type = INPUT_TYPE_DEADLINE;
    ret_input->type_name = "deadline";
    text_join(ret_input->id, sizeof ret_input->id, (const char *const[]){ "deadline:", id }, 2);
    text_copy(ret_input->document_id, sizeof ret_input->document_id, id);
    const struct deadline_payload payload = { effects->holds != NULL &&
                                              effects->holds(effects->self, id) };
    memcpy(ret_input->payload, &payload, sizeof payload);
}

/* The newest document tells whether a clock was ahead of ours: another process's, or an earlier
 * life's. Its deadlines are found although they are still to come. */
static void clocks_look(struct engine *engine)
{
    const struct store_cursor newest = { .created_at_ms = 0 };
    struct record record;
    struct error error;
    size_t count = 0;
    engine->clocks_look_ms = engine->steady_ms + CLOCKS_LOOK_MS;
    if (engine->ports.store.list != NULL &&
        engine->ports.store.list(engine->ports.store.self, &newest, 1, &engine->batch->arena,
                                 &record, &count, &error) &&
        count > 0)
        engine_clock_seen(&engine->clock, record.created_at_ms);
}

/* Called with nothing loaded yet: a failure here only means that the sweep comes again. */
void engine_take_deadlines(struct engine *engine, size_t room)
{
    assert(!engine->is_draining && room <= STORE_CALL_MAX);
    if (engine->steady_ms < engine->due_sweep_ms || !deadlines_may_fire(engine))
        return;
    if (engine->steady_ms >= engine->clocks_look_ms)
        clocks_look(engine);
    char(*ids)[IDENT_SIZE] = engine->found_ids;
    size_t count = 0;
    struct error error;
    engine->due_sweep_ms = engine->steady_ms + engine->limits.sweep_interval_ms;
    struct store_look look =
        look_begin(engine, &engine->due, engine->now_ms + engine_clock_ahead(&engine->clock), room);
    if (!engine->ports.store.due(engine->ports.store.self, &look, ids, &count, &error)) {
        engine->due.is_looking = false;
        return;
    }
    engine->due.is_full = count == room;
    /* There are more; at their own pace while they can only be passed over. */
    if (count == room && (engine->bus.can_publish || engine->due.skip == 0))
        engine->due_sweep_ms = engine->steady_ms;
    struct input *input = engine->parsed;
    for (size_t i = 0; i < count; i++) {
        deadline_make(engine, ids[i], input);
        if (batch_item_add(engine->batch, engine->participant, input) == NULL)
            break;
    }
}

/* Those whose date is still to come were saved by a clock that was ahead. */
static void take_owed_of_the_future(struct engine *engine, size_t room)
{
    assert(engine->bus.can_publish);
    size_t count = 0;
    struct error error;
    const struct store_look look = { .after_ms = engine->now_ms + CLOCK_STEP_LEAST_MS,
                                     .before_ms = INT64_MAX,
                                     .limit = room };
    engine->future_sweep_ms = engine->steady_ms + FUTURE_LOOK_MS;
    if (!engine->ports.store.owed(engine->ports.store.self, &look, engine->found_ids, &count,
                                  &error))
        return;
    if (count == room)
        engine->future_sweep_ms = engine->steady_ms + engine->limits.relay_age_ms;
    for (size_t i = 0; i < count; i++)
        if (batch_draft(engine->batch, engine->participant, engine->found_ids[i]) == DRAFTS_MAX)
            break;
}

/* Documents that owe messages and that nothing touches: they join the batch without an input. */
void engine_take_owed(struct engine *engine, size_t room)
{
    assert(!engine->is_draining && room <= STORE_CALL_MAX);
    if (!engine_can_deliver(engine))
        return;
    if (engine->steady_ms >= engine->future_sweep_ms)
        take_owed_of_the_future(engine, room);
    if (engine->steady_ms < engine->relay_sweep_ms)
        return;
    char(*ids)[IDENT_SIZE] = engine->found_ids;
    size_t count = 0;
    struct error error;
    int64_t before_ms =
        engine->is_relaying_all ? INT64_MAX : engine->now_ms - engine->limits.relay_age_ms;
    engine->relay_sweep_ms = engine->steady_ms + engine->limits.relay_age_ms / 2;
    struct store_look look = look_begin(engine, &engine->relay, before_ms, room);
    if (!engine->ports.store.owed(engine->ports.store.self, &look, ids, &count, &error)) {
        engine->relay.is_looking = false;
        return;
    }
    engine->relay.is_full = count == room;
    engine->is_clearing_at_once = count == room; /* or the next sweep would find them again */
    if (count == room) {
        engine->relay_sweep_ms = engine->steady_ms;
    } else {
        engine->is_relaying_all = false;
        engine->unpublished = count;
    }
    for (size_t i = 0; i < count; i++)
        if (batch_draft(engine->batch, engine->participant, ids[i]) == DRAFTS_MAX)
            break;
}

void engine_sweep_from_front(struct engine *engine)
{
    engine->due.skip = 0;
    engine->due.front_again_ms = 0;
    engine->due_sweep_ms = engine->steady_ms;
    engine_relay_from_front(engine);
}

void engine_relay_from_front(struct engine *engine)
{
    engine->relay.skip = 0;
    engine->relay.front_again_ms = 0;
    engine->relay_sweep_ms = engine->steady_ms;
}

static size_t deadlines_stayed(const struct engine *engine)
{
    const struct batch *batch = engine->batch;
    size_t stayed = 0;
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct item *item = &batch->items[i];
        const struct draft *draft = &batch->drafts[item->draft];
        if (item->input.source != INPUT_FROM_DEADLINE)
            continue;
        bool is_over = item->fate == ITEM_DECIDED && draft_is_done(draft);
        int64_t due_ms =
            is_over ? participant_due_at_ms(engine->participant, draft->document->state) : 0;
        stayed += !is_over || (due_ms != 0 && due_ms <= engine->now_ms);
    }
    return stayed;
}

static size_t unreadable_count(const struct batch *batch)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->draft_count; i++)
        count += (batch->drafts[i].fate == DRAFT_BROKEN || batch->drafts[i].fate == DRAFT_NEWER) &&
                 batch->drafts[i].items_open == 0;
    return count;
}

void engine_sweeps_end(struct engine *engine)
{
    if (engine->due.is_looking)
        look_end(engine, &engine->due, deadlines_stayed(engine));
    if (engine->relay.is_looking)
        look_end(engine, &engine->relay, unreadable_count(engine->batch));
}
