/* sim_waits.c - what time must not do: announce in vain, and let a deadline fire too soon. */
#include "sim/world/sim.h"
#include "sim/world/sim_store.h"
#include "sim/world/sim_story.h"

#include <string.h>

#define STEP_MS_MAX 130000 /* a step that is frozen twice */

/* E18: what nobody can be told now is not announced again. */
void sim_owed_see(void *self, const struct input *cause, struct message *message)
{
    struct sim_worker *worker = self;
    if (cause->source == INPUT_FROM_DEADLINE && message->is_repeat && !worker->can_publish)
        sim_fail(worker->sim, "E18: %s announces %s again, and can publish nothing", worker->name,
                 message->id);
}

static bool is_only_one(const struct sim_worker *worker)
{
    for (size_t i = 0; i < worker->sim->worker_count; i++)
        if (&worker->sim->workers[i] != worker &&
            worker->sim->workers[i].service == worker->service)
            return false;
    return true;
}

/* G6: however its clock is set, a service that lives on lets nobody wait for too short a time. */
void sim_wait_see(struct sim_worker *worker, const struct decided *decided)
{
    struct sim *sim = worker->sim;
    struct sim_store *store = &sim->stores[worker->service];
    const struct memory_document *document =
        memory_store_find(&store->memory, decided->input->document_id);
    if (document == NULL || decided->state_from == decided->state_to)
        return;
    int64_t least_ms = sim->booking_rules.payment_timeout_ms < sim->booking_rules.intent_timeout_ms
                           ? sim->booking_rules.payment_timeout_ms
                           : sim->booking_rules.intent_timeout_ms;
    struct sim_life *life = &store->lives[document - store->documents];
    int64_t waited_ms = sim->now_ms - life->since_ms;
    if (decided->input->source == INPUT_FROM_DEADLINE && is_only_one(worker) &&
        worker->life_count == life->life_count && waited_ms < least_ms - STEP_MS_MAX)
        sim_fail(sim, "G6: booking %s waited for %lld ms only", document->id, (long long)waited_ms);
    /* However often the step was frozen since. */
    *life = (struct sim_life){ worker->began_ms, worker->life_count };
}
