/* w3c.h - traceparent and tracestate as text: W3C Trace Context (Level 3 draft where it differs).
 * Pure. A header that breaks a rule is ignored as a whole, never repaired. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/trace_context.h"

#include <stdbool.h>
#include <stddef.h>

#define W3C_FLAG_SAMPLED      0x01
#define W3C_FLAG_RANDOM       0x02
#define W3C_FLAGS_KNOWN       (W3C_FLAG_SAMPLED | W3C_FLAG_RANDOM)
#define W3C_TRACEPARENT_BYTES (TRACEPARENT_SIZE - 1)
#define W3C_MEMBERS_MAX       32

/* Section 3.2: 55 characters of version 00, or the first 55 of a later one. Unknown flags are
 * dropped. ret_context is untouched on failure. */
MUST_CHECK bool w3c_traceparent_parse(const char *text, size_t length,
                                      struct trace_context *ret_context);
/* Always version 00. */
void w3c_traceparent_format(const struct trace_context *context, char ret_text[TRACEPARENT_SIZE]);

/* Section 3.3. Copies the header without the blanks around its members and without empty members.
 * False (and "") when it is bad or longer than what is propagated: then it is left out; the
 * traceparent beside it stays good. */
bool w3c_tracestate_clean(const char *text, size_t length, char ret_text[TRACESTATE_SIZE]);
