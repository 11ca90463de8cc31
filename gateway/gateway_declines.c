/* gateway_declines.c - the payer's failed tries: what the table asks of them, and what it keeps. */
#include "gateway/gateway_table.h"

#include <string.h>

static struct gateway_decline_report decline_report(const struct gateway_turn *turn)
{
    struct gateway_decline_report report;
    memcpy(&report, turn->input->payload, sizeof report);
    return report;
}

/* Of somebody else's payment, of nobody's, or of a booking that nobody asked this gateway for. */
bool gateway_decline_is_anothers(const struct gateway_turn *turn)
{
    const struct gateway_intent *intent = &turn->view->intent;
    return !intent->is_present || strcmp(intent->user_id, decline_report(turn).user_id) != 0;
}

bool gateway_decline_is_old(const struct gateway_turn *turn)
{
    const struct gateway_decline *last = &turn->view->last_decline;
    const struct gateway_decline said = decline_report(turn).decline;
    return said.at_ms < last->at_ms ||
           (said.at_ms == last->at_ms && strcmp(said.payment_id, last->payment_id) <= 0);
}

void gateway_decline_keep(struct gateway_turn *turn)
{
    struct gateway_decline *last = &turn->view->last_decline;
    const struct gateway_decline said = decline_report(turn).decline;
    memset(last, 0, sizeof *last); /* views are compared with memcmp */
    memcpy(last->payment_id, said.payment_id, strlen(said.payment_id));
    memcpy(last->reason, said.reason, strlen(said.reason));
    last->is_final = said.is_final;
    last->at_ms = said.at_ms;
}
