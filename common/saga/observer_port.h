/* observer_port.h - lets metrics and tracing watch the engine. An observer never changes an
 * outcome: it stamps span ids and trace headers and counts; the engine works the same with none.
 *
 * While batches are published the next one may begin, so up to BATCH_RING are open (batch_ring.h):
 * what is told of load, save, owed messages, decisions and the begin of publishing is the newest
 * one's; of what was published, quarantine, ack and the end, the oldest one's. */
#pragma once

#include "common/saga/bus_port.h"
#include "common/saga/decision.h"
#include "common/saga/input.h"

#include <stdbool.h>
#include <stddef.h>

struct document;

enum engine_stage { STAGE_LOAD, STAGE_SAVE, STAGE_PUBLISH, STAGE_ACK, STAGE_CLEAR };

/* One input with what was decided about it. */
struct decided {
    const struct input *input;
    const char *verdict, *reason, *state_from, *state_to;
    enum outcome outcome;
    const struct note *notes;
    int note_count;
    bool is_first_outcome, is_security_event, is_alert;
    int64_t version;
    const struct document *document; /* as saved */
    const void *state;               /* the document's */
    const struct delivery *delivery; /* NULL unless it came from one */
    const struct request *request; /* NULL unless it came from one: its span is the HTTP layer's */
};

struct request;
struct observer_port {
    void *self;
    /* A batch of inputs has been taken, by the step of now_ms: the time of all its decisions. Gives
     * each input its span_id and starts its clock. */
    void (*batch_begin)(void *self, struct input *const *inputs, size_t count, int64_t now_ms);
    /* A round trip for the whole batch. `result` is NULL or a short error text. `items`: documents
     * or messages. */
    void (*stage_begin)(void *self, enum engine_stage stage);
    void (*stage_end)(void *self, enum engine_stage stage, size_t items, const char *result);
    /* A message was decided by this input (perhaps again, after a conflict): fill its traceparent
     * and tracestate. */
    void (*message_owed)(void *self, const struct input *cause, struct message *message);
    /* A message of this document went out or not. is_again: it was owed by an earlier batch (relay,
     * reload). */
    void (*message_published)(void *self, const struct document *document,
                              const struct input *cause, const struct message *message,
                              enum publish_result result, bool is_again);
    /* Final for this input, once saved (and before its messages are published). */
    void (*decided)(void *self, const struct decided *decided);
    /* A delivery that never became an input. */
    void (*quarantined)(void *self, const struct delivery *delivery, const char *reason);
    /* A delivery that concerns no document of this participant's: acked, with nothing decided. */
    void (*unconcerned)(void *self, const struct delivery *delivery);
    /* What was decided about this input cannot be saved, for it breaks an invariant of ours: a bug.
     * Nothing of it is; a delivery goes to the dead letters, a request gets 500. */
    void (*failed)(void *self, const struct input *input, const char *reason);
    /* A stored document cannot be read; it is left as it is. Told each time that it is met. */
    void (*unreadable)(void *self, const char *document_id, const char *reason);
    /* A delivery that is left to a newer release. */
    void (*postponed)(void *self, const struct delivery *delivery, const char *reason);
    /* The batch is through: ends the spans of its inputs. */
    void (*batch_end)(void *self);
    /* The engine pauses (reason) or goes on (NULL). */
    void (*paused)(void *self, const char *reason);
};
