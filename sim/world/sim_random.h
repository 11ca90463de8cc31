/* sim_random.h - random numbers that follow from a seed. xoshiro256**, seeded by splitmix64 (Vigna,
 * public domain).
 *
 * Whatever is drawn is a choice, and 0 always means that nothing out of the ordinary happens. So a
 * schedule can be written down as the list of its choices, and a list can be shortened: where it
 * ends, only zeros are drawn. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_CHOICES_MAX 65536

/* The choices of one schedule. Recorded: appended, those beyond the bound only counted. Replayed:
 * served from the front; afterwards `count` is what was drawn, and zeros at the end are dropped. */
struct sim_tape {
    bool is_replayed;
    size_t count; /* in `choices` */
    size_t at;    /* drawn so far */
    uint32_t choices[SIM_CHOICES_MAX];
};

struct sim_random {
    uint64_t state[4];
    struct sim_tape *tape; /* borrowed; NULL: neither recorded nor replayed */
};

void sim_random_seed(struct sim_random *random, uint64_t seed, struct sim_tape *tape);
/* 0 .. bound - 1; 0 < bound <= UINT32_MAX. The slight bias of the remainder does not matter. */
uint64_t sim_random_below(struct sim_random *random, uint64_t bound);
int64_t sim_random_between(struct sim_random *random, int64_t least, int64_t most);
bool sim_random_chance(struct sim_random *random, int per_mille);

void sim_tape_record(struct sim_tape *tape);
void sim_tape_replay(struct sim_tape *tape);
/* After a run: forgets what was not drawn and the zeros at the end. */
void sim_tape_trim(struct sim_tape *tape);
