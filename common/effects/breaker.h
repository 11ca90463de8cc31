/* breaker.h - whether it makes sense to call at all, learnt from how calls end. Pure; one caller at
 * a time.
 *
 *            several documents in a row, or one that is shut out
 *   CLOSED ------------------------------------------------------> OPEN
 *      ^                                                            |  a probe fails: the next one
 *      +------------------------------------------------------------+  later, up to a bound
 *                           any call is answered
 *
 * CLOSED (is_open false): everybody is called. in_a_row counts documents whose calls failed since
 *   the last answer, and is below BREAKER_OPENS_AT.
 * OPEN: one probe at a time is called, from probe_at_ms on.
 *
 * One document that cannot be answered backs off alone. Several in a row, of different documents
 * and without an answer among them, are the trouble of whoever is called, or ours. A document that
 * is known to fail does not count again before it was answered: however many of those there are,
 * the others are not slowed. Times are of any clock that does not jump. */
#pragma once

#include "common/base/ident.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BREAKER_OPENS_AT       5 /* different documents in a row */
#define BREAKER_MEMORY         1024
#define BREAKER_PROBE_FIRST_MS 1000
#define BREAKER_PROBE_MAX_MS   10000

struct breaker {
    bool is_open;
    int in_a_row;
    uint64_t failing[BREAKER_MEMORY]; /* of document ids, the oldest are forgotten; 0 = none */
    size_t failing_next;
    int64_t opened_at_ms;
    int64_t probe_at_ms, probe_wait_ms; /* open: the next probe, and how long after the last one */
    char reason[REASON_SIZE];           /* of the last failure */
    uint64_t openings;
};

enum effect_hearing {
    EFFECT_ANSWERED,     /* whoever was called was there and spoke of this document */
    EFFECT_UNANSWERED,   /* not so */
    EFFECT_SHUT_OUT,     /* nor will anybody's call be answered */
    EFFECT_SAYS_NOTHING, /* answered by whom, nobody knows: ask for the next one */
};

/* How a call ended, as far as it tells of whoever was called. */
struct effect_end {
    enum effect_hearing hearing;
    int64_t retry_after_ms;   /* what was asked for; -1 = nothing */
    char reason[REASON_SIZE]; /* a short code, for people; of what was not answered */
};

enum breaker_news { BREAKER_AS_BEFORE, BREAKER_OPENED, BREAKER_CLOSED };

/* A call came back. is_probe: it was one of ours. */
enum breaker_news breaker_hear(struct breaker *breaker, const char *document_id,
                               const struct effect_end *end, bool is_probe, int64_t now_ms);
/* Did the last call of this document that was heard of fail? As far as is remembered. */
bool breaker_knows_failing(const struct breaker *breaker, const char *document_id);
