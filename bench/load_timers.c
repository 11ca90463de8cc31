/* load_timers.c - the heap, in an array that only grows. */
#include "bench/load_timers.h"

#include "common/base/memory.h"

#include <stdlib.h>

#define ROOM_MIN 256

static void swap(struct load_job *one, struct load_job *other)
{
    struct load_job job = *one;
    *one = *other;
    *other = job;
}

void load_timers_add(struct load_timers *timers, const struct load_job *job)
{
    if (timers->count == timers->room) {
        timers->room = timers->room > 0 ? 2 * timers->room : ROOM_MIN;
        timers->jobs = memory_grow(timers->jobs, timers->room, sizeof *timers->jobs);
    }
    size_t at = timers->count++;
    timers->jobs[at] = *job;
    for (; at > 0 && timers->jobs[at].due_ns < timers->jobs[(at - 1) / 2].due_ns; at = (at - 1) / 2)
        swap(&timers->jobs[at], &timers->jobs[(at - 1) / 2]);
}

static size_t earlier_child(const struct load_timers *timers, size_t at)
{
    size_t left = 2 * at + 1, right = left + 1;
    return right < timers->count && timers->jobs[right].due_ns < timers->jobs[left].due_ns ? right
                                                                                           : left;
}

bool load_timers_take(struct load_timers *timers, int64_t now_ns, struct load_job *ret_job)
{
    if (load_timers_next_ns(timers) > now_ns)
        return false;
    *ret_job = timers->jobs[0];
    timers->jobs[0] = timers->jobs[--timers->count];
    size_t at = 0;
    while (2 * at + 1 < timers->count) {
        size_t child = earlier_child(timers, at);
        if (timers->jobs[at].due_ns <= timers->jobs[child].due_ns)
            break;
        swap(&timers->jobs[at], &timers->jobs[child]);
        at = child;
    }
    return true;
}

int64_t load_timers_next_ns(const struct load_timers *timers)
{
    return timers->count > 0 ? timers->jobs[0].due_ns : INT64_MAX;
}

void load_timers_done(struct load_timers *timers)
{
    free(timers->jobs);
    *timers = (struct load_timers){ 0 };
}
