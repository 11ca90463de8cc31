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
PAYMENT_GUARD(demanded_and_reported);
PAYMENT_GUARD(other_booking);
PAYMENT_GUARD(above_captured); /* somebody asks for more than was captured */
PAYMENT_GUARD(is_reported);    /* the provider has said already that it is back */
PAYMENT_GUARD(reports_failure);
PAYMENT_GUARD(reports_first_failure); /* stuck, and no refund id is known */
PAYMENT_GUARD(reports_part);          /* another amount or currency than was captured */
PAYMENT_GUARD(reports_known_refund);  /* of the refund id that we hold already */
PAYMENT_GUARD(returns_known_refund);  /* the same, as the result of a call */
PAYMENT_GUARD(succeeded);             /* results of provider calls */
PAYMENT_GUARD(refused);
PAYMENT_GUARD(not_found); /* and lately */
