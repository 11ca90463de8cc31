/* table.c - the rules of a booking, one row each: docs/states.md is printed from them. */
#include "booking/actions.h"
#include "booking/booking.h"
#include "booking/guards.h"
#include "common/saga/transition_words.h"

#define ROW(state, input, guard, verdict, next, action, ...)                                       \
    {                                                                                              \
        BOOKING_##state, BOOKING_##input, booking_##guard, #guard, verdict, BOOKING_##next,        \
            booking_##action, __VA_ARGS__                                                          \
    }
#define booking_always  transition_always
#define booking_nothing NULL

#define BECAUSE(word) .reason = REASON_##word /* of the outcome, or of the refund */

/* clang-format off */
static const struct transition rows[] = {
    /*  in state       on input  if                   verdict      then           doing                          counts as, and what else */
    ROW(NONE,          INTENT,   always,              "wait",      PENDING,       keep_intent,                   APPLIED),
    ROW(NONE,          CAPTURED, always,              "wait",      PAYMENT_FIRST, park_payment,                  APPLIED),
    ROW(NONE,          DECLINED, always,              "noop",      NONE,          answer_again,                  DUPLICATE),
    ROW(NONE,          CANCEL,   always,              "cancel",    CANCELLED,     end_without_payment,           APPLIED, BECAUSE(CANCELLED)),
    ROW(NONE,          DEADLINE, always,              "noop",      NONE,          nothing,                       DUPLICATE),

    ROW(PENDING,       INTENT,   same_intent,         "duplicate", PENDING,       answer_again,                  DUPLICATE),
    ROW(PENDING,       INTENT,   always,              "reject",    PENDING,       nothing,                       REJECTED),
    ROW(PENDING,       CAPTURED, known_payment,       "duplicate", PENDING,       answer_again,                  DUPLICATE),
    ROW(PENDING,       CAPTURED, altered_payment,     "reject",    PENDING,       nothing,                       REJECTED),
    ROW(PENDING,       CAPTURED, other_user,          "refund",    PENDING,       give_back,                     APPLIED, BECAUSE(OTHER_USER), SECURITY),
    ROW(PENDING,       CAPTURED, settles,             "confirm",   CONFIRMED,     apply_payment,                 APPLIED),
    ROW(PENDING,       CAPTURED, other_currency,      "fail",      FAILED,        end_with_payment,              APPLIED, BECAUSE(CURRENCY_MISMATCH)),
    ROW(PENDING,       CAPTURED, always,              "fail",      FAILED,        end_with_payment,              APPLIED, BECAUSE(AMOUNT_MISMATCH)),
    ROW(PENDING,       DECLINED, other_user,          "noop",      PENDING,       answer_again,                  DUPLICATE),
    ROW(PENDING,       DECLINED, final_decline,       "fail",      FAILED,        end_without_payment,           APPLIED, BECAUSE(PAYMENT_DECLINED)),
    ROW(PENDING,       DECLINED, known_decline,       "duplicate", PENDING,       answer_again,                  DUPLICATE),
    ROW(PENDING,       DECLINED, always,              "wait",      PENDING,       keep_decline,                  APPLIED),
    ROW(PENDING,       CANCEL,   same_user,           "cancel",    CANCELLED,     end_without_payment,           APPLIED, BECAUSE(CANCELLED)),
    ROW(PENDING,       CANCEL,   always,              "reject",    PENDING,       nothing,                       REJECTED),
    ROW(PENDING,       DEADLINE, is_due,              "fail",      FAILED,        end_without_payment,           APPLIED, BECAUSE(PAYMENT_TIMEOUT)),
    ROW(PENDING,       DEADLINE, always,              "noop",      PENDING,       nothing,                       DUPLICATE),

    ROW(PAYMENT_FIRST, INTENT,   held_settles,        "confirm",   CONFIRMED,     apply_held,                    APPLIED),
    ROW(PAYMENT_FIRST, INTENT,   held_other_currency, "fail",      FAILED,        end_with_held,                 APPLIED, BECAUSE(CURRENCY_MISMATCH)),
    ROW(PAYMENT_FIRST, INTENT,   held_other_amount,   "fail",      FAILED,        end_with_held,                 APPLIED, BECAUSE(AMOUNT_MISMATCH)),
    ROW(PAYMENT_FIRST, INTENT,   always,              "wait",      PENDING,       keep_intent_without_strangers, APPLIED),
    ROW(PAYMENT_FIRST, CAPTURED, known_payment,       "duplicate", PAYMENT_FIRST, answer_again,                  DUPLICATE),
    ROW(PAYMENT_FIRST, CAPTURED, altered_payment,     "reject",    PAYMENT_FIRST, nothing,                       REJECTED),
    ROW(PAYMENT_FIRST, CAPTURED, payments_full,       "defer",     PAYMENT_FIRST, nothing,                       DEFERRED, BECAUSE(TOO_MANY_PAYMENTS)),
    ROW(PAYMENT_FIRST, CAPTURED, always,              "wait",      PAYMENT_FIRST, park_payment,                  APPLIED),
    ROW(PAYMENT_FIRST, DECLINED, always,              "noop",      PAYMENT_FIRST, answer_again,                  DUPLICATE),
    ROW(PAYMENT_FIRST, CANCEL,   always,              "cancel",    CANCELLED,     end_without_payment,           APPLIED, BECAUSE(CANCELLED)),
    ROW(PAYMENT_FIRST, DEADLINE, is_due,              "fail",      FAILED,        end_without_payment,           APPLIED, BECAUSE(INTENT_TIMEOUT)),
    ROW(PAYMENT_FIRST, DEADLINE, always,              "noop",      PAYMENT_FIRST, nothing,                       DUPLICATE),

    ROW(CONFIRMED,     INTENT,   same_intent,         "duplicate", CONFIRMED,     answer_again,                  DUPLICATE),
    ROW(CONFIRMED,     INTENT,   always,              "reject",    CONFIRMED,     nothing,                       REJECTED),
    ROW(CONFIRMED,     CAPTURED, known_payment,       "duplicate", CONFIRMED,     answer_again,                  DUPLICATE),
    ROW(CONFIRMED,     CAPTURED, altered_payment,     "reject",    CONFIRMED,     nothing,                       REJECTED),
    ROW(CONFIRMED,     CAPTURED, other_user,          "refund",    CONFIRMED,     give_back,                     APPLIED, BECAUSE(OTHER_USER), SECURITY),
    ROW(CONFIRMED,     CAPTURED, always,              "refund",    CONFIRMED,     give_back,                     APPLIED, BECAUSE(SECOND_PAYMENT)),
    ROW(CONFIRMED,     DECLINED, always,              "noop",      CONFIRMED,     answer_again,                  DUPLICATE),
    ROW(CONFIRMED,     CANCEL,   same_user,           "cancel",    CANCELLED,     undo,                          APPLIED, BECAUSE(CANCELLED)),
    ROW(CONFIRMED,     CANCEL,   always,              "reject",    CONFIRMED,     nothing,                       REJECTED),
    ROW(CONFIRMED,     DEADLINE, always,              "noop",      CONFIRMED,     nothing,                       DUPLICATE),

    ROW(FAILED,        INTENT,   no_intent,           "noop",      FAILED,        answer_again,                  DUPLICATE),
    ROW(FAILED,        INTENT,   same_intent,         "duplicate", FAILED,        answer_again,                  DUPLICATE),
    ROW(FAILED,        INTENT,   always,              "reject",    FAILED,        nothing,                       REJECTED),
    ROW(FAILED,        CAPTURED, known_payment,       "duplicate", FAILED,        answer_again,                  DUPLICATE),
    ROW(FAILED,        CAPTURED, altered_payment,     "reject",    FAILED,        nothing,                       REJECTED),
    ROW(FAILED,        CAPTURED, always,              "refund",    FAILED,        give_back,                     APPLIED, BECAUSE(BOOKING_ENDED)),
    ROW(FAILED,        DECLINED, always,              "noop",      FAILED,        answer_again,                  DUPLICATE),
    ROW(FAILED,        CANCEL,   always,              "noop",      FAILED,        answer_again,                  DUPLICATE),
    ROW(FAILED,        DEADLINE, always,              "noop",      FAILED,        nothing,                       DUPLICATE),

    ROW(CANCELLED,     INTENT,   no_intent,           "noop",      CANCELLED,     answer_again,                  DUPLICATE),
    ROW(CANCELLED,     INTENT,   same_intent,         "duplicate", CANCELLED,     answer_again,                  DUPLICATE),
    ROW(CANCELLED,     INTENT,   always,              "reject",    CANCELLED,     nothing,                       REJECTED),
    ROW(CANCELLED,     CAPTURED, known_payment,       "duplicate", CANCELLED,     answer_again,                  DUPLICATE),
    ROW(CANCELLED,     CAPTURED, altered_payment,     "reject",    CANCELLED,     nothing,                       REJECTED),
    ROW(CANCELLED,     CAPTURED, always,              "refund",    CANCELLED,     give_back,                     APPLIED, BECAUSE(BOOKING_ENDED)),
    ROW(CANCELLED,     DECLINED, always,              "noop",      CANCELLED,     answer_again,                  DUPLICATE),
    ROW(CANCELLED,     CANCEL,   always,              "duplicate", CANCELLED,     answer_again,                  DUPLICATE),
    ROW(CANCELLED,     DEADLINE, always,              "noop",      CANCELLED,     nothing,                       DUPLICATE),
};
/* clang-format on */

static const struct transition_state states[] = { BOOKING_STATES(TRANSITION_STATE) };
static const char *const inputs[] = { BOOKING_INPUTS(ENUM_TEXT) };
static const char *const reasons[] = { BOOKING_REASONS(ENUM_TEXT) };

static int state_of(const void *state)
{
    return (int)((const struct booking *)state)->state;
}

const struct transition_table booking_table = {
    .title = "Booking",
    .purpose =
        "Reconciles one intent with the payments for it. `failed` and `cancelled` keep every\n"
        "booking for ever, `confirmed` lets go only by an explicit cancel.",
    .states = states,
    .state_count = BOOKING_STATE_COUNT,
    .inputs = inputs,
    .input_count = BOOKING_INPUT_COUNT,
    .reasons = reasons,
    .reason_count = BOOKING_REASON_COUNT,
    .rows = rows,
    .row_count = COUNT_OF(rows),
    .state_of = state_of,
    .begin = booking_turn_begin,
    .check = booking_check,
};
