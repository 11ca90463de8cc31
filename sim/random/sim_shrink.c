/* sim_shrink.c - chunks of choices are deleted, then set to 0, then lowered one by one, the large
 * chunks first; whatever still fails is kept. The way of Hypothesis (MacIver and Donaldson, "Test-
 * Case Reduction via Test-Case Generation", ECOOP 2020): no knowledge of what a choice means. */
#include "sim/random/sim_shrink.h"
#include "sim/world/sim.h"

#include "common/base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TRIALS_MAX 30000 /* some seconds; by then it is short enough to be read */
#define CHUNK_MAX  512

struct shrinking {
    struct sim *sim;
    uint64_t seed;
    struct sim_options options;
    char kind[SIM_FAILURE_SIZE]; /* "I3:" */
    struct sim_tape *best;
    struct sim_tape *trial;
    size_t trials;
};

/* The invariant's name, up to the colon: another failure is another story. */
static size_t kind_length(const char *failure)
{
    return strcspn(failure, ":");
}

static void tape_copy(struct sim_tape *to, const struct sim_tape *from)
{
    to->is_replayed = from->is_replayed;
    to->at = from->at;
    to->count = from->count;
    memcpy(to->choices, from->choices, from->count * sizeof from->choices[0]);
}

/* Runs `trial`; where it fails the same way and is shorter or lower, it is the best from now on. */
static bool try(struct shrinking *shrinking)
{
    const struct sim *sim = shrinking->sim;
    struct sim_tape *trial = shrinking->trial;
    size_t length = strlen(shrinking->kind);
    if (shrinking->trials >= TRIALS_MAX)
        return false;
    shrinking->trials++;
    sim_tape_replay(trial);
    shrinking->options.tape = trial;
    if (sim_run(shrinking->sim, shrinking->seed, &shrinking->options) ||
        kind_length(sim->failure) != length || memcmp(sim->failure, shrinking->kind, length) != 0)
        return false;
    sim_tape_trim(trial);
    const struct sim_tape *best = shrinking->best;
    if (trial->count > best->count ||
        (trial->count == best->count && sim_tape_weight(trial) > sim_tape_weight(best)))
        return false; /* what followed from it is longer */
    tape_copy(shrinking->best, trial);
    return true;
}

/* Where the tape ends at the latest. */
static void tail_drop(struct shrinking *shrinking)
{
    size_t least = 0;
    while (least < shrinking->best->count && shrinking->trials < TRIALS_MAX) {
        size_t kept = least + (shrinking->best->count - least) / 2;
        tape_copy(shrinking->trial, shrinking->best);
        shrinking->trial->count = kept;
        if (!try(shrinking))
            least = kept + 1;
    }
}

static bool chunk_delete(struct shrinking *shrinking, size_t at, size_t length)
{
    struct sim_tape *trial = shrinking->trial;
    tape_copy(trial, shrinking->best);
    memmove(&trial->choices[at], &trial->choices[at + length],
            (trial->count - at - length) * sizeof trial->choices[0]);
    trial->count -= length;
    return try(shrinking);
}

static bool chunk_zero(struct shrinking *shrinking, size_t at, size_t length)
{
    struct sim_tape *trial = shrinking->trial;
    bool is_zero = true;
    for (size_t i = at; i < at + length; i++)
        is_zero &= shrinking->best->choices[i] == 0;
    if (is_zero)
        return false;
    tape_copy(trial, shrinking->best);
    memset(&trial->choices[at], 0, length * sizeof trial->choices[0]);
    return try(shrinking);
}

static bool chunks_pass(struct shrinking *shrinking,
                        bool (*shorten)(struct shrinking *shrinking, size_t at, size_t length))
{
    bool has_moved = false;
    for (size_t length = CHUNK_MAX; length > 0; length /= 2)
        for (size_t end = shrinking->best->count; end >= length;) {
            bool is_shorter = shorten(shrinking, end - length, length);
            has_moved |= is_shorter;
            end -= length;
            if (end > shrinking->best->count)
                end = shrinking->best->count;
        }
    return has_moved;
}

/* Halves each choice while that fails as well. */
static bool choices_lower(struct shrinking *shrinking)
{
    bool has_moved = false;
    for (size_t at = shrinking->best->count; at-- > 0;)
        while (at < shrinking->best->count && shrinking->best->choices[at] > 1) {
            uint32_t before = shrinking->best->choices[at];
            tape_copy(shrinking->trial, shrinking->best);
            shrinking->trial->choices[at] = before / 2;
            if (!try(shrinking) || at >= shrinking->best->count ||
                shrinking->best->choices[at] >= before)
                break;
            has_moved = true;
        }
    return has_moved;
}

static void shrink(struct shrinking *shrinking)
{
    bool has_moved = true;
    tail_drop(shrinking);
    while (has_moved && shrinking->trials < TRIALS_MAX) {
        has_moved = chunks_pass(shrinking, chunk_delete);
        has_moved |= chunks_pass(shrinking, chunk_zero);
    }
    (void)choices_lower(shrinking);
}

bool sim_shrink(struct sim *sim, uint64_t seed, const struct sim_options *options,
                struct sim_tape *ret_tape, size_t *ret_trials)
{
    struct shrinking shrinking = { .sim = sim,
                                   .seed = seed,
                                   .options = *options,
                                   .best = ret_tape,
                                   .trial = memory_room(sizeof *shrinking.trial) };
    shrinking.options.is_told = false;
    shrinking.options.tape = ret_tape;
    sim_tape_record(ret_tape);
    bool has_failed = !sim_run(sim, seed, &shrinking.options);
    if (has_failed) {
        memcpy(shrinking.kind, sim->failure, kind_length(sim->failure));
        tape_copy(shrinking.trial, ret_tape);
        ret_tape->count = SIM_CHOICES_MAX; /* whatever replays it is better */
        has_failed = try(&shrinking);
    }
    if (has_failed)
        shrink(&shrinking);
    sim_tape_replay(ret_tape);
    *ret_trials = shrinking.trials;
    free(shrinking.trial);
    return has_failed;
}

size_t sim_tape_weight(const struct sim_tape *tape)
{
    size_t weight = 0;
    for (size_t i = 0; i < tape->count; i++)
        weight += tape->choices[i] != 0;
    return weight;
}
