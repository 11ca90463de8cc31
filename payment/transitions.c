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
#define FIRST_DEMAND_ROWS(state, input)                                                            \
    { state, input, IF(other_booking), REJECT, state, suspect },                                   \
        { state, input, IF(above_captured), REJECT, state, alert },                                \
        { state, input, IF(all_is_back), "refund", APPLIED, REFUNDED, refund_reported_before },    \
        { state, input, IF(all_is_coming), "refund", APPLIED, REFUNDING, await_demanded },         \
    {                                                                                              \
        state, input, IF(payment_always), "refund", APPLIED, DUE, refund_demanded                  \
    }
/* A report concerns its own refund only, and what is known of that changes nothing. */
#define REPORT_ROWS(state)                                                                         \
    { state, INPUT_REPORTED, IF(contradicts), REJECT, state, alert },                              \
        { state, INPUT_REPORTED, IF(tells_nothing_new), DUPLICATE, state, remind },                \
    {                                                                                              \
        state, INPUT_REPORTED, IF(finds_no_room), REJECT, state, count_beyond                      \
    }
#define ASKED_ROWS(state)                                                                             \
    REPORT_ROWS(state),                                                                               \
        { state, INPUT_REPORTED, IF(all_is_back), "refund", APPLIED, REFUNDED, finish_by_report },    \
        { state, INPUT_REPORTED, IF(payment_always), "wait", APPLIED, state, keep_report },           \
        { state, INPUT_RESULT, IF(all_is_back), "refund", APPLIED, REFUNDED, finish_by_result },      \
        { state, INPUT_RESULT, IF(answers_an_older_call), NOOP, state, keep_answer },                 \
        { state, INPUT_RESULT, IF(says_all_is_back), "refund", APPLIED, REFUNDED, finish_by_result }, \
        { state, INPUT_RESULT, IF(refused), "fail", APPLIED, STUCK, stick_by_result },                \
        { state, INPUT_RESULT, IF(all_is_coming), "wait", APPLIED, REFUNDING, wait_for_pending },     \
        { state, INPUT_RESULT, IF(spends_last_key), "fail", APPLIED, STUCK, stick_out_of_keys },      \
        { state, INPUT_RESULT, IF(spends_key), "retry", APPLIED, REFUNDING, call_next_key },          \
        { state, INPUT_RESULT, IF(not_found), "retry", APPLIED, REFUNDING, call_again },              \
    {                                                                                                 \
        state, INPUT_RESULT, IF(payment_always), "wait", APPLIED, REFUNDING, wait_and_ask             \
    }
#define RETRY_ROWS(state)                                                                          \
    { state, INPUT_DEADLINE, IF(is_call_held), "wait", APPLIED, state, wait_on },                  \
        { state, INPUT_DEADLINE, IF(payment_is_due), "retry", APPLIED, REFUNDING, look_up },       \
        NOOP_ROW(state, INPUT_DEADLINE)

/* Only what is stuck waits for a person. */
#define OPERATOR_ROWS(state)                                                                       \
    { state, INPUT_RETRY, IF(payment_always), REJECT, state, nothing },                            \
    {                                                                                              \
        state, INPUT_RESOLVE, IF(payment_always), REJECT, state, nothing                           \
    }

