/* sim_watch.c - watches the engines through their observer port: tells the story, sees which
 * anomalies a decision has met, and follows each booking's one trace. It changes nothing. */
#include "common/saga/document.h"
#include "events/topology.h"
#include "sim/world/sim_clients.h"
#include "sim/world/sim_document.h"
#include "sim/world/sim_queue.h"
#include "sim/world/sim_store.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_trace.h"
#include "sim/world/sim_words.h"

#include <string.h>

/* ---- booking ---- */

static enum booking_state booking_state_of(const char *text)
{
    int state = 0;
    while (state < BOOKING_STATE_COUNT && booking_state_text((enum booking_state)state) != text)
        state++;
    return (enum booking_state)state;
}

static bool is_verdict(const struct decided *decided, const char *verdict)
{
    return strcmp(decided->verdict, verdict) == 0;
}

static bool booking_lists(const struct booking *booking, const char *payment_id)
{
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (strcmp(booking->payments[i].payment_id, payment_id) == 0)
            return true;
    return false;
}

static void refund_after_end_see(struct sim *sim, const struct booking *booking,
                                 const struct booking_payload *payload)
{
    struct payment payment;
    const struct memory_document *document =
        sim_document_find(sim, SIM_PAYMENT, payload->payment_id);
    anomaly_reached(sim, ANOMALY_A7);
    if (booking->state == BOOKING_CANCELLED)
        anomaly_reached(sim, ANOMALY_B8);
    if (booking->reason != REASON_PAYMENT_TIMEOUT)
        return;
    anomaly_reached(sim, ANOMALY_B9);
    if (document != NULL && sim_document_state(sim, SIM_PAYMENT, document, &payment) &&
        payment.captured_at_ms <= booking->decided_at_ms)
        anomaly_reached(sim, ANOMALY_G5);
}

static void capture_see(struct sim *sim, const struct decided *decided, enum booking_state from,
                        enum booking_state to)
{
    const struct booking *booking = decided->state;
    struct booking_payload payload;
    memcpy(&payload, decided->input->payload, sizeof payload);
    struct sim_payment *charge = sim_payment_find(sim, payload.payment_id);
    bool is_refunded = is_verdict(decided, "refund");
    if (from == BOOKING_PENDING && to == BOOKING_CONFIRMED)
        anomaly_reached(sim,
                        booking->last_decline.payment_id[0] != '\0' ? ANOMALY_B16 : ANOMALY_A1);
    if (is_refunded && (from == BOOKING_FAILED || from == BOOKING_CANCELLED))
        refund_after_end_see(sim, booking, &payload);
    if (decided->outcome == OUTCOME_DEFERRED) {
        anomaly_reached(sim, ANOMALY_B17);
        if (charge != NULL)
            charge->is_deferred = true;
    }
    if (is_refunded && from == BOOKING_PAYMENT_FIRST)
        sim_fail(sim, "B13: %s is turned away before anybody knows who pays for %s",
                 payload.payment_id, booking->id);
    if (to == BOOKING_CONFIRMED && from != to && charge != NULL && charge->is_deferred)
        anomaly_reached(sim, ANOMALY_B18);
    if (is_refunded && from == BOOKING_CONFIRMED && !decided->is_security_event)
        anomaly_reached(sim, ANOMALY_B1);
    if (is_refunded && !booking_lists(booking, payload.payment_id)) {
        anomaly_reached(sim, ANOMALY_B13);
        if (charge != NULL)
            charge->is_unstored = true;
    }
}

static void mismatch_see(struct sim *sim, const struct booking *booking)
{
    if (booking->reason == REASON_AMOUNT_MISMATCH)
        anomaly_reached(sim, ANOMALY_B3);
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (booking->reason == REASON_CURRENCY_MISMATCH &&
            booking->payments[i].amount == booking->amount)
            anomaly_reached(sim, ANOMALY_B4);
}

static void intent_see(struct sim *sim, const struct decided *decided, enum booking_state from,
                       enum booking_state to)
{
    const struct booking *booking = decided->state;
    if (from == BOOKING_PAYMENT_FIRST && to == BOOKING_CONFIRMED)
        anomaly_reached(sim, ANOMALY_A2);
    if (from == BOOKING_FAILED && is_verdict(decided, "noop") &&
        booking->reason == REASON_INTENT_TIMEOUT)
        anomaly_reached(sim, ANOMALY_A5);
    if (is_verdict(decided, "reject"))
        anomaly_reached(sim, booking_state_is_outcome(from) ? ANOMALY_B7 : ANOMALY_B6);
    if (from == BOOKING_PAYMENT_FIRST && booking->payment_count >= 2)
        anomaly_reached(sim, ANOMALY_B12);
}

