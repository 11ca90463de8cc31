/* sim_release.c - releases side by side: some workers are of a newer one. It rolls forward and back
 * in any order; at the end it is everywhere. */
#include "sim/world/sim_release.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_worker.h"

static void worker_roll(struct sim_worker *worker, bool is_newer)
{
    if (worker->is_newer == is_newer)
        return;
    sim_tell(worker->sim, "%s is rolled %s", worker->name, is_newer ? "forward" : "back");
    sim_worker_stop(worker);
    worker->is_newer = is_newer;
    worker->sim->has_rolled = true;
}

void sim_release_strike(struct sim *sim)
{
    if (!sim_fault(sim, FAULT_RELEASE))
        return;
    struct sim_worker *worker = &sim->workers[sim_random_below(&sim->random, sim->worker_count)];
    worker_roll(worker, !worker->is_newer);
}

void sim_release_finish(struct sim *sim)
{
    for (size_t i = 0; sim->has_rolled && i < sim->worker_count; i++)
        worker_roll(&sim->workers[i], true);
}
