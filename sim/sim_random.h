/* sim_random.h - random numbers that follow from a seed. xoshiro256**, seeded by splitmix64 (Vigna,
 * public domain). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sim_random {
    uint64_t state[4];
};

void sim_random_seed(struct sim_random *random, uint64_t seed);
uint64_t sim_random_next(struct sim_random *random);
/* 0 .. bound - 1; bound > 0. The slight bias of the remainder does not matter here. */
uint64_t sim_random_below(struct sim_random *random, uint64_t bound);
int64_t sim_random_between(struct sim_random *random, int64_t least, int64_t most);
bool sim_random_chance(struct sim_random *random, int per_mille);
