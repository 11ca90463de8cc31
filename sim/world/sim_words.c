/* sim_words.c - what clients and the provider said, beside what came of it: cancels, declined
 * tries. */
#include "sim/world/sim_words.h"
#include "sim/world/sim.h"
#include "sim/world/sim_aside.h"
#include "sim/world/sim_document.h"
#include "sim/world/sim_queue.h"
#include "sim/world/sim_story.h"

#include <string.h>

bool sim_op_has_room(const struct sim *sim)
{
    return sim->op_count + sim->refunds_moving < SIM_OPS_MAX;
}

struct sim_op *sim_op_add(struct sim *sim, enum sim_op_kind kind, size_t booking, size_t payment)
{
    if (!sim_op_has_room(sim))
        return NULL;
    struct sim_op *op = &sim->ops[sim->op_count++];
    memset(op, 0, sizeof *op);
    op->kind = kind;
    op->booking = booking;
    op->payment = payment;
    op->is_open = true;
    op->must_reach = kind >= OP_CAPTURE && kind <= OP_REPORT;
    return op;
}

/* B14: only a decline for good, of its own user, ends a booking. */
void sim_decline_check(struct sim *sim, const struct booking *booking)
{
    if (booking->state != BOOKING_FAILED || booking->reason != REASON_PAYMENT_DECLINED)
        return;
    for (size_t i = 0; i < sim->op_count; i++) {
        const struct payment_payload *said = &sim->ops[i].content.payment;
        if (sim->ops[i].kind == OP_DECLINE && said->is_final &&
            strcmp(said->intent_id, booking->id) == 0 &&
            strcmp(said->user_id, booking->user_id) == 0)
            return;
    }
    sim_fail(sim, "B14: booking %s failed by a decline that was not its user's last word",
             booking->id);
}

/* B8: a cancel that its own user was promised ends a booking. One that the gateway only passed on
 * can be lost with the broker. */
void sim_cancels_check(struct sim *sim)
{
    for (size_t i = 0; i < sim->booking_count; i++) {
        const struct sim_booking *asked = &sim->bookings[i];
        struct booking booking;
        bool may_be_lost = asked->is_foreign && sim->may_lose_messages;
        const struct memory_document *document = sim_document_find(sim, SIM_BOOKING, asked->id);
        if (asked->is_cancel_promised && !may_be_lost && document != NULL &&
            sim_document_state(sim, SIM_BOOKING, document, &booking) &&
            booking.state == BOOKING_CONFIRMED && strcmp(booking.user_id, asked->user_id) == 0)
            sim_fail(sim, "B8: %s was promised to its user to be cancelled, and is confirmed",
                     asked->id);
    }
}

bool sim_decline_sees(struct sim_worker *worker, const struct decided *decided)
{
    struct sim_mark *mark = sim_mark(worker->sim, decided->input->id);
    unsigned service_bit = 1U << worker->service;
    bool is_of_gateway =
        worker->service == SIM_GATEWAY && decided->input->type == (int)GATEWAY_PAYMENT_DECLINED;
    bool is_of_booking =
        worker->service == SIM_BOOKING && decided->input->type == (int)BOOKING_DECLINED;
    if (!is_of_gateway && !is_of_booking)
        return false;
    sim_hold_of(worker, decided->delivery)->is_of_nothing =
        strcmp(decided->state_from, booking_state_text(BOOKING_NONE)) == 0;
    bool is_first = (mark->shown_by & service_bit) == 0;
    if (decided->outcome == OUTCOME_APPLIED && strcmp(decided->verdict, "noop") != 0)
        mark->shown_by |= service_bit;
    return is_first;
}

static bool is_declined_try(const struct sim *sim, const char *payment_id, const char *user_id)
{
    for (size_t i = 0; i < sim->op_count; i++) {
        const struct sim_op *op = &sim->ops[i];
        if (op->kind == OP_DECLINE && strcmp(sim->payments[op->payment].id, payment_id) == 0 &&
            strcmp(op->content.payment.user_id, user_id) == 0)
            return true;
    }
    return false;
}

void sim_shown_decline_check(struct sim *sim, const struct gateway_view *view)
{
    if (view->last_decline.payment_id[0] != '\0' &&
        !is_declined_try(sim, view->last_decline.payment_id, view->intent.user_id))
        sim_fail(sim, "B14: the gateway shows a decline of %s that its user never had",
                 view->booking_id);
}

void sim_cancel_see(struct sim *sim, const struct decided *decided, enum booking_state from,
                    enum booking_state to)
{
    if (from != BOOKING_CONFIRMED)
        return;
    if (to == BOOKING_CANCELLED)
        anomaly_reached(sim, ANOMALY_B8);
    for (size_t i = 0; i < sim->booking_count; i++) {
        struct sim_booking *booking = &sim->bookings[i];
        if (!booking->is_foreign || strcmp(booking->id, decided->input->document_id) != 0)
            continue;
        booking->has_met_strangers_cancel |= strcmp(decided->verdict, "reject") == 0;
        if (to == BOOKING_CANCELLED && booking->has_met_strangers_cancel)
            anomaly_reached(sim, ANOMALY_B19);
    }
}

static bool is_same_money(const struct payment_payload *one, const char *intent_id,
                          const char *user_id, int64_t amount, const char *currency)
{
    return strcmp(one->intent_id, intent_id) == 0 && strcmp(one->user_id, user_id) == 0 &&
           one->amount == amount && strcmp(one->currency, currency) == 0;
}

void sim_payment_bind(struct sim *sim, const char *id)
{
    for (size_t i = 0; i < sim->payment_count; i++) {
        struct sim_payment *charge = &sim->payments[i];
        struct payment payment;
        if (strcmp(charge->first_id, id) != 0 || strcmp(charge->id, id) == 0)
            continue;
        const struct memory_document *document = sim_document_find(sim, SIM_PAYMENT, id);
        if (document != NULL && sim_document_state(sim, SIM_PAYMENT, document, &payment) &&
            is_same_money(&charge->content, payment.intent_id, payment.user_id, payment.amount,
                          payment.currency))
            memcpy(charge->id, id, sizeof charge->id);
    }
}

static bool conflict_is_kept(const struct payment *payment, const struct payment_payload *said)
{
    for (int32_t i = 0; i < payment->conflict_count; i++) {
        const struct payment_conflict *kept = &payment->conflicts[i];
        if (is_same_money(said, kept->intent_id, kept->user_id, kept->amount, kept->currency))
            return true;
    }
    return payment->conflict_count == PAYMENT_CONFLICTS_MAX;
}

/* B11: what was captured under the id of another payment is for a person to find. */
void sim_conflicts_check(struct sim *sim)
{
    for (size_t i = 0; i < sim->op_count; i++) {
        const struct sim_op *op = &sim->ops[i];
        if (op->kind != OP_CAPTURE || !op->is_kept || sim->payments[op->payment].is_restored)
            continue;
        struct payment payment;
        const char *id = sim->payments[op->payment].id;
        const struct memory_document *document = sim_document_find(sim, SIM_PAYMENT, id);
        if (document == NULL || !sim_document_state(sim, SIM_PAYMENT, document, &payment) ||
            !conflict_is_kept(&payment, &op->content.payment))
            sim_fail(sim, "B11: a capture of %s that says something else is kept nowhere", id);
    }
}
