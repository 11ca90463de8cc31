/* load_timers.h - jobs by the time when they are due: a binary heap. Pure, apart from memory. */
#pragma once

#include "bench/load_http.h"

struct load_timers {
    struct load_job *jobs; /* the earliest first */
    size_t count, room;
};

void load_timers_add(struct load_timers *timers, const struct load_job *job);
/* False: none is due by then. */
bool load_timers_take(struct load_timers *timers, int64_t now_ns, struct load_job *ret_job);
int64_t load_timers_next_ns(const struct load_timers *timers); /* INT64_MAX: none */
void load_timers_done(struct load_timers *timers);
