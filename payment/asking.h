/* asking.h - what the actions of a payment's table share about refunds. Private to them. Pure. */
#pragma once

#include "common/saga/transition.h"

/* Doubled `count` times, up to a bound. */
int64_t payment_backoff_ms(int64_t first_ms, int64_t max_ms, int32_t count);

/* Keeps what the input says of one refund, and raises an alert where that cannot be. True: it is
 * news. */
bool payment_refund_hear(const struct turn *turn);
/* It goes back: the provider is asked for it, or, long after the capture, whether it has. */
void payment_refund_begin(const struct turn *turn);
/* It goes back, and others have begun to: what comes of that is waited for. */
void payment_refund_await(const struct turn *turn);
/* It is back, and announced so. refund_id "" = by the last one that stands. */
void payment_refund_done(const struct turn *turn, const char *refund_id);
