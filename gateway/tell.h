/* tell.h - what the span of a decision about a view says. Pure. */
#pragma once

#include "tracing/tracing.h"

/* The state is a struct gateway_view. */
void gateway_tell(const struct tracing_story *story, struct tracing_facts *ret_facts);
