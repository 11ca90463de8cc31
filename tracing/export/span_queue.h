/* span_queue.h - finished spans on their way to the exporter, oldest first, in a ring of fixed
 * size.
 *
 * Beyond half of it the queue takes only some traces, the fuller the fewer, and which ones follows
 * from the trace's id alone: every process leaves out the same ones first, so that those that are
 * left are whole. Not thread-safe; the exporter's lock guards it. */
#pragma once

#include "common/base/attributes.h"
#include "tracing/export/sampler.h"
#include "tracing/export/span.h"

#include <stdbool.h>
#include <stddef.h>

struct span_queue {
    struct span *ring;
    size_t room, first, count; /* count includes those that are being written */
    struct sampler sampler;    /* of the traces that are recorded at all */
};

void span_queue_init(struct span_queue *queue, size_t room, struct sampler sampler);
void span_queue_done(struct span_queue *queue);
/* A copy. False: there is no place for it, or none for its trace. */
MUST_CHECK bool span_queue_add(struct span_queue *queue, const struct span *span);
/* index < count; valid until it is dropped. */
const struct span *span_queue_at(const struct span_queue *queue, size_t index);
void span_queue_drop(struct span_queue *queue, size_t count); /* the oldest */
