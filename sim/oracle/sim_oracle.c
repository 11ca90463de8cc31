/* sim_oracle.c - what must be true at the end, seen from outside: documents, published events and
 * the provider's ledger. */
#include "sim/oracle/sim_oracle.h"
#include "events/topology.h"
#include "replay/replay_decide.h"
#include "services/registry.h"
#include "sim/world/sim.h"
#include "sim/world/sim_document.h"
#include "sim/world/sim_newer.h"
#include "sim/world/sim_queue.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_words.h"

#include <string.h>

#define HISTORIES_CHECKED 150 /* per 1000 small worlds: it decides everything once more */
/* All that a document may remember, at its usual sizes, with room to spare. */
#define DOCUMENT_BYTES_MAX 65536

static size_t events_count(const struct sim *sim, const char *booking_id, const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < sim->mark_count; i++)
        count += strcmp(sim->marks[i].type, type) == 0 &&
                 strcmp(sim->marks[i].booking_id, booking_id) == 0;
    return count;
}

/* I2: exactly one outcome event, plus one booking.cancelled if a confirmed one is cancelled. */
static void outcomes_check(struct sim *sim, const struct booking *booking)
{
    size_t confirmed = events_count(sim, booking->id, EVENT_BOOKING_CONFIRMED);
    size_t failed = events_count(sim, booking->id, EVENT_BOOKING_FAILED);
    size_t cancelled = events_count(sim, booking->id, EVENT_BOOKING_CANCELLED);
    bool was_confirmed = booking->first_outcome == BOOKING_CONFIRMED;
    if (confirmed != (was_confirmed ? 1U : 0U) ||
        failed != (booking->state == BOOKING_FAILED ? 1U : 0U) ||
        cancelled != (booking->state == BOOKING_CANCELLED ? 1U : 0U))
        sim_fail(sim,
                 "I2: booking %s is %s, and announced %zu confirmed, %zu failed, %zu cancelled",
                 booking->id, booking_state_text(booking->state), confirmed, failed, cancelled);
}

bool sim_payment_get(struct sim *sim, const char *id, struct payment *ret_payment)
{
    const struct memory_document *document = sim_document_find(sim, SIM_PAYMENT, id);
    return document != NULL && sim_document_state(sim, SIM_PAYMENT, document, ret_payment);
}

bool sim_booking_get(struct sim *sim, const char *id, struct booking *ret_booking)
{
    const struct memory_document *document = sim_document_find(sim, SIM_BOOKING, id);
    return document != NULL && sim_document_state(sim, SIM_BOOKING, document, ret_booking);
}

/* Messages were lost, and this one was never given to that service. */
static bool is_unheard(struct sim *sim, enum sim_service from, const char *document_id,
                       const struct announcement *said, enum sim_service to)
{
    char id[MESSAGE_ID_SIZE];
    snprintf(id, sizeof id, "%s:%s:%lld:%lld", sim_service_text(from), document_id,
             (long long)said->version, (long long)said->position);
    return sim->may_lose_messages && (sim_mark(sim, id)->decided_by & 1U << to) == 0;
}

/* A cancel that the gateway passes on, since it knows no intent, is not repeated until it is
 * answered: what is lost with the broker then is told to whoever asks again. */
bool sim_is_untold(struct sim *sim, const char *booking_id, enum sim_service to)
{
    struct booking booking;
    for (size_t i = 0; i < sim->booking_count; i++)
        if (strcmp(sim->bookings[i].id, booking_id) == 0)
            return sim->bookings[i].is_foreign && sim_booking_get(sim, booking_id, &booking) &&
                   is_unheard(sim, SIM_BOOKING, booking_id, &booking.outcome, to);
    return false;
}

/* I3, from the booking's side. */
static void applied_check(struct sim *sim, const struct booking *booking)
{
    int applied = 0;
    for (int32_t i = 0; i < booking->payment_count; i++) {
        const struct booking_payment *listed = &booking->payments[i];
        struct payment payment;
        if (!sim_payment_get(sim, listed->payment_id, &payment)) {
            sim_fail(sim, "I3: booking %s knows %s, the payment service does not", booking->id,
                     listed->payment_id);
            return;
        }
        bool is_applied = listed->disposition == PAYMENT_APPLIED;
        applied += is_applied;
        if (is_applied && (listed->amount != booking->amount || payment.amount != booking->amount ||
                           strcmp(payment.user_id, booking->user_id) != 0 ||
                           strcmp(payment.currency, booking->currency) != 0))
            sim_fail(sim, "I3: booking %s is paid by %s, which does not match", booking->id,
                     listed->payment_id);
        if (is_applied != (payment.state == PAYMENT_SETTLED) &&
            !sim_is_untold(sim, booking->id, SIM_PAYMENT) &&
            !sim_is_refund_forgotten(sim, &payment))
            sim_fail(sim, "I3: payment %s is %s, booking %s says otherwise", payment.id,
                     payment_state_text(payment.state), booking->id);
    }
    if (applied != (booking->state == BOOKING_CONFIRMED ? 1 : 0))
        sim_fail(sim, "I3: booking %s is %s with %d payments applied", booking->id,
                 booking_state_text(booking->state), applied);
}

