/* sim_watch_refunds.c - which anomalies of several refunds of one payment a decision has met. */
#include "sim/world/sim.h"
#include "sim/world/sim_clients.h"

#include <string.h>

static bool is_under_way(enum payment_state state)
{
    return state == PAYMENT_REFUND_DUE || state == PAYMENT_REFUNDING;
}

static int standing_count(const struct payment *payment)
{
    int count = 0;
    for (int32_t i = 0; i < payment->refunds.count; i++)
        count += payment->refunds.list[i].standing == STANDING_SUCCEEDED;
    return count;
}

static void report_see(struct sim *sim, const struct decided *decided, enum payment_state from)
{
    const struct payment *payment = decided->state;
    struct payment_refund said;
    if (!payment_said(payment, decided->input, &said))
        return;
    const struct payment_refund *known = payment_refunds_find(&payment->refunds, said.id);
    bool is_last = known == &payment->refunds.list[payment->refunds.count - 1];
    if (decided->outcome == OUTCOME_DUPLICATE && known != NULL && !is_last)
        anomaly_reached(sim, ANOMALY_C10d);
    if (known == NULL && payment->refunds.beyond > 0)
        anomaly_reached(sim, ANOMALY_C10f);
    if (said.standing == STANDING_FAILED && (from == PAYMENT_NONE || from == PAYMENT_EXPECTED))
        anomaly_reached(sim, ANOMALY_C10g);
}

void sim_refunds_see(struct sim *sim, const struct decided *decided, enum payment_state from,
                     enum payment_state to)
{
    const struct payment *payment = decided->state;
    struct sim_payment *charge = sim_payment_find(sim, decided->input->document_id);
    bool is_demand =
        decided->input->type >= INPUT_FAILED && decided->input->type <= INPUT_REQUESTED;
    if (charge != NULL)
        charge->is_alerted |= decided->is_alert;
    if (to == PAYMENT_REFUNDED && from != to && standing_count(payment) >= 2)
        anomaly_reached(sim, ANOMALY_C10);
    if (decided->is_alert && payment->amount > 0 && payment_back(payment) > payment->amount)
        anomaly_reached(sim, ANOMALY_C10e);
    if (is_demand && !is_under_way(from) && to == PAYMENT_REFUNDING)
        anomaly_reached(sim, ANOMALY_C10h);
    if (decided->input->type == INPUT_REPORTED)
        report_see(sim, decided, from);
    if (decided->input->type == INPUT_RESULT && is_under_way(from) && to == PAYMENT_REFUNDED &&
        strcmp(payment->refund_id, REFUND_ID_UNKNOWN) == 0)
        anomaly_reached(sim, ANOMALY_C6b);
}
