/* unnamed.h - ids for payments whose callers name none: one payment a booking is meant, as a rule.
 *
 * The first capture of a booking has the first id, which is made of the booking's id alone. One
 * that differs from it in user, amount or currency is another payment, with an id of its own that
 * is made of all that: asked for when the first one is taken by other content. So whatever is
 * repeated finds what it stored the first time, and no money is without a payment. Pure. */
#pragma once

#include "common/base/uuid.h"
#include "payment/payment.h"

void payment_unnamed_capture_first(const char *intent_id, char ret_id[UUID_TEXT_SIZE]);
void payment_unnamed_capture_own(const struct payment_payload *payload,
                                 char ret_id[UUID_TEXT_SIZE]);
/* Of a declined try: each user has one. */
void payment_unnamed_decline(const struct payment_payload *payload, char ret_id[UUID_TEXT_SIZE]);
