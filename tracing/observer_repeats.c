/* observer_repeats.c - what is announced again and again, and changes nothing, would fill a trace
 * and the exporter's queue with spans that say nothing: it is counted, and the trace's next span
 * carries the count as an event. */
#include "tracing/observer_state.h"

#include <assert.h>
#include <string.h>

/* A deadline that only asked again, or found nothing to do; an answer to somebody's repeat. */
static bool is_repeat(const struct decided *decided)
{
    bool is_noop = decided->outcome == OUTCOME_DUPLICATE;
    if (decided->input->source == INPUT_FROM_DEADLINE)
        return is_noop || strcmp(decided->verdict, "repeat") == 0 ||
               strcmp(decided->verdict, "wait") == 0;
    return decided->input->source == INPUT_FROM_DELIVERY && decided->input->is_repeat && is_noop;
}

static struct repeat_count *count_of(struct tracing_observer *observer, const uint8_t trace_id[16],
                                     uint64_t *ret_trace)
{
    memcpy(ret_trace, trace_id + 8, sizeof *ret_trace);
    return &observer->repeats[(*ret_trace * UINT64_C(0x9e3779b97f4a7c15) >> 32) % OBSERVER_REPEATS];
}

bool observer_repeat_fold(struct tracing_observer *observer, const struct open_input *open,
                          const struct decided *decided)
{
    assert(open != NULL && decided != NULL);
    uint64_t trace;
    bool is_same = decided->state_from != NULL && decided->state_to != NULL &&
                   strcmp(decided->state_from, decided->state_to) == 0;
    if (!is_same || open->owes_news || decided->is_alert || decided->is_security_event ||
        !is_repeat(decided))
        return false;
    atomic_fetch_add_explicit(&observer->repeats_total, 1, memory_order_relaxed);
    struct repeat_count *count = count_of(observer, open->lineage.place.trace_id, &trace);
    if (count->trace != trace)
        *count = (struct repeat_count){ .trace = trace };
    count->count++;
    return true;
}

int64_t observer_repeats_take(struct tracing_observer *observer, const uint8_t trace_id[16])
{
    uint64_t trace;
    struct repeat_count *count = count_of(observer, trace_id, &trace);
    int64_t taken = count->trace == trace ? count->count : 0;
    if (taken > 0)
        count->count = 0;
    assert(taken >= 0);
    return taken;
}
