/* sim_pool.c - the payment service's calls to the provider, as its provider_client.c makes them:
 * the service's own queue and breaker, a few callers, no threads. */
#include "payment/refund_effects.h"
#include "sim/world/sim.h"
#include "sim/world/sim_provider.h"
#include "sim/world/sim_story.h"

#include <string.h>

void sim_pool_open(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    struct effect_queue **memory = &sim->effect_queues[worker->number - 1];
    if (*memory == NULL)
        *memory = effect_queue_new(&payment_refund_effects, SIM_CALLS_ROOM_MAX);
    /* Nothing waits for as long as the provider keeps a key. */
    int64_t wait_max_ms = sim->keys_kept_ms > 0 ? sim->keys_kept_ms / 4 : REFUND_WAIT_MAX_MS;
    effect_queue_restart(*memory, worker->calls_room, wait_max_ms);
    worker->calls = *memory;
}

void sim_pool_lose(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    worker->calls = NULL;
    for (size_t i = 0; i < sim->call_count; i++)
        if (sim->calls[i].worker == worker)
            sim->calls[i].worker = NULL;
}

static size_t calls_under_way(const struct sim_worker *worker)
{
    size_t count = 0;
    for (size_t i = 0; i < worker->sim->call_count; i++)
        count += worker->sim->calls[i].worker == worker;
    return count;
}

void sim_pool_start_calls(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    if (worker->calls == NULL)
        return;
    while (sim->call_count < SIM_CALLS_MAX && calls_under_way(worker) < worker->callers) {
        bool is_for_later_ones = calls_under_way(worker) == 0;
        struct effect_call *next = effect_queue_next(worker->calls, is_for_later_ones, sim->now_ms);
        if (next == NULL)
            break;
        struct sim_call *call = &sim->calls[sim->call_count++];
        memset(call, 0, sizeof *call);
        call->worker = worker;
        call->call = next;
        call->effect = *effect_call_effect(next);
        sim_tell(sim, "%s %s %s", worker->name,
                 call->effect.type == EFFECT_REFUND ? "asks the provider to refund"
                                                    : "looks up the refund of",
                 call->effect.document_id);
        sim_provider_call(sim, call);
    }
}

void sim_pool_finish(struct sim_worker *worker, struct sim_call *call)
{
    struct input result;
    struct effect_end end;
    call->result.is_uncounted = effect_call_is_probe(call->call);
    payment_refund_input_make(effect_call_effect(call->call), &call->result, NULL, &result);
    payment_refund_end_get(&call->result, &end);
    (void)effect_queue_finish(worker->calls, call->call, &end, &result, worker->sim->now_ms);
}

int64_t sim_pool_next_ms(const struct sim_worker *worker)
{
    if (worker->calls == NULL)
        return 0;
    int64_t at_ms = effect_queue_look_again_ms(worker->calls);
    return at_ms > 0 ? at_ms : 0;
}

static bool effect_start(void *self, const struct effect *effect)
{
    struct sim_worker *worker = self;
    struct sim *sim = worker->sim;
    sim_port_point(worker);
    /* C5c: a question about a payment neither takes the place of its call nor stands beside it. */
    if (effect->type == EFFECT_LOOKUP && effect_queue_holds(worker->calls, effect->document_id))
        sim_fail(sim, "C5c: %s is looked up while its call has not ended", effect->document_id);
    bool has_room =
        !sim_fault(sim, FAULT_BUSY) && effect_queue_add(worker->calls, effect, sim->now_ms);
    if (!has_room)
        sim_tell(sim, "%s has no room for a call of %s", worker->name, effect->document_id);
    sim_pool_start_calls(worker);
    sim_port_point(worker);
    return has_room;
}

static size_t effect_take(void *self, size_t limit, struct input *ret_results)
{
    struct sim_worker *worker = self;
    sim_port_point(worker);
    size_t count = effect_queue_take(worker->calls, limit, ret_results);
    sim_port_point(worker);
    return count;
}

static bool effect_holds(void *self, const char *document_id)
{
    const struct sim_worker *worker = self;
    return effect_queue_holds(worker->calls, document_id);
}

struct effect_port sim_effect_port(struct sim_worker *worker)
{
    return (struct effect_port){
        .self = worker, .start = effect_start, .take = effect_take, .holds = effect_holds
    };
}