static void booking_deadline_see(struct sim *sim, const struct decided *decided,
                                 enum booking_state from, enum booking_state to)
{
    if (from == BOOKING_PAYMENT_FIRST && to == BOOKING_FAILED)
        anomaly_reached(sim, ANOMALY_A4);
    if (from == BOOKING_PENDING && to == BOOKING_FAILED)
        anomaly_reached(sim, ANOMALY_A6);
    if (from == BOOKING_CONFIRMED && is_verdict(decided, "noop"))
        anomaly_reached(sim, ANOMALY_B9);
}

static void booking_see(struct sim *sim, const struct decided *decided)
{
    enum booking_state from = booking_state_of(decided->state_from);
    enum booking_state to = booking_state_of(decided->state_to);
    if (decided->is_security_event)
        anomaly_reached(sim, ANOMALY_B5);
    if (from != to && to == BOOKING_FAILED)
        mismatch_see(sim, decided->state);
    switch ((enum booking_input_type)decided->input->type) {
    case BOOKING_CAPTURED:
        capture_see(sim, decided, from, to);
        break;
    case BOOKING_INTENT:
        intent_see(sim, decided, from, to);
        break;
    case BOOKING_DEADLINE:
        booking_deadline_see(sim, decided, from, to);
        break;
    case BOOKING_CANCEL:
        sim_cancel_see(sim, decided, from, to);
        break;
    case BOOKING_DECLINED:
        if (from != to)
            anomaly_reached(sim, ANOMALY_B14);
        if (from == BOOKING_PENDING && is_verdict(decided, "noop"))
            anomaly_reached(sim, ANOMALY_B15);
        break;
    case BOOKING_INPUT_COUNT:
        break;
    }
}

/* ---- payment ---- */

static enum payment_state payment_state_of(const char *text)
{
    int state = 0;
    while (state < PAYMENT_STATE_COUNT && payment_state_text((enum payment_state)state) != text)
        state++;
    return (enum payment_state)state;
}

static void result_see(struct sim *sim, const struct decided *decided, enum payment_state from)
{
    struct refund_result result;
    memcpy(&result, decided->input->payload, sizeof result);
    bool is_under_way = from == PAYMENT_REFUND_DUE || from == PAYMENT_REFUNDING;
    if (!is_under_way) {
        if (from == PAYMENT_REFUNDED && result.status == REFUND_SUCCEEDED)
            anomaly_reached(sim, ANOMALY_C8);
        return;
    }
    if (result.status == REFUND_UNKNOWN)
        anomaly_reached(sim, ANOMALY_C2);
    if (result.status == REFUND_TRANSIENT)
        anomaly_reached(sim, ANOMALY_C4);
    if (result.status == REFUND_REFUSED)
        anomaly_reached(sim, ANOMALY_C5);
    if (result.status == REFUND_ALREADY)
        anomaly_reached(sim, ANOMALY_C6);
    if (result.status == REFUND_BLOCKED)
        anomaly_reached(sim, ANOMALY_C5b);
}

/* What only waits is no try. */
static void attempts_check(struct sim *sim, const struct payment *payment)
{
    const struct sim_payment *charge = sim_payment_find(sim, payment->id);
    if (charge != NULL && payment->attempts > charge->calls_made)
        sim_fail(sim, "C5c: %s counts %d tries of its refund, %d calls were made", payment->id,
                 (int)payment->attempts, charge->calls_made);
}

static void report_see(struct sim *sim, const struct decided *decided, enum payment_state from)
{
    struct payment_payload payload;
    memcpy(&payload, decided->input->payload, sizeof payload);
    if (from == PAYMENT_REFUNDED && is_verdict(decided, "retry"))
        anomaly_reached(sim, ANOMALY_C9);
    if (from == PAYMENT_REFUNDED && !payload.has_failed)
        anomaly_reached(sim, ANOMALY_C8);
}

