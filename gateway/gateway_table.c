/* gateway_table.c - the rows, above them the guards and actions that only they use. */
#include "gateway/gateway_table.h"

#include <assert.h>
#include <string.h>

/* Bytes after the NUL are zeroed: views are compared with memcmp. */
static void text_keep(char *target, size_t size, const char *text)
{
    size_t length = strlen(text);
    assert(length < size);
    memset(target, 0, size);
    memcpy(target, text, length);
}

static void payment_keep(struct gateway_payment *target, const struct gateway_payment *payment)
{
    text_keep(target->payment_id, sizeof target->payment_id, payment->payment_id);
    text_keep(target->currency, sizeof target->currency, payment->currency);
    target->amount = payment->amount;
}

/* The input's payload; the type of the input says which. Copied, which C allows
 * on any terms; to read it in place, as booking/ and payment/ do, takes -fno-strict-aliasing. */

static struct gateway_intent_request intent_request(const struct gateway_turn *turn)
{
    struct gateway_intent_request request;
    memcpy(&request, turn->input->payload, sizeof request);
    return request;
}

static struct gateway_cancel_request cancel_request(const struct gateway_turn *turn)
{
    struct gateway_cancel_request request;
    memcpy(&request, turn->input->payload, sizeof request);
    return request;
}

static struct gateway_outcome_report outcome_report(const struct gateway_turn *turn)
{
    struct gateway_outcome_report report;
    memcpy(&report, turn->input->payload, sizeof report);
    return report;
}

static struct gateway_refund_report refund_report(const struct gateway_turn *turn)
{
    struct gateway_refund_report report;
    memcpy(&report, turn->input->payload, sizeof report);
    return report;
}

static enum gateway_refund_status reported_status(const struct gateway_turn *turn)
{
    if (turn->input->type == GATEWAY_PAYMENT_REFUNDED)
        return GATEWAY_STATUS_REFUNDED;
    return refund_report(turn).is_retrying ? GATEWAY_STATUS_WAITING : GATEWAY_STATUS_STUCK;
}

/* Guards. */

bool gateway_always(const struct gateway_turn *turn)
{
    (void)turn;
    return true;
}

static bool is_early(const struct gateway_turn *turn)
{
    return turn->view->due_at_ms == 0 || turn->decision->now_ms < turn->view->due_at_ms;
}

/* An outcome came before the intent, or the intent is not known any more. */
static bool intent_is_unknown(const struct gateway_turn *turn)
{
    return !turn->view->intent.is_present;
}

static bool is_same_content(const struct gateway_turn *turn)
{
    const struct gateway_intent *intent = &turn->view->intent;
    const struct gateway_intent_request request = intent_request(turn);
    return strcmp(intent->user_id, request.user_id) == 0 && intent->amount == request.amount &&
           strcmp(intent->currency, request.currency) == 0;
}

static bool user_is_unknown(const struct gateway_turn *turn)
{
    return !turn->view->intent.is_present && cancel_request(turn).user_id[0] == '\0';
}

static bool is_another_user(const struct gateway_turn *turn)
{
    const struct gateway_cancel_request request = cancel_request(turn);
    return turn->view->intent.is_present && request.user_id[0] != '\0' &&
           strcmp(turn->view->intent.user_id, request.user_id) != 0;
}

/* By its own user. Earlier releases kept that of whoever came first where they knew no intent. */
static bool cancel_is_requested(const struct gateway_turn *turn)
{
    const struct gateway_view *view = turn->view;
    return view->cancel.is_requested && !view->cancel.is_passed_on &&
           strcmp(view->cancel.user_id, view->intent.user_id) == 0;
}

static bool payment_is_unknown(const struct gateway_turn *turn)
{
    return turn->view->end.payment_id[0] == '\0';
}

static bool is_same_payment(const struct gateway_turn *turn)
{
    return strcmp(turn->view->end.payment_id, outcome_report(turn).payment_id) == 0;
}

static bool list_is_full(const struct gateway_turn *turn)
{
    return turn->view->refund_count == BOOKING_PAYMENTS_MAX;
}

