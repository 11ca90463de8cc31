/* gateway_cases.h - inputs and views for the gateway's tests: one turn of decide at a time, on a
 * clock that the test moves. */
#pragma once

#include "gateway/actions.h"
#include "gateway/participant.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CASE_NOW_MS   INT64_C(1763721000123)
#define CASE_AFTER_MS 60000
#define CASE_MAX_MS   3600000
#define CASE_ID       "b-1"

static const struct gateway_config case_config = { .repeat_after_ms = CASE_AFTER_MS,
                                                   .repeat_max_ms = CASE_MAX_MS };

/* One booking and everything around its view that a test looks at. */
struct gateway_case {
    struct gateway_view view;
    int64_t now_ms;
    int64_t version;
    struct decision decision; /* the last one */
};

static inline void case_begin(struct gateway_case *subject)
{
    memset(subject, 0, sizeof *subject);
    subject->now_ms = CASE_NOW_MS;
}

static inline const struct decision *case_decide(struct gateway_case *subject,
                                                 const struct input *input)
{
    struct decision *decision = &subject->decision;
    decision_init(decision, subject->now_ms, subject->version + 1, 0, "gateway");
    transition_decide(&gateway_table, &case_config, &subject->view, input, decision);
    assert(decision->broken.code == ERROR_NONE);
    if (decision->is_changed)
        subject->version++;
    return decision;
}

static inline struct input case_input(enum gateway_input type)
{
    struct input input;
    memset(&input, 0, sizeof input);
    input.type = (int)type;
    snprintf(input.document_id, sizeof input.document_id, "%s", CASE_ID);
    return input;
}

static inline struct input case_intent(const char *user_id, int64_t amount, const char *currency)
{
    struct input input = case_input(GATEWAY_REQUEST_INTENT);
    struct gateway_intent_request request;
    memset(&request, 0, sizeof request);
    snprintf(request.user_id, sizeof request.user_id, "%s", user_id);
    snprintf(request.currency, sizeof request.currency, "%s", currency);
    request.amount = amount;
    memcpy(input.payload, &request, sizeof request);
    return input;
}

static inline struct input case_cancel(const char *user_id)
{
    struct input input = case_input(GATEWAY_REQUEST_CANCEL);
    struct gateway_cancel_request request;
    memset(&request, 0, sizeof request);
    snprintf(request.user_id, sizeof request.user_id, "%s", user_id);
    memcpy(input.payload, &request, sizeof request);
    return input;
}

static inline void case_payment(struct gateway_payment *payment, const char *payment_id)
{
    snprintf(payment->payment_id, sizeof payment->payment_id, "%s", payment_id);
    snprintf(payment->currency, sizeof payment->currency, "EUR");
    payment->amount = 12345;
}

static inline struct input case_confirmed(const char *payment_id)
{
    struct input input = case_input(GATEWAY_BOOKING_CONFIRMED);
    struct gateway_outcome_report report;
    memset(&report, 0, sizeof report);
    snprintf(report.payment_id, sizeof report.payment_id, "%s", payment_id);
    memcpy(input.payload, &report, sizeof report);
    return input;
}

/* payment_id NULL: it lists none. */
static inline struct input case_ended(enum gateway_input type, const char *payment_id)
{
    struct input input = case_input(type);
    struct gateway_outcome_report report;
    memset(&report, 0, sizeof report);
    if (type == GATEWAY_BOOKING_FAILED)
        snprintf(report.reason, sizeof report.reason, "amount_mismatch");
    if (payment_id != NULL)
        case_payment(&report.payments[report.payment_count++], payment_id);
    memcpy(input.payload, &report, sizeof report);
    return input;
}

/* version 0: not known. */
static inline struct input case_refund(enum gateway_input type, const char *payment_id,
                                       int64_t version)
{
    struct input input = case_input(type);
    struct gateway_refund_report report;
    memset(&report, 0, sizeof report);
    case_payment(&report.payment, payment_id);
    report.reported_order = version;
    if (type == GATEWAY_PAYMENT_REFUNDED)
        snprintf(report.refund_id, sizeof report.refund_id, "re-1");
    else
        snprintf(report.reason, sizeof report.reason, "account_closed");
    memcpy(input.payload, &report, sizeof report);
    return input;
}

static inline struct input case_declined(const char *user_id, const char *payment_id, int64_t at_ms)
{
    struct input input = case_input(GATEWAY_PAYMENT_DECLINED);
    struct gateway_decline_report report;
    memset(&report, 0, sizeof report);
    snprintf(report.user_id, sizeof report.user_id, "%s", user_id);
    snprintf(report.decline.payment_id, sizeof report.decline.payment_id, "%s", payment_id);
    snprintf(report.decline.reason, sizeof report.decline.reason, "card_declined");
    report.decline.at_ms = at_ms;
    memcpy(input.payload, &report, sizeof report);
    return input;
}

static inline struct input case_pending(int64_t until_ms, int64_t remaining_ms)
{
    struct input input = case_input(GATEWAY_BOOKING_PENDING);
    struct gateway_pending_report report = { .until_ms = until_ms, .remaining_ms = remaining_ms };
    memcpy(input.payload, &report, sizeof report);
    return input;
}

/* A good input of every type. */
static inline struct input case_any(enum gateway_input type)
{
    switch (type) {
    case GATEWAY_REQUEST_INTENT:
        return case_intent("u1", 12345, "EUR");
    case GATEWAY_REQUEST_CANCEL:
        return case_cancel("u1");
    case GATEWAY_BOOKING_CONFIRMED:
        return case_confirmed("p1");
    case GATEWAY_BOOKING_FAILED:
    case GATEWAY_BOOKING_CANCELLED:
        return case_ended(type, "p1");
    case GATEWAY_PAYMENT_REFUNDED:
    case GATEWAY_REFUND_STUCK:
        return case_refund(type, "p1", 0);
    case GATEWAY_PAYMENT_DECLINED:
        return case_declined("u1", "p0", CASE_NOW_MS);
    case GATEWAY_BOOKING_PENDING:
        return case_pending(CASE_NOW_MS + 600000, 600000);
    case GATEWAY_DEADLINE:
    case GATEWAY_INPUT_COUNT:
        break;
    }
    return case_input(GATEWAY_DEADLINE);
}

/* A view in this state, reached by inputs. */
static inline void case_reach(struct gateway_case *subject, enum gateway_state state)
{
    static const enum gateway_input ends[GATEWAY_STATE_COUNT] = {
        [GATEWAY_CONFIRMED] = GATEWAY_BOOKING_CONFIRMED,
        [GATEWAY_FAILED] = GATEWAY_BOOKING_FAILED,
        [GATEWAY_CANCELLED] = GATEWAY_BOOKING_CANCELLED,
    };
    case_begin(subject);
    if (state == GATEWAY_NONE)
        return;
    struct input input = case_any(GATEWAY_REQUEST_INTENT);
    case_decide(subject, &input);
    if (state == GATEWAY_PENDING)
        return;
    input = case_any(ends[state]);
    case_decide(subject, &input);
}
