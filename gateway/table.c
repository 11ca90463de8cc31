/* table.c - the rules of the gateway's view, one row each: docs/states.md is printed from them. */
#include "common/saga/transition_words.h"
#include "gateway/actions.h"
#include "gateway/gateway.h"
#include "gateway/guards.h"

#define ROW(state, input, guard, verdict, next, action, ...)                                       \
    {                                                                                              \
        GATEWAY_##state, GATEWAY_##input, gateway_##guard, #guard, verdict, GATEWAY_##next,        \
            gateway_##action, __VA_ARGS__                                                          \
    }
#define gateway_always  transition_always
#define gateway_nothing NULL

#define BECAUSE(word) .reason = GATEWAY_BECAUSE_##word
#define STRANGER      REJECTED, REPLY(UNPROCESSABLE), BECAUSE(ANOTHER_USER), SECURITY
/* One booking with two different outcomes: never from a booking service that works. */
#define CONTRADICTION REJECTED, BECAUSE(CONTRADICTS_THE_OUTCOME), ALERT

/* A deadline never ends anything here, and a refund says nothing about the booking's outcome.
 * Whether a failed try ends the booking is the booking service's to say. */
/* clang-format off */
static const struct transition rows[] = {
    /*  in state   on input           if                     verdict      then       doing             counts as, and what else */
    ROW(NONE,      REQUEST_INTENT,    always,                "accept",    PENDING,   accept_intent,     APPLIED, REPLY(ACCEPTED)),
    ROW(NONE,      REQUEST_CANCEL,    always,                "reject",    NONE,      nothing,           REJECTED, REPLY(NOT_FOUND), BECAUSE(UNKNOWN_BOOKING)),
    ROW(NONE,      BOOKING_PENDING,   always,                "noop",      NONE,      nothing,           DUPLICATE),
    ROW(NONE,      BOOKING_CONFIRMED, always,                "confirm",   CONFIRMED, end_confirmed,     APPLIED),
    ROW(NONE,      BOOKING_FAILED,    always,                "fail",      FAILED,    end_failed,        APPLIED),
    ROW(NONE,      BOOKING_CANCELLED, always,                "cancel",    CANCELLED, end_cancelled,     APPLIED),
    ROW(NONE,      DEADLINE,          is_early,              "noop",      NONE,      nothing,           DUPLICATE),
    ROW(NONE,      DEADLINE,          always,                "repeat",    NONE,      announce_again,    APPLIED),
    ROW(NONE,      PAYMENT_REFUNDED,  report_is_old,         "duplicate", NONE,      nothing,           DUPLICATE),
    ROW(NONE,      PAYMENT_REFUNDED,  finds_no_room,         "noop",      NONE,      nothing,           APPLIED, BECAUSE(LIST_FULL)),
    ROW(NONE,      PAYMENT_REFUNDED,  always,                "refund",    NONE,      mark_refund,       APPLIED),
    ROW(NONE,      REFUND_STUCK,      report_is_old,         "duplicate", NONE,      nothing,           DUPLICATE),
    ROW(NONE,      REFUND_STUCK,      finds_no_room,         "noop",      NONE,      nothing,           APPLIED, BECAUSE(LIST_FULL)),
    ROW(NONE,      REFUND_STUCK,      is_retrying,           "wait",      NONE,      mark_refund,       APPLIED),
    ROW(NONE,      REFUND_STUCK,      always,                "stuck",     NONE,      mark_refund,       APPLIED),
    ROW(NONE,      PAYMENT_DECLINED,  always,                "noop",      NONE,      nothing,           DUPLICATE),

    ROW(PENDING,   REQUEST_INTENT,    is_same_content,       "duplicate", PENDING,   nothing,           DUPLICATE, REPLY(REPLAYED)),
    ROW(PENDING,   REQUEST_INTENT,    always,                "reject",    PENDING,   nothing,           REJECTED, REPLY(UNPROCESSABLE), BECAUSE(OTHER_CONTENT)),
    ROW(PENDING,   REQUEST_CANCEL,    is_another_user,       "reject",    PENDING,   nothing,           STRANGER),
    ROW(PENDING,   REQUEST_CANCEL,    cancel_is_requested,   "duplicate", PENDING,   nothing,           DUPLICATE, REPLY(REPLAYED)),
    ROW(PENDING,   REQUEST_CANCEL,    always,                "accept",    PENDING,   accept_cancel,     APPLIED, REPLY(ACCEPTED)),
    ROW(PENDING,   BOOKING_PENDING,   cancel_is_requested,   "noop",      PENDING,   nothing,           DUPLICATE),
    ROW(PENDING,   BOOKING_PENDING,   wait_is_known,         "duplicate", PENDING,   nothing,           DUPLICATE),
    ROW(PENDING,   BOOKING_PENDING,   always,                "wait",      PENDING,   wait_with_booking, APPLIED),
    ROW(PENDING,   BOOKING_CONFIRMED, always,                "confirm",   CONFIRMED, end_confirmed,     APPLIED),
    ROW(PENDING,   BOOKING_FAILED,    always,                "fail",      FAILED,    end_failed,        APPLIED),
    ROW(PENDING,   BOOKING_CANCELLED, always,                "cancel",    CANCELLED, end_cancelled,     APPLIED),
    ROW(PENDING,   DEADLINE,          is_early,              "noop",      PENDING,   nothing,           DUPLICATE),
    ROW(PENDING,   DEADLINE,          always,                "repeat",    PENDING,   announce_again,    APPLIED),
    ROW(PENDING,   PAYMENT_REFUNDED,  report_is_old,         "duplicate", PENDING,   nothing,           DUPLICATE),
    ROW(PENDING,   PAYMENT_REFUNDED,  finds_no_room,         "noop",      PENDING,   nothing,           APPLIED, BECAUSE(LIST_FULL)),
    ROW(PENDING,   PAYMENT_REFUNDED,  always,                "refund",    PENDING,   mark_refund,       APPLIED),
    ROW(PENDING,   REFUND_STUCK,      report_is_old,         "duplicate", PENDING,   nothing,           DUPLICATE),
    ROW(PENDING,   REFUND_STUCK,      finds_no_room,         "noop",      PENDING,   nothing,           APPLIED, BECAUSE(LIST_FULL)),
    ROW(PENDING,   REFUND_STUCK,      is_retrying,           "wait",      PENDING,   mark_refund,       APPLIED),
    ROW(PENDING,   REFUND_STUCK,      always,                "stuck",     PENDING,   mark_refund,       APPLIED),
    ROW(PENDING,   PAYMENT_DECLINED,  decline_is_anothers,   "noop",      PENDING,   nothing,           DUPLICATE),
    ROW(PENDING,   PAYMENT_DECLINED,  decline_is_old,        "duplicate", PENDING,   nothing,           DUPLICATE),
    ROW(PENDING,   PAYMENT_DECLINED,  always,                "decline",   PENDING,   keep_decline,      APPLIED),

    ROW(CONFIRMED, REQUEST_INTENT,    intent_is_unknown,     "accept",    CONFIRMED, accept_intent,     APPLIED, REPLY(ACCEPTED)),
    ROW(CONFIRMED, REQUEST_INTENT,    is_same_content,       "duplicate", CONFIRMED, nothing,           DUPLICATE, REPLY(REPLAYED)),
    ROW(CONFIRMED, REQUEST_INTENT,    always,                "reject",    CONFIRMED, nothing,           REJECTED, REPLY(UNPROCESSABLE), BECAUSE(OTHER_CONTENT)),
    ROW(CONFIRMED, REQUEST_CANCEL,    user_is_unknown,       "reject",    CONFIRMED, nothing,           REJECTED, REPLY(UNPROCESSABLE), BECAUSE(USER_UNKNOWN)),
    /* Whose booking it is only the booking service knows: whoever asks is heard there, and a
     * stranger stands in nobody's way here. */
    ROW(CONFIRMED, REQUEST_CANCEL,    intent_is_unknown,     "pass_on",   CONFIRMED, pass_cancel_on,    APPLIED, REPLY(ACCEPTED)),
    ROW(CONFIRMED, REQUEST_CANCEL,    is_another_user,       "reject",    CONFIRMED, nothing,           STRANGER),
    ROW(CONFIRMED, REQUEST_CANCEL,    cancel_is_requested,   "duplicate", CONFIRMED, nothing,           DUPLICATE, REPLY(REPLAYED)),
    ROW(CONFIRMED, REQUEST_CANCEL,    always,                "accept",    CONFIRMED, accept_cancel,     APPLIED, REPLY(ACCEPTED)),
    ROW(CONFIRMED, BOOKING_PENDING,   always,                "noop",      CONFIRMED, nothing,           DUPLICATE),
    ROW(CONFIRMED, BOOKING_CONFIRMED, is_same_payment,       "duplicate", CONFIRMED, nothing,           DUPLICATE),
    ROW(CONFIRMED, BOOKING_CONFIRMED, always,                "reject",    CONFIRMED, nothing,           CONTRADICTION),
    ROW(CONFIRMED, BOOKING_FAILED,    always,                "reject",    CONFIRMED, nothing,           CONTRADICTION),
    ROW(CONFIRMED, BOOKING_CANCELLED, always,                "cancel",    CANCELLED, end_cancelled,     APPLIED),
    ROW(CONFIRMED, DEADLINE,          is_early,              "noop",      CONFIRMED, nothing,           DUPLICATE),
    ROW(CONFIRMED, DEADLINE,          always,                "repeat",    CONFIRMED, announce_again,    APPLIED),
    ROW(CONFIRMED, PAYMENT_REFUNDED,  report_is_old,         "duplicate", CONFIRMED, nothing,           DUPLICATE),
    ROW(CONFIRMED, PAYMENT_REFUNDED,  finds_no_room,         "noop",      CONFIRMED, nothing,           APPLIED, BECAUSE(LIST_FULL)),
    ROW(CONFIRMED, PAYMENT_REFUNDED,  always,                "refund",    CONFIRMED, mark_refund,       APPLIED),
    ROW(CONFIRMED, REFUND_STUCK,      report_is_old,         "duplicate", CONFIRMED, nothing,           DUPLICATE),
    ROW(CONFIRMED, REFUND_STUCK,      finds_no_room,         "noop",      CONFIRMED, nothing,           APPLIED, BECAUSE(LIST_FULL)),
    ROW(CONFIRMED, REFUND_STUCK,      is_retrying,           "wait",      CONFIRMED, mark_refund,       APPLIED),
    ROW(CONFIRMED, REFUND_STUCK,      always,                "stuck",     CONFIRMED, mark_refund,       APPLIED),
    ROW(CONFIRMED, PAYMENT_DECLINED,  decline_is_anothers,   "noop",      CONFIRMED, nothing,           DUPLICATE),
    ROW(CONFIRMED, PAYMENT_DECLINED,  decline_is_old,        "duplicate", CONFIRMED, nothing,           DUPLICATE),
    ROW(CONFIRMED, PAYMENT_DECLINED,  always,                "decline",   CONFIRMED, keep_decline,      APPLIED),

    ROW(FAILED,    REQUEST_INTENT,    intent_is_unknown,     "accept",    FAILED,    accept_intent,     APPLIED, REPLY(ACCEPTED)),
    ROW(FAILED,    REQUEST_INTENT,    is_same_content,       "duplicate", FAILED,    nothing,           DUPLICATE, REPLY(REPLAYED)),
    ROW(FAILED,    REQUEST_INTENT,    always,                "reject",    FAILED,    nothing,           REJECTED, REPLY(UNPROCESSABLE), BECAUSE(OTHER_CONTENT)),
    ROW(FAILED,    REQUEST_CANCEL,    is_another_user,       "reject",    FAILED,    nothing,           STRANGER),
    ROW(FAILED,    REQUEST_CANCEL,    always,                "reject",    FAILED,    nothing,           REJECTED, REPLY(CONFLICT), BECAUSE(ALREADY_FAILED)),
    ROW(FAILED,    BOOKING_PENDING,   always,                "noop",      FAILED,    nothing,           DUPLICATE),
    ROW(FAILED,    BOOKING_CONFIRMED, always,                "reject",    FAILED,    nothing,           CONTRADICTION),
    ROW(FAILED,    BOOKING_FAILED,    lists_another_payment, "refund",    FAILED,    list_payments,     APPLIED),
    ROW(FAILED,    BOOKING_FAILED,    always,                "duplicate", FAILED,    nothing,           DUPLICATE),
    ROW(FAILED,    BOOKING_CANCELLED, always,                "reject",    FAILED,    nothing,           CONTRADICTION),
    ROW(FAILED,    DEADLINE,          is_early,              "noop",      FAILED,    nothing,           DUPLICATE),
    ROW(FAILED,    DEADLINE,          always,                "repeat",    FAILED,    announce_again,    APPLIED),
    ROW(FAILED,    PAYMENT_REFUNDED,  report_is_old,         "duplicate", FAILED,    nothing,           DUPLICATE),
    ROW(FAILED,    PAYMENT_REFUNDED,  finds_no_room,         "noop",      FAILED,    nothing,           APPLIED, BECAUSE(LIST_FULL)),
    ROW(FAILED,    PAYMENT_REFUNDED,  always,                "refund",    FAILED,    mark_refund,       APPLIED),
    ROW(FAILED,    REFUND_STUCK,      report_is_old,         "duplicate", FAILED,    nothing,           DUPLICATE),
    ROW(FAILED,    REFUND_STUCK,      finds_no_room,         "noop",      FAILED,    nothing,           APPLIED, BECAUSE(LIST_FULL)),
    ROW(FAILED,    REFUND_STUCK,      is_retrying,           "wait",      FAILED,    mark_refund,       APPLIED),
    ROW(FAILED,    REFUND_STUCK,      always,                "stuck",     FAILED,    mark_refund,       APPLIED),
    ROW(FAILED,    PAYMENT_DECLINED,  decline_is_anothers,   "noop",      FAILED,    nothing,           DUPLICATE),
    ROW(FAILED,    PAYMENT_DECLINED,  decline_is_old,        "duplicate", FAILED,    nothing,           DUPLICATE),
    ROW(FAILED,    PAYMENT_DECLINED,  always,                "decline",   FAILED,    keep_decline,      APPLIED),

    ROW(CANCELLED, REQUEST_INTENT,    intent_is_unknown,     "accept",    CANCELLED, accept_intent,     APPLIED, REPLY(ACCEPTED)),
    ROW(CANCELLED, REQUEST_INTENT,    is_same_content,       "duplicate", CANCELLED, nothing,           DUPLICATE, REPLY(REPLAYED)),
    ROW(CANCELLED, REQUEST_INTENT,    always,                "reject",    CANCELLED, nothing,           REJECTED, REPLY(UNPROCESSABLE), BECAUSE(OTHER_CONTENT)),
    ROW(CANCELLED, REQUEST_CANCEL,    is_another_user,       "reject",    CANCELLED, nothing,           STRANGER),
    ROW(CANCELLED, REQUEST_CANCEL,    always,                "duplicate", CANCELLED, nothing,           DUPLICATE, REPLY(REPLAYED)),
    ROW(CANCELLED, BOOKING_PENDING,   always,                "noop",      CANCELLED, nothing,           DUPLICATE),
    /* Overtaken by the cancel of what it confirmed: only the payment is news. */
    ROW(CANCELLED, BOOKING_CONFIRMED, payment_is_unknown,    "late",      CANCELLED, keep_payment,      APPLIED),
    ROW(CANCELLED, BOOKING_CONFIRMED, is_same_payment,       "duplicate", CANCELLED, nothing,           DUPLICATE),
    ROW(CANCELLED, BOOKING_CONFIRMED, always,                "reject",    CANCELLED, nothing,           CONTRADICTION),
    ROW(CANCELLED, BOOKING_FAILED,    always,                "reject",    CANCELLED, nothing,           CONTRADICTION),
    ROW(CANCELLED, BOOKING_CANCELLED, lists_another_payment, "refund",    CANCELLED, list_payments,     APPLIED),
    ROW(CANCELLED, BOOKING_CANCELLED, always,                "duplicate", CANCELLED, nothing,           DUPLICATE),
    ROW(CANCELLED, DEADLINE,          is_early,              "noop",      CANCELLED, nothing,           DUPLICATE),
    ROW(CANCELLED, DEADLINE,          always,                "repeat",    CANCELLED, announce_again,    APPLIED),
    ROW(CANCELLED, PAYMENT_REFUNDED,  report_is_old,         "duplicate", CANCELLED, nothing,           DUPLICATE),
    ROW(CANCELLED, PAYMENT_REFUNDED,  finds_no_room,         "noop",      CANCELLED, nothing,           APPLIED, BECAUSE(LIST_FULL)),
    ROW(CANCELLED, PAYMENT_REFUNDED,  always,                "refund",    CANCELLED, mark_refund,       APPLIED),
    ROW(CANCELLED, REFUND_STUCK,      report_is_old,         "duplicate", CANCELLED, nothing,           DUPLICATE),
    ROW(CANCELLED, REFUND_STUCK,      finds_no_room,         "noop",      CANCELLED, nothing,           APPLIED, BECAUSE(LIST_FULL)),
    ROW(CANCELLED, REFUND_STUCK,      is_retrying,           "wait",      CANCELLED, mark_refund,       APPLIED),
    ROW(CANCELLED, REFUND_STUCK,      always,                "stuck",     CANCELLED, mark_refund,       APPLIED),
    ROW(CANCELLED, PAYMENT_DECLINED,  decline_is_anothers,   "noop",      CANCELLED, nothing,           DUPLICATE),
    ROW(CANCELLED, PAYMENT_DECLINED,  decline_is_old,        "duplicate", CANCELLED, nothing,           DUPLICATE),
    ROW(CANCELLED, PAYMENT_DECLINED,  always,                "decline",   CANCELLED, keep_decline,      APPLIED),
};
/* clang-format on */

static const struct transition_state states[] = { GATEWAY_STATES(TRANSITION_STATE) };
static const char *const inputs[] = { GATEWAY_INPUTS(ENUM_TEXT) };
static const char *const reasons[] = { GATEWAY_REASONS(ENUM_TEXT) };

static int state_of(const void *state)
{
    return (int)gateway_state(state);
}

const struct transition_table gateway_table = {
    .title = "Gateway",
    .purpose =
        "What clients see of a booking: the intent as it was accepted, and the last outcome heard.",
    .states = states,
    .state_count = GATEWAY_STATE_COUNT,
    .inputs = inputs,
    .input_count = GATEWAY_INPUT_COUNT,
    .reasons = reasons,
    .reason_count = GATEWAY_REASON_COUNT,
    .rows = rows,
    .row_count = COUNT_OF(rows),
    .state_of = state_of,
    .end = gateway_turn_end,
    .check = gateway_check,
};
