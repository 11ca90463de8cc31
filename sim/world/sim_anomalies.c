/* sim_anomalies.c - names and texts from the list in the header, and the set of those that were
 * met. */
#include "sim/world/sim_anomalies.h"

#include "sim/world/sim.h"

#include <assert.h>

void anomaly_reached(struct sim *sim, enum sim_anomaly anomaly)
{
    sim->reached.words[anomaly / 64] |= UINT64_C(1) << (anomaly % 64);
}

const char *anomaly_id(enum sim_anomaly anomaly)
{
    static const char *const ids[ANOMALY_COUNT] = {
#define X(id, text) #id,
        SIM_ANOMALIES(X)
#undef X
    };
    assert(anomaly < ANOMALY_COUNT);
    return ids[anomaly];
}

const char *anomaly_text(enum sim_anomaly anomaly)
{
    static const char *const texts[ANOMALY_COUNT] = {
#define X(id, text) text,
        SIM_ANOMALIES(X)
#undef X
    };
    assert(anomaly < ANOMALY_COUNT);
    return texts[anomaly];
}

void anomaly_count(const struct anomaly_set *set, uint64_t counts[ANOMALY_COUNT])
{
    for (size_t i = 0; i < ANOMALY_COUNT; i++)
        counts[i] += set->words[i / 64] >> (i % 64) & 1;
}
