/* refund_effects.h - the calls of refund_call.h as effects: what the queue of all calls to the
 * outside (common/effects) asks about them, and what it is told. Pure. */
#pragma once

#include "common/effects/effect_queue.h"
#include "payment/refund_call.h"

/* What a result says of the provider itself. */
void payment_refund_end_get(const struct refund_result *result, struct effect_end *ret_end);

/* The result of this effect as the engine takes it. traceparent may be NULL. */
void payment_refund_input_make(const struct effect *effect, const struct refund_result *result,
                               const char *traceparent, struct input *ret_input);

/* What has waited for an hour is not asked any more (see REFUND_KEY_TRUSTED_MS). */
#define REFUND_WAIT_MAX_MS INT64_C(3600000)
extern const struct effect_kind payment_refund_effects;
