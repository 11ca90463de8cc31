/* tracing_state.h - what the files of tracing share. Private to them. */
#pragma once

#include "common/base/uuid.h"
#include "tracing/export/exporter.h"
#include "tracing/tracing.h"

#define TRACING_STOP_MS_MAX 1500 /* a daemon that ends waits no longer for its spans */

struct lasting_text; /* a list of copies that live as long as the tracing */

struct tracing {
    struct tracing_environment environment;
    struct exporter *exporter; /* NULL: nothing is recorded, contexts are still propagated */
    struct lasting_text *texts;
    char service_name[ENVIRONMENT_TEXT_SIZE];
    char instance_id[UUID_TEXT_SIZE + 27];
};

/* tracing_start without the real environment. outlet NULL: the one that the environment asks for;
 * given away otherwise. */
struct tracing *tracing_new(const struct tracing_environment *environment,
                            const struct outlet *outlet, const char *service_name,
                            const char *instance_id);
/* A copy for span_lasting; "" for NULL. Only before spans are made: one thread. */
const char *tracing_intern(struct tracing *tracing, const char *text);
/* Whether spans of this trace leave at all. */
bool tracing_records(const struct tracing *tracing, const uint8_t trace_id[16]);
