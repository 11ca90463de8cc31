/* loyalty.h - the points that a booking is worth, as a pure state machine.
 *
 *              none
 *    confirmed /  \ cancelled
 *             v    v
 *       maturing --> void         cancelled
 *             |       ^
 *    deadline v       |
 *          credited --+           cancelled
 *
 * What is true in each state stands beside it below, and is checked by loyalty_check; each edge is
 * a row of loyalty_table (table.c). No I/O, no clock, no randomness. */
#pragma once

#include "common/base/enum_list.h"
#include "common/saga/announcement.h"
#include "common/saga/participant.h"
#include "common/saga/transition.h"
#include "events/loyalty_events.h"
#include "events/topology.h"

#define LOYALTY_STATES(X)                                                                          \
    X(LOYALTY_NONE, "none", "nothing is known of this booking", PASSES)                            \
    X(LOYALTY_MATURING, "maturing", "it is confirmed, and may soon be cancelled", WAITS)           \
    X(LOYALTY_CREDITED, "credited", "its points are announced", FINAL_BUT_FOR(LOYALTY_CANCELLED))  \
    X(LOYALTY_VOID, "void", "it is cancelled, and worth nothing", FINAL)

#define LOYALTY_INPUTS(X)                                                                          \
    X(LOYALTY_DEADLINE, "deadline")                                                                \
    X(LOYALTY_CONFIRMED, EVENT_BOOKING_CONFIRMED)                                                  \
    X(LOYALTY_CANCELLED, EVENT_BOOKING_CANCELLED)                                                  \
    X(LOYALTY_HEARD, EVENT_LOYALTY_CREDITED)

enum loyalty_state { LOYALTY_STATES(ENUM_VALUE) LOYALTY_STATE_COUNT };

enum loyalty_input { LOYALTY_INPUTS(ENUM_VALUE) LOYALTY_INPUT_COUNT };

struct loyalty {
    char id[IDENT_SIZE]; /* the booking's */
    enum loyalty_state state;
    int64_t points;               /* 0 where it is void */
    struct announcement credited; /* credited only, and void after it */
    int64_t due_at_ms;            /* maturing only */
};

/* What it takes of an event. */
struct loyalty_payload {
    int64_t amount; /* minor units */
};

#define LOYALTY_AMOUNT_PER_POINT 100

struct loyalty_rules {
    int64_t maturity_ms; /* a confirmed booking's points wait so long for its cancellation */
};

extern const struct transition_table loyalty_table;
extern const struct content_form loyalty_contents[];

transition_guard loyalty_is_due;
transition_action loyalty_begin;
transition_action loyalty_keep;
transition_action loyalty_credit;
transition_action loyalty_credit_again;
transition_action loyalty_drop;

/* ERROR_BUG names the invariant that does not hold. */
MUST_CHECK bool loyalty_check(const void *state, struct error *error);

/* rules: a struct loyalty_rules, borrowed; it outlives the participant. */
struct participant loyalty_participant(const void *rules);
