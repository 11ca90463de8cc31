/* sim_oracle.h - what must hold of stores, bus and provider when nothing is left to do, seen from
 * outside. docs/proof.md has the invariants by their letters. */
#pragma once

#include "sim/world/sim.h"

bool sim_payment_get(struct sim *sim, const char *id, struct payment *ret_payment);
bool sim_booking_get(struct sim *sim, const char *id, struct booking *ret_booking);
/* Its outcome was lost on the way to that service, and nobody asks for it again. */
bool sim_is_untold(struct sim *sim, const char *booking_id, enum sim_service to);
void sim_outcomes_check(struct sim *sim); /* of states, events and money */
void sim_oracle_check(struct sim *sim);   /* of histories, too */
bool sim_is_quiet(const struct sim *sim);

/* sim_oracle_money.c */
void sim_money_check(struct sim *sim);
/* Its cancellation was answered and is forgotten by a restored store: it is settled, and all of it
 * is back, of which the store heard again with an alert, or the provider refuses it for good. */
bool sim_is_refund_forgotten(struct sim *sim, const struct payment *payment);
