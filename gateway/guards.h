/* guards.h - the questions that the gateway's table asks. Pure. */
#pragma once

#include "common/saga/transition.h"

transition_guard gateway_is_early;
/* An outcome came before the intent, or the intent is not known any more. */
transition_guard gateway_intent_is_unknown;
transition_guard gateway_is_same_content;
transition_guard gateway_user_is_unknown;
transition_guard gateway_is_another_user;
transition_guard gateway_cancel_is_requested; /* by its own user */
/* Of the payment that confirmed the booking. */
transition_guard gateway_payment_is_unknown;
transition_guard gateway_is_same_payment;
transition_guard gateway_lists_another_payment; /* and there is room for it */
/* Of a refund: said before, or overtaken by a later report of the same payment. */
transition_guard gateway_report_is_old;
transition_guard gateway_is_retrying; /* it was back and is so no more; it is asked for again */
transition_guard gateway_finds_no_room;
/* Of a failed try: of somebody else's payment, of nobody's, or of a booking that nobody asked this
 * gateway for; not later than the last one that is known. */
transition_guard gateway_decline_is_anothers;
transition_guard gateway_decline_is_old;
/* The booking has said so before. */
transition_guard gateway_wait_is_known;