/* clang-format off */
const struct payment_transition payment_transitions[] = {
    { NONE,      INPUT_CAPTURED,  IF(payment_always),          "wait", APPLIED,   CAPTURED,  capture },
    { NONE,      INPUT_DECLINED,  IF(payment_always),          "fail", APPLIED,   DECLINED,  decline },
    { NONE,      INPUT_REPORTED,  IF(payment_always),          "wait", APPLIED,   EXPECTED,  keep_report },
    { NONE,      INPUT_CONFIRMED, IF(payment_always),          REJECT,            NONE,      alert },
    { NONE,      INPUT_FAILED,    IF(payment_always),          "wait", APPLIED,   EXPECTED,  expect_demand },
    { NONE,      INPUT_CANCELLED, IF(payment_always),          "wait", APPLIED,   EXPECTED,  expect_demand },
    { NONE,      INPUT_REQUESTED, IF(payment_always),          "wait", APPLIED,   EXPECTED,  expect_demand },
    NOOP_ROW(NONE, INPUT_RESULT),
    NOOP_ROW(NONE, INPUT_DEADLINE),
    OPERATOR_ROWS(NONE),

    { EXPECTED,  INPUT_CAPTURED,  IF(demanded_and_back), "refund", APPLIED, REFUNDED,  refund_reported_at_capture },
    { EXPECTED,  INPUT_CAPTURED,  IF(demanded_and_coming), "refund", APPLIED, REFUNDING, await_at_capture },
    { EXPECTED,  INPUT_CAPTURED,  IF(demanded_here),   "refund", APPLIED, DUE,       refund_at_capture },
    { EXPECTED,  INPUT_CAPTURED,  IF(payment_always),          "wait", APPLIED,   CAPTURED,  capture },
    NOOP_ROW(EXPECTED, INPUT_DECLINED),
    REPORT_ROWS(EXPECTED),
    { EXPECTED,  INPUT_REPORTED,  IF(payment_always),          "wait", APPLIED,   EXPECTED,  keep_report },
    REJECT_ROW(EXPECTED, INPUT_CONFIRMED),
    EARLY_DEMAND_ROWS(INPUT_FAILED),
    EARLY_DEMAND_ROWS(INPUT_CANCELLED),
    EARLY_DEMAND_ROWS(INPUT_REQUESTED),
    NOOP_ROW(EXPECTED, INPUT_RESULT),
    NOOP_ROW(EXPECTED, INPUT_DEADLINE),
    OPERATOR_ROWS(EXPECTED),

    { DECLINED,  INPUT_CAPTURED,  IF(payment_always),          "wait", APPLIED,   CAPTURED,  capture },
    { DECLINED,  INPUT_DECLINED,  IF(other_try),       REJECT,            DECLINED,  suspect },
    { DECLINED,  INPUT_DECLINED,  IF(says_more),       "fail", APPLIED,   DECLINED,  decline },
    { DECLINED,  INPUT_DECLINED,  IF(payment_always),          DUPLICATE,         DECLINED,  nothing },
    REPORT_ROWS(DECLINED),
    { DECLINED,  INPUT_REPORTED,  IF(payment_always),          "wait", APPLIED,   DECLINED,  keep_report_alert },
    REJECT_ROW(DECLINED, INPUT_CONFIRMED),
    REJECT_ROW(DECLINED, INPUT_FAILED),
    REJECT_ROW(DECLINED, INPUT_CANCELLED),
    REJECT_ROW(DECLINED, INPUT_REQUESTED),
    NOOP_ROW(DECLINED, INPUT_RESULT),
    NOOP_ROW(DECLINED, INPUT_DEADLINE),
    OPERATOR_ROWS(DECLINED),

    CAPTURE_ROWS(CAPTURED),
    NOOP_ROW(CAPTURED, INPUT_DECLINED),
    REPORT_ROWS(CAPTURED),
    { CAPTURED,  INPUT_REPORTED,  IF(payment_always),          "wait", APPLIED,   CAPTURED,  keep_report },
    { CAPTURED,  INPUT_CONFIRMED, IF(other_booking),   REJECT,            CAPTURED,  suspect },
    { CAPTURED,  INPUT_CONFIRMED, IF(some_is_back),    "confirm", APPLIED, SETTLED,  settle_reported },
    { CAPTURED,  INPUT_CONFIRMED, IF(payment_always),          "confirm", APPLIED, SETTLED,  settle },
    FIRST_DEMAND_ROWS(CAPTURED, INPUT_FAILED),
    FIRST_DEMAND_ROWS(CAPTURED, INPUT_CANCELLED),
    FIRST_DEMAND_ROWS(CAPTURED, INPUT_REQUESTED),
    NOOP_ROW(CAPTURED, INPUT_RESULT),
    { CAPTURED,  INPUT_DEADLINE,  IF(payment_is_due),          "repeat", APPLIED, CAPTURED,  capture_again },
    NOOP_ROW(CAPTURED, INPUT_DEADLINE),
    OPERATOR_ROWS(CAPTURED),

    CAPTURE_ROWS(SETTLED),
    NOOP_ROW(SETTLED, INPUT_DECLINED),
    REPORT_ROWS(SETTLED),
    { SETTLED,   INPUT_REPORTED,  IF(payment_always),          "wait", APPLIED,   SETTLED,   keep_report_settled },
    { SETTLED,   INPUT_CONFIRMED, IF(other_booking),   REJECT,            SETTLED,   suspect },
    { SETTLED,   INPUT_CONFIRMED, IF(payment_always),          DUPLICATE,         SETTLED,   remind },
    FIRST_DEMAND_ROWS(SETTLED, INPUT_CANCELLED),
    REJECT_ROW(SETTLED, INPUT_FAILED),
    REJECT_ROW(SETTLED, INPUT_REQUESTED),
    NOOP_ROW(SETTLED, INPUT_RESULT),
    NOOP_ROW(SETTLED, INPUT_DEADLINE),
    OPERATOR_ROWS(SETTLED),

    CAPTURE_ROWS(DUE),
    NOOP_ROW(DUE, INPUT_DECLINED),
    NOOP_ROW(DUE, INPUT_CONFIRMED),
    DEMANDS_ROWS(DUE, nothing),
    ASKED_ROWS(DUE),
    RETRY_ROWS(DUE),
    OPERATOR_ROWS(DUE),

    CAPTURE_ROWS(REFUNDING),
    NOOP_ROW(REFUNDING, INPUT_DECLINED),
    NOOP_ROW(REFUNDING, INPUT_CONFIRMED),
    DEMANDS_ROWS(REFUNDING, nothing),
    ASKED_ROWS(REFUNDING),
    RETRY_ROWS(REFUNDING),
    OPERATOR_ROWS(REFUNDING),

    CAPTURE_ROWS(REFUNDED),
    NOOP_ROW(REFUNDED, INPUT_DECLINED),
    REPORT_ROWS(REFUNDED),
    { REFUNDED,  INPUT_REPORTED,  IF(takes_back),      "retry", APPLIED,  DUE,       ask_again_failed },
    { REFUNDED,  INPUT_REPORTED,  IF(payment_always),          "wait", APPLIED,   REFUNDED,  keep_report },
    NOOP_ROW(REFUNDED, INPUT_CONFIRMED),
    DEMANDS_ROWS(REFUNDED, answer_again),
    { REFUNDED,  INPUT_RESULT,    IF(takes_back),      "retry", APPLIED,  DUE,       ask_again_failed },
    { REFUNDED,  INPUT_RESULT,    IF(payment_always),  NOOP,              REFUNDED,  keep_answer },
    NOOP_ROW(REFUNDED, INPUT_DEADLINE),
    OPERATOR_ROWS(REFUNDED),

    CAPTURE_ROWS(STUCK),
    NOOP_ROW(STUCK, INPUT_DECLINED),
    REPORT_ROWS(STUCK),
    { STUCK,     INPUT_REPORTED,  IF(all_is_back),     "refund", APPLIED, REFUNDED,  finish_by_report },
    { STUCK,     INPUT_REPORTED,  IF(changes_what_is_missing), "retry", APPLIED, DUE, ask_again },
    { STUCK,     INPUT_REPORTED,  IF(tells_of_a_failure), "retry", APPLIED, DUE,     ask_again_refused },
    { STUCK,     INPUT_REPORTED,  IF(payment_always),          "wait", APPLIED,   STUCK,     keep_report },
    NOOP_ROW(STUCK, INPUT_CONFIRMED),
    DEMANDS_ROWS(STUCK, answer_again),
    { STUCK,     INPUT_RESULT,    IF(all_is_back),     "refund", APPLIED, REFUNDED,  finish_by_result },
    { STUCK,     INPUT_RESULT,    IF(changes_what_is_missing), "retry", APPLIED, DUE, ask_again },
    { STUCK,     INPUT_RESULT,    IF(tells_of_a_failure), "retry", APPLIED, DUE,     ask_again_refused },
    { STUCK,     INPUT_RESULT,    IF(answers_an_older_call), NOOP,          STUCK,     keep_answer },
    { STUCK,     INPUT_RESULT,    IF(says_all_is_back), "refund", APPLIED, REFUNDED, finish_by_result },
    { STUCK,     INPUT_RESULT,    IF(payment_always),  NOOP,              STUCK,     keep_answer },
    NOOP_ROW(STUCK, INPUT_DEADLINE),
    { STUCK,     INPUT_RETRY,     IF(payment_always),  "retry", APPLIED,  DUE,       retry_by_hand },
    { STUCK,     INPUT_RESOLVE,   IF(payment_always),  "resolve", APPLIED, REFUNDED, resolve_by_hand },
};
/* clang-format on */
const size_t payment_transition_count = sizeof payment_transitions / sizeof payment_transitions[0];
