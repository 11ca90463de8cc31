/* sim_provider.c - the payment provider: refunds by key, with all that can happen to a call on its
 * way there and back. Its ledger counts what moved money. Answers are read by the service's own
 * reader, from the bytes that the real provider sends. */
#include "sim/world/sim_provider.h"
#include "sim/world/sim.h"
#include "sim/world/sim_clients.h"
#include "sim/world/sim_document.h"
#include "sim/world/sim_story.h"

#include <assert.h>
#include <string.h>

#define CALL_MS_MAX 1500
#define TIMEOUT_MS  3000 /* ROUNDTRIP_PROVIDER_TIMEOUT_MS */
#define LATE_MS_MAX 20000

static struct refund_effect effect_of(const struct sim_call *call)
{
    struct refund_effect effect;
    memcpy(&effect, call->effect.payload, sizeof effect);
    return effect;
}

/* C11: a provider that has forgotten the key takes the same call for a new one. */
static bool is_key_forgotten(const struct sim *sim, const struct sim_refund *refund,
                             const struct sim_call *call)
{
    return sim->keys_kept_ms > 0 && refund->standing == STANDING_SUCCEEDED &&
           call->arrives_at_ms - refund->at_ms > sim->keys_kept_ms;
}

static void answer_read(struct sim_call *call, int status, const char *body)
{
    struct refund_effect effect = effect_of(call);
    payment_refund_answer_read((enum refund_effect_type)call->effect.type, &effect, status, body,
                               strlen(body), -1, &call->result);
}

/* What the books say, as the provider's HTTP interface says it. */
static void ledger_answer(struct sim_call *call, const struct sim_payment *payment,
                          const struct sim_refund *refund)
{
    char body[512];
    snprintf(body, sizeof body,
             "{\"refundId\":\"%s\",\"paymentId\":\"%s\",\"amount\":%lld,\"currency\":\"%s\","
             "\"status\":\"%s\"}",
             refund->id, payment->id, (long long)refund->amount, payment->content.currency,
             payment_standing_text(refund->standing));
    answer_read(call, 200, body);
}

/* Nothing is left to give back. Some providers do not say which refund it was. */
static void already_answer(struct sim *sim, struct sim_call *call,
                           const struct sim_payment *payment)
{
    char body[256] = "{\"code\":\"already_refunded\"}";
    size_t last = payment->refund_count;
    while (last > 0 && payment->refunds[last - 1].standing == STANDING_FAILED)
        last--;
    if (last > 0 && sim_random_chance(&sim->random, 700))
        snprintf(body, sizeof body, "{\"code\":\"already_refunded\",\"refundId\":\"%s\"}",
                 payment->refunds[last - 1].id);
    answer_read(call, 409, body);
}

/* I4: what stands of ours is not asked for once more under another key. */
static void asked_twice_check(struct sim *sim, const struct sim_payment *payment,
                              const struct refund_effect *effect)
{
    for (size_t i = 0; i < payment->refund_count; i++) {
        const struct sim_refund *refund = &payment->refunds[i];
        if (!payment->is_touched && refund->standing != STANDING_FAILED &&
            refund->amount + effect->amount > payment->captured)
            sim_fail(sim, "I4: %lld of %s is asked for again, %s stands", (long long)effect->amount,
                     payment->id, refund->id);
    }
}

static void refund_make(struct sim *sim, struct sim_call *call, struct sim_payment *payment,
                        const struct refund_effect *effect)
{
    const struct sim_refund *made = sim_refund_add(sim, payment, effect->key, effect->amount);
    if (made == NULL) {
        answer_read(call, 422, "{\"code\":\"too_many_refunds\"}");
        return;
    }
    if (effect->amount < payment->captured)
        anomaly_reached(sim, ANOMALY_C10b);
    if (strcmp(effect->key, payment->id) != 0)
        anomaly_reached(sim, ANOMALY_C10c);
    sim_tell(sim, "provider refunds %lld of %s: %s, %s", (long long)effect->amount, payment->id,
             made->id, payment_standing_text(made->standing));
    for (int i = 0; i < 2 && sim_fault(sim, FAULT_REPORTS); i++)
        (void)sim_report_send(sim, payment, made);
    ledger_answer(call, payment, made);
}