static void demand_see(struct sim *sim, const struct decided *decided, enum payment_state from,
                       enum payment_state to)
{
    const struct payment *payment = decided->state;
    struct payment_payload payload;
    memcpy(&payload, decided->input->payload, sizeof payload);
    if (from == PAYMENT_CAPTURED && to == PAYMENT_REFUNDED)
        anomaly_reached(sim, ANOMALY_A13);
    if (decided->outcome == OUTCOME_DUPLICATE && from >= PAYMENT_REFUND_DUE)
        anomaly_reached(sim, ANOMALY_C1);
    if (is_verdict(decided, "reject") && payload.amount > payment->amount)
        anomaly_reached(sim, ANOMALY_C7);
}

static void capture_again_see(struct sim *sim, const struct decided *decided)
{
    const struct payment *payment = decided->state;
    struct payment_payload payload;
    memcpy(&payload, decided->input->payload, sizeof payload);
    anomaly_reached(sim,
                    strcmp(payload.intent_id, payment->intent_id) != 0 ? ANOMALY_B2 : ANOMALY_B11);
}

static void payment_see(struct sim *sim, const struct decided *decided)
{
    enum payment_state from = payment_state_of(decided->state_from);
    enum payment_state to = payment_state_of(decided->state_to);
    attempts_check(sim, decided->state);
    sim_refunds_see(sim, decided, from, to);
    switch ((enum payment_input_type)decided->input->type) {
    case INPUT_CAPTURED:
        if (from == PAYMENT_EXPECTED && to != PAYMENT_CAPTURED)
            anomaly_reached(sim, ANOMALY_A8);
        if (is_verdict(decided, "conflict"))
            capture_again_see(sim, decided);
        break;
    case INPUT_RESULT:
        result_see(sim, decided, from);
        break;
    case INPUT_REPORTED:
        report_see(sim, decided, from);
        break;
    case INPUT_FAILED:
    case INPUT_CANCELLED:
    case INPUT_REQUESTED:
        demand_see(sim, decided, from, to);
        break;
    case INPUT_DEADLINE:
        if (is_verdict(decided, "wait"))
            anomaly_reached(sim, ANOMALY_C5c);
        break;
    case INPUT_DECLINED:
    case INPUT_CONFIRMED:
    case INPUT_RETRY:
    case INPUT_RESOLVE:
    case PAYMENT_INPUT_COUNT:
        break;
    }
}

/* ---- gateway ---- */

static void gateway_see(struct sim *sim, const struct decided *decided)
{
    bool is_intent = decided->input->type == GATEWAY_REQUEST_INTENT;
    if (decided->input->type == GATEWAY_BOOKING_PENDING && is_verdict(decided, "wait"))
        anomaly_reached(sim, ANOMALY_A15);
    if (is_intent && is_verdict(decided, "reject"))
        anomaly_reached(sim, decided->state_from == gateway_state_text(GATEWAY_PENDING)
                                 ? ANOMALY_B6
                                 : ANOMALY_B7);
    if (decided->input->source == INPUT_FROM_DELIVERY &&
        (is_verdict(decided, "duplicate") || is_verdict(decided, "late")))
        anomaly_reached(sim, ANOMALY_A14);
}

/* ---- all of them ---- */

/* A payment beyond what a booking stores is given back each time that it is heard of, until there
 * is a place for it: after the end strangers may have one more. */
static bool is_unstored(const struct sim_worker *worker, const struct decided *decided)
{
    struct booking_payload payload;
    if (worker->service != SIM_BOOKING || decided->input->type != BOOKING_CAPTURED)
        return false;
    memcpy(&payload, decided->input->payload, sizeof payload);
    const struct sim_payment *payment = sim_payment_find(worker->sim, payload.payment_id);
    return (payment != NULL && payment->is_unstored) ||
           !booking_lists(decided->state, payload.payment_id);
}

