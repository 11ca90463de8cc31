/* spans.h - the spans of one trace, read from OTLP JSON, and their tree.
 *
 * One reader for both sources: the trace file has one export request a line, and Jaeger's
 * /api/v3/traces answers the same form inside {"result": …}. What is damaged is left out. Pure. */
#pragma once

#include "common/base/arena.h"
#include "common/base/attributes.h"

#include <cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPANS_MAX        4096
#define SPAN_ID_HEX_SIZE 17

struct trace_span {
    char id[SPAN_ID_HEX_SIZE];
    char parent[SPAN_ID_HEX_SIZE];                /* "" = none */
    const char *service, *name, *kind;            /* kind: "server", "consumer", … */
    const char *decision, *state_from, *state_to; /* "" = none */
    const char *error;                            /* "" = it did not fail */
    const char *instance, *message_id, *state;    /* "" = none; state: of the booking, on a root */
    int64_t started_ns, ended_ns;
    int depth;                  /* in the tree; 0 = a root, or its parent is not here */
    bool is_last;               /* of its parent's children */
    bool is_orphan;             /* names a parent that is not here */
    uint32_t first_child, next; /* 1 + index; 0 = none */
};

struct spans {
    struct arena arena; /* holds the texts */
    struct trace_span *all;
    size_t count;
    bool is_cut; /* there were more than SPANS_MAX */
};

void spans_start(struct spans *spans);
void spans_done(struct spans *spans);

/* Adds the spans of this trace; one that is there already (exported twice) is not added again. */
void spans_take(struct spans *spans, const cJSON *otlp, const char *trace_id);

/* The order in which to print: parents before their children, children by start. `ret_order` has
 * room for spans->count. Sets depth, is_last and is_orphan. */
void spans_tree(struct spans *spans, uint32_t *ret_order);
