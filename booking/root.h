/* root.h - what the root span of a booking's trace says, and the spans of its decisions. Pure. */
#pragma once

#include "tracing/tracing.h"

/* state is a struct booking. Only what its first outcome has fixed: the same at that decision and
 * ever after, whatever a late payment or a cancellation adds to the booking. */
void booking_root(const void *state, struct tracing_root *ret_root);

/* Of one decision: its payment, its price, and what it waits for until when. */
void booking_tell(const struct tracing_story *story, struct tracing_facts *ret_facts);
