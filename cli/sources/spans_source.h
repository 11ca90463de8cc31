/* spans_source.h - where the spans of a trace are: in Jaeger, or in the file that the services
 * write. What goes wrong is said to the user. */
#pragma once

#include "cli/sources/cli.h"
#include "cli/sources/spans.h"

/* EXIT_OK also where there are none. */
MUST_CHECK enum exit_status spans_load(const struct cli *cli, const char *trace_id,
                                       struct spans *spans);
/* How many warnings Jaeger's own view of the trace carries, beside those about missing parents. */
int64_t spans_warnings(const struct cli *cli, const char *trace_id);
