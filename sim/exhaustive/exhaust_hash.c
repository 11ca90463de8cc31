/* exhaust_hash.c - a state as a number. Two states with the same number go on alike: what orders
 * nothing (queues, calls, published messages, the two workers of a service) is added up, and a time
 * that is over is just over. Documents and messages carry their times: those were told to others.
 */
#include "sim/exhaustive/exhaust.h"

#include <string.h>

static uint64_t text_hash(const struct exhaust_text *text)
{
    return text == NULL ? 0 : text->hash;
}

static uint64_t documents_hash(const struct exhaust_world *world, int service)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < EXHAUST_DOCUMENTS_MAX; i++) {
        const struct memory_document *document = &world->documents[service][i];
        if (document->id == NULL)
            continue;
        uint64_t hash =
            exhaust_mix(exhaust_kept_hash(document->id), exhaust_kept_hash(document->body));
        hash = exhaust_mix(hash, (uint64_t)document->version);
        hash = exhaust_mix(hash, (uint64_t)document->due_at_ms);
        sum += exhaust_mix(hash, (uint64_t)document->owed_at_ms);
    }
    return sum;
}

static uint64_t entry_hash(const struct memory_entry *entry)
{
    return exhaust_mix(exhaust_kept_hash(entry->message), (uint64_t)entry->delivery_count);
}

/* What nobody holds; the rest is hashed with its holder. */
static uint64_t queue_hash(const struct memory_queue *queue)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < queue->count; i++)
        if (queue->entries[i].holder < 0)
            sum += entry_hash(&queue->entries[i]);
    return sum;
}

static uint64_t held_hash(const struct exhaust_world *world, const struct exhaust_worker *worker,
                          const struct delivery *held)
{
    const struct memory_queue *queue = &world->queues[worker->service];
    int16_t slot = (int16_t)((const struct memory_held *)(const void *)held - worker->hand);
    for (size_t i = 0; i < queue->count; i++)
        if (queue->entries[i].holder == worker->number && queue->entries[i].slot == slot)
            return entry_hash(&queue->entries[i]);
    return 0;
}

static uint64_t call_hash(const struct exhaust_call *call)
{
    return exhaust_mix(exhaust_mix(text_hash(call->effect), call->is_late),
                       text_hash(call->result));
}

/* Only some worlds bring about stores that take no write, and clocks that are set. */
static unsigned parts_that_matter(const struct exhaust_plan *plan)
{
    return (plan->unwritten > 0 ? ENGINE_STATE_PAUSES : 0U) |
           (plan->jumps > 0 ? ENGINE_STATE_CLOCKS : 0U);
}

uint64_t exhaust_memory_hash(const struct exhaust *explorer, const struct exhaust_worker *worker)
{
    const struct exhaust_world *world = &explorer->world;
    const struct engine_state *memory = &world->memories[worker->number];
    struct delivery *held[ENGINE_STATE_HELD_MAX];
    uint64_t numbers[ENGINE_STATE_NUMBERS_MAX];
    uint64_t hash = worker->service;
    size_t held_count = engine_state_held(memory, held);
    for (size_t i = 0; i < held_count; i++)
        hash = exhaust_mix(hash, held_hash(world, worker, held[i]));
    size_t count =
        engine_state_numbers(memory, parts_that_matter(explorer->plan), world->now_ms, numbers);
    for (size_t i = 0; i < count; i++)
        hash = exhaust_mix(hash, numbers[i]);
    if (explorer->plan->jumps > 0)
        hash = exhaust_mix(hash, (uint64_t)world->skews_ms[worker->number]);
    uint64_t calls = 0;
    for (size_t i = 0; i < world->call_count; i++)
        if (world->calls[i].worker == worker->number)
            calls += call_hash(&world->calls[i]);
    return exhaust_mix(hash, calls);
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
    for (int service = 0; service < SIM_ROLE_COUNT; service++) {
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
