/* asking.h - what the actions of a payment's table share about refunds. Private to them. Pure. */
#pragma once

#include "payment/payment.h"

/* Doubled `count` times, up to a bound. */
int64_t backoff_ms(int64_t first_ms, int64_t max_ms, int32_t count);

/* Keeps what the input says of one refund, and raises an alert where that cannot be. True: it is
 * news. */
bool refund_hear(struct payment *payment, const struct input *input, struct decision *decision);
/* It goes back, and others have begun to: what comes of that is waited for. */
void refund_await(const struct payment_rules *rules, struct payment *payment,
                  struct decision *decision);
/* It is back, and announced so. refund_id "" = by the last one that stands. */
void refund_done(struct payment *payment, const char *refund_id, struct decision *decision);
