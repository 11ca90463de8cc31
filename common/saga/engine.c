/* engine.c - the order of the stages, and the pause while the store is away. */
#include "common/saga/engine.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/saga/engine_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_MS_MAX     1000
#define NEWER_SHOWN_MS  60000 /* health tells of what is of a newer release for so long */
#define REQUEST_POLL_MS 20    /* while publishing waits to be tried again */

const struct engine_limits engine_limits_default = {
    .batch_max = 256,
    .owed_documents_max = 10000,
    .sweep_interval_ms = 200,
    .relay_age_ms = 2000,
    .clear_interval_ms = 1000,
    .pause_min_ms = 50,
    .pause_max_ms = 2000,
    .pause_consumer_after_ms = 60000,
    .later_max_ms = INT64_C(86400000),
    .conflict_rounds_max = 10,
};

struct engine *engine_new(const struct participant *participant, const struct engine_ports *ports,
                          const struct engine_limits *limits)
{
    assert(participant->state_size > 0);
    struct engine *engine = memory_alloc(1, sizeof *engine);
    for (size_t i = 0; i < BATCH_RING; i++) {
        engine->batches[i].items = memory_alloc(ITEMS_MAX, sizeof *engine->batches[i].items);
        engine->batches[i].drafts = memory_alloc(DRAFTS_MAX, sizeof *engine->batches[i].drafts);
    }
    engine->decision = memory_alloc(1, sizeof *engine->decision);
    engine->parsed = memory_alloc(INPUTS_PER_DELIVERY_MAX, sizeof *engine->parsed);
    engine->found_ids = memory_alloc(STORE_CALL_MAX, sizeof *engine->found_ids);
    engine->state_before = memory_alloc(1, participant->state_size);
    engine->clears.entries = memory_alloc(CLEAR_QUEUE_MAX, sizeof *engine->clears.entries);
    engine->clears.index = memory_alloc(CLEAR_QUEUE_INDEX_SIZE, sizeof *engine->clears.index);
    engine_restart(engine, participant, ports, limits);
    return engine;
}

void engine_restart(struct engine *engine, const struct participant *participant,
                    const struct engine_ports *ports, const struct engine_limits *limits)
{
    const size_t life_begin = offsetof(struct engine, participant);
    assert(limits->batch_max > 0 && limits->batch_max <= ENGINE_BATCH_MAX);
    assert(limits->clear_interval_ms < limits->relay_age_ms);
    assert(limits->conflict_rounds_max >= 2); /* a guess that was wrong takes the second */
    assert(engine->participant == NULL ||
           engine->participant->state_size == participant->state_size);
    for (size_t i = 0; i < BATCH_RING; i++)
        batch_clear(&engine->batches[i]);
    clear_queue_empty(&engine->clears);
    memset((unsigned char *)engine + life_begin, 0, sizeof *engine - life_begin);
    engine->participant = participant;
    engine->ports = *ports;
    engine->limits = *limits;
    engine->batch = engine->batches;
    engine->pause_ms = limits->pause_min_ms;
    engine->is_relaying_all = true; /* what an earlier process left behind */
}

struct engine *engine_free(struct engine *engine)
{
    if (engine == NULL)
        return NULL;
    for (size_t i = 0; i < BATCH_RING; i++) {
        arena_done(&engine->batches[i].arena);
        free(engine->batches[i].items);
        free(engine->batches[i].drafts);
    }
    free(engine->decision);
    free(engine->parsed);
    free(engine->found_ids);
    free(engine->state_before);
    free(engine->clears.entries);
    free(engine->clears.index);
    free(engine);
    return NULL;
}

/* A new session makes the deliveries in hand void: the broker gives them again. */
static void bus_service(struct engine *engine)
{
    assert(engine->held_count <= BUS_PREFETCH_MAX);
    bool could_publish = engine->bus.can_publish;
    engine->ports.bus.service(engine->ports.bus.self, &engine->bus);
    if (engine->bus.session != engine->held_session) {
        for (size_t i = engine->publishing_count; i > 0; i--)
            engine_give_back(engine,
                             &engine->batches[(engine->publishing_first + i - 1) % BATCH_RING]);
        if (engine->held_count > 0)
            engine->ports.bus.ack(engine->ports.bus.self, engine->held, engine->held_count);
        engine->held_count = 0;
        engine->held_session = engine->bus.session;
        engine->has_seen_queue_empty = false;
    }
    if (engine->bus.can_publish && !could_publish) {
        engine->is_relaying_all = true;
        engine->bus_wait_ms = 0;
        engine->refusals.count = 0; /* another broker, perhaps */
        engine_sweep_from_front(engine);
    }
}