static void refund_call(struct sim *sim, struct sim_call *call, struct sim_payment *payment)
{
    struct refund_effect effect = effect_of(call);
    const struct sim_refund *known = sim_refund_by_key(payment, effect.key);
    bool is_forgotten = known != NULL && is_key_forgotten(sim, known, call);
    if (payment->is_refused) {
        answer_read(call, 422, "{\"code\":\"charge_disputed\"}");
        return;
    }
    if (known != NULL && !is_forgotten) {
        bool is_same = known->amount == effect.amount;
        if (!is_same && !payment->is_restored)
            sim_fail(sim, "C2: the key of %s stands for %lld, and is used for %lld", payment->id,
                     (long long)known->amount, (long long)effect.amount);
        if (is_same)
            ledger_answer(call, payment, known);
        else
            answer_read(call, 422, "{\"code\":\"idempotency_key_reused\"}");
        return;
    }
    if (payment->refund_count == 0 && sim_fault(sim, FAULT_ELSEWHERE))
        (void)sim_refund_rest_by_hand(sim, payment);
    int64_t rest = payment->captured - sim_refunds_sum(payment, STANDING_SUCCEEDED) -
                   sim_refunds_sum(payment, STANDING_PENDING);
    if (!is_forgotten)
        asked_twice_check(sim, payment, &effect);
    if (rest <= 0 && !is_forgotten)
        already_answer(sim, call, payment);
    else if (effect.amount > rest && !is_forgotten)
        answer_read(call, 422, "{\"code\":\"amount_exceeds_captured\"}");
    else
        refund_make(sim, call, payment, &effect);
}

/* C7: never more than was captured, and nothing that was not. */
static void capture_check(struct sim *sim, const struct refund_effect *effect)
{
    struct payment stored;
    const struct memory_document *document =
        sim_document_find(sim, SIM_PAYMENT, effect->payment_id);
    if (document == NULL) {
        sim_fail(sim, "C7: a refund of %s, which was never captured", effect->payment_id);
        return;
    }
    if (sim_document_state(sim, SIM_PAYMENT, document, &stored) &&
        (effect->amount > stored.amount || strcmp(stored.currency, effect->currency) != 0))
        sim_fail(sim, "C7: a refund of %lld for %s, captured %lld", (long long)effect->amount,
                 effect->payment_id, (long long)stored.amount);
}

static void found_answer(struct sim *sim, struct sim_call *call, const struct sim_payment *payment,
                         const struct sim_refund *refund)
{
    if (is_key_forgotten(sim, refund, call))
        anomaly_reached(sim, payment->is_restored ? ANOMALY_F9 : ANOMALY_C11);
    ledger_answer(call, payment, refund);
}

/* C5b: what stands in the way of the answer says nothing of the payment. */
static void no_answer_draw(struct sim *sim, struct sim_call *call)
{
    static const struct {
        int status;
        const char *body;
    } answers[] = {
        { 503, "" },
        { 429, "{\"code\":\"too_many_requests\"}" },
        { 401, "{\"code\":\"unauthorized\"}" },
        { 403, "<html><body>Forbidden</body></html>" },
        { 404, "<html><body>Not Found</body></html>" },
        { 407, "" },
        { 200, "<html><body>Sign in to the network</body></html>" },
        { 422, "{\"code\":\"not_in_this_region\"}" },
        { 400, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"livemode_mismatch\"}}" },
    };
    size_t at = sim_random_below(&sim->random, sizeof answers / sizeof answers[0]);
    answer_read(call, answers[at].status, answers[at].body);
}

static void call_arrive(struct sim *sim, struct sim_call *call)
{
    struct refund_effect effect = effect_of(call);
    struct sim_payment *payment = sim_payment_find(sim, effect.payment_id);
    call->has_arrived = true;
    if (payment == NULL) {
        sim_fail(sim, "C7: a refund of %s, which nobody has charged", effect.payment_id);
        return;
    }
    capture_check(sim, &effect);
    /* What was captured of a payment whose captures differ is known to its document alone. */
    if (!payment->is_plain && payment->captured == 0)
        payment->captured = effect.amount;
    const struct sim_refund *known = sim_refund_by_key(payment, effect.key);
    if (call->answer == CALL_UNANSWERED || call->arrives_at_ms < sim->provider_shut_until_ms)
        no_answer_draw(sim, call);
    else if (call->effect.type == EFFECT_REFUND)
        refund_call(sim, call, payment);
    else if (known != NULL)
        found_answer(sim, call, payment, known);
    else
        answer_read(call, 404, "");
    if (call->answer == CALL_TIMED_OUT)
        payment_refund_failure_read(call->effect.type == EFFECT_REFUND, &call->result);
}

void sim_result_input(const struct effect *asked, const struct refund_result *heard,
                      struct input *ret_result)
{
    struct refund_effect effect;
    memcpy(&effect, asked->payload, sizeof effect);
    *ret_result = (struct input){ .source = INPUT_FROM_EFFECT,
                                  .type = INPUT_RESULT,
                                  .type_name = payment_input_text(INPUT_RESULT) };
    snprintf(ret_result->id, sizeof ret_result->id, "refund:%s:%d", effect.payment_id,
             (int)effect.attempt);
    memcpy(ret_result->document_id, asked->document_id, sizeof ret_result->document_id);
    memcpy(ret_result->correlation_id, asked->correlation_id, sizeof ret_result->correlation_id);
    struct refund_result result = *heard;
    result.call_number = effect.call_number;
    memcpy(ret_result->payload, &result, sizeof result);
}

