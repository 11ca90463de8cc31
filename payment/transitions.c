/* transitions.c - the rules of a payment, one row each. docs/states.md is printed from this table.
 */
#include "payment/actions.h"
#include "payment/guards.h"

#define IF(guard) guard, #guard
#define APPLIED   OUTCOME_APPLIED
#define NOOP      "noop", OUTCOME_DUPLICATE
#define DUPLICATE "duplicate", OUTCOME_DUPLICATE
#define REJECT    "reject", OUTCOME_REJECTED
#define NONE      PAYMENT_NONE
#define EXPECTED  PAYMENT_EXPECTED
#define DECLINED  PAYMENT_DECLINED
#define CAPTURED  PAYMENT_CAPTURED
#define SETTLED   PAYMENT_SETTLED
#define DUE       PAYMENT_REFUND_DUE
#define REFUNDING PAYMENT_REFUNDING
#define REFUNDED  PAYMENT_REFUNDED
#define STUCK     PAYMENT_STUCK

/* Cells that are the same in several states. */
#define NOOP_ROW(state, input)                                                                     \
    {                                                                                              \
        state, input, IF(payment_always), NOOP, state, nothing                                     \
    }
#define REJECT_ROW(state, input)                                                                   \
    {                                                                                              \
        state, input, IF(payment_always), REJECT, state, alert                                     \
    }
#define CAPTURE_ROWS(state)                                                                        \
    { state, INPUT_CAPTURED, IF(same_capture), DUPLICATE, state, nothing },                        \
        { state, INPUT_CAPTURED, IF(is_unnamed), NOOP, state, give_own_id },                       \
        { state, INPUT_CAPTURED, IF(known_conflict), DUPLICATE, state, conflict_again },           \
    {                                                                                              \
        state, INPUT_CAPTURED, IF(payment_always), "conflict", OUTCOME_REJECTED, state,            \
            keep_conflict                                                                          \
    }
#define DEMAND_ROWS(state, input, act)                                                             \
    { state, input, IF(other_booking), REJECT, state, suspect },                                   \
    {                                                                                              \
        state, input, IF(payment_always), DUPLICATE, state, act                                    \
    }
#define DEMANDS_ROWS(state, act)                                                                   \
    DEMAND_ROWS(state, INPUT_FAILED, act), DEMAND_ROWS(state, INPUT_CANCELLED, act),               \
        DEMAND_ROWS(state, INPUT_REQUESTED, act)
#define EARLY_DEMAND_ROWS(input)                                                                   \
    { EXPECTED, input, IF(demanded_here), DUPLICATE, EXPECTED, nothing },                          \
        { EXPECTED, input, IF(demanded_elsewhere), REJECT, EXPECTED, suspect },                    \
    {                                                                                              \
        EXPECTED, input, IF(payment_always), "wait", APPLIED, EXPECTED, expect_demand              \
    }
#define FIRST_DEMAND_ROWS(input)                                                                   \
    { CAPTURED, input, IF(other_booking), REJECT, CAPTURED, suspect },                             \
        { CAPTURED, input, IF(above_captured), REJECT, CAPTURED, alert },                          \
        { CAPTURED, input, IF(is_reported), "refund", APPLIED, REFUNDED, refund_reported_before }, \
    {                                                                                              \
        CAPTURED, input, IF(payment_always), "refund", APPLIED, DUE, refund_demanded               \
    }
#define RESULT_ROWS(state)                                                                         \
    { state, INPUT_RESULT, IF(succeeded), "refund", APPLIED, REFUNDED, finish_by_result },         \
        { state, INPUT_RESULT, IF(refused), "fail", APPLIED, STUCK, stick_by_result },             \
        { state, INPUT_RESULT, IF(not_found), "retry", APPLIED, REFUNDING, call_again },           \
    {                                                                                              \
        state, INPUT_RESULT, IF(payment_always), "wait", APPLIED, REFUNDING, wait_and_ask          \
    }
#define REPORT_ROWS(state)                                                                         \
    { state, INPUT_REPORTED, IF(reports_part), REJECT, state, alert },                             \
        { state, INPUT_REPORTED, IF(reports_failure), "fail", APPLIED, STUCK, stick_by_report },   \
    {                                                                                              \
        state, INPUT_REPORTED, IF(payment_always), "refund", APPLIED, REFUNDED, finish_by_report   \
    }
#define RETRY_ROWS(state)                                                                          \
    { state, INPUT_DEADLINE, IF(is_call_held), "wait", APPLIED, state, wait_on },                  \
        { state, INPUT_DEADLINE, IF(payment_is_due), "retry", APPLIED, REFUNDING, look_up },       \
        NOOP_ROW(state, INPUT_DEADLINE)

