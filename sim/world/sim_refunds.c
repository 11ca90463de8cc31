/* sim_refunds.c - the provider's books about refunds, and who else writes into them: its own office
 * gives money back by hand, in parts, before anybody here asks for it or while it is asked for;
 * banks send back what had gone. All of it is reported by webhook, each step on its own: late,
 * twice and in any order, since webhooks that wait are sent in any order. */
#include "sim/world/sim.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_words.h"

#include <assert.h>
#include <string.h>

#define MOVE_MS_MAX    20000
#define PARTS_MAX      6  /* of one payment, as a rule */
#define PARTS_MANY_MAX 20 /* more than the payment service keeps */

struct sim_refund *sim_refund_by_key(struct sim_payment *payment, const char *key)
{
    for (size_t i = payment->refund_count; i-- > 0;)
        if (strcmp(payment->refunds[i].key, key) == 0)
            return &payment->refunds[i];
    return NULL;
}

int64_t sim_refunds_sum(const struct sim_payment *payment, enum standing standing)
{
    int64_t sum = 0;
    for (size_t i = 0; i < payment->refund_count; i++)
        sum += payment->refunds[i].standing == standing ? payment->refunds[i].amount : 0;
    return sum;
}

bool sim_refunds_have(const struct sim_payment *payment, enum standing standing)
{
    for (size_t i = 0; i < payment->refund_count; i++)
        if (payment->refunds[i].standing == standing)
            return true;
    return false;
}

static bool move_plan(struct sim *sim, struct sim_refund *refund, enum standing next)
{
    if (!sim_op_has_room(sim))
        return false;
    refund->next = next;
    refund->next_at_ms = sim->now_ms + sim_random_between(&sim->random, 1, MOVE_MS_MAX);
    sim->refunds_moving++;
    return true;
}

/* C9: what succeeded may fail in the end. */
static void failure_plan(struct sim *sim, struct sim_refund *refund)
{
    if (sim_fault(sim, FAULT_TAKEN_BACK))
        (void)move_plan(sim, refund, STANDING_FAILED);
}

struct sim_refund *sim_refund_add(struct sim *sim, struct sim_payment *payment, const char *key,
                                  int64_t amount)
{
    if (payment->refund_count == SIM_REFUNDS_MAX)
        return NULL;
    struct sim_refund *refund = &payment->refunds[payment->refund_count++];
    memset(refund, 0, sizeof *refund);
    snprintf(refund->id, sizeof refund->id, "re%zu-p%zu", payment->refund_count,
             (size_t)(payment - sim->payments) + 1);
    snprintf(refund->key, sizeof refund->key, "%s", key);
    refund->amount = amount;
    refund->at_ms = sim->now_ms;
    refund->standing = STANDING_SUCCEEDED;
    enum standing end = sim_fault(sim, FAULT_TAKEN_BACK) ? STANDING_FAILED : STANDING_SUCCEEDED;
    if (sim_fault(sim, FAULT_PENDING) && move_plan(sim, refund, end))
        refund->standing = STANDING_PENDING;
    else
        failure_plan(sim, refund);
    return refund;
}

bool sim_report_send(struct sim *sim, const struct sim_payment *payment,
                     const struct sim_refund *refund)
{
    struct sim_op *op = sim_op_add(sim, OP_REPORT, 0, (size_t)(payment - sim->payments));
    if (op == NULL)
        return false;
    op->content.payment = payment->content;
    op->content.payment.amount = refund->amount;
    op->content.payment.has_failed = refund->standing == STANDING_FAILED;
    op->content.payment.is_pending = refund->standing == STANDING_PENDING;
    memcpy(op->content.payment.refund_id, refund->id, IDENT_SIZE);
    return true;
}

/* Those that nobody here has asked for are sure to be reported. */
static void report(struct sim *sim, const struct sim_payment *payment,
                   const struct sim_refund *refund)
{
    bool is_sent = sim_report_send(sim, payment, refund);
    assert(is_sent);
    for (int i = 0; i < 2 && sim_fault(sim, FAULT_REPORTS); i++)
        (void)sim_report_send(sim, payment, refund);
}

static bool by_hand(struct sim *sim, struct sim_payment *payment, int64_t amount)
{
    if (!sim_op_has_room(sim))
        return false;
    sim->refunds_moving++; /* its first report has a place */
    const struct sim_refund *refund = sim_refund_add(sim, payment, "", amount);
    sim->refunds_moving--;
    if (refund == NULL)
        return false;
    payment->is_touched = true;
    sim_tell(sim, "somebody refunds %lld of %s by hand: %s, %s", (long long)amount, payment->id,
             refund->id, payment_standing_text(refund->standing));
    report(sim, payment, refund);
    return true;
}

static int64_t rest_of(const struct sim_payment *payment)
{
    return payment->captured - sim_refunds_sum(payment, STANDING_SUCCEEDED) -
           sim_refunds_sum(payment, STANDING_PENDING);
}

bool sim_refund_rest_by_hand(struct sim *sim, struct sim_payment *payment)
{
    return payment->is_plain && rest_of(payment) > 0 && by_hand(sim, payment, rest_of(payment));
}

void sim_refund_by_hand(struct sim *sim)
{
    if (sim->payment_count == 0)
        return;
    struct sim_payment *payment =
        &sim->payments[sim_random_below(&sim->random, sim->payment_count)];
    if (!payment->is_plain || payment->refund_count >= PARTS_MAX)
        return;
    int64_t rest = rest_of(payment);
    if (sim_fault(sim, FAULT_OVERPAID)) {
        payment->is_overpaid |= by_hand(sim, payment, payment->captured);
    } else if (rest >= PARTS_MANY_MAX && sim_fault(sim, FAULT_PARTS)) {
        for (int i = 0; i < PARTS_MANY_MAX; i++)
            (void)by_hand(sim, payment, 1);
    } else if (rest > 0) {
        bool is_part = sim_random_chance(&sim->random, 600);
        (void)by_hand(sim, payment, is_part ? sim_random_between(&sim->random, 1, rest) : rest);
    }
}

void sim_refunds_move(struct sim *sim)
{
    for (size_t i = 0; sim->refunds_moving > 0 && i < sim->payment_count; i++)
        for (size_t k = 0; k < sim->payments[i].refund_count; k++) {
            const struct sim_payment *payment = &sim->payments[i];
            struct sim_refund *refund = &sim->payments[i].refunds[k];
            if (refund->next_at_ms == 0 || refund->next_at_ms > sim->now_ms)
                continue;
            refund->standing = refund->next;
            refund->next_at_ms = 0;
            sim->refunds_moving--;
            report(sim, payment, refund);
            sim_tell(sim, "refund %s %s", refund->id, payment_standing_text(refund->standing));
            if (refund->standing == STANDING_SUCCEEDED)
                failure_plan(sim, refund);
        }
}

int64_t sim_refunds_next_ms(const struct sim *sim)
{
    int64_t next_ms = 0;
    for (size_t i = 0; sim->refunds_moving > 0 && i < sim->payment_count; i++)
        for (size_t k = 0; k < sim->payments[i].refund_count; k++) {
            int64_t at_ms = sim->payments[i].refunds[k].next_at_ms;
            if (at_ms != 0 && (next_ms == 0 || at_ms < next_ms))
                next_ms = at_ms;
        }
    return next_ms;
}
