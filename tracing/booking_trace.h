/* booking_trace.h - ids that follow from names, so that any service computes the same ones, now
 * and after a crash. The booking's own two are in tracing.h. Pure. */
#pragma once

#include "tracing/tracing.h"

/* The span of a wait of this booking that began then. */
void tracing_wait_span_id(const char *booking_id, const char *name, int64_t since_ms,
                          uint8_t ret_span_id[8]);
/* The span of a message's first publish: the first 8 bytes of SHA-256(message id). The same id,
 * and so the same traceparent, each time the message is owed. */
void tracing_message_span_id(const char *message_id, uint8_t ret_span_id[8]);
