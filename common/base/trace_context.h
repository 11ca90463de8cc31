/* trace_context.h - the identity of a span as a value: W3C Trace Context's trace id and span id.
 * Only the value lives here, because messages carry it; parsing and spans are in tracing/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TRACEPARENT_SIZE 56  /* 55 characters and the final NUL; "" = none */
#define TRACESTATE_SIZE  513 /* what is propagated at least; longer is dropped */

struct trace_context {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t flags;
    bool is_set;
};
