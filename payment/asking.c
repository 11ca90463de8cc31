/* asking.c - the rows that ask the provider, and what its answers do to the state. */
#include "payment/asking.h"
#include "common/base/hash.h"
#include "common/base/text.h"
#include "payment/actions.h"
#include "payment/announce.h"

#include <stdio.h>
#include <string.h>

#define BACKOFF_DOUBLINGS_MAX 20

int64_t backoff_ms(int64_t first_ms, int64_t max_ms, int32_t count)
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
    if (payment->asked_amount == 0)
        payment->asked_amount = payment_missing(payment);
    payment->call_number++;
    decision->effect.is_wanted = true;
    decision->effect.type = (int)type;
    struct refund_effect *effect = (struct refund_effect *)(void *)decision->effect.payload;
    memset(effect, 0, sizeof *effect);
    memcpy(effect->payment_id, payment->id, sizeof effect->payment_id);
    memcpy(effect->intent_id, payment->intent_id, sizeof effect->intent_id);
    refund_key_write(payment->id, payment->key_ordinal, effect->key);
    effect->call_number = payment->call_number;
    effect->amount = payment->asked_amount;
    memcpy(effect->currency, payment->currency, sizeof effect->currency);
    effect->attempt = payment->attempts;
    if (payment->asked_at_ms == 0)
        payment->asked_at_ms = decision->now_ms;
    payment->due_at_ms =
        decision->now_ms + patience_ms(rules, payment, rules->effect_wait_ms, decision->now_ms);
}

static void asking_begin(const struct payment_rules *rules, struct payment *payment,
                         struct decision *decision)
{
    memset(payment->refund_id, 0, sizeof payment->refund_id);
    payment->attempts = 0;
    payment->asked_at_ms = 0;
    payment->attempts_max = rules->refund_attempts_max;
    decision_note(decision, "payment.refund", NULL, 0);
}

/* A store that was restored from a backup may have forgotten a refund. The provider recognises the
 * key of a recent one; for an older one it is asked first. */
ACT(refund)
{
    (void)input;
    bool is_recent = decision->now_ms - payment->captured_at_ms < REFUND_KEY_TRUSTED_MS;
    asking_begin(rules, payment, decision);
    call(rules, payment, is_recent ? EFFECT_REFUND : EFFECT_LOOKUP, decision);
}

/* Others have begun to give it back: what comes of that is waited for. */
void refund_await(const struct payment_rules *rules, struct payment *payment,
                  struct decision *decision)
{
    asking_begin(rules, payment, decision);
    payment->asked_at_ms = decision->now_ms;
    payment->due_at_ms = decision->now_ms + jitter_ms(payment, rules->refund_retry_ms);
}

void refund_done(struct payment *payment, const char *refund_id, struct decision *decision)
{
    const struct payment_refund *last = refunds_last_standing(&payment->refunds);
    if (refund_id[0] == '\0')
        refund_id = last != NULL ? last->id : REFUND_ID_UNKNOWN;
    memset(payment->refund_id, 0, sizeof payment->refund_id);
    text_copy(payment->refund_id, sizeof payment->refund_id, refund_id);
    payment->due_at_ms = 0;
    payment->asked_at_ms = 0;
    payment->last_error[0] = '\0';
    announce_refund_end(payment, decision);
    decision_note(decision, "payment.refunded", NULL, 0);
}

static struct refund_result result_of(const struct input *input)
{
    struct refund_result result;
    memcpy(&result, input->payload, sizeof result);
    return result;
}

/* A probe of the provider, and a call that was never made, are no try of this refund. */
static void count_attempt(struct payment *payment, const struct refund_result *result)
{
    payment->attempts += !result->is_uncounted;
}

ACT(finish_by_result)
{
    (void)rules;
    const struct refund_result result = result_of(input);
    count_attempt(payment, &result);
    (void)refund_hear(payment, input, decision);
    refund_done(payment, result.refund_id, decision);
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
    const struct refund_result result = result_of(input);
    count_attempt(payment, &result);
    get_stuck(payment, result.reason[0] != '\0' ? result.reason : "already_refunded", decision);
}

