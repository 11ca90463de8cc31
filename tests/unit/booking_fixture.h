/* booking_fixture.h - inputs and lives of bookings for tests. Included by one test each. */
#pragma once

#include "booking/guards.h"
#include "booking/participant.h"

#include <bson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1000000
static const struct booking_rules rules = { .payment_timeout_ms = 600, .intent_timeout_ms = 700 };

/* ---- building inputs ---- */

static struct input make(enum booking_input_type type, const char *user, const char *payment,
                         int64_t amount, const char *currency)
{
    struct input input = { .source =
                               type == BOOKING_DEADLINE ? INPUT_FROM_DEADLINE : INPUT_FROM_DELIVERY,
                           .type = (int)type,
                           .type_name = booking_input_text(type) };
    struct booking_payload *payload = (struct booking_payload *)(void *)input.payload;
    snprintf(input.document_id, sizeof input.document_id, "B1");
    snprintf(payload->user_id, sizeof payload->user_id, "%s", user);
    snprintf(payload->payment_id, sizeof payload->payment_id, "%s", payment);
    payload->amount = amount;
    snprintf(payload->currency, sizeof payload->currency, "%s", currency);
    return input;
}

static inline struct input intent(void)
{
    return make(BOOKING_INTENT, "alice", "", 1200, "EUR");
}
static inline struct input captured(const char *payment)
{
    return make(BOOKING_CAPTURED, "alice", payment, 1200, "EUR");
}
static inline struct input cancel(void)
{
    return make(BOOKING_CANCEL, "alice", "", 0, "");
}
static inline struct input deadline(void)
{
    return make(BOOKING_DEADLINE, "", "", 0, "");
}

static inline struct input declined(const char *user, const char *payment, bool is_final,
                                    int64_t at_ms)
{
    struct input input = make(BOOKING_DECLINED, user, payment, 0, "");
    struct booking_payload *payload = (struct booking_payload *)(void *)input.payload;
    payload->is_final = is_final;
    payload->declined_at_ms = at_ms;
    return input;
}

static struct decision decision; /* large: not on the stack */
static int64_t version;

static void feed_at(struct booking *booking, struct input input, int64_t now_ms)
{
    decision_init(&decision, now_ms, ++version, 0, "booking");
    transition_decide(&booking_table, &rules, booking, &input, &decision);
    if (decision.broken.code != ERROR_NONE)
        fail_msg("%s after a %s: %s", decision.verdict, input.type_name, decision.broken.message);
}

static inline void feed(struct booking *booking, struct input input)
{
    feed_at(booking, input, NOW);
}

static inline int count_of(const char *type)
{
    int count = 0;
    for (int i = 0; i < decision.message_count; i++)
        count += strcmp(decision.messages[i].type, type) == 0;
    return count;
}

static inline struct booking in_state(enum booking_state state)
{
    struct booking booking = { 0 };
    version = 0;
    switch (state) {
    case BOOKING_NONE:
        break;
    case BOOKING_PENDING:
        feed(&booking, intent());
        break;
    case BOOKING_PAYMENT_FIRST:
        feed(&booking, captured("P1"));
        break;
    case BOOKING_CONFIRMED:
        feed(&booking, intent());
        feed(&booking, captured("P1"));
        break;
    case BOOKING_FAILED:
        feed(&booking, intent());
        feed(&booking, make(BOOKING_CAPTURED, "alice", "P1", 1, "EUR"));
        break;
    case BOOKING_CANCELLED:
        feed(&booking, intent());
        feed(&booking, cancel());
        break;
    case BOOKING_STATE_COUNT:
        abort();
    }
    assert_int_equal(booking.state, state);
    return booking;
}