/* B5: only a payment of its own user, with other money, fails a booking as a mismatch. */
static void reason_check(struct sim *sim, const struct booking *booking)
{
    bool is_explained = false;
    if (booking->state != BOOKING_FAILED ||
        (booking->reason != REASON_AMOUNT_MISMATCH && booking->reason != REASON_CURRENCY_MISMATCH))
        return;
    for (int32_t i = 0; i < booking->payment_count; i++) {
        const struct booking_payment *payment = &booking->payments[i];
        is_explained |= payment->disposition == PAYMENT_REFUNDED_BY_OUTCOME &&
                        strcmp(payment->user_id, booking->user_id) == 0 &&
                        (payment->amount != booking->amount ||
                         strcmp(payment->currency, booking->currency) != 0);
    }
    if (!is_explained)
        sim_fail(sim, "B5: booking %s failed by %s without a payment of its user that differs",
                 booking->id, booking_reason_text(booking->reason));
}

static void bookings_check(struct sim *sim)
{
    for (size_t i = 0; i < sim->stores[SIM_BOOKING].memory.count; i++) {
        struct booking booking;
        if (!sim_document_state(sim, SIM_BOOKING, &sim->stores[SIM_BOOKING].documents[i], &booking))
            return;
        if (!booking_state_is_outcome(booking.state))
            sim_fail(sim, "I6: booking %s is still %s", booking.id,
                     booking_state_text(booking.state));
        outcomes_check(sim, &booking);
        applied_check(sim, &booking);
        reason_check(sim, &booking);
        sim_decline_check(sim, &booking);
    }
}

/* A view of a booking that nobody asked the gateway for is told once: when events of it are lost
 * with the broker, it has nothing to announce that would bring them back. */
static bool is_told_once(const struct gateway_view *view)
{
    return !view->intent.is_present && !view->cancel.is_requested;
}

/* A complete view asks no more, so the one report by which a refund then changes may be lost with
 * the broker: one that succeeds although it was stuck, one that fails although it had succeeded. */
static bool is_report_lost(struct sim *sim, const struct payment *payment)
{
    return (payment->state == PAYMENT_STUCK || payment->state == PAYMENT_REFUNDED) &&
           is_unheard(sim, SIM_PAYMENT, payment->id, &payment->refund, SIM_GATEWAY);
}

/* The gateway's view says what the others know. */
static void refunds_check(struct sim *sim, const struct gateway_view *view)
{
    for (int64_t i = 0; i < view->refund_count; i++) {
        const struct gateway_refund *refund = &view->refunds[i];
        struct payment payment;
        bool is_known = sim_payment_get(sim, refund->payment.payment_id, &payment);
        bool is_right =
            is_known &&
            ((refund->status == GATEWAY_STATUS_REFUNDED && payment.state == PAYMENT_REFUNDED) ||
             (refund->status == GATEWAY_STATUS_STUCK && payment.state == PAYMENT_STUCK));
        is_right |= is_known && is_report_lost(sim, &payment) &&
                    (refund->status != GATEWAY_STATUS_WAITING || is_told_once(view));
        is_right |= is_known && sim_is_refund_forgotten(sim, &payment);
        if (!is_right)
            sim_fail(sim, "A14: the gateway shows refund of %s as %s, it is %s",
                     refund->payment.payment_id, gateway_refund_status_text(refund->status),
                     is_known ? payment_state_text(payment.state) : "not known");
    }
}

static void view_check(struct sim *sim, const struct gateway_view *view)
{
    static const enum booking_state same[GATEWAY_STATE_COUNT] = {
        [GATEWAY_NONE] = BOOKING_NONE,           [GATEWAY_PENDING] = BOOKING_PENDING,
        [GATEWAY_CONFIRMED] = BOOKING_CONFIRMED, [GATEWAY_FAILED] = BOOKING_FAILED,
        [GATEWAY_CANCELLED] = BOOKING_CANCELLED,
    };
    struct booking booking;
    enum gateway_state state = gateway_state(view);
    if (!sim_booking_get(sim, view->booking_id, &booking))
        sim_fail(sim, "A14: the gateway shows %s, booking does not know it", view->booking_id);
    else if (state != GATEWAY_NONE && same[state] != booking.state &&
             !(is_told_once(view) &&
               is_unheard(sim, SIM_BOOKING, booking.id, &booking.outcome, SIM_GATEWAY)) &&
             !sim_is_untold(sim, view->booking_id, SIM_GATEWAY))
        sim_fail(sim, "A14: the gateway shows %s as %s, it is %s", view->booking_id,
                 gateway_state_text(state), booking_state_text(booking.state));
    else if (view->intent.is_present && booking.has_intent &&
             (view->intent.amount != booking.amount ||
              strcmp(view->intent.user_id, booking.user_id) != 0))
        sim_fail(sim, "B6: gateway and booking hold different intents of %s", view->booking_id);
    sim_shown_decline_check(sim, view);
    refunds_check(sim, view);
}

