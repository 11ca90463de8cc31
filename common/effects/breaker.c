/* breaker.c - opens after failures of several documents in a row, remembers which those were, and
 * doubles the wait between probes. */
#include "common/effects/breaker.h"
#include "common/base/hash.h"

#include <assert.h>
#include <string.h>

static uint64_t id_hash(const char *document_id)
{
    uint64_t hash = hash_fingerprint(document_id, strlen(document_id));
    return hash != 0 ? hash : 1;
}

/* BREAKER_MEMORY: it is not among them. */
static size_t failing_find(const struct breaker *breaker, uint64_t hash)
{
    size_t at = 0;
    while (at < BREAKER_MEMORY && breaker->failing[at] != hash)
        at++;
    return at;
}

bool breaker_knows_failing(const struct breaker *breaker, const char *document_id)
{
    assert(document_id[0] != '\0');
    return failing_find(breaker, id_hash(document_id)) < BREAKER_MEMORY;
}

static enum breaker_news answered(struct breaker *breaker, uint64_t hash)
{
    size_t at = failing_find(breaker, hash);
    if (at < BREAKER_MEMORY)
        breaker->failing[at] = 0;
    breaker->in_a_row = 0;
    if (!breaker->is_open)
        return BREAKER_AS_BEFORE;
    breaker->is_open = false;
    return BREAKER_CLOSED;
}

/* The first probe goes at once: it may be that only those that failed could not be answered. */
static enum breaker_news open_up(struct breaker *breaker, int64_t now_ms)
{
    assert(!breaker->is_open);
    breaker->is_open = true;
    breaker->openings++;
    breaker->opened_at_ms = now_ms;
    breaker->probe_at_ms = now_ms;
    breaker->probe_wait_ms = BREAKER_PROBE_FIRST_MS;
    return BREAKER_OPENED;
}

static void probe_later(struct breaker *breaker, const struct effect_end *end, int64_t now_ms)
{
    assert(breaker->is_open && breaker->probe_wait_ms >= BREAKER_PROBE_FIRST_MS);
    int64_t wait_ms = breaker->probe_wait_ms;
    if (end->retry_after_ms > wait_ms)
        wait_ms = end->retry_after_ms;
    if (wait_ms > BREAKER_PROBE_MAX_MS)
        wait_ms = BREAKER_PROBE_MAX_MS;
    breaker->probe_at_ms = now_ms + wait_ms;
    assert(breaker->probe_at_ms > now_ms);
    breaker->probe_wait_ms = 2 * breaker->probe_wait_ms;
    if (breaker->probe_wait_ms > BREAKER_PROBE_MAX_MS)
        breaker->probe_wait_ms = BREAKER_PROBE_MAX_MS;
}

enum breaker_news breaker_hear(struct breaker *breaker, const char *document_id,
                               const struct effect_end *end, bool is_probe, int64_t now_ms)
{
    assert(document_id != NULL && breaker->failing_next < BREAKER_MEMORY);
    assert(breaker->is_open || breaker->in_a_row < BREAKER_OPENS_AT);
    uint64_t hash = id_hash(document_id);
    if (end->hearing == EFFECT_ANSWERED)
        return answered(breaker, hash);
    if (end->hearing == EFFECT_SAYS_NOTHING)
        return BREAKER_AS_BEFORE;
    memcpy(breaker->reason, end->reason, sizeof breaker->reason);
    bool is_news = failing_find(breaker, hash) == BREAKER_MEMORY;
    if (is_news) {
        breaker->failing[breaker->failing_next] = hash;
        breaker->failing_next = (breaker->failing_next + 1) % BREAKER_MEMORY;
    }
    if (breaker->is_open) {
        if (is_probe)
            probe_later(breaker, end, now_ms);
        return BREAKER_AS_BEFORE;
    }
    breaker->in_a_row += is_news;
    if (breaker->in_a_row < BREAKER_OPENS_AT && end->hearing != EFFECT_SHUT_OUT)
        return BREAKER_AS_BEFORE;
    return open_up(breaker, now_ms);
}