static bool lists_another_payment(const struct gateway_turn *turn)
{
    const struct gateway_outcome_report report = outcome_report(turn);
    for (int64_t i = 0; i < report.payment_count; i++)
        if (gateway_refund_find(turn->view, report.payments[i].payment_id) == NULL)
            return !list_is_full(turn);
    return false;
}

/* Said before, or overtaken by a later report of the same payment. */
static bool report_is_old(const struct gateway_turn *turn)
{
    const struct gateway_refund_report report = refund_report(turn);
    const struct gateway_refund *known = gateway_refund_find(turn->view, report.payment.payment_id);
    if (known == NULL)
        return false;
    if (known->reported_order > 0 && report.reported_order > 0)
        return report.reported_order <= known->reported_order;
    return known->status == reported_status(turn);
}

/* It was back and is so no more; the payment service asks for it again. */
static bool is_retrying(const struct gateway_turn *turn)
{
    return refund_report(turn).is_retrying;
}

static bool finds_no_room(const struct gateway_turn *turn)
{
    return list_is_full(turn) &&
           gateway_refund_find(turn->view, refund_report(turn).payment.payment_id) == NULL;
}

/* Actions. */

static void accept_intent(struct gateway_turn *turn)
{
    struct gateway_intent *intent = &turn->view->intent;
    const struct gateway_intent_request request = intent_request(turn);
    intent->is_present = true;
    text_keep(intent->user_id, sizeof intent->user_id, request.user_id);
    text_keep(intent->currency, sizeof intent->currency, request.currency);
    intent->amount = request.amount;
    intent->created_at_ms = turn->decision->now_ms;
    gateway_intent_announce(turn);
}

static void accept_cancel(struct gateway_turn *turn)
{
    struct gateway_cancel *cancel = &turn->view->cancel;
    const struct gateway_intent *intent = &turn->view->intent;
    cancel->is_requested = true;
    cancel->is_passed_on = false;
    text_keep(cancel->user_id, sizeof cancel->user_id, intent->user_id);
    cancel->requested_at_ms = turn->decision->now_ms;
    gateway_cancel_announce(turn);
}

/* Marked as a repeat: where the booking has ended, its end is announced again. */
static void pass_cancel_on(struct gateway_turn *turn)
{
    struct gateway_cancel *cancel = &turn->view->cancel;
    const struct gateway_cancel_request request = cancel_request(turn);
    cancel->is_requested = true;
    cancel->is_passed_on = true;
    text_keep(cancel->user_id, sizeof cancel->user_id, request.user_id);
    cancel->requested_at_ms = turn->decision->now_ms;
    gateway_cancel_announce(turn);
    turn->decision->messages[turn->decision->message_count - 1].is_repeat = true;
}

static struct gateway_refund *refund_add(struct gateway_view *view,
                                         const struct gateway_payment *payment)
{
    struct gateway_refund *refund = &view->refunds[view->refund_count++];
    payment_keep(&refund->payment, payment);
    refund->status = GATEWAY_STATUS_WAITING;
    return refund;
}

/* Those beyond the bound are refunded like the others; they are only not shown. */
static void list_payments(struct gateway_turn *turn)
{
    const struct gateway_outcome_report report = outcome_report(turn);
    for (int64_t i = 0; i < report.payment_count && !list_is_full(turn); i++)
        if (gateway_refund_find(turn->view, report.payments[i].payment_id) == NULL)
            refund_add(turn->view, &report.payments[i]);
}

static void end_with(struct gateway_turn *turn, enum gateway_outcome outcome)
{
    turn->view->end.outcome = outcome;
    turn->view->end.at_ms = turn->decision->now_ms;
    list_payments(turn);
}

static void keep_payment(struct gateway_turn *turn)
{
    struct gateway_end *end = &turn->view->end;
    text_keep(end->payment_id, sizeof end->payment_id, outcome_report(turn).payment_id);
}

static void end_confirmed(struct gateway_turn *turn)
{
    keep_payment(turn);
    end_with(turn, GATEWAY_END_CONFIRMED);
}

static void end_failed(struct gateway_turn *turn)
{
    struct gateway_end *end = &turn->view->end;
    text_keep(end->reason, sizeof end->reason, outcome_report(turn).reason);
    end_with(turn, GATEWAY_END_FAILED);
}

