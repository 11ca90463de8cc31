/* actions.h - what a row of the booking's table does to the state, and what it owes. Pure. */
#pragma once

#include "common/saga/transition.h"

/* Before each action: the state that the row names, and what comes with the first one and with an
 * outcome. */
transition_action booking_turn_begin;

/* Changes nothing; a repeat is answered by what was announced. */
transition_action booking_answer_again;
transition_action booking_keep_intent;
transition_action booking_park_payment;
transition_action booking_keep_decline;
/* Outcomes: without a payment, by the one that comes, by those that came before the intent. */
transition_action booking_end_without_payment;
transition_action booking_end_with_payment;
transition_action booking_apply_payment;
transition_action booking_apply_held;
transition_action booking_end_with_held;
transition_action booking_undo;
/* Gives back one payment, for the row's reason, and changes nothing else. */
transition_action booking_give_back;
/* Nobody but strangers has paid before the intent came. */
transition_action booking_keep_intent_without_strangers;
