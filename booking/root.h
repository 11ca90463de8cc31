/* root.h - what the root span of a booking's trace says. Pure. */
#pragma once

#include "tracing/tracing.h"

/* state is a struct booking. Only what its first outcome has fixed: the same at that decision and
 * ever after, whatever a late payment or a cancellation adds to the booking. */
void booking_root(const void *state, struct tracing_root *ret_root);
