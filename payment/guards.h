/* guards.h - the questions that the payment's transition table asks. Pure. */
#pragma once

#include "payment/payment.h"

#define PAYMENT_GUARD(name)                                                                        \
    bool name(const struct payment *payment, const struct input *input, int64_t now_ms)

PAYMENT_GUARD(payment_always);
PAYMENT_GUARD(payment_is_due);
PAYMENT_GUARD(is_call_held);   /* due, and its call waits for its turn or is under way */
PAYMENT_GUARD(same_capture);   /* same booking, user, amount and currency */
PAYMENT_GUARD(is_unnamed);     /* a capture that has no id of its own yet */
PAYMENT_GUARD(known_conflict); /* a capture that was kept as a conflict before */
PAYMENT_GUARD(same_booking);
PAYMENT_GUARD(other_try);     /* declined for another booking, or by another user */
PAYMENT_GUARD(says_more);     /* declined for good now, or its user is named now */
PAYMENT_GUARD(demanded_here); /* expected: this booking has demanded the refund already */
PAYMENT_GUARD(demanded_elsewhere);
PAYMENT_GUARD(demanded_and_back);
PAYMENT_GUARD(demanded_and_coming);
PAYMENT_GUARD(other_booking);
PAYMENT_GUARD(above_captured); /* somebody asks for more than was captured */
/* Of the refunds, with what this input says of one. */
PAYMENT_GUARD(all_is_back);
PAYMENT_GUARD(all_is_coming); /* or back */
PAYMENT_GUARD(some_is_back);
PAYMENT_GUARD(changes_what_is_missing);
PAYMENT_GUARD(takes_back); /* what was counted, or may have been, stands no more */
/* Of what this input says. */
PAYMENT_GUARD(tells_nothing_new);
PAYMENT_GUARD(tells_of_a_failure); /* which is news */
PAYMENT_GUARD(contradicts);        /* what is known; and tells nothing new */
PAYMENT_GUARD(finds_no_room);
/* Of results of provider calls. */
PAYMENT_GUARD(answers_an_older_call);
PAYMENT_GUARD(says_all_is_back); /* "already refunded", and nothing speaks against it */
PAYMENT_GUARD(refused);
PAYMENT_GUARD(spends_key);      /* what is missing needs the next key */
PAYMENT_GUARD(spends_last_key); /* and there is none, or no place for one more refund */
PAYMENT_GUARD(not_found);       /* and lately */