/* ---- the step ---- */

static void batch_observe(struct engine *engine)
{
    assert(engine->ports.observer != NULL && engine->batch->item_count <= ITEMS_MAX);
    struct input **inputs =
        arena_alloc(&engine->batch->arena, engine->batch->item_count * sizeof(void *));
    for (size_t i = 0; i < engine->batch->item_count; i++)
        inputs[i] = &engine->batch->items[i].input;
    OBSERVE(engine, batch_begin, inputs, engine->batch->item_count, engine->now_ms);
}

void batch_observe_end(struct engine *engine)
{
    const struct observer_port *observer = engine->ports.observer;
    if (observer != NULL && observer->batch_end != NULL)
        observer->batch_end(observer->self);
}

/* The store went away under a batch: requests are told, deliveries stay in hand. */
static void batch_abandon(struct engine *engine, const struct error *error)
{
    assert(error->code != ERROR_NONE && engine->publishing_count == 0);
    engine_observe_saved(engine); /* before the answers: then the requests are others' */
    for (size_t i = 0; i < engine->batch->item_count; i++) {
        struct request *request = engine->batch->items[i].request;
        if (request == NULL)
            continue;
        request->reply = REPLY_UNAVAILABLE;
        request->verdict = NULL;
        engine->ports.requests.answer(engine->ports.requests.self, request);
    }
    engine_give_back(engine, engine->batch);
    engine_pause_begin(engine, error);
    batch_observe_end(engine);
}

/* Load, decide, save; again for what lost a compare-and-set. False: the store is away. */
static MUST_CHECK bool rounds_run(struct engine *engine, struct error *error)
{
    assert(engine->limits.conflict_rounds_max >= 2);
    bool is_open = true;
    for (int round = 0; is_open && round < engine->limits.conflict_rounds_max; round++) {
        bool has_conflicts;
        if (!engine_load(engine, error))
            return false;
        engine_decide(engine);
        bool has_reopened = engine_reopen_guesses(engine);
        if (!engine_save(engine, &has_conflicts, error))
            return false;
        is_open = has_reopened || has_conflicts;
    }
    return true; /* what is still stale waits for the next step */
}

static void batch_run(struct engine *engine)
{
    assert(!engine->is_paused || engine->is_on_trial);
    struct batch *batch = engine->batch;
    struct error error;
    if (engine->ports.observer != NULL)
        batch_observe(engine);
    for (size_t i = 0; i < batch->item_count; i++)
        batch->drafts[batch->items[i].draft].items_open++;
    bool is_saved = rounds_run(engine, &error);
    if (is_saved) {
        engine_sweeps_end(engine);
        engine_answer(engine);
        engine_start_effects(engine);
    }
    if (is_saved) {
        engine_publish(engine);
        engine_publish_end(engine);
    } else {
        engine_publish_wait(engine); /* batches end in their order */
        batch_abandon(engine, &error);
    }
}

static int64_t idle_ms(const struct engine *engine)
{
    int64_t until = engine->due_sweep_ms;
    if (engine->relay_sweep_ms < until && engine->bus.can_publish)
        until = engine->relay_sweep_ms;
    int64_t oldest_ms = clear_queue_oldest_ms(&engine->clears);
    if (oldest_ms != INT64_MAX && oldest_ms + engine->limits.clear_interval_ms < until)
        until = oldest_ms + engine->limits.clear_interval_ms;
    bool is_in_hand = engine->held_count > 0 || engine->publishing_count > 0;
    if (is_in_hand && engine->steady_ms + REQUEST_POLL_MS < until)
        until = engine->steady_ms + REQUEST_POLL_MS;
    int64_t idle = until - engine->steady_ms;
    /* A deadline may be held back until the queue has been empty once: then look again soon. */
    if (idle <= 0)
        idle = REQUEST_POLL_MS;
    assert(idle > 0);
    return idle < IDLE_MS_MAX ? idle : IDLE_MS_MAX;
}

