#include "payment/actions.h"
#include "common/base/hash.h"
#include "payment/announce.h"

#include <stdio.h>
#include <string.h>

#define BACKOFF_DOUBLINGS_MAX 20

static int64_t backoff_ms(int64_t first_ms, int64_t max_ms, int32_t count)
{
    int doublings = count < BACKOFF_DOUBLINGS_MAX ? count : BACKOFF_DOUBLINGS_MAX;
    int64_t wait_ms = first_ms << doublings;
    return wait_ms < max_ms ? wait_ms : max_ms;
}

/* Spreads retries of many payments without drawing a random number: up to a quarter more, fixed by
 * the payment and the attempt. */
static int64_t jitter_ms(const struct payment *payment, int64_t wait_ms)
{
    char text[IDENT_SIZE + 16];
    int length = snprintf(text, sizeof text, "%s %d", payment->id, payment->attempts);
    uint64_t spread = hash_fingerprint(text, (size_t)length) % 1024;
    return wait_ms + wait_ms * (int64_t)spread / 4096;
}

ACT(nothing)
{
    (void)rules, (void)payment, (void)input;
    decision->is_changed = false;
}

ACT(alert)
{
    nothing(rules, payment, input, decision);
    decision->is_alert = true;
}

/* Somebody speaks of this payment in the name of another booking. */
ACT(suspect)
{
    nothing(rules, payment, input, decision);
    decision->is_security_event = true;
}

/* Another payment of a caller without payment ids: the shell asks once more, under its own id. */
ACT(give_own_id)
{
    nothing(rules, payment, input, decision);
    decision->reply = REPLY_CONFLICT;
}

ACT(conflict_again)
{
    nothing(rules, payment, input, decision);
    decision->reply = REPLY_OK;
    decision->reason = PAYMENT_REASON_CONFLICT;
}

ACT(keep_conflict)
{
    (void)rules;
    const struct payment_payload *payload = payment_payload(input);
    decision->reason = PAYMENT_REASON_CONFLICT;
    decision->is_alert = true;
    decision->is_security_event = strcmp(payment->intent_id, payload->intent_id) != 0 ||
                                  strcmp(payment->user_id, payload->user_id) != 0;
    decision->is_changed = payment->conflict_count < PAYMENT_CONFLICTS_MAX;
    if (!decision->is_changed)
        return;
    struct payment_conflict *conflict = &payment->conflicts[payment->conflict_count++];
    memcpy(conflict->intent_id, payload->intent_id, sizeof conflict->intent_id);
    memcpy(conflict->user_id, payload->user_id, sizeof conflict->user_id);
    conflict->amount = payload->amount;
    memcpy(conflict->currency, payload->currency, sizeof conflict->currency);
    conflict->at_ms = decision->now_ms;
}

static void capture_keep(struct payment *payment, const struct input *input,
                         const struct decision *decision)
{
    const struct payment_payload *payload = payment_payload(input);
    memcpy(payment->intent_id, payload->intent_id, sizeof payment->intent_id);
    memcpy(payment->user_id, payload->user_id, sizeof payment->user_id);
    payment->amount = payload->amount;
    memcpy(payment->currency, payload->currency, sizeof payment->currency);
    payment->captured_at_ms = decision->now_ms;
    payment->is_final = false;
}

ACT(capture)
{
    capture_keep(payment, input, decision);
    announce_captured(payment, decision);
    payment->due_at_ms = decision->now_ms + rules->repeat_after_ms;
}

ACT(decline)
{
    (void)rules;
    const struct payment_payload *payload = payment_payload(input);
    memcpy(payment->intent_id, payload->intent_id, sizeof payment->intent_id);
    if (payload->user_id[0] != '\0')
        memcpy(payment->user_id, payload->user_id, sizeof payment->user_id);
    payment->is_final |= payload->is_final;
    announce_declined(payment, payload->reason, decision);
}

ACT(capture_again)
{
    (void)input;
    announce_captured_again(payment, decision);
    payment->repeat_count++;
    payment->due_at_ms = decision->now_ms + backoff_ms(rules->repeat_after_ms, rules->repeat_max_ms,
                                                       payment->repeat_count);
}

