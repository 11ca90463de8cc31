/* clock_skew.h - how far a service's clock is from ours, by the Date of its answer (RFC 9110,
 * 6.6.1). The Date has whole seconds, so that less than about a second cannot be seen. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Positive: theirs is ahead. ERROR_NOT_FOUND: it answers without a Date. */
MUST_CHECK bool clock_skew_ask(const char *url, int64_t *ret_skew_ms, struct error *error);

/* The skew from one Date, of which the answer was made some time between the two moments; 0 when
 * that allows none. Pure. */
int64_t clock_skew_of(int64_t date_s, int64_t asked_ms, int64_t answered_ms);
