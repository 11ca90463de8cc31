/* lineage.h - which trace something belongs to and whose child it is. Pure. */
#pragma once

#include "tracing/export/span.h"
#include "tracing/tracing_state.h"

struct lineage {
    struct span_place place;      /* without the span id, which is the caller's to choose */
    struct trace_context carried; /* the context that it came with, if any and valid */
    bool is_recorded;             /* else the parent is left out: nobody will see it */
};

/* A booking's trace is its own. The parent is the context that came along where that is in this
 * trace already, else the booking's root. Without a booking (booking_id "") the trace that came
 * along goes on, or else one is derived from `fallback_id`, without a parent.
 * is_remote: the context came from another process. */
void lineage_find(const struct tracing *tracing, const char *booking_id, const char *traceparent,
                  const char *fallback_id, bool is_remote, struct lineage *ret_lineage);

/* The context of the span with this id in the lineage's trace. */
struct trace_context lineage_context(const struct lineage *lineage, const uint8_t span_id[8]);
