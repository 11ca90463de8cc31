/* request_port.h - HTTP requests that change something, on their way into the engine.
 *
 * Real: common/daemon/inbox, a bounded queue between HTTP threads and the engine's. */
#pragma once

#include "common/saga/decision.h"
#include "common/saga/input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request {
    struct input input;
    /* the answer, written by the engine before `answer` is called */
    enum reply reply;
    const char *verdict, *reason;          /* static texts; NULL when no decision was reached */
    const char *state_from, *state_to;     /* static texts */
    struct note notes[DECISION_NOTES_MAX]; /* for the SERVER span */
    int note_count;
    void *state; /* the asker's buffer of state_size bytes: the state after the decision; may be
                    NULL */
    int64_t version;
    void *waiter; /* the inbox's own */
};

struct request_port {
    void *self;
    /* Requests that are waiting, without waiting for more. The engine answers every one that it
     * takes, in the same step. */
    size_t (*take)(void *self, size_t limit, struct request **ret_requests);
    void (*answer)(void *self, struct request *request);
};
