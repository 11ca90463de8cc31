/* exhaust.c - the search, depth first: every transition of every state that was not seen before. */
#include "sim/exhaustive/exhaust.h"
#include "sim/world/sim_story.h"

#include "common/base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TRANSITIONS_BETWEEN_LOOKS 1024 /* at the clock of the one who waits */

struct exhaust *exhaust_new(const struct exhaust_plan *plan, FILE *out)
{
    struct exhaust *explorer = memory_alloc(1, sizeof *explorer);
    explorer->plan = plan;
    explorer->sim = sim_new();
    explorer->sim->service_count = SIM_ROLE_COUNT;
    explorer->sim->options = (struct sim_options){ .is_told = out != NULL, .out = out };
    explorer->frames = memory_alloc(EXHAUST_DEPTH_MAX, sizeof *explorer->frames);
    exhaust_begin(explorer);
    return explorer;
}

struct exhaust *exhaust_free(struct exhaust *explorer)
{
    if (explorer == NULL)
        return NULL;
    for (size_t i = 0; i < explorer->worker_count; i++)
        (void)engine_free(explorer->workers[i].engine);
    exhaust_pool_done(&explorer->pool);
    exhaust_set_done(&explorer->seen);
    free(explorer->frames);
    explorer->sim = sim_free(explorer->sim);
    free(explorer);
    return NULL;
}

/* ---- choices ---- */

size_t exhaust_choose(struct exhaust *explorer, size_t count)
{
    struct exhaust_choices *choices = explorer->choices;
    assert(count > 0 && count <= UINT8_MAX);
    if (count == 1 || choices == NULL)
        return 0;
    if (choices->at == choices->count) {
        assert(choices->count < EXHAUST_CHOICES_MAX);
        choices->chosen[choices->count] = 0;
        choices->arity[choices->count++] = (uint8_t)count;
    }
    /* On a replay the arity is not known before. */
    assert(choices->arity[choices->at] == 0 || choices->arity[choices->at] == count);
    size_t chosen = choices->chosen[choices->at++];
    return chosen < count ? chosen : count - 1;
}

/* Like an odometer: the last choice that has another answer. */
static bool choices_next(struct exhaust_choices *choices)
{
    while (choices->count > 0) {
        size_t last = choices->count - 1;
        if (choices->chosen[last] + 1 < choices->arity[last]) {
            choices->chosen[last]++;
            return true;
        }
        choices->count--;
    }
    return false;
}

/* ---- the search ---- */

static bool has_failed(const struct exhaust *explorer)
{
    return explorer->sim->failure[0] != '\0';
}

/* The world as it is now, unless it was seen before. */
static void push(struct exhaust *explorer, uint64_t hash)
{
    if (!exhaust_set_add(&explorer->seen, hash))
        return;
    explorer->statistics.states++;
    if (explorer->depth + 1 == EXHAUST_DEPTH_MAX) {
        sim_fail(explorer->sim, "I6: it does not come to rest");
        return;
    }
    struct exhaust_frame *frame = &explorer->frames[++explorer->depth];
    frame->world = explorer->world;
    frame->hash = hash;
    frame->choices.count = 0;
    frame->is_begun = frame->is_moving = frame->is_forced = false;
    if (explorer->depth > explorer->statistics.depth_max)
        explorer->statistics.depth_max = explorer->depth;
}

static void transition_try(struct exhaust *explorer, struct exhaust_frame *frame)
{
    explorer->world = frame->world;
    explorer->choices = &frame->choices;
    frame->choices.at = 0;
    frame->is_begun = true;
    exhaust_transition(explorer);
    explorer->statistics.transitions++;
    if (has_failed(explorer))
        return;
    uint64_t hash = exhaust_hash(explorer);
    frame->is_moving |= hash != frame->hash;
    push(explorer, hash);
}

/* Nothing leads on from this state: it is the end, or only time can help. True: it is done with. */
static bool state_rests(struct exhaust *explorer, struct exhaust_frame *frame)
{
    explorer->world = frame->world;
    if (exhaust_is_quiet(explorer)) {
        explorer->is_between = true;
        exhaust_judge(explorer);
        return true;
    }
    frame->is_forced = true;
    exhaust_clock_force(explorer);
    push(explorer, exhaust_hash(explorer));
    return false;
}

static void search_step(struct exhaust *explorer)
{
    struct exhaust_frame *frame = &explorer->frames[explorer->depth];
    if (!frame->is_forced && (!frame->is_begun || choices_next(&frame->choices)))
        transition_try(explorer, frame);
    else if (frame->is_moving || frame->is_forced || state_rests(explorer, frame))
        explorer->depth -= !has_failed(explorer);
}

enum exhaust_end exhaust_run(struct exhaust *explorer, bool (*is_over)(void *self), void *self)
{
    push(explorer, exhaust_hash(explorer)); /* frame 0 stays empty: depth 0 is the end */
    while (explorer->depth > 0 && !has_failed(explorer)) {
        if (explorer->statistics.transitions % TRANSITIONS_BETWEEN_LOOKS == 0 && is_over != NULL &&
            is_over(self))
            return EXHAUST_CUT;
        search_step(explorer);
    }
    return has_failed(explorer) ? EXHAUST_VIOLATED : EXHAUST_COMPLETE;
}

/* ---- paths ---- */

#define FORCED_MARK 'c'

static void choices_write(const struct exhaust_choices *choices, FILE *out)
{
    size_t count = choices->count;
    while (count > 1 && choices->chosen[count - 1] == 0)
        count--;
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%d", i > 0 ? "." : "", choices->chosen[i]);
    if (count == 0)
        fputc('0', out);
}

void exhaust_path_write(const struct exhaust *explorer, FILE *out)
{
    size_t count = explorer->depth - explorer->is_between;
    for (size_t i = 1; i <= count; i++) {
        const struct exhaust_frame *frame = &explorer->frames[i];
        if (i > 1)
            fputc('/', out);
        if (frame->is_forced)
            fputc(FORCED_MARK, out);
        else
            choices_write(&frame->choices, out);
    }
}

/* One transition's choices; NULL: this is no path. */
static const char *choices_read(const char *at, struct exhaust_choices *ret_choices)
{
    memset(ret_choices, 0, sizeof *ret_choices);
    do {
        char *end;
        unsigned long chosen = strtoul(at, &end, 10);
        if (end == at || chosen > UINT8_MAX || ret_choices->count == EXHAUST_CHOICES_MAX)
            return NULL;
        ret_choices->chosen[ret_choices->count++] = (uint8_t)chosen;
        at = end;
    } while (*at++ == '.');
    return at - 1;
}

bool exhaust_replay(struct exhaust *explorer, const char *path)
{
    struct exhaust_choices choices;
    for (const char *at = path; *at != '\0' && !has_failed(explorer); at += *at == '/') {
        if (*at == FORCED_MARK) {
            exhaust_clock_force(explorer);
            at++;
            continue;
        }
        at = choices_read(at, &choices);
        if (at == NULL || (*at != '/' && *at != '\0'))
            return false;
        explorer->choices = &choices;
        exhaust_transition(explorer);
    }
    if (!has_failed(explorer) && exhaust_is_quiet(explorer))
        exhaust_judge(explorer);
    return true;
}