static void views_check(struct sim *sim)
{
    struct gateway_view view;
    for (size_t i = 0; i < sim->stores[SIM_GATEWAY].memory.count; i++)
        if (sim_document_state(sim, SIM_GATEWAY, &sim->stores[SIM_GATEWAY].documents[i], &view))
            view_check(sim, &view);
    for (size_t i = 0; i < sim->booking_count; i++) {
        const struct sim_booking *booking = &sim->bookings[i];
        const struct memory_document *document = sim_document_find(sim, SIM_GATEWAY, booking->id);
        if (!booking->is_accepted)
            continue;
        if (document == NULL || !sim_document_state(sim, SIM_GATEWAY, document, &view) ||
            !view.intent.is_present || view.intent.amount != booking->accepted.amount ||
            strcmp(view.intent.user_id, booking->accepted.user_id) != 0)
            sim_fail(sim, "D6: the intent of %s was accepted and is not stored so", booking->id);
    }
}

/* F10: whatever floods in, a document stays small. */
static void sizes_check(struct sim *sim)
{
    for (size_t service = 0; service < sim->service_count; service++)
        for (size_t i = 0; i < sim->stores[service].memory.count; i++) {
            const struct memory_document *document = &sim->stores[service].documents[i];
            if (document->body_length > DOCUMENT_BYTES_MAX)
                sim_fail(sim, "F10: document %s has grown to %zu bytes", document->id,
                         document->body_length);
        }
}

/* What is stored follows from its history, whatever was killed on the way. */
static void histories_check(struct sim *sim)
{
    for (size_t service = 0; service < sim->service_count; service++)
        for (size_t i = 0; i < sim->stores[service].memory.count; i++) {
            const struct memory_document *document = &sim->stores[service].documents[i];
            struct record record = { .version = document->version,
                                     .created_at_ms = document->created_at_ms,
                                     .body = document->body,
                                     .body_length = document->body_length };
            struct replay_finding found;
            if (sim_is_newer(document))
                continue; /* the replayer is of the older release */
            memcpy(record.id, document->id, strlen(document->id) + 1);
            replay_record(sim->replayer, service_find(sim->participants[service].name), &record,
                          &sim->arena, &found);
            if (found.result == REPLAY_DIFFERS ||
                (found.result == REPLAY_IMPOSSIBLE && found.dropped == 0))
                sim_fail(sim, "replay of %s: decision %zu, %s: stored %s, replayed %s; %s",
                         record.id, found.decision, found.field, found.stored, found.replayed,
                         found.why);
        }
}

static bool is_nothing(void *self, const char *message_id)
{
    struct sim *sim = self;
    sim_fail(sim, "I6: %s is owed for ever", message_id);
    return false;
}

/* At rest nobody owes anything, also where no sweep would find it. */
static void outboxes_check(struct sim *sim)
{
    for (size_t service = 0; service < sim->service_count; service++)
        for (size_t i = 0; i < sim->stores[service].memory.count; i++)
            (void)sim_document_owed(sim->stores[service].documents[i].body,
                                    sim->stores[service].documents[i].body_length, is_nothing, sim);
}

/* What is known of a participant without a role: its documents are read, and keep its invariants.
 */
static void further_check(struct sim *sim)
{
    for (size_t service = SIM_ROLE_COUNT; service < sim->service_count; service++)
        for (size_t i = 0; i < sim->stores[service].memory.count; i++) {
            const struct memory_document *document = &sim->stores[service].documents[i];
            const struct transition_table *table = sim->participants[service].table;
            struct error error;
            if (sim_document_state(sim, (enum sim_service)service, document, sim->any_state) &&
                table != NULL && !table->check(sim->any_state, &error))
                sim_fail(sim, "I12: %s %s: %s", sim_service_text((enum sim_service)service),
                         document->id, error.message);
        }
}

void sim_outcomes_check(struct sim *sim)
{
    sizes_check(sim);
    outboxes_check(sim);
    further_check(sim);
    bookings_check(sim);
    sim_cancels_check(sim);
    sim_conflicts_check(sim);
    sim_money_check(sim);
    views_check(sim);
}

void sim_oracle_check(struct sim *sim)
{
    if (sim->size != SIM_SMALL || sim_random_chance(&sim->random, HISTORIES_CHECKED))
        histories_check(sim);
    sim_outcomes_check(sim);
}

bool sim_is_quiet(const struct sim *sim)
{
    for (size_t service = 0; service < sim->service_count; service++) {
        const struct sim_store *store = &sim->stores[service];
        if (sim->queues[service].count > 0)
            return false;
        for (size_t i = 0; i < store->memory.count; i++)
            if (store->documents[i].due_at_ms != 0 || store->documents[i].owed_at_ms != 0)
                return false;
    }
    for (size_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].request_count > 0)
            return false;
    for (size_t i = 0; i < sim->op_count; i++)
        if (sim->ops[i].is_open)
            return false;
    return sim->call_count == 0 && sim->refunds_moving == 0;
}