ACT(stick_out_of_keys)
{
    (void)rules;
    (void)refund_hear(payment, input, decision);
    get_stuck(payment, "too_many_refunds", decision);
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

/* What the present key stands for has been settled, and is not enough. */
ACT(call_next_key)
{
    (void)refund_hear(payment, input, decision);
    payment->key_ordinal++;
    payment->asked_amount = 0;
    memset(payment->last_error, 0, sizeof payment->last_error);
    call(rules, payment, EFFECT_LOOKUP, decision);
}

/* A refund that is under way at the provider is asked about later and later, and nobody's fault. */
ACT(wait_for_pending)
{
    (void)refund_hear(payment, input, decision);
    if (payment->asked_at_ms == 0)
        payment->asked_at_ms = decision->now_ms;
    int64_t wait_ms = patience_ms(rules, payment, rules->refund_retry_ms, decision->now_ms);
    payment->due_at_ms = decision->now_ms + jitter_ms(payment, wait_ms);
}

static int64_t retry_wait_ms(const struct payment_rules *rules, struct payment *payment,
                             const struct refund_result *result, struct decision *decision)
{
    count_attempt(payment, result);
    payment->asked_at_ms = 0;
    bool is_first_block = result->status == REFUND_BLOCKED && payment->attempts == 1;
    bool is_one_of_many =
        payment->attempts_max > 0 && payment->attempts % payment->attempts_max == 0;
    decision->is_alert |= !result->is_uncounted && (is_first_block || is_one_of_many);
    int64_t wait_ms = backoff_ms(rules->refund_retry_ms, rules->refund_retry_max_ms,
                                 payment->attempts > 0 ? payment->attempts - 1 : 0);
    if (result->retry_after_ms > wait_ms)
        wait_ms = result->retry_after_ms < rules->refund_retry_max_ms ? result->retry_after_ms
                                                                      : rules->refund_retry_max_ms;
    return wait_ms;
}

ACT(wait_and_ask)
{
    const struct refund_result result = result_of(input);
    (void)refund_hear(payment, input, decision);
    int64_t wait_ms = retry_wait_ms(rules, payment, &result, decision);
    memcpy(payment->last_error, result.reason, sizeof payment->last_error);
    payment->due_at_ms = decision->now_ms + jitter_ms(payment, wait_ms);
}

/* An answer that nobody waits for any more still tells of its refund. */
ACT(keep_answer)
{
    (void)rules;
    decision->is_changed = refund_hear(payment, input, decision);
}

/* Something is missing again. A call may still be under way: the deadline, which waits for its end,
 * begins with the key that was used last. */
static void begin_again(const struct payment_rules *rules, struct payment *payment,
                        const struct input *input, struct decision *decision)
{
    (void)refund_hear(payment, input, decision);
    asking_begin(rules, payment, decision);
    payment->due_at_ms = decision->now_ms + jitter_ms(payment, rules->refund_retry_ms);
}

ACT(ask_again)
{
    begin_again(rules, payment, input, decision);
}

/* A key that was refused has made no refund; some providers say the same to it for ever. */
static void refused_key_leave(struct payment *payment)
{
    bool was_refused = strncmp(payment->last_error, "http_", strlen("http_")) == 0;
    if (was_refused && payment->key_ordinal + 1 < REFUND_KEYS_MAX) {
        payment->key_ordinal++;
        payment->asked_amount = 0;
    }
    memset(payment->last_error, 0, sizeof payment->last_error);
}

/* A refund that nobody here had heard of has failed: it may be why ours was refused. */
ACT(ask_again_refused)
{
    refused_key_leave(payment);
    begin_again(rules, payment, input, decision);
}

/* It was announced as refunded. */
ACT(ask_again_failed)
{
    announce_refund_failed(payment, decision);
    begin_again(rules, payment, input, decision);
    decision->is_alert = true;
}

/* ---- a person has looked at a stuck refund ---- */

ACT(retry_by_hand)
{
    (void)input;
    refused_key_leave(payment);
    asking_begin(rules, payment, decision);
    payment->due_at_ms = decision->now_ms + jitter_ms(payment, rules->refund_retry_ms);
}

ACT(resolve_by_hand)
{
    (void)rules;
    struct operator_payload said;
    memcpy(&said, input->payload, sizeof said);
    payment->resolved_amount += payment->amount - payment_back(payment);
    memset(payment->last_error, 0, sizeof payment->last_error);
    memset(payment->resolved_reason, 0, sizeof payment->resolved_reason);
    text_copy(payment->resolved_reason, sizeof payment->resolved_reason, said.reason);
    refund_done(payment, REFUND_ID_BY_HAND, decision);
}
