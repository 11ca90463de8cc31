#include "tracing/sampler.h"

#define RANDOM_VALUES (UINT64_C(1) << 56)

struct sampler sampler_of_ratio(double ratio)
{
    if (!(ratio > 0.0))
        return (struct sampler){ .threshold = RANDOM_VALUES };
    if (ratio >= 1.0)
        return (struct sampler){ .threshold = 0 };
    return (struct sampler){ .threshold = (uint64_t)((1.0 - ratio) * (double)RANDOM_VALUES) };
}

bool sampler_wants(const struct sampler *sampler, const uint8_t trace_id[16])
{
    uint64_t random = 0;
    for (int i = 9; i < 16; i++)
        random = random << 8 | trace_id[i];
    return random >= sampler->threshold;
}
