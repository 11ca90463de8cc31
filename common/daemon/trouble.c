/* trouble.c - remembers since when something is wrong and what was told of it. */
#include "common/daemon/trouble.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static bool is_worth_a_line(const struct trouble *trouble, const char *detail, int64_t now_ms)
{
    if (now_ms - trouble->changed_ms < TROUBLE_TELL_AFTER_MS)
        return false;
    if (!trouble->is_told)
        return true;
    return strcmp(trouble->told, detail) != 0 && trouble->told_count < TROUBLE_REASONS_MAX &&
           now_ms - trouble->told_ms >= TROUBLE_OTHER_AFTER_MS;
}

enum trouble_news trouble_look(struct trouble *trouble, const char *detail, int64_t now_ms,
                               int64_t *ret_lasted_ms)
{
    assert(trouble->told_count >= 0 && trouble->told_count <= TROUBLE_REASONS_MAX);
    assert(trouble->is_told == (trouble->told_count > 0));
    bool is_bad = detail != NULL;
    if (is_bad != trouble->is_bad) {
        trouble->is_bad = is_bad;
        trouble->changed_ms = now_ms;
        if (is_bad && !trouble->is_told)
            trouble->began_ms = now_ms;
    }
    if (is_bad && is_worth_a_line(trouble, detail, now_ms)) {
        trouble->is_told = true;
        trouble->told_ms = now_ms;
        trouble->told_count++;
        (void)snprintf(trouble->told, sizeof trouble->told, "%s", detail);
        return TROUBLE_BEGINS;
    }
    if (!is_bad && trouble->is_told && now_ms - trouble->changed_ms >= TROUBLE_OVER_AFTER_MS) {
        *ret_lasted_ms = trouble->changed_ms - trouble->began_ms;
        trouble->is_told = false;
        trouble->told_count = 0;
        return TROUBLE_IS_OVER;
    }
    return TROUBLE_NOTHING_NEW;
}
