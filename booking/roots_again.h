/* roots_again.h - after a start, the roots of what was decided in the last minute are sent once
 * more: a process that was killed may have taken them with it. A thread of its own, which ends by
 * itself; nothing waits for it. */
#pragma once

#include "common/base/arena.h"
#include "common/saga/participant.h"
#include "common/saga/store_port.h"
#include "tracing/tracing.h"

#include <stdatomic.h>

#define ROOTS_AGAIN_DECIDED_MS  60000
#define ROOTS_AGAIN_LOOKED_AT   20000 /* of the newest bookings, however many were decided */
#define ROOTS_AGAIN_TRY_EACH_MS 1000
#define ROOTS_AGAIN_TRIES       60 /* while the store is away */

struct roots_again_setup {
    struct tracing_observer *observer;
    const struct participant *participant;
    int64_t undecided_ms_max; /* no booking is older than this when it is decided */
    void *self;
    bool (*list)(void *self, const struct store_cursor *after, size_t limit, struct arena *arena,
                 struct record *ret_records, size_t *ret_count, struct error *error);
};

struct roots_again;
struct roots_again *
booking_roots_again_start(const struct roots_again_setup *setup);        /* NULL: no thread */
struct roots_again *booking_roots_again_stop(struct roots_again *again); /* NULL */

/* One look, by the newest bookings first. False: the store did not answer. */
MUST_CHECK bool booking_roots_again_send(const struct roots_again_setup *setup, int64_t now_ms,
                                         const atomic_bool *is_stopping, struct error *error);