ACT(settle)
{
    (void)rules, (void)input, (void)decision;
    payment->due_at_ms = 0;
}

ACT(expect_demand)
{
    (void)rules, (void)decision;
    memcpy(payment->intent_id, payment_payload(input)->intent_id, sizeof payment->intent_id);
    memcpy(payment->refund_reason, payment_payload(input)->reason, sizeof payment->refund_reason);
    payment->is_demanded = true;
}

ACT(expect_report)
{
    (void)rules, (void)decision;
    memcpy(payment->intent_id, payment_payload(input)->intent_id, sizeof payment->intent_id);
    memcpy(payment->refund_id, payment_payload(input)->refund_id, sizeof payment->refund_id);
}

/* As long again as it has waited, since the queue may be long and a look-up cannot shorten it. */
static int64_t patience_ms(const struct payment_rules *rules, const struct payment *payment,
                           int64_t least_ms, int64_t now_ms)
{
    int64_t wait_ms = now_ms - payment->asked_at_ms;
    if (wait_ms > rules->refund_retry_max_ms)
        wait_ms = rules->refund_retry_max_ms;
    return wait_ms > least_ms ? wait_ms : least_ms;
}

static void call(const struct payment_rules *rules, struct payment *payment,
                 enum refund_effect_type type, struct decision *decision)
{
    decision->effect.is_wanted = true;
    decision->effect.type = (int)type;
    struct refund_effect *effect = (struct refund_effect *)(void *)decision->effect.payload;
    memset(effect, 0, sizeof *effect);
    memcpy(effect->payment_id, payment->id, sizeof effect->payment_id);
    memcpy(effect->intent_id, payment->intent_id, sizeof effect->intent_id);
    effect->amount = payment->amount;
    memcpy(effect->currency, payment->currency, sizeof effect->currency);
    effect->attempt = payment->attempts;
    if (payment->asked_at_ms == 0)
        payment->asked_at_ms = decision->now_ms;
    payment->due_at_ms =
        decision->now_ms + patience_ms(rules, payment, rules->effect_wait_ms, decision->now_ms);
}

/* A store that was restored from a backup may have forgotten a refund. The provider recognises the
 * key of a recent one; for an older one it is asked first. */
ACT(refund)
{
    (void)input;
    bool is_recent = decision->now_ms - payment->captured_at_ms < REFUND_KEY_TRUSTED_MS;
    payment->attempts = 0;
    payment->asked_at_ms = 0;
    payment->attempts_max = rules->refund_attempts_max;
    call(rules, payment, is_recent ? EFFECT_REFUND : EFFECT_LOOKUP, decision);
    decision_note(decision, "payment.refund", NULL, 0);
}

ACT(refund_demanded)
{
    memcpy(payment->refund_reason, payment_payload(input)->reason, sizeof payment->refund_reason);
    refund(rules, payment, input, decision);
}

ACT(refund_at_capture)
{
    capture_keep(payment, input, decision);
    refund(rules, payment, input, decision);
}

static void refund_done(struct payment *payment, struct decision *decision)
{
    payment->due_at_ms = 0;
    payment->asked_at_ms = 0;
    payment->last_error[0] = '\0';
    announce_refund_end(payment, decision);
    decision_note(decision, "payment.refunded", NULL, 0);
}

/* The provider's report came before the demand. */
ACT(refund_reported_before)
{
    (void)rules;
    memcpy(payment->refund_reason, payment_payload(input)->reason, sizeof payment->refund_reason);
    refund_done(payment, decision);
}

ACT(refund_reported_at_capture)
{
    (void)rules;
    capture_keep(payment, input, decision);
    refund_done(payment, decision);
}

ACT(keep_report)
{
    (void)rules, (void)decision;
    memcpy(payment->refund_id, payment_payload(input)->refund_id, sizeof payment->refund_id);
}

/* Given back at the provider although it paid for a confirmed booking: nobody here asked for it. */
ACT(keep_report_alert)
{
    keep_report(rules, payment, input, decision);
    decision->is_alert = true;
}

