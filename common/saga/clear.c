/* clear.c - the stage that drops confirmed messages from the store, many at a time. */
#include "common/saga/engine_private.h"

void engine_clear(struct engine *engine)
{
    struct clear_queue *clears = &engine->clears;
    bool is_urgent = engine->is_clearing_at_once || engine->is_draining ||
                     clears->count > CLEAR_QUEUE_MAX - CLEAR_QUEUE_MAX / 4;
    int64_t age_ms = engine->limits.clear_interval_ms;
    if (clears->count == 0 ||
        (!is_urgent && clear_queue_oldest_ms(clears) > engine->steady_ms - age_ms))
        return;
    /* Once some are due, those half as old go with them, so that the next call is a while away. */
    int64_t before_ms = is_urgent ? INT64_MAX : engine->steady_ms - age_ms / 2;
    const char **ids = arena_room(&engine->batch->arena, STORE_CALL_MAX * sizeof *ids);
    int64_t *versions = arena_room(&engine->batch->arena, STORE_CALL_MAX * sizeof *versions);
    size_t count = clear_queue_take(clears, before_ms, STORE_CALL_MAX, ids, versions);
    assert(count > 0 && count <= STORE_CALL_MAX);
    struct error error;
    OBSERVE(engine, stage_begin, STAGE_CLEAR);
    bool is_cleared =
        engine->ports.store.clear_owed(engine->ports.store.self, ids, versions, count, &error);
    OBSERVE(engine, stage_end, STAGE_CLEAR, count, is_cleared ? NULL : error_code_text(error.code));
    /* Where it failed, the relay publishes once more and clears then. */
}
