/* trace_shape.h - whether the trace of a decided booking is whole, by the shape that
 * docs/tracing.md describes, and what may have gone with a process that was killed. Pure. */
#pragma once

#include "cli/sources/spans.h"
#include "common/base/arena.h"
#include "common/base/enum_list.h"
#include "common/base/ident.h"

#define FLAW_TEXT_SIZE 256

#define FLAWS(X)                                                                                   \
    X(FLAW_NO_ROOT, "no root")                                                                     \
    X(FLAW_ORPHAN, "orphan")                                                                       \
    X(FLAW_HOLE, "hole")                                                                           \
    X(FLAW_WARNING, "warning")

enum flaw_kind { FLAWS(ENUM_VALUE) FLAW_COUNT };
const char *flaw_text(enum flaw_kind kind);

struct flaw {
    enum flaw_kind kind;
    char booking_id[IDENT_SIZE];
    char text[FLAW_TEXT_SIZE];
    const char *service;    /* whose span is missing; "" = nobody's that can die */
    int64_t from_ns, to_ns; /* when it must have ended */
    struct flaw *next;
};

/* A process, as its spans show it. */
struct shape_process {
    const char *service, *instance;
    int64_t first_ns, last_ns;
    struct shape_process *next;
};

struct shapes { /* of all traces that were looked at */
    struct arena arena;
    struct flaw *flaws;
    struct shape_process *processes;
};

void shapes_done(struct shapes *shapes);
struct flaw *shapes_flaw_add(struct shapes *shapes, enum flaw_kind kind, const char *booking_id);
void shapes_forget(struct shapes *shapes, const char *booking_id); /* its flaws */
/* How many flaws this trace has; each is added. Its processes are noted. */
size_t shapes_judge(struct shapes *shapes, struct spans *spans, const char *booking_id);
/* The process that took it along when it ended: others of its service began later, and its last
 * span is not more than the export delay older than what is missing. NULL: none. */
const struct shape_process *shapes_lost_with(const struct shapes *shapes, const struct flaw *flaw,
                                             int64_t export_delay_ns);
