/* sim_later.c - weeks after all has come to rest: messages that were settled come again, and
 * somebody replays the dead letters, twice. */
#include "sim/world/sim.h"
#include "sim/world/sim_afterwards.h"
#include "sim/world/sim_queue.h"
#include "sim/world/sim_story.h"

#include <string.h>

#define WEEKS_MS (INT64_C(14) * 24 * 3600 * 1000)

void sim_message_keep(struct sim_kept *kept, size_t *count, enum sim_service service,
                      const struct sim_message *message)
{
    kept[*count % SIM_KEPT_MAX] = (struct sim_kept){ service, message };
    ++*count;
}

static size_t kept_put(struct sim *sim, const struct sim_kept *kept, size_t count, bool is_dead)
{
    size_t put_count = 0;
    for (size_t i = 0; i < count && i < SIM_KEPT_MAX; i++) {
        const struct sim_message *message = kept[i].message;
        struct sim_message *put = sim_queue_put(sim, kept[i].service, &message->message);
        if (put == NULL)
            continue;
        put->is_malformed = message->is_malformed;
        put->is_poison = message->is_poison;
        put->is_forged = message->is_forged;
        put->quarantine_meets = message->quarantine_meets;
        put->is_old = !is_dead;
        put->is_replayed = is_dead;
        put_count++;
    }
    return put_count;
}

bool sim_weeks_later(struct sim *sim)
{
    if (sim->rates[FAULT_LATER] == 0 || sim->old_count + sim->dead_count == 0)
        return false;
    /* What it puts must not become a letter that is replayed in its turn. */
    size_t dead_count = sim->dead_count;
    struct sim_kept dead[SIM_KEPT_MAX];
    memcpy(dead, sim->dead, sizeof dead);
    sim->now_ms += WEEKS_MS;
    size_t put_count = kept_put(sim, sim->old, sim->old_count, false);
    put_count += kept_put(sim, dead, dead_count, true);
    put_count += kept_put(sim, dead, dead_count, true);
    sim_tell(sim, "weeks later %zu messages come again", put_count);
    return put_count > 0;
}
