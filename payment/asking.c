/* asking.c - the rows that ask the provider, and what its answers do to the state. */
#include "payment/asking.h"
#include "common/base/hash.h"
#include "common/base/text.h"
#include "payment/actions.h"
#include "payment/announce.h"

#include <stdio.h>
#include <string.h>

#define BACKOFF_DOUBLINGS_MAX 20

int64_t payment_backoff_ms(int64_t first_ms, int64_t max_ms, int32_t count)
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
static int64_t patience_ms(const struct turn *turn, int64_t least_ms)
{
    const struct payment_rules *rules = turn->rules;
    const struct payment *payment = turn->state;
    int64_t wait_ms = turn->decision->now_ms - payment->asked_at_ms;
    if (wait_ms > rules->refund_retry_max_ms)
        wait_ms = rules->refund_retry_max_ms;
    return wait_ms > least_ms ? wait_ms : least_ms;
}

static void call(const struct turn *turn, enum refund_effect_type type)
{
    const struct payment_rules *rules = turn->rules;
    struct payment *payment = turn->state;
    struct decision *decision = turn->decision;
    if (payment->asked_amount == 0)
        payment->asked_amount = payment_missing(payment);
    payment->call_number++;
    decision->effect.is_wanted = true;
    decision->effect.type = (int)type;
    struct refund_effect *effect = (struct refund_effect *)(void *)decision->effect.payload;
    memset(effect, 0, sizeof *effect);
    memcpy(effect->payment_id, payment->id, sizeof effect->payment_id);
    memcpy(effect->intent_id, payment->intent_id, sizeof effect->intent_id);
    payment_refund_key_write(payment->id, payment->key_ordinal, effect->key);
    effect->call_number = payment->call_number;
    effect->amount = payment->asked_amount;
    memcpy(effect->currency, payment->currency, sizeof effect->currency);
    effect->attempt = payment->attempts;
    if (payment->asked_at_ms == 0)
        payment->asked_at_ms = decision->now_ms;
    payment->due_at_ms = decision->now_ms + patience_ms(turn, rules->effect_wait_ms);
}

static void asking_begin(const struct turn *turn)
{
    const struct payment_rules *rules = turn->rules;
    struct payment *payment = turn->state;
    memset(payment->refund_id, 0, sizeof payment->refund_id);
    payment->attempts = 0;
    payment->asked_at_ms = 0;
    payment->attempts_max = rules->refund_attempts_max;
    decision_note(turn->decision, "payment.refund", NULL, 0);
}

/* A store that was restored from a backup may have forgotten a refund. The provider recognises the
 * key of a recent one; for an older one it is asked first. */
void payment_refund_begin(const struct turn *turn)
{
    struct payment *payment = turn->state;
    bool is_recent = turn->decision->now_ms - payment->captured_at_ms < REFUND_KEY_TRUSTED_MS;
    asking_begin(turn);
    call(turn, is_recent ? EFFECT_REFUND : EFFECT_LOOKUP);
}

/* Others have begun to give it back: what comes of that is waited for. */
void payment_refund_await(const struct turn *turn)
{
    const struct payment_rules *rules = turn->rules;
    struct payment *payment = turn->state;
    struct decision *decision = turn->decision;
    asking_begin(turn);
    payment->asked_at_ms = decision->now_ms;
    payment->due_at_ms = decision->now_ms + jitter_ms(payment, rules->refund_retry_ms);
}

void payment_refund_done(const struct turn *turn, const char *refund_id)
{
    struct payment *payment = turn->state;
    struct decision *decision = turn->decision;
    const struct payment_refund *last = payment_refunds_last_standing(&payment->refunds);
    if (refund_id[0] == '\0')
        refund_id = last != NULL ? last->id : REFUND_ID_UNKNOWN;
    memset(payment->refund_id, 0, sizeof payment->refund_id);
    text_copy(payment->refund_id, sizeof payment->refund_id, refund_id);
    payment->due_at_ms = 0;
    payment->asked_at_ms = 0;
    memset(payment->last_error, 0, sizeof payment->last_error);
    payment_announce_refund_end(payment, decision);
    decision_note(decision, "payment.refunded", NULL, 0);
}

/* A probe of the provider, and a call that was never made, are no try of this refund. */
static void count_attempt(const struct turn *turn)
{
    struct payment *payment = turn->state;
    const struct refund_result *result = turn_payload(turn);
    payment->attempts += !result->is_uncounted;
}

void payment_finish_by_result(const struct turn *turn)
{
    const struct refund_result *result = turn_payload(turn);
    count_attempt(turn);
    (void)payment_refund_hear(turn);
    payment_refund_done(turn, result->refund_id);
}

static void get_stuck(const struct turn *turn, const char *why)
{
    struct payment *payment = turn->state;
    payment->due_at_ms = 0;
    payment->asked_at_ms = 0;
    snprintf(payment->last_error, sizeof payment->last_error, "%s", why);
    payment_announce_refund_end(payment, turn->decision);
    decision_note(turn->decision, "payment.refund.stuck", NULL, 0);
}

void payment_stick_by_result(const struct turn *turn)
{
    const struct refund_result *result = turn_payload(turn);
    count_attempt(turn);
    get_stuck(turn, result->reason[0] != '\0' ? result->reason : "already_refunded");
}

