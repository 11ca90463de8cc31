/* breaker.h - whether the provider can be asked at all. Pure; one caller at a time.
 *
 * One payment that cannot be answered backs off alone. Several in a row, of different payments and
 * without an answer among them, are the provider's trouble or ours: then nobody is asked but one
 * probe at a time, later and later up to a bound, until one is answered. A payment that is known to
 * fail does not count again before it was answered: however many of those there are, the others
 * are not slowed. Times are of any clock that does not jump. */
#pragma once

#include "payment/refund_call.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BREAKER_OPENS_AT       5 /* different payments in a row */
#define BREAKER_MEMORY         1024
#define BREAKER_PROBE_FIRST_MS 1000
#define BREAKER_PROBE_MAX_MS   10000

struct breaker {
    bool is_open;
    int in_a_row;
    uint64_t failing[BREAKER_MEMORY]; /* of payment ids, the oldest are forgotten; 0 = none */
    size_t failing_next;
    int64_t opened_at_ms;
    int64_t probe_at_ms, probe_wait_ms; /* open: the next probe, and how long after the last one */
    char reason[REASON_SIZE];           /* of the last failure */
    uint64_t openings;
};

enum breaker_news { BREAKER_AS_BEFORE, BREAKER_OPENED, BREAKER_CLOSED };

/* A call came back. is_probe: it was one of ours. */
enum breaker_news breaker_hear(struct breaker *breaker, const char *payment_id,
                               const struct refund_result *result, bool is_probe, int64_t now_ms);
/* Did the last call of this payment that was heard of fail? As far as is remembered. */
bool breaker_knows_failing(const struct breaker *breaker, const char *payment_id);
