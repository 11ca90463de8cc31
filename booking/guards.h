/* guards.h - the questions that the booking's table asks. Pure. */
#pragma once

#include "booking/booking.h"
#include "common/saga/transition.h"

transition_guard booking_is_due;
/* The booking's intent says the same as this one. */
transition_guard booking_same_intent;
transition_guard booking_no_intent;
transition_guard booking_same_user;
/* This payment id is stored, with the same content or with other content. */
transition_guard booking_known_payment;
transition_guard booking_altered_payment;
transition_guard booking_payments_full;
transition_guard booking_other_user;
/* The payment pays for the intent in full; or its currency is another. */
transition_guard booking_settles;
transition_guard booking_other_currency;
/* The payer will not try again; or this failed try is not later than the last one that is known. */
transition_guard booking_final_decline;
transition_guard booking_known_decline;
/* An intent meets payments that came before it: the first of its own user decides. */
transition_guard booking_held_settles;
transition_guard booking_held_other_currency;
transition_guard booking_held_other_amount;