void payment_stick_out_of_keys(const struct turn *turn)
{
    (void)payment_refund_hear(turn);
    get_stuck(turn, "too_many_refunds");
}

/* Its turn will come: nothing is asked again, nothing counts as tried. */
void payment_wait_on(const struct turn *turn)
{
    const struct payment_rules *rules = turn->rules;
    struct payment *payment = turn->state;
    payment->due_at_ms = turn->decision->now_ms + patience_ms(turn, rules->effect_wait_ms);
}

/* Whether the last call arrived is not known: ask by key before calling again. */
void payment_look_up(const struct turn *turn)
{
    call(turn, EFFECT_LOOKUP);
}

void payment_call_again(const struct turn *turn)
{
    call(turn, EFFECT_REFUND);
}

/* What the present key stands for has been settled, and is not enough. */
void payment_call_next_key(const struct turn *turn)
{
    struct payment *payment = turn->state;
    (void)payment_refund_hear(turn);
    payment->key_ordinal++;
    payment->asked_amount = 0;
    memset(payment->last_error, 0, sizeof payment->last_error);
    call(turn, EFFECT_LOOKUP);
}

/* A refund that is under way at the provider is asked about later and later, and nobody's fault. */
void payment_wait_for_pending(const struct turn *turn)
{
    const struct payment_rules *rules = turn->rules;
    struct payment *payment = turn->state;
    struct decision *decision = turn->decision;
    (void)payment_refund_hear(turn);
    if (payment->asked_at_ms == 0)
        payment->asked_at_ms = decision->now_ms;
    int64_t wait_ms = patience_ms(turn, rules->refund_retry_ms);
    payment->due_at_ms = decision->now_ms + jitter_ms(payment, wait_ms);
}

static int64_t retry_wait_ms(const struct turn *turn)
{
    const struct payment_rules *rules = turn->rules;
    struct payment *payment = turn->state;
    const struct refund_result *result = turn_payload(turn);
    count_attempt(turn);
    payment->asked_at_ms = 0;
    bool is_first_block = result->status == REFUND_BLOCKED && payment->attempts == 1;
    bool is_one_of_many =
        payment->attempts_max > 0 && payment->attempts % payment->attempts_max == 0;
    turn->decision->is_alert |= !result->is_uncounted && (is_first_block || is_one_of_many);
    int64_t wait_ms = payment_backoff_ms(rules->refund_retry_ms, rules->refund_retry_max_ms,
                                         payment->attempts > 0 ? payment->attempts - 1 : 0);
    if (result->retry_after_ms > wait_ms)
        wait_ms = result->retry_after_ms < rules->refund_retry_max_ms ? result->retry_after_ms
                                                                      : rules->refund_retry_max_ms;
    return wait_ms;
}

void payment_wait_and_ask(const struct turn *turn)
{
    struct payment *payment = turn->state;
    const struct refund_result *result = turn_payload(turn);
    (void)payment_refund_hear(turn);
    int64_t wait_ms = retry_wait_ms(turn);
    memcpy(payment->last_error, result->reason, sizeof payment->last_error);
    payment->due_at_ms = turn->decision->now_ms + jitter_ms(payment, wait_ms);
}

/* An answer that nobody waits for any more still tells of its refund. */
void payment_keep_answer(const struct turn *turn)
{
    turn->decision->is_changed = payment_refund_hear(turn);
}

/* Something is missing again. A call may still be under way: the deadline, which waits for its end,
 * begins with the key that was used last. */
static void begin_again(const struct turn *turn)
{
    const struct payment_rules *rules = turn->rules;
    struct payment *payment = turn->state;
    (void)payment_refund_hear(turn);
    asking_begin(turn);
    payment->due_at_ms = turn->decision->now_ms + jitter_ms(payment, rules->refund_retry_ms);
}

void payment_ask_again(const struct turn *turn)
{
    begin_again(turn);
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
void payment_ask_again_refused(const struct turn *turn)
{
    refused_key_leave(turn->state);
    begin_again(turn);
}

/* It was announced as refunded. */
void payment_ask_again_failed(const struct turn *turn)
{
    payment_announce_refund_failed(turn->state, turn->decision);
    begin_again(turn);
}

/* ---- a person has looked at a stuck refund ---- */

void payment_retry_by_hand(const struct turn *turn)
{
    const struct payment_rules *rules = turn->rules;
    struct payment *payment = turn->state;
    refused_key_leave(turn->state);
    asking_begin(turn);
    payment->due_at_ms = turn->decision->now_ms + jitter_ms(payment, rules->refund_retry_ms);
}

void payment_resolve_by_hand(const struct turn *turn)
{
    struct payment *payment = turn->state;
    const struct operator_payload *said = turn_payload(turn);
    payment->resolved_amount += payment->amount - payment_back(payment);
    memset(payment->last_error, 0, sizeof payment->last_error);
    memset(payment->resolved_reason, 0, sizeof payment->resolved_reason);
    text_copy(payment->resolved_reason, sizeof payment->resolved_reason, said->reason);
    payment_refund_done(turn, REFUND_ID_BY_HAND);
}
