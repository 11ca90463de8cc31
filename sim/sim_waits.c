/* sim_waits.c - what time must not do: announce in vain, and let a deadline fire too soon. */
#include "sim/sim_store.h"

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
    struct sim_document *document = NULL;
    struct sim_store *store = &sim->stores[worker->service];
    for (size_t i = 0; i < store->count; i++)
        if (strcmp(store->documents[i].id, decided->input->document_id) == 0)
            document = &store->documents[i];
    if (document == NULL || decided->state_from == decided->state_to)
        return;
    int64_t least_ms = sim->booking_rules.payment_timeout_ms < sim->booking_rules.intent_timeout_ms
                           ? sim->booking_rules.payment_timeout_ms
                           : sim->booking_rules.intent_timeout_ms;
    int64_t waited_ms = sim->now_ms - document->state_since_ms;
    if (decided->input->source == INPUT_FROM_DEADLINE && is_only_one(worker) &&
        worker->life_count == document->state_life && waited_ms < least_ms - STEP_MS_MAX)
        sim_fail(sim, "G6: booking %s waited for %lld ms only", document->id, (long long)waited_ms);
    document->state_since_ms = worker->began_ms; /* however often the step was frozen since */
    document->state_life = worker->life_count;
}
