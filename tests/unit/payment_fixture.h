/* payment_fixture.h - inputs and lives of payments for tests. Included by one test each. */
#pragma once

#include "payment/guards.h"
#include "payment/participant.h"

#include <bson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1000000
static const struct payment_rules rules = {
    .repeat_after_ms = 60000,
    .repeat_max_ms = 3600000,
    .effect_wait_ms = 6000,
    .refund_retry_ms = 500,
    .refund_retry_max_ms = 60000,
    .refund_attempts_max = 5,
};
static struct decision decision; /* large: not on the stack */
static int64_t version;

static struct input make(enum payment_input_type type, const char *intent, int64_t amount)
{
    struct input input = { .source = type <= INPUT_REPORTED && type != INPUT_DEADLINE
                                         ? INPUT_FROM_REQUEST
                                         : INPUT_FROM_DELIVERY,
                           .type = (int)type,
                           .type_name = payment_input_text(type) };
    struct payment_payload *payload = (struct payment_payload *)(void *)input.payload;
    snprintf(input.document_id, sizeof input.document_id, "P1");
    snprintf(payload->intent_id, sizeof payload->intent_id, "%s", intent);
    snprintf(payload->user_id, sizeof payload->user_id, "alice");
    payload->amount = amount;
    snprintf(payload->currency, sizeof payload->currency, "EUR");
    snprintf(payload->reason, sizeof payload->reason, "why");
    if (type == INPUT_REPORTED)
        snprintf(payload->refund_id, sizeof payload->refund_id, "R1");
    return input;
}

static inline struct input result(enum refund_status status)
{
    struct input input = make(INPUT_RESULT, "B1", 0);
    struct refund_result *answer = (struct refund_result *)(void *)input.payload;
    memset(input.payload, 0, sizeof input.payload);
    input.source = INPUT_FROM_EFFECT;
    answer->status = status;
    answer->retry_after_ms = -1;
    snprintf(answer->reason, sizeof answer->reason, "http_500");
    if (status == REFUND_SUCCEEDED || status == REFUND_ALREADY || status == REFUND_PENDING)
        snprintf(answer->refund_id, sizeof answer->refund_id, "R1");
    return input;
}

/* What the provider reports of one of its refunds. */
static inline struct input report_of(const char *refund_id, int64_t amount, enum standing standing)
{
    struct input input = make(INPUT_REPORTED, "B1", amount);
    struct payment_payload *payload = (struct payment_payload *)(void *)input.payload;
    snprintf(payload->refund_id, sizeof payload->refund_id, "%s", refund_id);
    payload->has_failed = standing == STANDING_FAILED;
    payload->is_pending = standing == STANDING_PENDING;
    return input;
}

/* An answer that speaks of a refund of ours. */
static inline struct input answer_of(enum refund_status status, const char *refund_id,
                                     int64_t amount)
{
    struct input input = result(status);
    struct refund_result *answer = (struct refund_result *)(void *)input.payload;
    snprintf(answer->refund_id, sizeof answer->refund_id, "%s", refund_id);
    answer->amount = amount;
    return input;
}

static void feed_at(struct payment *payment, struct input input, int64_t now_ms)
{
    decision_init(&decision, now_ms, ++version, 0, "payment");
    transition_decide(&payment_table, &rules, payment, &input, &decision);
    if (decision.broken.code != ERROR_NONE)
        fail_msg("%s after a %s: %s", decision.verdict, input.type_name, decision.broken.message);
}

/* Its deadline has come; what follows happens at that time. */
static inline void feed_deadline(struct payment *payment)
{
    feed_at(payment, make(INPUT_DEADLINE, "", 0), payment->due_at_ms);
}

static inline void feed(struct payment *payment, struct input input)
{
    feed_at(payment, input, NOW);
}

/* What the provider is asked now; all zero: nothing of that type. */
static inline struct refund_effect asked(enum refund_effect_type type)
{
    struct refund_effect effect = { 0 };
    if (decision.effect.is_wanted && decision.effect.type == (int)type)
        memcpy(&effect, decision.effect.payload, sizeof effect);
    return effect;
}

static inline bool owes(const char *type)
{
    for (int i = 0; i < decision.message_count; i++)
        if (strcmp(decision.messages[i].type, type) == 0)
            return true;
    return false;
}

static inline struct payment refund_due(void)
{
    struct payment payment = { 0 };
    version = 0;
    feed(&payment, make(INPUT_CAPTURED, "B1", 1200));
    feed(&payment, make(INPUT_FAILED, "B1", 1200));
    assert_int_equal(payment.state, PAYMENT_REFUND_DUE);
    return payment;
}

static inline struct payment refunded(void)
{
    struct payment payment = refund_due();
    feed(&payment, result(REFUND_SUCCEEDED));
    assert_int_equal(payment.state, PAYMENT_REFUNDED);
    return payment;
}