static void end_cancelled(struct gateway_turn *turn)
{
    end_with(turn, GATEWAY_END_CANCELLED);
}

static void mark_refund(struct gateway_turn *turn)
{
    const struct gateway_refund_report report = refund_report(turn);
    const struct gateway_refund *known = gateway_refund_find(turn->view, report.payment.payment_id);
    struct gateway_refund *refund = known != NULL
                                        ? &turn->view->refunds[known - turn->view->refunds]
                                        : refund_add(turn->view, &report.payment);
    refund->status = reported_status(turn);
    if (report.reported_order > 0)
        refund->reported_order = report.reported_order;
    text_keep(refund->refund_id, sizeof refund->refund_id,
              refund->status == GATEWAY_STATUS_REFUNDED ? report.refund_id : "");
    text_keep(refund->reason, sizeof refund->reason,
              refund->status == GATEWAY_STATUS_STUCK ? report.reason : "");
}

/* The booking service answers a repeat by announcing its outcome again, the payment service by
 * announcing the refund again. So when only refunds are missing, one repeat is enough. */
static void announce_again(struct gateway_turn *turn)
{
    struct gateway_view *view = turn->view;
    bool is_settled = gateway_is_settled(view);
    if (view->intent.is_present && !(is_settled && view->cancel.is_requested))
        gateway_intent_announce_again(turn);
    if (view->cancel.is_requested)
        gateway_cancel_announce_again(turn);
    gateway_back_off(turn);
}

/* What an answer means: how a delivery counts, what a request is told. */
#define APPLIED       .outcome = OUTCOME_APPLIED
#define ACCEPTED      .outcome = OUTCOME_APPLIED, .reply = REPLY_ACCEPTED
#define DUPLICATE     .outcome = OUTCOME_DUPLICATE
#define REPLAYED      .outcome = OUTCOME_DUPLICATE, .reply = REPLY_REPLAYED
#define UNKNOWN       .outcome = OUTCOME_REJECTED, .reply = REPLY_NOT_FOUND
#define CONFLICTING   .outcome = OUTCOME_REJECTED, .reply = REPLY_CONFLICT
#define UNPROCESSABLE .outcome = OUTCOME_REJECTED, .reply = REPLY_UNPROCESSABLE
#define STRANGER      UNPROCESSABLE, .reason = "another_user", .is_security_event = true
/* One booking with two different outcomes: never from a booking service that works. */
#define CONTRADICTION                                                                              \
    .outcome = OUTCOME_REJECTED, .reason = "contradicts_the_outcome", .is_alert = true

#define ROW(state, input, guard, verdict, next, action, ...)                                       \
    {                                                                                              \
        GATEWAY_##state, GATEWAY_##input, guard, #guard, verdict, GATEWAY_##next, action,          \
            __VA_ARGS__                                                                            \
    }
#define always gateway_always

/* The same in every state: a deadline never ends anything here, and a refund says nothing about
 * the booking's outcome. */
#define DEADLINE_ROWS(S)                                                                           \
    ROW(S, DEADLINE, is_early, "noop", S, NULL, DUPLICATE),                                        \
        ROW(S, DEADLINE, always, "repeat", S, announce_again, APPLIED)
#define REFUND_ROWS(S)                                                                             \
    ROW(S, PAYMENT_REFUNDED, report_is_old, "duplicate", S, NULL, DUPLICATE),                      \
        ROW(S, PAYMENT_REFUNDED, finds_no_room, "noop", S, NULL, APPLIED, .reason = "list_full"),  \
        ROW(S, PAYMENT_REFUNDED, always, "refund", S, mark_refund, APPLIED),                       \
        ROW(S, REFUND_STUCK, report_is_old, "duplicate", S, NULL, DUPLICATE),                      \
        ROW(S, REFUND_STUCK, finds_no_room, "noop", S, NULL, APPLIED, .reason = "list_full"),      \
        ROW(S, REFUND_STUCK, is_retrying, "wait", S, mark_refund, APPLIED),                        \
        ROW(S, REFUND_STUCK, always, "stuck", S, mark_refund, APPLIED)
