/* table.c - the rules of a booking's points, one row each. */
#include "common/saga/transition_words.h"
#include "loyalty/loyalty.h"

#define ROW(state, input, guard, verdict, next, action, ...)                                       \
    {                                                                                              \
        LOYALTY_##state, LOYALTY_##input, loyalty_##guard, #guard, verdict, LOYALTY_##next,        \
            loyalty_##action, __VA_ARGS__                                                          \
    }
#define loyalty_always  transition_always
#define loyalty_nothing NULL

/* clang-format off */
static const struct transition rows[] = {
    /*  in state  on input   if      verdict      then      doing         counts as, and what else */
    ROW(NONE,     DEADLINE,  always, "noop",      NONE,     nothing,      DUPLICATE),
    ROW(NONE,     CONFIRMED, always, "wait",      MATURING, keep,         APPLIED),
    ROW(NONE,     CANCELLED, always, "void",      VOID,     drop,         APPLIED),
    ROW(NONE,     HEARD,     always, "noop",      NONE,     nothing,      DUPLICATE),

    ROW(MATURING, DEADLINE,  is_due, "credit",    CREDITED, credit,       APPLIED),
    ROW(MATURING, DEADLINE,  always, "noop",      MATURING, nothing,      DUPLICATE),
    ROW(MATURING, CONFIRMED, always, "duplicate", MATURING, nothing,      DUPLICATE),
    ROW(MATURING, CANCELLED, always, "void",      VOID,     drop,         APPLIED),
    ROW(MATURING, HEARD,     always, "reject",    MATURING, nothing,      REJECTED, ALERT),

    ROW(CREDITED, DEADLINE,  always, "noop",      CREDITED, nothing,      DUPLICATE),
    ROW(CREDITED, CONFIRMED, always, "duplicate", CREDITED, credit_again, DUPLICATE),
    ROW(CREDITED, CANCELLED, always, "void",      VOID,     drop,         APPLIED),
    ROW(CREDITED, HEARD,     always, "duplicate", CREDITED, nothing,      DUPLICATE),

    ROW(VOID,     DEADLINE,  always, "noop",      VOID,     nothing,      DUPLICATE),
    ROW(VOID,     CONFIRMED, always, "late",      VOID,     nothing,      DUPLICATE),
    ROW(VOID,     CANCELLED, always, "duplicate", VOID,     nothing,      DUPLICATE),
    ROW(VOID,     HEARD,     always, "late",      VOID,     nothing,      DUPLICATE),
};
/* clang-format on */

static const struct transition_state states[] = { LOYALTY_STATES(TRANSITION_STATE) };
static const char *const inputs[] = { LOYALTY_INPUTS(ENUM_TEXT) };
static const char *const reasons[] = { "" };

static int state_of(const void *state)
{
    return (int)((const struct loyalty *)state)->state;
}

const struct transition_table loyalty_table = {
    .title = "Loyalty",
    .purpose = "The points that a booking is worth, once nobody cancels it any more.",
    .states = states,
    .state_count = LOYALTY_STATE_COUNT,
    .inputs = inputs,
    .input_count = LOYALTY_INPUT_COUNT,
    .reasons = reasons,
    .reason_count = COUNT_OF(reasons),
    .rows = rows,
    .row_count = COUNT_OF(rows),
    .state_of = state_of,
    .begin = loyalty_begin,
    .check = loyalty_check,
};
