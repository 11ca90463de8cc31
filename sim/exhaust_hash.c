/* exhaust_hash.c - a state as a number. Two states with the same number go on alike: what orders
 * nothing (queues, calls, published messages, the two workers of a service) is added up, and a time
 * that is over is just over. Documents and messages carry their times: those were told to others.
 */
#include "common/saga/engine_private.h"
#include "sim/exhaust.h"

#include <stddef.h>
#include <string.h>

static uint64_t text_hash(const struct exhaust_text *text)
{
    return text == NULL ? 0 : text->hash;
}

static uint64_t time_hash(const struct exhaust_world *world, uint64_t hash, int64_t at_ms)
{
    return exhaust_mix(hash, at_ms <= world->now_ms ? 0 : (uint64_t)(at_ms - world->now_ms));
}

static uint64_t documents_hash(const struct exhaust_world *world, int service)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < EXHAUST_DOCUMENTS_MAX; i++) {
        const struct exhaust_document *document = &world->documents[service][i];
        if (document->id == NULL)
            continue;
        uint64_t hash = exhaust_mix(text_hash(document->id), text_hash(document->body));
        hash = exhaust_mix(hash, (uint64_t)document->version);
        hash = exhaust_mix(hash, (uint64_t)document->due_at_ms);
        sum += exhaust_mix(hash, (uint64_t)document->owed_at_ms);
    }
    return sum;
}

static uint64_t event_hash(const struct exhaust_event *event)
{
    return exhaust_mix(text_hash(event->message), event->was_delivered);
}

/* What nobody holds; the rest is hashed with its holder. */
static uint64_t queue_hash(const struct exhaust_queue *queue)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < queue->count; i++)
        if (queue->events[i].worker < 0)
            sum += event_hash(&queue->events[i]);
    return sum;
}

static uint64_t held_hash(const struct exhaust_world *world, const struct exhaust_worker *worker,
                          int8_t slot)
{
    const struct exhaust_queue *queue = &world->queues[worker->service];
    for (size_t i = 0; i < queue->count; i++)
        if (queue->events[i].worker == worker->number && queue->events[i].slot == slot)
            return event_hash(&queue->events[i]);
    return 0;
}

static uint64_t call_hash(const struct exhaust_call *call)
{
    return exhaust_mix(exhaust_mix(text_hash(call->effect), call->is_late),
                       text_hash(call->result));
}

/* Fields of the engine, in the bytes that are kept of it. */
#define LIFE(name) (offsetof(struct engine, name) - offsetof(struct engine, held_count))

static uint64_t number_at(const struct exhaust_memory *memory, size_t offset)
{
    uint64_t number;
    memcpy(&number, memory->life + offset, sizeof number);
    return number;
}

/* What only some worlds bring about: stores that take no write, full queues, clocks that are set.
 */
static uint64_t trouble_hash(const struct exhaust *explorer, const struct exhaust_worker *worker,
                             uint64_t hash)
{
    const struct exhaust_world *world = &explorer->world;
    const struct exhaust_memory *memory = &world->memories[worker->number];
    if (explorer->plan->unwritten > 0) {
        hash = exhaust_mix(hash, memory->life[LIFE(is_paused)]);
        hash = time_hash(world, hash, (int64_t)number_at(memory, LIFE(pause_until_ms)));
        hash = exhaust_mix(hash, number_at(memory, LIFE(pause_ms)));
    }
    for (size_t i = 0; i < memory->refused_count; i++) {
        const struct refusal *refused = &memory->refused[i];
        hash = exhaust_mix_bytes(hash, refused->type, strlen(refused->type));
        hash = time_hash(world, hash, refused->until_ms);
        hash = exhaust_mix(hash, (uint64_t)refused->wait_ms << 8 | refused->allowed);
    }
    if (explorer->plan->jumps == 0)
        return hash;
    const struct engine_clock *clock = &memory->clock;
    hash = exhaust_mix(hash, (uint64_t)world->skews_ms[worker->number]);
    hash = exhaust_mix(hash, (uint64_t)(clock->wall_ms - clock->steady_ms));
    for (size_t i = 0; i < clock->count; i++) {
        hash = exhaust_mix(hash, (uint64_t)clock->steps[i].before_ms);
        hash = exhaust_mix(hash, (uint64_t)clock->steps[i].after_ms);
    }
    hash = time_hash(world, hash, (int64_t)number_at(memory, LIFE(future_sweep_ms)));
    return time_hash(world, hash, (int64_t)number_at(memory, LIFE(clocks_look_ms)));
}

