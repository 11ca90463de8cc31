/* settle.c - the stage that gives deliveries up: acked, as a dead letter, or left to a newer
 * release.
 */
#include "common/base/text.h"
#include "common/saga/engine_private.h"

#include <assert.h>
#include <stdio.h>

static void entry_quarantine(struct batch_delivery *entry, const char *reason)
{
    assert(reason != NULL && !entry->is_later);
    entry->is_quarantined = true;
    entry->outcome = OUTCOME_QUARANTINED;
    text_copy(entry->reason, sizeof entry->reason, reason);
}

/* Of several inputs, one that waits for a newer release makes the message come again: what else it
 * says is known then, or quarantined at last. */
static void entry_leave(struct batch_delivery *entry, const char *reason)
{
    assert(reason != NULL);
    entry->is_later = true;
    entry->is_quarantined = false;
    entry->outcome = OUTCOME_LATER;
    text_copy(entry->reason, sizeof entry->reason, reason);
}

/* What the delivery comes to: true when nothing of it is left to do. */
static bool delivery_is_done(const struct batch *batch, struct batch_delivery *entry,
                             bool is_outbox_full)
{
    assert(entry->items_first + entry->items_count <= batch->item_count);
    for (size_t i = 0; i < entry->items_count; i++) {
        const struct item *item = &batch->items[entry->items_first + i];
        if (item->fate == ITEM_LATER) {
            entry_leave(entry, item->reason);
            continue;
        }
        if (item->fate == ITEM_POISON) {
            if (!entry->is_later)
                entry_quarantine(entry, item->reason);
            continue;
        }
        const struct draft *draft = &batch->drafts[item->draft];
        bool is_kept = draft_is_kept_back(draft) && !is_outbox_full;
        if (item->fate != ITEM_DECIDED || !(draft_is_published(draft) || is_kept))
            return false;
        if (!entry->is_quarantined && !entry->is_later &&
            (item->outcome == OUTCOME_REJECTED || entry->outcome == OUTCOME_DUPLICATE))
            entry->outcome = item->outcome;
    }
    return true;
}

static bool delivery_quarantine(struct engine *engine, struct batch_delivery *entry)
{
    assert(entry->is_quarantined && entry->reason[0] != '\0');
    struct error error;
    if (!engine->ports.bus.quarantine(engine->ports.bus.self, entry->delivery, entry->reason,
                                      &error)) {
        engine->bus_wait_ms = engine->steady_ms + ENGINE_BUS_RETRY_MS;
        return false; /* the source keeps the message */
    }
    OBSERVE(engine, quarantined, entry->delivery, entry->reason);
    return true;
}

/* Nobody who knows it has come in all that time. */
static void waiting_end(struct batch_delivery *entry)
{
    assert(entry->is_later && !entry->is_quarantined);
    char waited[QUARANTINE_REASON_SIZE];
    (void)snprintf(waited, sizeof waited, "left to a newer release for too long: %.150s",
                   entry->reason);
    entry->is_later = false;
    entry_quarantine(entry, waited);
}

static bool delivery_postpone(struct engine *engine, const struct batch_delivery *entry)
{
    assert(entry->is_later && entry->outcome == OUTCOME_LATER);
    struct error error;
    int64_t since_ms = entry->delivery->later_since_ms;
    if (!engine->ports.bus.postpone(engine->ports.bus.self, entry->delivery, entry->reason,
                                    since_ms != 0 ? since_ms : engine->now_ms, &error)) {
        engine->bus_wait_ms = engine->steady_ms + ENGINE_BUS_RETRY_MS;
        return false; /* the source keeps the message */
    }
    OBSERVE(engine, postponed, entry->delivery, entry->reason);
    return true;
}

/* False: the delivery stays in hand. */
static bool delivery_set_aside(struct engine *engine, struct batch_delivery *entry)
{
    int64_t since_ms = entry->delivery->later_since_ms;
    if (entry->is_later && since_ms != 0 &&
        engine->now_ms - since_ms >= engine->limits.later_max_ms)
        waiting_end(entry);
    if (entry->is_later)
        return delivery_postpone(engine, entry);
    return !entry->is_quarantined || delivery_quarantine(engine, entry);
}

static void delivery_count(struct engine *engine, const struct batch_delivery *entry)
{
    assert(entry->outcome <= OUTCOME_QUARANTINED);
    uint64_t *const counters[] = {
        [OUTCOME_APPLIED] = &engine->applied,   [OUTCOME_DUPLICATE] = &engine->duplicates,
        [OUTCOME_REJECTED] = &engine->rejected, [OUTCOME_DEFERRED] = &engine->deferred,
        [OUTCOME_LATER] = &engine->later,       [OUTCOME_QUARANTINED] = &engine->quarantined,
    };
    engine->delivered++;
    (*counters[entry->outcome])++;
}

void engine_settle(struct engine *engine, struct batch *batch)
{
    assert(batch->delivery_count <= BUS_PREFETCH_MAX);
    struct delivery **done = arena_room(&batch->arena, batch->delivery_count * sizeof(void *));
    size_t done_count = 0;
    size_t kept_count = 0;
    /* What a queue does not take the outbox keeps, up to its bound; then the source keeps the rest.
     */
    bool is_outbox_full = engine->refusals.count > 0 && engine_outbox_is_full(engine);
    if (is_outbox_full)
        engine->bus_wait_ms = engine->steady_ms + ENGINE_BUS_RETRY_MS;
    for (size_t i = 0; i < batch->delivery_count; i++) {
        struct batch_delivery *entry = &batch->deliveries[i];
        if (!delivery_is_done(batch, entry, is_outbox_full) || !delivery_set_aside(engine, entry)) {
            batch->deliveries[kept_count++].delivery = entry->delivery;
            continue;
        }
        if (entry->items_count == 0 && !entry->is_quarantined && !entry->is_later)
            OBSERVE(engine, unconcerned, entry->delivery);
        delivery_count(engine, entry);
        done[done_count++] = entry->delivery;
    }
    assert(kept_count + done_count == batch->delivery_count);
    batch->delivery_count = kept_count;
    engine_give_back(engine, batch);
    if (done_count == 0)
        return;
    OBSERVE(engine, stage_begin, STAGE_ACK);
    engine->ports.bus.ack(engine->ports.bus.self, done, done_count);
    OBSERVE(engine, stage_end, STAGE_ACK, done_count, NULL);
}
