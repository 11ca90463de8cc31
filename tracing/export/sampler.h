/* sampler.h - which traces are recorded. The decision looks at the trace id alone, at its
 * right-most 7 bytes (random in a UUID of version 7, uniform in a hash), so every service decides
 * the same for one booking. A caller's sampled flag decides nothing: the parentbased_… names are
 * accepted and mean the sampler that they name for the root. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SAMPLER_RANKS (UINT64_C(1) << 56)

struct sampler {
    uint64_t threshold; /* a trace is recorded when its random 56 bits are not below it */
};

struct sampler sampler_of_ratio(double ratio); /* 0.0 = none to 1.0 = all */
/* Its random 56 bits: below SAMPLER_RANKS. */
uint64_t sampler_rank(const uint8_t trace_id[16]);
bool sampler_wants(const struct sampler *sampler, const uint8_t trace_id[16]);
