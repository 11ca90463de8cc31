/* span_facts.h - what a service tells of a decision, as attributes of a span. Pure. */
#pragma once

#include "tracing/export/span.h"
#include "tracing/tracing.h"

void span_facts(struct span *span, const struct tracing_facts *facts);
