/* sim_random.c - the generator, and the tape that records what is drawn or replays it. */
#include "sim/world/sim_random.h"

#include <assert.h>
#include <stddef.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t mixed = (*state += UINT64_C(0x9e3779b97f4a7c15));
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

void sim_random_seed(struct sim_random *random, uint64_t seed, struct sim_tape *tape)
{
    random->tape = tape;
    for (size_t i = 0; i < sizeof random->state / sizeof random->state[0]; i++)
        random->state[i] = splitmix(&seed);
}

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static uint64_t drawn_next(struct sim_random *random)
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

static uint64_t tape_choose(struct sim_random *random, uint64_t bound)
{
    struct sim_tape *tape = random->tape;
    assert(bound <= UINT32_MAX);
    if (!tape->is_replayed) {
        uint64_t drawn = drawn_next(random) % bound;
        if (tape->at < SIM_CHOICES_MAX)
            tape->choices[tape->count++] = (uint32_t)drawn;
        tape->at++;
        return drawn;
    }
    if (tape->at >= tape->count) {
        tape->at++;
        return 0;
    }
    uint32_t *choice = &tape->choices[tape->at++];
    *choice = (uint32_t)(*choice % bound);
    return *choice;
}

void sim_tape_record(struct sim_tape *tape)
{
    tape->is_replayed = false;
    tape->count = 0;
    tape->at = 0;
}

void sim_tape_replay(struct sim_tape *tape)
{
    tape->is_replayed = true;
    tape->at = 0;
}

void sim_tape_trim(struct sim_tape *tape)
{
    if (tape->count > tape->at)
        tape->count = tape->at;
    while (tape->count > 0 && tape->choices[tape->count - 1] == 0)
        tape->count--;
}

uint64_t sim_random_below(struct sim_random *random, uint64_t bound)
{
    assert(bound > 0);
    return random->tape == NULL ? drawn_next(random) % bound : tape_choose(random, bound);
}

int64_t sim_random_between(struct sim_random *random, int64_t least, int64_t most)
{
    assert(least <= most);
    return least + (int64_t)sim_random_below(random, (uint64_t)(most - least) + 1);
}

bool sim_random_chance(struct sim_random *random, int per_mille)
{
    return per_mille > 0 && (int64_t)sim_random_below(random, 1000) >= 1000 - per_mille;
}
