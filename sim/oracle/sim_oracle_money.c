/* sim_oracle_money.c - I3 and I4: what the provider's books say of each payment, and what the
 * payment service holds and has announced, agree. */
#include "sim/oracle/sim_oracle.h"
#include "sim/world/sim.h"
#include "sim/world/sim_clients.h"
#include "sim/world/sim_story.h"

#include <string.h>

/* Alerts are what observers are told. */
static bool is_alerted(const struct sim *sim, const struct sim_payment *charge)
{
    return charge->is_alerted || sim->options.is_unobserved;
}

/* Between a save and its alert a process may die, or a store that took all say nothing. */
static bool may_be_unheard(const struct sim *sim)
{
    return sim->rates[FAULT_CRASH] > 0 || sim->rates[FAULT_STORE_CALL] > 0 ||
           sim->rates[FAULT_STORE_UNKNOWN] > 0 || sim->is_restored;
}

/* So many reports of others found no room: only then may they be known as a number alone. */
static bool is_table_full(const struct payment *payment, int32_t beyond)
{
    return payment->refunds.beyond >= beyond && payment->refunds.count >= PAYMENT_REFUNDS_MAX - 1;
}

/* All that is reported is known, whatever the order; only what the provider says of the whole may
 * be about refunds that are never heard of. */
static void books_check(struct sim *sim, const struct sim_payment *charge,
                        const struct payment *payment)
{
    int64_t back = sim_refunds_sum(charge, STANDING_SUCCEEDED);
    int64_t unheard = 0;
    int32_t beyond = 0;
    for (size_t i = 0; i < charge->refund_count; i++) {
        const struct sim_refund *refund = &charge->refunds[i];
        const struct payment_refund *known = payment_refunds_find(&payment->refunds, refund->id);
        beyond += known == NULL && refund->key[0] == '\0';
        if (known == NULL && refund->standing == STANDING_SUCCEEDED)
            unheard += refund->amount;
        bool is_unknown = beyond > 0 && !is_table_full(payment, beyond);
        if (known == NULL ? is_unknown : known->standing != refund->standing)
            sim_fail(sim, "C10: refund %s of %s %s, the payment service holds it for %s",
                     refund->id, payment->id, payment_standing_text(refund->standing),
                     known == NULL ? "nothing" : payment_standing_text(known->standing));
    }
    bool is_by_word = payment->state == PAYMENT_REFUNDED && payment_back(payment) < payment->amount;
    /* Somebody gave all of it back while the answer to our own call was lost: only the provider's
     * books show both. */
    bool is_unheard = charge->is_overpaid && back - unheard == payment_back(payment);
    bool is_beyond = payment->refunds.beyond > 0 && back - unheard == payment_back(payment);
    if (payment_back(payment) != back && !is_by_word && !is_unheard && !is_beyond)
        sim_fail(sim, "I3: %lld of %s is back, the payment service counts %lld", (long long)back,
                 payment->id, (long long)payment_back(payment));
    if (back - unheard > payment->amount && !(charge->is_overpaid && is_alerted(sim, charge)))
        sim_fail(sim, "I4: %lld of %s is back, captured %lld%s", (long long)back, payment->id,
                 (long long)payment->amount, charge->is_overpaid ? ", without an alert" : "");
}

bool sim_is_refund_forgotten(struct sim *sim, const struct payment *payment)
{
    const struct sim_payment *charge = sim_payment_find(sim, payment->id);
    if (charge == NULL || !charge->is_restored || payment->state != PAYMENT_SETTLED)
        return false;
    return charge->is_refused ||
           (payment_back(payment) == payment->amount && is_alerted(sim, charge));
}

/* Nothing more can be tried: it is refused, or too many refunds have come before. */
static bool is_stuck_for_a_reason(const struct sim_payment *charge, const struct payment *payment)
{
    return charge->is_refused || payment->key_ordinal + 1 == REFUND_KEYS_MAX ||
           payment->refunds.count >= PAYMENT_REFUNDS_MAX - 1;
}

/* I3 and I4, from the payment's side: applied, or back exactly once, or stuck for a reason. */
static void payment_judge(struct sim *sim, const struct payment *payment)
{
    const struct sim_payment *charge = sim_payment_find(sim, payment->id);
    struct booking booking;
    bool is_applied =
        sim_booking_get(sim, payment->intent_id, &booking) && booking.state == BOOKING_CONFIRMED;
    bool is_listed = false;
    for (int32_t i = 0; is_applied && i < booking.payment_count; i++)
        is_listed |= booking.payments[i].disposition == PAYMENT_APPLIED &&
                     strcmp(booking.payments[i].payment_id, payment->id) == 0;
    bool is_right = false;
    int64_t back = sim_refunds_sum(charge, STANDING_SUCCEEDED);
    books_check(sim, charge, payment);
    switch (payment->state) {
    case PAYMENT_SETTLED:
        /* given back by somebody else: nothing here can undo it, so it must be known and alerted,
         * be it as one of those that found no room */
        is_right = (is_listed || sim_is_untold(sim, payment->intent_id, SIM_PAYMENT)) &&
                   (back == 0 || (charge->is_touched && is_alerted(sim, charge) &&
                                  (payment_back(payment) > 0 || payment->refunds.beyond > 0)));
        is_right |= !is_listed && sim_is_refund_forgotten(sim, payment);
        break;
    case PAYMENT_REFUNDED:
        is_right = !is_listed && back >= payment->amount;
        break;
    case PAYMENT_STUCK:
        /* of refunds that found no room nothing is known but that somebody has to look */
        is_right = !is_listed && payment_back(payment) < payment->amount &&
                   (back < payment->amount || payment->refunds.beyond > 0) &&
                   (is_alerted(sim, charge) || may_be_unheard(sim)) &&
                   is_stuck_for_a_reason(charge, payment);
        break;
    case PAYMENT_DECLINED:
        is_right = !charge->is_accepted && (back == 0 || charge->is_touched);
        break;
    case PAYMENT_NONE:
    case PAYMENT_EXPECTED:
    case PAYMENT_CAPTURED:
    case PAYMENT_REFUND_DUE:
    case PAYMENT_REFUNDING:
    case PAYMENT_STATE_COUNT:
        break;
    }
    if (!is_right)
        sim_fail(sim, "I3: payment %s is %s, %lld is back, %s", payment->id,
                 payment_state_text(payment->state), (long long)back,
                 is_listed ? "applied" : "not applied");
}

void sim_money_check(struct sim *sim)
{
    for (size_t i = 0; i < sim->payment_count; i++) {
        const struct sim_payment *charge = &sim->payments[i];
        struct payment payment;
        if (sim_payment_get(sim, charge->id, &payment))
            payment_judge(sim, &payment);
        else if (charge->is_accepted || charge->refund_count > 0)
            sim_fail(sim, "I3: payment %s was accepted and is not stored", charge->id);
    }
}
