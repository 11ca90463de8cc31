/* engine_pause.c - the store is away: nothing is acked, nothing dead-lettered, requests get 503.
 *
 * A store that answers reads may yet take no write (a full disk, a lock, no majority), so a pause
 * is over when a small write was acknowledged, and then the first batch. Until then it is one
 * pause. */
#include "common/saga/engine_private.h"

#include <assert.h>
#include <stdio.h>

/* Before the broker's consumer time-out does it. */
static void consumer_pause(struct engine *engine)
{
    assert(engine->is_paused && engine->steady_ms >= engine->paused_since_ms);
    int64_t paused_ms = engine->steady_ms - engine->paused_since_ms;
    if (engine->has_paused_consumer || paused_ms < engine->limits.pause_consumer_after_ms)
        return;
    engine->ports.bus.pause(engine->ports.bus.self);
    engine->has_paused_consumer = true;
}

void engine_pause_begin(struct engine *engine, const struct error *error)
{
    assert(error->code != ERROR_NONE && engine->pause_ms > 0);
    if (!engine->is_paused)
        engine->paused_since_ms = engine->steady_ms;
    engine->is_paused = true;
    engine->is_on_trial = false;
    snprintf(engine->pause_reason, sizeof engine->pause_reason, "%s", error->message);
    engine->pause_until_ms = engine->steady_ms + engine->pause_ms;
    engine->pause_ms = 2 * engine->pause_ms;
    if (engine->pause_ms > engine->limits.pause_max_ms)
        engine->pause_ms = engine->limits.pause_max_ms;
    assert(engine->pause_ms <= engine->limits.pause_max_ms);
    OBSERVE(engine, paused, engine->pause_reason);
    consumer_pause(engine);
}

bool engine_pause_goes_on(struct engine *engine)
{
    assert(engine->is_paused && !engine->is_on_trial);
    struct error error;
    if (engine->steady_ms >= engine->pause_until_ms) {
        engine->is_on_trial = engine->ports.store.pulse(engine->ports.store.self, &error);
        if (!engine->is_on_trial)
            engine_pause_begin(engine, &error);
    }
    if (!engine->is_on_trial)
        engine_answer_unavailable(engine);
    return !engine->is_on_trial;
}

void engine_pause_end(struct engine *engine)
{
    if (!engine->is_on_trial)
        return;
    assert(engine->is_paused);
    engine->is_on_trial = false;
    engine->is_paused = false;
    engine->pause_ms = engine->limits.pause_min_ms;
    if (engine->has_paused_consumer)
        engine->ports.bus.resume(engine->ports.bus.self);
    engine->has_paused_consumer = false;
    OBSERVE(engine, paused, NULL);
}
