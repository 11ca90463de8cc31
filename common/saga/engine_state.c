/* engine_state.c - copies a life from its first field that matters between steps to its last, so
 * that a field which is added there is kept too, and beside it what stands elsewhere. */
#include "common/saga/engine_state.h"
#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/saga/engine_private.h"

#include <assert.h>
#include <string.h>

#define LIFE_BEGIN offsetof(struct engine, held_count)
#define LIFE_BYTES (sizeof(struct engine) - LIFE_BEGIN)

struct kept_clear {
    char id[IDENT_SIZE];
    int64_t version, since_ms;
};

struct kept {
    _Alignas(struct engine) unsigned char life[LIFE_BYTES];
    struct delivery *held[ENGINE_STATE_HELD_MAX];
    struct engine_clock clock;
    struct refusal refused[ENGINE_STATE_REFUSED_MAX];
    size_t refused_count;
    struct kept_clear clears[ENGINE_STATE_CLEARS_MAX];
    size_t clear_count;
    int64_t clear_interval_ms;
};
_Static_assert(sizeof(struct kept) <= ENGINE_STATE_BYTES, "a state holds all that is kept");
_Static_assert(LIFE_BEGIN % _Alignof(int64_t) == 0, "fields are aligned as in the engine");

static struct kept *kept_of(struct engine_state *state)
{
    return (struct kept *)(void *)state->bytes;
}

static const struct kept *kept_in(const struct engine_state *state)
{
    return (const struct kept *)(const void *)state->bytes;
}

/* A field of the engine, in the bytes that are kept of it. */
#define LIFE(kept, type, name)                                                                     \
    (*(const type *)(const void *)((kept)->life + offsetof(struct engine, name) - LIFE_BEGIN))

static void clears_take(const struct clear_queue *clears, struct kept *kept)
{
    assert(clears->count <= ENGINE_STATE_CLEARS_MAX);
    kept->clear_count = 0;
    for (size_t i = 0; i < clears->used; i++) {
        const struct clear_entry *entry = &clears->entries[(clears->first + i) % CLEAR_QUEUE_MAX];
        if (entry->is_gone)
            continue;
        struct kept_clear *clear = &kept->clears[kept->clear_count++];
        text_copy(clear->id, sizeof clear->id, entry->id);
        clear->version = entry->version;
        clear->since_ms = entry->since_ms;
    }
}

void engine_state_take(const struct engine *engine, struct engine_state *ret_state)
{
    struct kept *kept = kept_of(ret_state);
    assert(engine->publishing_count == 0 && engine->held_count <= ENGINE_STATE_HELD_MAX);
    assert(engine->refusals.count <= ENGINE_STATE_REFUSED_MAX);
    memcpy(kept->life, (const unsigned char *)engine + LIFE_BEGIN, LIFE_BYTES);
    memcpy(kept->held, engine->held, engine->held_count * sizeof kept->held[0]);
    kept->clock = engine->clock;
    kept->refused_count = engine->refusals.count;
    memcpy(kept->refused, engine->refusals.kinds, sizeof kept->refused);
    clears_take(&engine->clears, kept);
    kept->clear_interval_ms = engine->limits.clear_interval_ms;
}

void engine_state_give(struct engine *engine, const struct engine_state *state)
{
    const struct kept *kept = kept_in(state);
    memcpy((unsigned char *)engine + LIFE_BEGIN, kept->life, LIFE_BYTES);
    engine->publishing_first = 0;
    engine->publishing_count = 0;
    engine->batch = engine->batches;
    memcpy(engine->held, kept->held, engine->held_count * sizeof kept->held[0]);
    engine->clock = kept->clock;
    engine->refusals.count = kept->refused_count;
    memcpy(engine->refusals.kinds, kept->refused, sizeof kept->refused);
    clear_queue_empty(&engine->clears);
    for (size_t i = 0; i < kept->clear_count; i++) {
        const struct kept_clear *clear = &kept->clears[i];
        bool is_added =
            clear_queue_add(&engine->clears, clear->id, clear->version, clear->since_ms);
        assert(is_added);
    }
}

size_t engine_state_held(const struct engine_state *state,
                         struct delivery *ret_held[ENGINE_STATE_HELD_MAX])
{
    const struct kept *kept = kept_in(state);
    size_t count = LIFE(kept, size_t, held_count);
    assert(count <= ENGINE_STATE_HELD_MAX);
    memcpy(ret_held, kept->held, count * sizeof kept->held[0]);
    return count;
}

/* ---- as numbers ---- */