uint64_t exhaust_memory_hash(const struct exhaust *explorer, const struct exhaust_worker *worker)
{
    const struct exhaust_world *world = &explorer->world;
    const struct exhaust_memory *memory = &world->memories[worker->number];
    uint64_t hash = exhaust_mix(worker->service, number_at(memory, LIFE(held_session)));
    size_t held_count = number_at(memory, LIFE(held_count));
    for (size_t i = 0; i < held_count; i++)
        hash = exhaust_mix(hash, held_hash(world, worker, memory->held[i]));
    hash = exhaust_mix(hash, memory->life[LIFE(was_alone)]);
    hash = exhaust_mix(hash, memory->life[LIFE(has_seen_queue_empty)]);
    hash = exhaust_mix(hash, memory->life[LIFE(is_relaying_all)]);
    hash = exhaust_mix(hash, memory->life[LIFE(is_clearing_at_once)]);
    hash = time_hash(world, hash, (int64_t)number_at(memory, LIFE(due_sweep_ms)));
    hash = time_hash(world, hash, (int64_t)number_at(memory, LIFE(relay_sweep_ms)));
    hash = time_hash(world, hash, (int64_t)number_at(memory, LIFE(bus_wait_ms)));
    hash = exhaust_mix(hash, number_at(memory, LIFE(due.skip)));
    hash = exhaust_mix(hash, number_at(memory, LIFE(relay.skip)));
    hash = time_hash(world, hash, (int64_t)number_at(memory, LIFE(due.front_again_ms)));
    hash = time_hash(world, hash, (int64_t)number_at(memory, LIFE(relay.front_again_ms)));
    for (size_t i = 0; i < memory->clear_count; i++) {
        const struct exhaust_clear *clear = &memory->clears[i];
        hash = exhaust_mix(hash, text_hash(clear->id) + (uint64_t)clear->version);
        hash = time_hash(world, hash, clear->since_ms + engine_limits_default.clear_interval_ms);
    }
    uint64_t calls = 0;
    for (size_t i = 0; i < world->call_count; i++)
        if (world->calls[i].worker == worker->number)
            calls += call_hash(&world->calls[i]);
    return trouble_hash(explorer, worker, exhaust_mix(hash, calls));
}

static uint64_t clients_hash(const struct exhaust *explorer)
{
    const struct exhaust_world *world = &explorer->world;
    uint64_t sum = 0;
    for (size_t i = 0; i < explorer->plan->op_count; i++) {
        const struct exhaust_op *op = &explorer->plan->ops[i];
        uint64_t content = (uint64_t)op->kind << 16 | op->payment << 8 |
                           (uint64_t)op->is_stranger << 1 | (uint64_t)op->is_short;
        sum += exhaust_mix(content + 1, world->ops[i]);
        if (world->is_intent_accepted && world->accepted_intent == i)
            sum += exhaust_mix(content + 1, 101);
        for (size_t k = 0; k < EXHAUST_PAYMENTS_MAX; k++)
            if (world->charges[k].is_accepted && world->charges[k].accepted_op == i)
                sum += exhaust_mix(content + 1, 102 + k);
    }
    return sum;
}

uint64_t exhaust_hash(const struct exhaust *explorer)
{
    const struct exhaust_world *world = &explorer->world;
    uint64_t hash = exhaust_mix((uint64_t)world->now_ms, clients_hash(explorer));
    for (int service = 0; service < SIM_SERVICE_COUNT; service++) {
        hash = exhaust_mix(hash, documents_hash(world, service));
        hash = exhaust_mix(hash, queue_hash(&world->queues[service]));
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < explorer->worker_count; i++)
        sum += exhaust_mix(7, exhaust_memory_hash(explorer, &explorer->workers[i]));
    for (size_t i = 0; i < world->call_count; i++)
        if (world->calls[i].worker < 0)
            sum += exhaust_mix(8, call_hash(&world->calls[i]));
    for (size_t i = 0; i < world->mark_count; i++)
        sum += exhaust_mix(explorer->plan->refusals > 0 ? 9 + (world->confirmed >> i & 1) : 9,
                           text_hash(world->marks[i]));
    hash = exhaust_mix(hash, sum);
    for (size_t i = 0; i < EXHAUST_PAYMENTS_MAX; i++)
        hash = exhaust_mix(hash, (uint64_t)world->charges[i].refunded_amount << 8 |
                                     (uint64_t)world->charges[i].effects);
    hash = exhaust_mix(hash, (uint64_t)world->misses << 24 | (uint64_t)world->unwritten << 16 |
                                 (uint64_t)world->refusals << 8 | (uint64_t)world->jumps);
    return exhaust_mix(hash, (uint64_t)world->duplicates << 24 | (uint64_t)world->crashes << 16 |
                                 (uint64_t)world->ticks << 8 | (uint64_t)world->faults);
}
