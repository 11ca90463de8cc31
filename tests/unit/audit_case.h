/* audit_case.h - one booking and one payment as an audit has read them, for the tests of its judge.
 */
#pragma once

#include "audit/audit_judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS   INT64_C(1795260678000)
#define GRACE_MS 60000
#define OLD_MS   (NOW_MS - 3600000)

static struct audit_facts facts;
static struct audit_booking *booking;
static struct audit_payment *payment;
static const struct audit_terms terms = { NOW_MS, GRACE_MS };

static inline struct audit_money money(int64_t amount, const char *currency, const char *user)
{
    struct audit_money value = { .amount = amount, .user = audit_name_of(&facts, user) };
    snprintf(value.currency, sizeof value.currency, "%s", currency);
    return value;
}

/* The booking as its service and the gateway have it, an hour old. */
static inline void booking_is(enum audit_booking_state state)
{
    booking->own.version = booking->view.version = 1;
    booking->own.state = state;
    booking->own.first_seen_ms = booking->own.outcome_at_ms = booking->view.asked_at_ms = OLD_MS;
    booking->own.confirmed_times = state == AUDIT_BOOKING_CONFIRMED;
    booking->own.ended_times = state == AUDIT_BOOKING_FAILED || state == AUDIT_BOOKING_CANCELLED;
    booking->own.has_intent = booking->view.has_intent = state != AUDIT_BOOKING_PAYMENT_FIRST;
    if (booking->own.has_intent)
        booking->own.intent = booking->view.intent = money(1000, "EUR", "ann");
    if (booking->own.confirmed_times + booking->own.ended_times > 0)
        booking->view.outcome = state;
    else
        booking->own.due_at_ms = NOW_MS + 1000;
}

static inline void is_listed(struct audit_booking *by, enum audit_disposition disposition)
{
    struct audit_money listed = money(1000, "EUR", "ann");
    audit_listing_add(&facts, by, payment, &listed, disposition);
    if (disposition == AUDIT_APPLIED)
        by->view.payment = audit_name_of(&facts, payment->id);
}

/* Captured at the provider an hour ago, and in this state at the payment service. */
static inline void payment_is(enum audit_payment_state state)
{
    payment->account.is_known = true;
    payment->account.captured = money(1000, "EUR", "ann");
    payment->account.booking = booking;
    payment->account.at_ms = OLD_MS;
    payment->account.acknowledged = 1;
    payment->own.state = state;
    if (state == AUDIT_PAYMENT_ABSENT)
        return;
    payment->own.version = 1;
    payment->own.booking = booking;
    if (state >= AUDIT_PAYMENT_CAPTURED)
        payment->own.money = payment->account.captured;
    if (state == AUDIT_PAYMENT_CAPTURED || state == AUDIT_PAYMENT_REFUND_DUE ||
        state == AUDIT_PAYMENT_REFUNDING)
        payment->own.due_at_ms = NOW_MS + 1000;
    payment->own.captured_at_ms = NOW_MS - 1000;
}

static inline void is_refunded(int64_t amount)
{
    payment->account.refund_count++;
    payment->account.refunds_total += amount;
    payment->account.refunded += amount;
}

static inline void is_applied(void)
{
    booking_is(AUDIT_BOOKING_CONFIRMED);
    is_listed(booking, AUDIT_APPLIED);
    payment_is(AUDIT_PAYMENT_SETTLED);
}

static inline void is_given_back(void)
{
    booking_is(AUDIT_BOOKING_FAILED);
    is_listed(booking, AUDIT_BACK_BY_OUTCOME);
    payment_is(AUDIT_PAYMENT_REFUNDED);
    is_refunded(1000);
}

static inline void assert_opinion(const struct audit_opinion *opinion, enum audit_verdict verdict,
                                  const char *kind)
{
    if (opinion->verdict != verdict || strcmp(opinion->kind, kind) != 0)
        fail_msg("verdict %d %s (%s), not %d %s", (int)opinion->verdict, opinion->kind,
                 opinion->detail, (int)verdict, kind);
}

static inline void assert_payment(enum audit_verdict verdict, const char *kind)
{
    struct audit_opinion opinion;
    audit_judge_payment(payment, &terms, &opinion);
    assert_opinion(&opinion, verdict, kind);
}

static inline void assert_booking(enum audit_verdict verdict, const char *kind)
{
    struct audit_opinion opinion;
    audit_judge_booking(booking, &terms, &opinion);
    assert_opinion(&opinion, verdict, kind);
}

static inline int set_up(void **state)
{
    (void)state;
    audit_facts_start(&facts);
    booking = audit_booking_of(&facts, "B1");
    payment = audit_payment_of(&facts, "P1");
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    audit_facts_done(&facts);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
