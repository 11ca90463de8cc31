/* announce.h - the events that a payment owes, built from its state alone, so that announcing one
 * again gives the same bytes. Pure. */
#pragma once

#include "payment/payment.h"

void payment_announce_captured(struct payment *payment, struct decision *decision);
void payment_announce_captured_again(const struct payment *payment, struct decision *decision);
void payment_announce_declined(const struct payment *payment, const char reason[REASON_SIZE],
                               struct decision *decision);
/* payment.refunded or payment.refund.stuck, by the state. */
void payment_announce_refund_end(struct payment *payment, struct decision *decision);
void payment_announce_refund_end_again(const struct payment *payment, struct decision *decision);
/* payment.refund.stuck: it was announced as refunded and is so no more; it is asked for again. */
void payment_announce_refund_failed(const struct payment *payment, struct decision *decision);