static void clock_set(struct engine *engine, int64_t wall_ms, int64_t steady_ms)
{
    assert(wall_ms > 0 && steady_ms >= engine->steady_ms);
    size_t steps = engine->clock.count;
    engine_clock_set(&engine->clock, wall_ms, steady_ms);
    engine->now_ms = wall_ms;
    engine->steady_ms = steady_ms;
    if (engine->clock.count > steps) /* other documents may be due now */
        engine_sweep_from_front(engine);
}

struct engine_turn engine_step(struct engine *engine, int64_t wall_ms, int64_t steady_ms)
{
    clock_set(engine, wall_ms, steady_ms);
    bus_service(engine);
    refusals_expire(&engine->refusals, steady_ms);
    engine_publish_end(engine);
    if (engine->is_paused && engine_pause_goes_on(engine)) {
        int64_t left_ms = engine->pause_until_ms - steady_ms;
        return (struct engine_turn){ .idle_ms = left_ms > 0 ? left_ms : 1 };
    }
    batch_clear(engine->batch);
    engine_take(engine);
    size_t handled = engine->batch->item_count + engine->batch->delivery_count;
    if (handled > 0 || engine->batch->draft_count > 0)
        batch_run(engine);
    else
        engine_sweeps_end(engine);
    engine_pause_end(engine);
    bool is_stuck = engine->is_paused || engine->bus_wait_ms > steady_ms;
    if (!engine->is_paused)
        engine_clear(engine);
    bool again = handled > 0 && !is_stuck;
    return (struct engine_turn){ .inputs_handled = handled,
                                 .idle_ms = again ? 0 : idle_ms(engine) };
}

bool engine_drain_step(struct engine *engine, int64_t wall_ms, int64_t steady_ms)
{
    engine->is_draining = true;
    struct engine_turn turn = engine_step(engine, wall_ms, steady_ms);
    assert(engine->publishing_count <= BUS_PUBLISHES_MAX);
    if (engine->is_paused || !engine->bus.can_publish)
        return turn.inputs_handled ==
               0; /* the broker keeps what is in hand; the outbox what is owed */
    return turn.inputs_handled == 0 && engine->held_count == 0 && engine->publishing_count == 0 &&
           engine->clears.count == 0;
}

void engine_newer_met(struct engine *engine, const char *reason)
{
    assert(reason[0] != '\0');
    engine->newer_met_ms = engine->steady_ms;
    text_copy(engine->newer_reason, sizeof engine->newer_reason, reason);
}

void engine_status_get(const struct engine *engine, struct engine_status *ret_status)
{
    memset(ret_status, 0, sizeof *ret_status);
    ret_status->is_paused = engine->is_paused;
    if (engine->is_paused)
        memcpy(ret_status->pause_reason, engine->pause_reason, sizeof ret_status->pause_reason);
    ret_status->bus = engine->bus;
    ret_status->owed_documents = engine->unpublished;
    ret_status->is_outbox_full = engine->unpublished >= engine->limits.owed_documents_max;
    ret_status->delivered = engine->delivered;
    ret_status->applied = engine->applied;
    ret_status->duplicates = engine->duplicates;
    ret_status->rejected = engine->rejected;
    ret_status->deferred = engine->deferred;
    ret_status->later = engine->later;
    ret_status->quarantined = engine->quarantined;
    ret_status->passed_over = engine->due.skip + engine->relay.skip;
    refusals_text(&engine->refusals, ret_status->refused);
    ret_status->failed_decisions = engine->failed_decisions;
    ret_status->unreadable = engine->unreadable;
    memcpy(ret_status->unreadable_reason, engine->unreadable_reason,
           sizeof ret_status->unreadable_reason);
    ret_status->has_newer =
        engine->newer_met_ms != 0 && engine->steady_ms - engine->newer_met_ms < NEWER_SHOWN_MS;
    if (ret_status->has_newer)
        memcpy(ret_status->newer_reason, engine->newer_reason, sizeof ret_status->newer_reason);
}
