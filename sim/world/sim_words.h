/* sim_words.h - what clients, the provider and strangers are going to say, and what came of it. */
#pragma once

#include "sim/world/sim.h"

/* What becomes of a refund is sure to be reported: that needs a place. */
bool sim_op_has_room(const struct sim *sim);
/* NULL: there is no room for one more. */
struct sim_op *sim_op_add(struct sim *sim, enum sim_op_kind kind, size_t booking, size_t payment);

/* sim_words.c */
/* True: a declined try that was heard before its intent counts now that it is heard again. */
bool sim_decline_sees(struct sim_worker *worker, const struct decided *decided);
void sim_decline_check(struct sim *sim, const struct booking *booking);
void sim_shown_decline_check(struct sim *sim, const struct gateway_view *view);
void sim_cancels_check(struct sim *sim);
void sim_conflicts_check(struct sim *sim);
/* A payment has been stored: if it is one of a caller without ids, by this id it is known now. */
void sim_payment_bind(struct sim *sim, const char *id);
void sim_cancel_see(struct sim *sim, const struct decided *decided, enum booking_state from,
                    enum booking_state to);

/* sim_strangers.c: others who publish */
#define SIM_EARLY_PREFIX "early:"
void sim_poison_publish(struct sim *sim);
void sim_forgery_publish(struct sim *sim, enum sim_service service,
                         const struct sim_message *settled);
void sim_capture_announce(struct sim *sim, size_t payment_at);
void sim_intent_announce(struct sim *sim, const struct sim_op *op);
void sim_demand_publish(struct sim *sim);