static void call_remove(struct sim *sim, size_t at)
{
    sim->call_count--;
    memmove(&sim->calls[at], &sim->calls[at + 1], (sim->call_count - at) * sizeof sim->calls[0]);
}

/* It may still be on its way: then it arrives, and nobody waits for it any more. */
static void call_end(struct sim *sim, struct sim_call *call)
{
    struct sim_worker *worker = call->worker;
    bool is_over = call->has_arrived || call->answer == CALL_TIMED_OUT;
    if (worker == NULL || !is_over || call->answered_at_ms > sim->now_ms)
        return;
    call->worker = NULL;
    if (call->answer == CALL_LOST)
        effect_queue_drop(worker->calls, call->call);
    else
        sim_pool_finish(worker, call);
    sim_service_wake(sim, SIM_PAYMENT);
    sim_pool_start_calls(worker);
}

void sim_provider_run(struct sim *sim)
{
    sim_refunds_move(sim);
    for (size_t i = 0; i < sim->call_count; i++) {
        struct sim_call *call = &sim->calls[i];
        if (!call->has_arrived && call->arrives_at_ms != 0 && call->arrives_at_ms <= sim->now_ms)
            call_arrive(sim, call);
    }
    for (size_t i = sim->call_count; i-- > 0;) {
        struct sim_call *call = &sim->calls[i];
        call_end(sim, call); /* may add others, behind it */
        if (call->worker == NULL && (call->has_arrived || call->arrives_at_ms == 0))
            call_remove(sim, i);
    }
    for (size_t i = 0; i < sim->worker_count; i++)
        sim_pool_start_calls(&sim->workers[i]);
}

int64_t sim_provider_next_ms(const struct sim *sim)
{
    int64_t next_ms = 0;
    for (size_t i = 0; i < sim->call_count; i++) {
        const struct sim_call *call = &sim->calls[i];
        int64_t at_ms = !call->has_arrived && call->arrives_at_ms != 0 ? call->arrives_at_ms
                                                                       : call->answered_at_ms;
        if (next_ms == 0 || at_ms < next_ms)
            next_ms = at_ms;
    }
    for (size_t i = 0; i < sim->worker_count; i++) {
        int64_t at_ms = sim_pool_next_ms(&sim->workers[i]);
        if (at_ms != 0 && (next_ms == 0 || at_ms < next_ms))
            next_ms = at_ms;
    }
    int64_t moves_at_ms = sim_refunds_next_ms(sim);
    if (moves_at_ms != 0 && (next_ms == 0 || moves_at_ms < next_ms))
        next_ms = moves_at_ms;
    return next_ms;
}

void sim_provider_call(struct sim *sim, struct sim_call *call)
{
    struct refund_effect effect = effect_of(call);
    struct sim_payment *payment = sim_payment_find(sim, effect.payment_id);
    if (payment != NULL)
        payment->calls_made++;
    call->arrives_at_ms = sim->now_ms + sim_random_between(&sim->random, 0, CALL_MS_MAX);
    call->answered_at_ms = call->arrives_at_ms + sim_random_between(&sim->random, 0, CALL_MS_MAX);
    if (sim_fault(sim, FAULT_SLOW))
        call->answered_at_ms = sim->now_ms + TIMEOUT_MS - 1;
    call->answer = CALL_ANSWERED;
    if (!sim_fault(sim, FAULT_PROVIDER))
        return;
    switch (sim_random_below(&sim->random, 5)) {
    case 0:
        call->answer = CALL_UNANSWERED;
        break;
    case 1:
        call->answer = CALL_LOST; /* done, and the answer is never heard */
        break;
    case 2: /* never arrives */
        call->arrives_at_ms = 0;
        call->answer = CALL_TIMED_OUT;
        call->answered_at_ms = sim->now_ms + TIMEOUT_MS;
        break;
    case 3: /* done, then the answer is late */
        call->answer = CALL_TIMED_OUT;
        call->answered_at_ms = sim->now_ms + TIMEOUT_MS;
        break;
    default: /* done long after we have stopped waiting */
        call->answer = CALL_TIMED_OUT;
        call->arrives_at_ms =
            sim->now_ms + sim_random_between(&sim->random, TIMEOUT_MS, LATE_MS_MAX);
        call->answered_at_ms = sim->now_ms + TIMEOUT_MS;
        break;
    }
    payment_refund_failure_read(call->effect.type == EFFECT_REFUND, &call->result);
}
