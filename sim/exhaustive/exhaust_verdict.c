/* exhaust_verdict.c - shows a state at rest to the oracle of the random schedules (sim_oracle.c).
 */
#include "sim/exhaustive/exhaust.h"
#include "sim/oracle/sim_oracle.h"
#include "sim/world/sim_document.h"
#include "sim/world/sim_story.h"

#include <string.h>

static bool is_at_rest(const struct memory_document *document)
{
    return document->due_at_ms == 0 && document->owed_at_ms == 0;
}

bool exhaust_is_quiet(const struct exhaust *explorer)
{
    const struct exhaust_world *world = &explorer->world;
    for (int service = 0; service < SIM_ROLE_COUNT; service++) {
        if (world->queues[service].count > 0)
            return false;
        for (size_t i = 0; i < EXHAUST_DOCUMENTS_MAX; i++)
            if (!is_at_rest(&world->documents[service][i]))
                return false;
    }
    for (size_t i = 0; i < explorer->plan->op_count; i++)
        if (world->ops[i] != EXHAUST_OP_CLOSED)
            return false;
    return world->call_count == 0;
}

static void documents_show(const struct exhaust_world *world, int service, struct sim_store *shown)
{
    shown->memory.count = world->stores[service].count;
    memcpy(shown->documents, world->documents[service],
           shown->memory.count * sizeof shown->documents[0]);
}

static void published_show(const struct exhaust_world *world, struct sim *sim)
{
    sim->mark_count = world->mark_count;
    for (size_t i = 0; i < world->mark_count; i++) {
        const struct message *message = (const void *)world->marks[i]->bytes;
        struct sim_mark *mark = &sim->marks[i];
        memcpy(mark->type, message->type, sizeof mark->type);
        memcpy(mark->booking_id, message->correlation_id, sizeof mark->booking_id);
    }
}

static void clients_show(const struct exhaust_world *world, struct sim *sim)
{
    sim->bookings[0].is_accepted = world->is_intent_accepted;
    if (world->is_intent_accepted)
        sim->bookings[0].accepted = sim->ops[world->accepted_intent].content.intent;
    for (size_t i = 0; i < sim->payment_count; i++) {
        const struct exhaust_charge *charge = &world->charges[i];
        struct sim_payment *payment = &sim->payments[i];
        payment->is_accepted = charge->is_accepted;
        if (charge->is_accepted)
            payment->accepted = sim->ops[charge->accepted_op].content.payment;
        payment->is_plain = true;
        payment->refund_count = charge->effects > 0 ? 1 : 0;
        struct sim_refund *refund = &payment->refunds[0];
        refund->amount = charge->refunded_amount;
        refund->standing = STANDING_SUCCEEDED;
        snprintf(refund->id, sizeof refund->id, "re-%.50s", payment->id);
        snprintf(refund->key, sizeof refund->key, "%s", payment->id);
    }
}

/* "booking confirmed, p1 settled, p2 refunded" */
static void outcome_write(struct exhaust *explorer, char *ret_text, size_t size)
{
    struct sim *sim = explorer->sim;
    struct booking booking;
    size_t length = 0;
    ret_text[0] = '\0';
    const struct memory_document *document =
        sim_document_find(sim, SIM_BOOKING, sim->bookings[0].id);
    if (document != NULL && sim_document_state(sim, SIM_BOOKING, document, &booking))
        length = (size_t)snprintf(
            ret_text, size, "booking %s%s%s", booking_state_text(booking.state),
            booking.reason != REASON_NONE ? " " : "", booking_reason_text(booking.reason));
    for (size_t i = 0; i < sim->payment_count; i++) {
        struct payment payment;
        document = sim_document_find(sim, SIM_PAYMENT, sim->payments[i].id);
        if (document != NULL && sim_document_state(sim, SIM_PAYMENT, document, &payment))
            length += (size_t)snprintf(ret_text + length, size - length, "%s%s %s",
                                       length > 0 ? ", " : "", payment.id,
                                       payment_state_text(payment.state));
    }
    if (length == 0)
        snprintf(ret_text, size, "nothing");
}

static void outcome_count(struct exhaust *explorer)
{
    struct exhaust_statistics *statistics = &explorer->statistics;
    struct exhaust_outcome outcome = { .count = 1 };
    outcome_write(explorer, outcome.text, sizeof outcome.text);
    statistics->ends++;
    for (size_t i = 0; i < statistics->outcome_count; i++)
        if (strcmp(statistics->outcomes[i].text, outcome.text) == 0) {
            statistics->outcomes[i].count++;
            return;
        }
    if (statistics->outcome_count < EXHAUST_OUTCOMES_MAX)
        statistics->outcomes[statistics->outcome_count++] = outcome;
}

/* A3, G4: where the clock moves only when nothing else can happen, an intent and a payment that
 * were both accepted meet in time, whoever was killed or overtaken on the way. */
static void timeouts_check(struct exhaust *explorer)
{
    struct sim *sim = explorer->sim;
    struct booking booking;
    const struct memory_document *document =
        sim_document_find(sim, SIM_BOOKING, sim->bookings[0].id);
    bool is_paid = false;
    for (size_t i = 0; i < sim->payment_count; i++)
        is_paid |= sim->payments[i].is_accepted &&
                   strcmp(sim->payments[i].accepted.user_id, sim->bookings[0].user_id) == 0;
    if (explorer->plan->ticks == 0 && is_paid && explorer->world.is_intent_accepted &&
        document != NULL && sim_document_state(sim, SIM_BOOKING, document, &booking) &&
        (booking.reason == REASON_PAYMENT_TIMEOUT || booking.reason == REASON_INTENT_TIMEOUT))
        sim_fail(sim, "A3: booking %s was paid in time, and failed by %s", booking.id,
                 booking_reason_text(booking.reason));
}

void exhaust_judge(struct exhaust *explorer)
{
    const struct exhaust_world *world = &explorer->world;
    struct sim *sim = explorer->sim;
    for (int service = 0; service < SIM_ROLE_COUNT; service++)
        documents_show(world, service, &sim->stores[service]);
    published_show(world, sim);
    clients_show(world, sim);
    sim_outcomes_check(sim); /* there are no histories to check */
    timeouts_check(explorer);
    outcome_count(explorer);
    sim_tell(sim, "at rest: %s",
             explorer->statistics.outcomes[explorer->statistics.outcome_count - 1].text);
}
