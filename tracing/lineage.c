/* lineage.c - chooses between the booking's trace, the carried one and a fresh one, and whether it
 * is recorded. */
#include "tracing/lineage.h"

#include "tracing/w3c.h"

#include <assert.h>
#include <string.h>

static bool is_same_trace(const uint8_t one[16], const uint8_t other[16])
{
    return memcmp(one, other, 16) == 0;
}

static void continue_carried(struct lineage *lineage, bool is_remote)
{
    const struct trace_context *carried = &lineage->carried;
    memcpy(lineage->place.trace_id, carried->trace_id, sizeof carried->trace_id);
    memcpy(lineage->place.parent_id, carried->span_id, sizeof carried->span_id);
    lineage->place.flags |= carried->flags & W3C_FLAG_RANDOM;
    lineage->place.is_parent_remote = is_remote;
}

void lineage_find(const struct tracing *tracing, const char *booking_id, const char *traceparent,
                  const char *fallback_id, bool is_remote, struct lineage *ret_lineage)
{
    assert(booking_id != NULL && traceparent != NULL && ret_lineage != NULL);
    struct span_place *place = &ret_lineage->place;
    memset(ret_lineage, 0, sizeof *ret_lineage);
    bool has_booking = booking_id[0] != '\0';
    bool has_carried =
        w3c_traceparent_parse(traceparent, strlen(traceparent), &ret_lineage->carried);
    if (has_booking)
        tracing_booking_trace_id(booking_id, place->trace_id);
    bool goes_on = has_carried &&
                   (!has_booking || is_same_trace(place->trace_id, ret_lineage->carried.trace_id));
    if (goes_on)
        continue_carried(ret_lineage, is_remote);
    else if (!has_booking)
        tracing_booking_trace_id(fallback_id, place->trace_id);
    if (sampler_wants(&tracing->environment.sampler, place->trace_id))
        place->flags |= W3C_FLAG_SAMPLED;
    ret_lineage->is_recorded = tracing_records(tracing, place->trace_id);
    if (has_booking && !goes_on && ret_lineage->is_recorded)
        tracing_booking_root_id(booking_id, place->parent_id);
}

struct trace_context lineage_context(const struct lineage *lineage, const uint8_t span_id[8])
{
    struct trace_context context = { .flags = lineage->place.flags, .is_set = true };
    memcpy(context.trace_id, lineage->place.trace_id, sizeof context.trace_id);
    memcpy(context.span_id, span_id, sizeof context.span_id);
    return context;
}
