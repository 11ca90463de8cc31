#include "sim/sim_random.h"

#include <assert.h>
#include <stddef.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t mixed = (*state += UINT64_C(0x9e3779b97f4a7c15));
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

void sim_random_seed(struct sim_random *random, uint64_t seed)
{
    for (size_t i = 0; i < sizeof random->state / sizeof random->state[0]; i++)
        random->state[i] = splitmix(&seed);
}

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

uint64_t sim_random_next(struct sim_random *random)
{
    uint64_t *state = random->state;
    uint64_t drawn = rotate(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return drawn;
}

uint64_t sim_random_below(struct sim_random *random, uint64_t bound)
{
    assert(bound > 0);
    return sim_random_next(random) % bound;
}

int64_t sim_random_between(struct sim_random *random, int64_t least, int64_t most)
{
    assert(least <= most);
    return least + (int64_t)sim_random_below(random, (uint64_t)(most - least) + 1);
}

bool sim_random_chance(struct sim_random *random, int per_mille)
{
    return per_mille > 0 && sim_random_below(random, 1000) < (uint64_t)per_mille;
}