/* Whether it ends the booking is the booking service's to say. */
#define DECLINE_ROWS(S)                                                                            \
    ROW(S, PAYMENT_DECLINED, gateway_decline_is_anothers, "noop", S, NULL, DUPLICATE),             \
        ROW(S, PAYMENT_DECLINED, gateway_decline_is_old, "duplicate", S, NULL, DUPLICATE),         \
        ROW(S, PAYMENT_DECLINED, always, "decline", S, gateway_decline_keep, APPLIED)
/* An intent in a state that may have come before it. */
#define INTENT_ROWS(S)                                                                             \
    ROW(S, REQUEST_INTENT, intent_is_unknown, "accept", S, accept_intent, ACCEPTED),               \
        ROW(S, REQUEST_INTENT, is_same_content, "duplicate", S, NULL, REPLAYED),                   \
        ROW(S, REQUEST_INTENT, always, "reject", S, NULL, UNPROCESSABLE,                           \
            .reason = "other_content")

/* Columns that line up; clang-format would break each row. */
/* clang-format off */
const struct gateway_row gateway_table[] = {
    /*  in state   on input           if                     verdict      then       doing */
    ROW(NONE,      REQUEST_INTENT,    always,                "accept",    PENDING,   accept_intent, ACCEPTED),
    ROW(NONE,      REQUEST_CANCEL,    always,                "reject",    NONE,      NULL, UNKNOWN, .reason = "unknown_booking"),
    ROW(NONE,      BOOKING_PENDING,   always,                "noop",      NONE,      NULL, DUPLICATE),
    ROW(NONE,      BOOKING_CONFIRMED, always,                "confirm",   CONFIRMED, end_confirmed, APPLIED),
    ROW(NONE,      BOOKING_FAILED,    always,                "fail",      FAILED,    end_failed, APPLIED),
    ROW(NONE,      BOOKING_CANCELLED, always,                "cancel",    CANCELLED, end_cancelled, APPLIED),
    DEADLINE_ROWS(NONE),
    REFUND_ROWS(NONE),
    ROW(NONE,      PAYMENT_DECLINED,  always,                "noop",      NONE,      NULL, DUPLICATE),

    ROW(PENDING,   REQUEST_INTENT,    is_same_content,       "duplicate", PENDING,   NULL, REPLAYED),
    ROW(PENDING,   REQUEST_INTENT,    always,                "reject",    PENDING,   NULL, UNPROCESSABLE, .reason = "other_content"),
    ROW(PENDING,   REQUEST_CANCEL,    is_another_user,       "reject",    PENDING,   NULL, STRANGER),
    ROW(PENDING,   REQUEST_CANCEL,    cancel_is_requested,   "duplicate", PENDING,   NULL, REPLAYED),
    ROW(PENDING,   REQUEST_CANCEL,    always,                "accept",    PENDING,   accept_cancel, ACCEPTED),
    ROW(PENDING,   BOOKING_PENDING,   cancel_is_requested,   "noop",      PENDING,   NULL, DUPLICATE),
    ROW(PENDING,   BOOKING_PENDING,   gateway_wait_is_known, "duplicate", PENDING,   NULL, DUPLICATE),
    ROW(PENDING,   BOOKING_PENDING,   always,                "wait",      PENDING,   gateway_wait_with_booking, APPLIED),
    ROW(PENDING,   BOOKING_CONFIRMED, always,                "confirm",   CONFIRMED, end_confirmed, APPLIED),
    ROW(PENDING,   BOOKING_FAILED,    always,                "fail",      FAILED,    end_failed, APPLIED),
    ROW(PENDING,   BOOKING_CANCELLED, always,                "cancel",    CANCELLED, end_cancelled, APPLIED),
    DEADLINE_ROWS(PENDING),
    REFUND_ROWS(PENDING),
    DECLINE_ROWS(PENDING),

    INTENT_ROWS(CONFIRMED),
    ROW(CONFIRMED, REQUEST_CANCEL,    user_is_unknown,       "reject",    CONFIRMED, NULL, UNPROCESSABLE, .reason = "user_unknown"),
    /* Whose booking it is only the booking service knows: whoever asks is heard there, and a
     * stranger stands in nobody's way here. */
    ROW(CONFIRMED, REQUEST_CANCEL,    intent_is_unknown,     "pass_on",   CONFIRMED, pass_cancel_on, ACCEPTED),
    ROW(CONFIRMED, REQUEST_CANCEL,    is_another_user,       "reject",    CONFIRMED, NULL, STRANGER),
    ROW(CONFIRMED, REQUEST_CANCEL,    cancel_is_requested,   "duplicate", CONFIRMED, NULL, REPLAYED),
    ROW(CONFIRMED, REQUEST_CANCEL,    always,                "accept",    CONFIRMED, accept_cancel, ACCEPTED),
    ROW(CONFIRMED, BOOKING_PENDING,   always,                "noop",      CONFIRMED, NULL, DUPLICATE),
    ROW(CONFIRMED, BOOKING_CONFIRMED, is_same_payment,       "duplicate", CONFIRMED, NULL, DUPLICATE),
    ROW(CONFIRMED, BOOKING_CONFIRMED, always,                "reject",    CONFIRMED, NULL, CONTRADICTION),
    ROW(CONFIRMED, BOOKING_FAILED,    always,                "reject",    CONFIRMED, NULL, CONTRADICTION),
    ROW(CONFIRMED, BOOKING_CANCELLED, always,                "cancel",    CANCELLED, end_cancelled, APPLIED),
    DEADLINE_ROWS(CONFIRMED),
    REFUND_ROWS(CONFIRMED),
    DECLINE_ROWS(CONFIRMED),

    INTENT_ROWS(FAILED),
    ROW(FAILED,    REQUEST_CANCEL,    is_another_user,       "reject",    FAILED,    NULL, STRANGER),
    ROW(FAILED,    REQUEST_CANCEL,    always,                "reject",    FAILED,    NULL, CONFLICTING, .reason = "already_failed"),
    ROW(FAILED,    BOOKING_PENDING,   always,                "noop",      FAILED,    NULL, DUPLICATE),
    ROW(FAILED,    BOOKING_CONFIRMED, always,                "reject",    FAILED,    NULL, CONTRADICTION),
    ROW(FAILED,    BOOKING_FAILED,    lists_another_payment, "refund",    FAILED,    list_payments, APPLIED),
    ROW(FAILED,    BOOKING_FAILED,    always,                "duplicate", FAILED,    NULL, DUPLICATE),
    ROW(FAILED,    BOOKING_CANCELLED, always,                "reject",    FAILED,    NULL, CONTRADICTION),
    DEADLINE_ROWS(FAILED),
    REFUND_ROWS(FAILED),
    DECLINE_ROWS(FAILED),

    INTENT_ROWS(CANCELLED),
    ROW(CANCELLED, REQUEST_CANCEL,    is_another_user,       "reject",    CANCELLED, NULL, STRANGER),
    ROW(CANCELLED, REQUEST_CANCEL,    always,                "duplicate", CANCELLED, NULL, REPLAYED),
    ROW(CANCELLED, BOOKING_PENDING,   always,                "noop",      CANCELLED, NULL, DUPLICATE),
    /* Overtaken by the cancel of what it confirmed: only the payment is news. */
    ROW(CANCELLED, BOOKING_CONFIRMED, payment_is_unknown,    "late",      CANCELLED, keep_payment, APPLIED),
    ROW(CANCELLED, BOOKING_CONFIRMED, is_same_payment,       "duplicate", CANCELLED, NULL, DUPLICATE),
    ROW(CANCELLED, BOOKING_CONFIRMED, always,                "reject",    CANCELLED, NULL, CONTRADICTION),
    ROW(CANCELLED, BOOKING_FAILED,    always,                "reject",    CANCELLED, NULL, CONTRADICTION),
    ROW(CANCELLED, BOOKING_CANCELLED, lists_another_payment, "refund",    CANCELLED, list_payments, APPLIED),
    ROW(CANCELLED, BOOKING_CANCELLED, always,                "duplicate", CANCELLED, NULL, DUPLICATE),
    DEADLINE_ROWS(CANCELLED),
    REFUND_ROWS(CANCELLED),
    DECLINE_ROWS(CANCELLED),
};
/* clang-format on */
const size_t gateway_table_count = sizeof gateway_table / sizeof gateway_table[0];
