/* timeline.c - merges the histories of a booking's documents by time, and folds equal steps that
 * changed nothing. */
#include "cli/commands/timeline.h"

#include <stdlib.h>
#include <string.h>

static void document_take(struct timeline *timeline, const char *service,
                          const struct document *document)
{
    if (document == NULL)
        return;
    timeline->not_remembered += document->history_dropped;
    for (size_t i = 0; i < document->history_count && timeline->count < TIMELINE_STEPS_MAX; i++) {
        const struct history_entry *entry = &document->history[i];
        timeline->steps[timeline->count++] = (struct step){
            .at_ms = entry->at_ms,
            .service = service,
            .document_id = document->id,
            .entry = entry,
            .last_ms = entry->at_ms,
            .times = 1,
        };
    }
}

/* Stable, and nearly sorted already: each document's own order stays as it was decided. */
static void sort_by_time(struct step *steps, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct step moving = steps[i];
        size_t at = i;
        for (; at > 0 && steps[at - 1].at_ms > moving.at_ms; at--)
            steps[at] = steps[at - 1];
        steps[at] = moving;
    }
}

static bool is_repetition(const struct step *step, const struct step *of)
{
    return strcmp(step->document_id, of->document_id) == 0 &&
           strcmp(step->service, of->service) == 0 &&
           strcmp(step->entry->input_type, of->entry->input_type) == 0 &&
           strcmp(step->entry->verdict, of->entry->verdict) == 0 &&
           strcmp(step->entry->state_from, step->entry->state_to) == 0 &&
           strcmp(step->entry->state_to, of->entry->state_to) == 0 &&
           strcmp(of->entry->state_from, of->entry->state_to) == 0;
}

static void fold(struct timeline *timeline)
{
    size_t kept = 0;
    for (size_t i = 0; i < timeline->count; i++) {
        struct step *before = kept > 0 ? &timeline->steps[kept - 1] : NULL;
        if (before != NULL && is_repetition(&timeline->steps[i], before)) {
            before->times++;
            before->last_ms = timeline->steps[i].at_ms;
        } else {
            timeline->steps[kept++] = timeline->steps[i];
        }
    }
    timeline->count = kept;
}

void timeline_make(struct dossier *dossier, struct timeline *ret_timeline)
{
    memset(ret_timeline, 0, sizeof *ret_timeline);
    ret_timeline->steps =
        arena_alloc(&dossier->arena, TIMELINE_STEPS_MAX * sizeof *ret_timeline->steps);
    document_take(ret_timeline, "gateway", dossier->gateway);
    for (size_t i = 0; i < dossier->payment_count; i++)
        document_take(ret_timeline, "payment", dossier->payments[i].document);
    document_take(ret_timeline, "booking", dossier->booking);
    for (size_t i = 0; i < dossier->other_count; i++)
        document_take(ret_timeline, dossier->others[i].service->name, dossier->others[i].document);
    sort_by_time(ret_timeline->steps, ret_timeline->count);
    fold(ret_timeline);
}