ACT(settle_reported)
{
    settle(rules, payment, input, decision);
    decision->is_alert = true;
}

ACT(finish_by_report)
{
    keep_report(rules, payment, input, decision);
    refund_done(payment, decision);
}

/* A probe of the provider, and a call that was never made, are no try of this refund. */
static void count_attempt(struct payment *payment, const struct refund_result *result)
{
    payment->attempts += !result->is_uncounted;
}

ACT(finish_by_result)
{
    (void)rules;
    const struct refund_result *result = (const struct refund_result *)(const void *)input->payload;
    count_attempt(payment, result);
    memcpy(payment->refund_id, result->refund_id, sizeof payment->refund_id);
    refund_done(payment, decision);
}

static void get_stuck(struct payment *payment, const char *why, struct decision *decision)
{
    payment->due_at_ms = 0;
    payment->asked_at_ms = 0;
    snprintf(payment->last_error, sizeof payment->last_error, "%s", why);
    decision->is_alert = true;
    announce_refund_end(payment, decision);
    decision_note(decision, "payment.refund.stuck", NULL, 0);
}

ACT(stick_by_result)
{
    (void)rules;
    const struct refund_result *result = (const struct refund_result *)(const void *)input->payload;
    count_attempt(payment, result);
    if (result->refund_id[0] != '\0')
        memcpy(payment->refund_id, result->refund_id, sizeof payment->refund_id);
    get_stuck(payment, result->reason, decision);
}

/* The refund that failed is remembered: an old word of its success must not hide it. */
ACT(stick_by_report)
{
    (void)rules;
    memcpy(payment->refund_id, payment_payload(input)->refund_id, sizeof payment->refund_id);
    get_stuck(payment, "refund_failed", decision);
}

/* Its turn will come: nothing is asked again, nothing counts as tried. */
ACT(wait_on)
{
    (void)input;
    payment->due_at_ms =
        decision->now_ms + patience_ms(rules, payment, rules->effect_wait_ms, decision->now_ms);
}

/* Whether the last call arrived is not known: ask by key before calling again. */
ACT(look_up)
{
    (void)input;
    call(rules, payment, EFFECT_LOOKUP, decision);
}

ACT(call_again)
{
    (void)input;
    call(rules, payment, EFFECT_REFUND, decision);
}

/* A refund that is under way at the provider is asked about later and later, and nobody's fault. */
static int64_t pending_wait_ms(const struct payment_rules *rules, const struct payment *payment,
                               int64_t now_ms)
{
    return patience_ms(rules, payment, rules->refund_retry_ms, now_ms);
}

static int64_t retry_wait_ms(const struct payment_rules *rules, struct payment *payment,
                             const struct refund_result *result, struct decision *decision)
{
    count_attempt(payment, result);
    payment->asked_at_ms = 0;
    bool is_first_block = result->status == REFUND_BLOCKED && payment->attempts == 1;
    bool is_one_of_many =
        payment->attempts_max > 0 && payment->attempts % payment->attempts_max == 0;
    decision->is_alert = !result->is_uncounted && (is_first_block || is_one_of_many);
    int64_t wait_ms = backoff_ms(rules->refund_retry_ms, rules->refund_retry_max_ms,
                                 payment->attempts > 0 ? payment->attempts - 1 : 0);
    if (result->retry_after_ms > wait_ms)
        wait_ms = result->retry_after_ms < rules->refund_retry_max_ms ? result->retry_after_ms
                                                                      : rules->refund_retry_max_ms;
    return wait_ms;
}

ACT(wait_and_ask)
{
    const struct refund_result *result = (const struct refund_result *)(const void *)input->payload;
    int64_t wait_ms = result->status == REFUND_PENDING
                          ? pending_wait_ms(rules, payment, decision->now_ms)
                          : retry_wait_ms(rules, payment, result, decision);
    memcpy(payment->last_error, result->reason, sizeof payment->last_error);
    payment->due_at_ms = decision->now_ms + jitter_ms(payment, wait_ms);
}

ACT(answer_again)
{
    (void)rules;
    decision->is_changed = false;
    if (input->is_repeat)
        announce_refund_end_again(payment, decision);
}
