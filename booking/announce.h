/* announce.h - the events that a booking owes, built from its state alone, so that announcing one
 * again gives the same bytes. Pure. */
#pragma once

#include "booking/booking.h"

/* booking.confirmed, .failed or .cancelled, for the first time; remembers where it was owed. */
void booking_announce_outcome(struct booking *booking, struct decision *decision);
/* payment.refund.requested for one stored payment, for the first time. */
void booking_announce_refund(const struct booking *booking, struct booking_payment *payment,
                             struct decision *decision);
/* The same for a payment that is not stored. */
void booking_announce_refund_unstored(const struct booking *booking,
                                      const struct booking_payload *payload,
                                      enum booking_reason reason, struct decision *decision);
/* Answers a repeat: what was announced about this payment, or the outcome, once more; or that the
 * booking waits, for what and until when, so that its intent need not be announced before. Who
 * repeats an intent or a cancel after the end may miss the end of a refund that no outcome lists:
 * it is asked for again too, and the payment service answers. */
void booking_announce_again(const struct booking *booking, const struct input *input,
                            struct decision *decision);