struct numbers {
    uint64_t *list;
    size_t count;
    int64_t now_ms;
};

static void number_add(struct numbers *numbers, uint64_t number)
{
    assert(numbers->count < ENGINE_STATE_NUMBERS_MAX);
    numbers->list[numbers->count++] = number;
}

static void time_add(struct numbers *numbers, int64_t at_ms)
{
    number_add(numbers, at_ms <= numbers->now_ms ? 0 : (uint64_t)(at_ms - numbers->now_ms));
}

static void refused_add(struct numbers *numbers, const struct kept *kept)
{
    for (size_t i = 0; i < kept->refused_count; i++) {
        const struct refusal *refused = &kept->refused[i];
        number_add(numbers, hash_text(refused->type));
        time_add(numbers, refused->until_ms);
        number_add(numbers, (uint64_t)refused->wait_ms << 8 | refused->allowed);
    }
}

static void clears_add(struct numbers *numbers, const struct kept *kept)
{
    for (size_t i = 0; i < kept->clear_count; i++) {
        number_add(numbers, hash_text(kept->clears[i].id) + (uint64_t)kept->clears[i].version);
        time_add(numbers, kept->clears[i].since_ms + kept->clear_interval_ms);
    }
}

static void clock_add(struct numbers *numbers, const struct kept *kept)
{
    const struct engine_clock *clock = &kept->clock;
    number_add(numbers, (uint64_t)(clock->wall_ms - clock->steady_ms));
    for (size_t i = 0; i < clock->count; i++) {
        number_add(numbers, (uint64_t)clock->steps[i].before_ms);
        number_add(numbers, (uint64_t)clock->steps[i].after_ms);
    }
    time_add(numbers, LIFE(kept, int64_t, future_sweep_ms));
    time_add(numbers, LIFE(kept, int64_t, clocks_look_ms));
}

static void sweeps_add(struct numbers *numbers, const struct kept *kept)
{
    time_add(numbers, LIFE(kept, int64_t, due_sweep_ms));
    time_add(numbers, LIFE(kept, int64_t, relay_sweep_ms));
    time_add(numbers, LIFE(kept, int64_t, bus_wait_ms));
    number_add(numbers, LIFE(kept, size_t, due.skip));
    number_add(numbers, LIFE(kept, size_t, relay.skip));
    time_add(numbers, LIFE(kept, int64_t, due.front_again_ms));
    time_add(numbers, LIFE(kept, int64_t, relay.front_again_ms));
}

size_t engine_state_numbers(const struct engine_state *state, unsigned parts, int64_t now_ms,
                            uint64_t ret_numbers[ENGINE_STATE_NUMBERS_MAX])
{
    const struct kept *kept = kept_in(state);
    struct numbers numbers = { .list = ret_numbers, .now_ms = now_ms };
    number_add(&numbers, LIFE(kept, uint64_t, held_session));
    number_add(&numbers, (uint64_t)LIFE(kept, bool, was_alone) |
                             (uint64_t)LIFE(kept, bool, has_seen_queue_empty) << 1 |
                             (uint64_t)LIFE(kept, bool, is_relaying_all) << 2 |
                             (uint64_t)LIFE(kept, bool, is_clearing_at_once) << 3);
    sweeps_add(&numbers, kept);
    clears_add(&numbers, kept);
    if ((parts & ENGINE_STATE_PAUSES) != 0) {
        number_add(&numbers, LIFE(kept, bool, is_paused));
        time_add(&numbers, LIFE(kept, int64_t, pause_until_ms));
        number_add(&numbers, (uint64_t)LIFE(kept, int64_t, pause_ms));
    }
    refused_add(&numbers, kept);
    if ((parts & ENGINE_STATE_CLOCKS) != 0)
        clock_add(&numbers, kept);
    return numbers.count;
}

int64_t engine_state_again_ms(const struct engine_state *state, bool owes)
{
    const struct kept *kept = kept_in(state);
    if (LIFE(kept, bool, is_paused))
        return LIFE(kept, int64_t, pause_until_ms);
    if (kept->refused_count == 0 || !owes)
        return 0;
    int64_t sweep_ms = LIFE(kept, int64_t, relay_sweep_ms);
    int64_t until_ms = kept->refused[0].until_ms;
    for (size_t i = 1; i < kept->refused_count; i++)
        if (kept->refused[i].until_ms < until_ms)
            until_ms = kept->refused[i].until_ms;
    return sweep_ms > until_ms ? sweep_ms : until_ms;
}
