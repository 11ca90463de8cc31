/* guards.h - the questions that the payment's transition table asks. Pure. */
#pragma once

#include "common/saga/transition.h"

transition_guard payment_is_due;
transition_guard payment_is_call_held;   /* due, and its call waits for its turn or is under way */
transition_guard payment_same_capture;   /* same booking, user, amount and currency */
transition_guard payment_is_unnamed;     /* a capture that has no id of its own yet */
transition_guard payment_known_conflict; /* a capture that was kept as a conflict before */
transition_guard payment_same_booking;
transition_guard payment_other_try;     /* declined for another booking, or by another user */
transition_guard payment_says_more;     /* declined for good now, or its user is named now */
transition_guard payment_demanded_here; /* expected: this booking has demanded the refund already */
transition_guard payment_demanded_elsewhere;
transition_guard payment_demanded_and_back;
transition_guard payment_demanded_and_coming;
transition_guard payment_other_booking;
transition_guard payment_above_captured; /* somebody asks for more than was captured */
/* Of the refunds, with what this input says of one. */
transition_guard payment_all_is_back;
transition_guard payment_all_is_coming; /* or back */
transition_guard payment_some_is_back;
transition_guard payment_changes_what_is_missing;
transition_guard payment_takes_back; /* what was counted, or may have been, stands no more */
/* Of what this input says. */
transition_guard payment_tells_nothing_new;
transition_guard payment_tells_of_a_failure; /* which is news */
transition_guard payment_contradicts;        /* what is known; and tells nothing new */
transition_guard payment_finds_no_room;
/* Of results of provider calls. */
transition_guard payment_answers_an_older_call;
transition_guard payment_says_all_is_back; /* "already refunded", and nothing speaks against it */
transition_guard payment_refused;
transition_guard payment_spends_key;      /* what is missing needs the next key */
transition_guard payment_spends_last_key; /* and there is none, or no place for one more refund */
transition_guard payment_not_found;       /* and lately */