/* What comes again long after, or forged, must have no effect. */
static void repeated_see(struct sim_worker *worker, const struct decided *decided)
{
    struct sim *sim = worker->sim;
    const struct memory_entry *entry = memory_bus_entry(&worker->bus, decided->delivery);
    bool is_shown = sim_decline_sees(worker, decided);
    if (entry == NULL)
        return;
    const struct sim_message *source = sim_message_of(entry);
    bool has_effect = decided->outcome == OUTCOME_APPLIED && !is_verdict(decided, "noop") &&
                      !is_shown && !is_unstored(worker, decided);
    /* What a restored store has forgotten it may learn from an old message. */
    bool is_news = sim->is_restored && worker->service == SIM_PAYMENT;
    if (has_effect && ((source->is_old && !is_news) || source->is_forged || source->is_wider))
        sim_fail(sim, "%s: %s has an effect, %s of %s", source->is_old ? "A12" : "A10",
                 source->message.id, decided->verdict, decided->input->document_id);
    if (source->is_wider && decided->outcome == OUTCOME_DUPLICATE)
        anomaly_reached(sim, ANOMALY_H3);
    if (source->is_old && decided->outcome == OUTCOME_DUPLICATE)
        anomaly_reached(sim, ANOMALY_A12);
    if (source->is_replayed && decided->outcome == OUTCOME_DUPLICATE)
        anomaly_reached(sim, ANOMALY_E10);
}

/* Known from another message: one of them was published by somebody else. */
static bool is_early_payment(struct sim *sim, const struct decided *decided)
{
    struct booking_payload payload;
    if (decided->input->type != BOOKING_CAPTURED || !is_verdict(decided, "duplicate"))
        return false;
    memcpy(&payload, decided->input->payload, sizeof payload);
    const struct sim_payment *payment = sim_payment_find(sim, payload.payment_id);
    return payment != NULL && payment->is_announced;
}

static void delivery_see(struct sim_worker *worker, const struct decided *decided)
{
    struct sim *sim = worker->sim;
    struct sim_mark *mark = sim_mark(sim, decided->input->id);
    unsigned service_bit = 1U << worker->service;
    bool is_again = (mark->decided_by & service_bit) != 0;
    if (is_again && decided->outcome == OUTCOME_DUPLICATE)
        anomaly_reached(sim, ANOMALY_A9);
    if (!is_again && worker->service == SIM_BOOKING && is_early_payment(sim, decided))
        anomaly_reached(sim, ANOMALY_A11);
    if (decided->outcome == OUTCOME_DUPLICATE && ++mark->duplicate_count > HISTORY_DUPLICATES_MAX)
        anomaly_reached(sim, ANOMALY_F10);
    mark->decided_by |= service_bit;
    if (strncmp(decided->input->traceparent, "zz", 2) == 0)
        anomaly_reached(sim, ANOMALY_H6);
    repeated_see(worker, decided);
}

static void decision_see(struct sim_worker *worker, const struct decided *decided)
{
    struct sim *sim = worker->sim;
    if (worker->skew_ms != 0)
        anomaly_reached(sim, ANOMALY_G1);
    if (decided->input->source == INPUT_FROM_DELIVERY)
        delivery_see(worker, decided);
    if (decided->input->source == INPUT_FROM_DEADLINE) {
        if (is_verdict(decided, "noop"))
            anomaly_reached(sim, ANOMALY_G2);
        else if (worker->crash_count > 0)
            anomaly_reached(sim, ANOMALY_G3);
    }
    if (worker->service == SIM_BOOKING)
        booking_see(sim, decided);
    else if (worker->service == SIM_PAYMENT)
        payment_see(sim, decided);
    else if (worker->service == SIM_GATEWAY)
        gateway_see(sim, decided);
}

static void on_decided(void *self, const struct decided *decided)
{
    struct sim_worker *worker = self;
    decision_see(worker, decided);
    if (worker->service == SIM_BOOKING)
        sim_wait_see(worker, decided);
    sim_trace_decided(worker, decided);
    sim_tell(worker->sim, "%s decides %s %s of %s: %s%s%s, %s -> %s", worker->name,
             decided->input->type_name, decided->input->id, decided->input->document_id,
             decided->verdict, decided->reason != NULL ? " " : "",
             decided->reason != NULL ? decided->reason : "", decided->state_from,
             decided->state_to);
}

static void on_paused(void *self, const char *reason)
{
    struct sim_worker *worker = self;
    if (reason != NULL && sim_queue_waiting(worker->sim, worker->service) > 0)
        anomaly_reached(worker->sim, ANOMALY_E7);
    sim_tell(worker->sim, "%s %s%s", worker->name, reason != NULL ? "pauses: " : "goes on",
             reason != NULL ? reason : "");
}

const struct observer_port *sim_observer_port(struct sim_worker *worker)
{
    worker->observer = (struct observer_port){
        .self = worker, .message_owed = sim_owed_see, .decided = on_decided, .paused = on_paused
    };
    return &worker->observer;
}
