/* tell.h - what the span of a decision about a payment says. Pure. */
#pragma once

#include "tracing/tracing.h"

/* The state is a struct payment. */
void payment_tell(const struct tracing_story *story, struct tracing_facts *ret_facts);
