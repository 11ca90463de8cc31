/* actions.h - what a row of the gateway's table does to the view, and what it owes. Pure. */
#pragma once

#include "common/saga/transition.h"
#include "gateway/gateway.h"

transition_action gateway_accept_intent;
transition_action gateway_accept_cancel;
transition_action gateway_pass_cancel_on;
/* The outcome, and the payments that travel back with it. */
transition_action gateway_end_confirmed;
transition_action gateway_end_failed;
transition_action gateway_end_cancelled;
transition_action gateway_list_payments;
transition_action gateway_keep_payment;
transition_action gateway_mark_refund;
transition_action gateway_keep_decline;
/* What is still unanswered is owed again, and later each time. */
transition_action gateway_announce_again;
/* The booking says how long it will wait: so long it is not announced again. */
transition_action gateway_wait_with_booking;

/* After each action: where it was progress, the backoff starts again. */
transition_action gateway_turn_end;

/* When an incomplete view that has been announced again n times is due the next time. */
int64_t gateway_backoff_ms(const struct gateway_config *config, int64_t repeat_count);
