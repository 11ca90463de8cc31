/* refusals.c - for each kind a wait that doubles, and how many messages may try after it. */
#include "common/saga/refusals.h"
#include "common/base/text.h"

#include <assert.h>
#include <string.h>

/* Its place; count: it is not refused. */
static size_t kind_at(const struct refusals *refusals, const char *type)
{
    assert(refusals->count <= REFUSALS_MAX);
    size_t at = 0;
    while (at < refusals->count && strcmp(refusals->kinds[at].type, type) != 0)
        at++;
    return at;
}

static struct refusal *kind_find(struct refusals *refusals, const char *type)
{
    size_t at = kind_at(refusals, type);
    return at < refusals->count ? &refusals->kinds[at] : NULL;
}

bool refusals_would_let(const struct refusals *refusals, const char *type, int64_t now_ms)
{
    size_t at = kind_at(refusals, type);
    const struct refusal *kind = &refusals->kinds[at];
    return at == refusals->count || (now_ms >= kind->until_ms && kind->given < kind->allowed);
}

bool refusals_let(struct refusals *refusals, const char *type, int64_t now_ms)
{
    struct refusal *kind = kind_find(refusals, type);
    if (!refusals_would_let(refusals, type, now_ms))
        return false;
    if (kind != NULL)
        kind->given++;
    return true;
}

static void given_less(struct refusal *kind)
{
    assert(kind->allowed <= REFUSAL_OPEN_AT);
    if (kind->given > 0) /* what was handed over before the first refusal is not counted */
        kind->given--;
}

void refusals_taken(struct refusals *refusals, const char *type, int64_t now_ms)
{
    struct refusal *kind = kind_find(refusals, type);
    if (kind == NULL)
        return;
    given_less(kind);
    if (now_ms < kind->until_ms)
        return; /* refused among others of the same call */
    kind->wait_ms = REFUSAL_WAIT_MIN_MS;
    if (++kind->allowed >= REFUSAL_OPEN_AT)
        *kind = refusals->kinds[--refusals->count];
}

int64_t refusals_refused(struct refusals *refusals, const char *type, int64_t now_ms)
{
    assert(type[0] != '\0');
    struct refusal *kind = kind_find(refusals, type);
    if (kind == NULL && refusals->count == REFUSALS_MAX)
        return now_ms + REFUSAL_WAIT_MAX_MS;
    if (kind == NULL) {
        kind = &refusals->kinds[refusals->count++];
        memset(kind, 0, sizeof *kind);
        text_copy(kind->type, sizeof kind->type, type);
        kind->wait_ms = REFUSAL_WAIT_MIN_MS;
    }
    given_less(kind);
    if (now_ms < kind->until_ms)
        return kind->until_ms;
    kind->allowed = 1;
    kind->until_ms = now_ms + kind->wait_ms;
    kind->wait_ms =
        2 * kind->wait_ms < REFUSAL_WAIT_MAX_MS ? 2 * kind->wait_ms : REFUSAL_WAIT_MAX_MS;
    return kind->until_ms;
}

void refusals_unknown(struct refusals *refusals, const char *type)
{
    struct refusal *kind = kind_find(refusals, type);
    if (kind != NULL)
        given_less(kind);
}

void refusals_expire(struct refusals *refusals, int64_t now_ms)
{
    assert(refusals->count <= REFUSALS_MAX);
    for (size_t i = 0; i < refusals->count;)
        if (now_ms - refusals->kinds[i].until_ms > REFUSAL_FORGET_MS)
            refusals->kinds[i] = refusals->kinds[--refusals->count];
        else
            i++;
}

void refusals_forget_given(struct refusals *refusals)
{
    for (size_t i = 0; i < refusals->count; i++)
        refusals->kinds[i].given = 0;
}

void refusals_text(const struct refusals *refusals, char ret_text[REFUSALS_TEXT_SIZE])
{
    assert(refusals->count <= REFUSALS_MAX);
    ret_text[0] = '\0';
    if (refusals->count == 0)
        return;
    const char *parts[2 * REFUSALS_MAX + 1];
    size_t count = 0;
    for (size_t i = 0; i < refusals->count; i++) {
        parts[count++] = i > 0 ? ", " : "";
        parts[count++] = refusals->kinds[i].type;
    }
    parts[count++] = ": a queue that takes them is full or missing";
    text_join(ret_text, REFUSALS_TEXT_SIZE, parts, count);
}
