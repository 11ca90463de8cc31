/* participant.h - a service as a pure function, in the form that the engine runs.
 *
 * The state is a plain struct of fixed size without pointers: copied with memcpy, compared with
 * memcmp, zeroed for a document that does not exist yet. Nothing here does I/O, reads a clock or
 * draws random numbers. `self` is the participant's constant configuration. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bson_fields;
struct bson_output;
struct content_form;
struct decision;
struct input;
struct message;
struct transition_table;

#define INPUT_TYPE_DEADLINE 0 /* every participant's enum starts with its deadline */

struct participant {
    const void *self;
    const char *name;       /* app_id of its messages: "booking" */
    const char *collection; /* "bookings" */
    size_t state_size;
    /* The newest form of documents and messages that this code reads. A later one is of a newer
     * release, and is left to it. Fields that are only more need no other form: they are kept. */
    int64_t schema_version;
    /* The oldest form that a document in this state can have. NULL: SCHEMA_FIRST. */
    int64_t (*schema_of)(const void *state);
    bool deadlines_wait_for_queue; /* no deadline before the queue has been empty once */

    /* One message becomes up to INPUTS_PER_DELIVERY_MAX inputs, each for one document.
     * ERROR_REJECT: quarantine, the message says why. ERROR_NEWER: of a type that is not known.
     * Fills type, type_name, document_id, correlation_id and payload; zeroes what it does not fill;
     * the engine adds the rest. */
    bool (*parse)(const void *self, const struct message *message, struct input *ret_inputs,
                  size_t *ret_count, struct error *error);

    /* What each input means for each state, and what the states are called. Without a table two
     * functions say it; `decide`, which changes the state in place, also beside one. */
    const struct transition_table *table;
    void (*decide)(const void *self, void *state, const struct input *input,
                   struct decision *decision);
    const char *(*state_name)(const void *state);

    size_t due_at_ms_offset; /* of the deadline in the state, an int64_t; 0 = no deadline */
    /* The booking that the document belongs to: deadlines of it get this correlation id. */
    const char *(*correlation_id)(const void *state);

    /* The codec: state <-> the fields of a BSON document. Decode fills in a state that is all zero.
     * Both refuse what breaks an invariant, by one and the same check: an input whose decision
     * encode refuses is set aside alone, and its document stays as it was. */
    bool (*encode)(const void *state, struct bson_output *fields, struct error *error);
    bool (*decode)(struct bson_fields *fields, void *state, struct error *error);

    /* What the history keeps of each type of input. NULL: nothing, and no replay. */
    const struct content_form *contents;
};

void participant_decide(const struct participant *participant, void *state,
                        const struct input *input, struct decision *decision);
const char *participant_state_name(const struct participant *participant, const void *state);

/* The deadline in a state of this participant. */
static inline int64_t participant_due_at_ms(const struct participant *participant,
                                            const void *state)
{
    int64_t due_at_ms;
    memcpy(&due_at_ms, (const char *)state + participant->due_at_ms_offset, sizeof due_at_ms);
    return due_at_ms;
}

static inline void participant_due_set(const struct participant *participant, void *state,
                                       int64_t due_at_ms)
{
    memcpy((char *)state + participant->due_at_ms_offset, &due_at_ms, sizeof due_at_ms);
}
