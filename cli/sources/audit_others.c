/* audit_others.c - judges the documents of which only the common form is known, page by page. */
#include "cli/sources/audit_source.h"

struct reading {
    struct audit_source *source;
    const struct audit_terms *terms;
    struct audit_report *report;
    struct arena arena; /* of one document */
    size_t read;
};

static bool record_take(void *self, const struct service_description *service,
                        const struct record *record)
{
    struct reading *reading = self;
    struct audit_opinion opinion;
    arena_clear(&reading->arena);
    audit_judge_document(records_reader(&reading->source->records, service), record, reading->terms,
                         &reading->arena, &opinion);
    audit_report_document(reading->report, &opinion, record->id);
    if (++reading->read % STORE_LIST_MAX == 0)
        audit_progress(reading->source, service->name, reading->read);
    return !*reading->source->cli->is_stopped;
}

bool audit_others(struct audit_source *source, const struct audit_terms *terms,
                  struct audit_report *report)
{
    struct reading reading = { .source = source, .terms = terms, .report = report };
    struct error error;
    bool is_read = true;
    for (size_t i = 0; services[i] != NULL && is_read; i++)
        if (records_is_other(services[i])) {
            is_read = records_each(&source->records, services[i], &source->scratch, record_take,
                                   &reading, &error);
            if (!is_read)
                audit_unavailable(services[i], &error);
        }
    arena_done(&reading.arena);
    return is_read;
}