/* clang-format off */
const struct payment_transition payment_transitions[] = {
    { NONE,      INPUT_CAPTURED,  IF(payment_always),          "wait", APPLIED,   CAPTURED,  capture },
    { NONE,      INPUT_DECLINED,  IF(payment_always),          "fail", APPLIED,   DECLINED,  decline },
    { NONE,      INPUT_REPORTED,  IF(reports_failure), NOOP,              NONE,      alert },
    { NONE,      INPUT_REPORTED,  IF(payment_always),          "wait", APPLIED,   EXPECTED,  expect_report },
    { NONE,      INPUT_CONFIRMED, IF(payment_always),          REJECT,            NONE,      alert },
    { NONE,      INPUT_FAILED,    IF(payment_always),          "wait", APPLIED,   EXPECTED,  expect_demand },
    { NONE,      INPUT_CANCELLED, IF(payment_always),          "wait", APPLIED,   EXPECTED,  expect_demand },
    { NONE,      INPUT_REQUESTED, IF(payment_always),          "wait", APPLIED,   EXPECTED,  expect_demand },
    NOOP_ROW(NONE, INPUT_RESULT),
    NOOP_ROW(NONE, INPUT_DEADLINE),

    { EXPECTED,  INPUT_CAPTURED,  IF(demanded_and_reported), "refund", APPLIED, REFUNDED, refund_reported_at_capture },
    { EXPECTED,  INPUT_CAPTURED,  IF(demanded_here),   "refund", APPLIED, DUE,       refund_at_capture },
    { EXPECTED,  INPUT_CAPTURED,  IF(payment_always),          "wait", APPLIED,   CAPTURED,  capture },
    NOOP_ROW(EXPECTED, INPUT_DECLINED),
    { EXPECTED,  INPUT_REPORTED,  IF(reports_failure), NOOP,              EXPECTED,  alert },
    { EXPECTED,  INPUT_REPORTED,  IF(is_reported),     DUPLICATE,         EXPECTED,  nothing },
    { EXPECTED,  INPUT_REPORTED,  IF(payment_always),          "wait", APPLIED,   EXPECTED,  keep_report },
    REJECT_ROW(EXPECTED, INPUT_CONFIRMED),
    EARLY_DEMAND_ROWS(INPUT_FAILED),
    EARLY_DEMAND_ROWS(INPUT_CANCELLED),
    EARLY_DEMAND_ROWS(INPUT_REQUESTED),
    NOOP_ROW(EXPECTED, INPUT_RESULT),
    NOOP_ROW(EXPECTED, INPUT_DEADLINE),

    { DECLINED,  INPUT_CAPTURED,  IF(payment_always),          "wait", APPLIED,   CAPTURED,  capture },
    { DECLINED,  INPUT_DECLINED,  IF(other_try),       REJECT,            DECLINED,  suspect },
    { DECLINED,  INPUT_DECLINED,  IF(says_more),       "fail", APPLIED,   DECLINED,  decline },
    { DECLINED,  INPUT_DECLINED,  IF(payment_always),          DUPLICATE,         DECLINED,  nothing },
    REJECT_ROW(DECLINED, INPUT_REPORTED),
    REJECT_ROW(DECLINED, INPUT_CONFIRMED),
    REJECT_ROW(DECLINED, INPUT_FAILED),
    REJECT_ROW(DECLINED, INPUT_CANCELLED),
    REJECT_ROW(DECLINED, INPUT_REQUESTED),
    NOOP_ROW(DECLINED, INPUT_RESULT),
    NOOP_ROW(DECLINED, INPUT_DEADLINE),

    CAPTURE_ROWS(CAPTURED),
    NOOP_ROW(CAPTURED, INPUT_DECLINED),
    { CAPTURED,  INPUT_REPORTED,  IF(reports_part),    REJECT,            CAPTURED,  alert },
    { CAPTURED,  INPUT_REPORTED,  IF(reports_failure), NOOP,              CAPTURED,  alert },
    { CAPTURED,  INPUT_REPORTED,  IF(is_reported),     DUPLICATE,         CAPTURED,  nothing },
    { CAPTURED,  INPUT_REPORTED,  IF(payment_always),          "wait", APPLIED,   CAPTURED,  keep_report },
    { CAPTURED,  INPUT_CONFIRMED, IF(other_booking),   REJECT,            CAPTURED,  suspect },
    { CAPTURED,  INPUT_CONFIRMED, IF(is_reported),     "confirm", APPLIED, SETTLED,  settle_reported },
    { CAPTURED,  INPUT_CONFIRMED, IF(payment_always),          "confirm", APPLIED, SETTLED,  settle },
    FIRST_DEMAND_ROWS(INPUT_FAILED),
    FIRST_DEMAND_ROWS(INPUT_CANCELLED),
    FIRST_DEMAND_ROWS(INPUT_REQUESTED),
    NOOP_ROW(CAPTURED, INPUT_RESULT),
    { CAPTURED,  INPUT_DEADLINE,  IF(payment_is_due),          "repeat", APPLIED, CAPTURED,  capture_again },
    NOOP_ROW(CAPTURED, INPUT_DEADLINE),

    CAPTURE_ROWS(SETTLED),
    NOOP_ROW(SETTLED, INPUT_DECLINED),
    { SETTLED,   INPUT_REPORTED,  IF(reports_part),    REJECT,            SETTLED,   alert },
    { SETTLED,   INPUT_REPORTED,  IF(reports_failure), NOOP,              SETTLED,   alert },
    { SETTLED,   INPUT_REPORTED,  IF(is_reported),     DUPLICATE,         SETTLED,   nothing },
    { SETTLED,   INPUT_REPORTED,  IF(payment_always),          "wait", APPLIED,   SETTLED,   keep_report_alert },
    { SETTLED,   INPUT_CONFIRMED, IF(other_booking),   REJECT,            SETTLED,   suspect },
    { SETTLED,   INPUT_CONFIRMED, IF(payment_always),          DUPLICATE,         SETTLED,   nothing },
    { SETTLED,   INPUT_CANCELLED, IF(other_booking),   REJECT,            SETTLED,   suspect },
    { SETTLED,   INPUT_CANCELLED, IF(above_captured),  REJECT,            SETTLED,   alert },
    { SETTLED,   INPUT_CANCELLED, IF(is_reported),     "refund", APPLIED, REFUNDED,  refund_reported_before },
    { SETTLED,   INPUT_CANCELLED, IF(payment_always),          "refund", APPLIED, DUE,       refund_demanded },
    REJECT_ROW(SETTLED, INPUT_FAILED),
    REJECT_ROW(SETTLED, INPUT_REQUESTED),
    NOOP_ROW(SETTLED, INPUT_RESULT),
    NOOP_ROW(SETTLED, INPUT_DEADLINE),

    CAPTURE_ROWS(DUE),
    NOOP_ROW(DUE, INPUT_DECLINED),
    REPORT_ROWS(DUE),
    NOOP_ROW(DUE, INPUT_CONFIRMED),
    DEMANDS_ROWS(DUE, nothing),
    RESULT_ROWS(DUE),
    RETRY_ROWS(DUE),

    CAPTURE_ROWS(REFUNDING),
    NOOP_ROW(REFUNDING, INPUT_DECLINED),
    REPORT_ROWS(REFUNDING),
    NOOP_ROW(REFUNDING, INPUT_CONFIRMED),
    DEMANDS_ROWS(REFUNDING, nothing),
    RESULT_ROWS(REFUNDING),
    RETRY_ROWS(REFUNDING),

    CAPTURE_ROWS(REFUNDED),
    NOOP_ROW(REFUNDED, INPUT_DECLINED),
    { REFUNDED,  INPUT_REPORTED,  IF(reports_part),    REJECT,            REFUNDED,  alert },
    { REFUNDED,  INPUT_REPORTED,  IF(reports_failure), "fail", APPLIED,   STUCK,     stick_by_report },
    { REFUNDED,  INPUT_REPORTED,  IF(payment_always),          DUPLICATE,         REFUNDED,  nothing },
    NOOP_ROW(REFUNDED, INPUT_CONFIRMED),
    DEMANDS_ROWS(REFUNDED, answer_again),
    NOOP_ROW(REFUNDED, INPUT_RESULT),
    NOOP_ROW(REFUNDED, INPUT_DEADLINE),

    CAPTURE_ROWS(STUCK),
    NOOP_ROW(STUCK, INPUT_DECLINED),
    { STUCK,     INPUT_REPORTED,  IF(reports_part),    REJECT,            STUCK,     alert },
    { STUCK,     INPUT_REPORTED,  IF(reports_first_failure), "fail", APPLIED, STUCK,   keep_report },
    { STUCK,     INPUT_REPORTED,  IF(reports_failure), DUPLICATE,         STUCK,     nothing },
    { STUCK,     INPUT_REPORTED,  IF(reports_known_refund), DUPLICATE,    STUCK,     nothing },
    { STUCK,     INPUT_REPORTED,  IF(payment_always),          "refund", APPLIED, REFUNDED,  finish_by_report },
    NOOP_ROW(STUCK, INPUT_CONFIRMED),
    DEMANDS_ROWS(STUCK, answer_again),
    { STUCK,     INPUT_RESULT,    IF(returns_known_refund), NOOP,         STUCK,     nothing },
    { STUCK,     INPUT_RESULT,    IF(succeeded),       "refund", APPLIED, REFUNDED,  finish_by_result },
    NOOP_ROW(STUCK, INPUT_RESULT),
    NOOP_ROW(STUCK, INPUT_DEADLINE),
};
/* clang-format on */
const size_t payment_transition_count = sizeof payment_transitions / sizeof payment_transitions[0];
