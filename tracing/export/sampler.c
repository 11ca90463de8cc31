/* sampler.c - turns a ratio into a threshold, and a trace id into the rank that is compared with
 * it. */
#include "tracing/export/sampler.h"

#include <assert.h>

struct sampler sampler_of_ratio(double ratio)
{
    assert(ratio >= 0.0 && ratio <= 1.0);
    if (!(ratio > 0.0))
        return (struct sampler){ .threshold = SAMPLER_RANKS };
    if (ratio >= 1.0)
        return (struct sampler){ .threshold = 0 };
    return (struct sampler){ .threshold = (uint64_t)((1.0 - ratio) * (double)SAMPLER_RANKS) };
}

uint64_t sampler_rank(const uint8_t trace_id[16])
{
    uint64_t rank = 0;
    for (int i = 9; i < 16; i++)
        rank = rank << 8 | trace_id[i];
    assert(rank < SAMPLER_RANKS);
    return rank;
}

bool sampler_wants(const struct sampler *sampler, const uint8_t trace_id[16])
{
    assert(sampler->threshold <= SAMPLER_RANKS);
    return sampler_rank(trace_id) >= sampler->threshold;
}
